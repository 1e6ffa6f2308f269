"""Features of a user's own: every layout that is written down is read, and every other is answered with a sentence."""

from __future__ import annotations

import os
import pickle
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.embed.own_features import COUNT, FEATS, FLAT, LABELS, Bomb, bombs, holds, refused
from visual_analyse.embed.feature_file import read_feature_file
from visual_analyse.embed.source import FileSource
from visual_analyse.errors import VisualAnalyseError


def beside(folder: Path, name: str) -> None:
    text = "\n".join(LABELS.tolist()) + "\n"
    path = folder / name
    if name.endswith(".npy"):
        np.save(path, LABELS)
    elif name.endswith(".npz"):
        np.savez(path, label=LABELS, views=LABELS, more=bombs())
    elif name.endswith(".txt"):
        path.write_text(text, encoding="utf-8")
    else:
        path.write_text("Identity,condition\n" + text.replace("\n", ",nm\n"), encoding="utf-8-sig")


PLACES = [f"步态_labels.{ending}" for ending in ("npy", "txt", "csv", "npz")] + [
    f"labels.{ending}" for ending in ("npy", "txt", "csv")
]


@pytest.mark.parametrize("name", PLACES)
def test_a_npy_with_labels_beside_it(tmp_path: Path, name: str) -> None:
    np.save(tmp_path / "步态.npy", FEATS)
    beside(tmp_path, name)
    found = read_feature_file(tmp_path / "步态.npy")
    holds(found)
    assert found.source.shape == (3, 2) and isinstance(found.source, FileSource)
    assert set(found.types) == {"nm" if name.endswith("csv") else ""}
    assert found.views.any() == name.endswith("npz")


def test_of_several_labels_the_first_in_order_is_taken(tmp_path: Path) -> None:
    np.save(tmp_path / "步态.npy", FLAT)
    for number, name in reversed(list(enumerate(PLACES))):
        beside(tmp_path, name)
        if name.endswith(".txt"):
            (tmp_path / name).write_text("\n".join([str(number)] * COUNT), encoding="utf-8")
            assert set(read_feature_file(tmp_path / "步态.npy").labels) == {str(number)}
        else:
            assert read_feature_file(tmp_path / "步态.npy").labels.tolist() == LABELS.tolist()


def test_a_npy_without_labels_says_what_to_put_where(tmp_path: Path) -> None:
    np.save(tmp_path / "feats.npy", FLAT)
    refused(tmp_path / "feats.npy", r"put feats_labels\.npy \(an array \[7\]\), \.txt .* labels\.npy")
    (tmp_path / "labels.txt").write_text("a\nb\n\nc")
    refused(tmp_path / "feats.npy", "features of 7 walks and labels of 4")
    np.save(tmp_path / "feats_labels.npy", bombs(), allow_pickle=True)
    refused(tmp_path / "feats.npy", r"feats_labels\.npy holds pickled")
    np.save(tmp_path / "feats_labels.npy", LABELS)
    os.truncate(tmp_path / "feats_labels.npy", 140)
    refused(tmp_path / "feats.npy", r"feats_labels\.npy is no readable \.npy")
    np.save(tmp_path / "feats.npy", bombs(), allow_pickle=True)
    refused(tmp_path / "feats.npy", r"feats\.npy holds pickled")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "columns of an empty file"),
        ("who,when\na,b\n", "whose walk .* columns who, when"),
        ("label,view\n" + "a,b\n" * 3 + "a\n" * 4, r"row 3 \(counted from 0, below the header\) has no view"),
        ("label\n" + "a\n" * 3, "features of 7 walks and labels of 3"),
        ("label\n" + "a" * 200_000, "no readable .csv"),
    ],
)
def test_a_csv_that_does_not_fit(tmp_path: Path, content: str, said: str) -> None:
    np.save(tmp_path / "no.npy", FLAT)
    (tmp_path / "no_labels.csv").write_text(content)
    refused(tmp_path / "no.npy", said)


def test_a_csv_of_any_separator_with_quotes_and_text_that_is_no_utf8(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", FLAT)
    for separator in ",;\t":
        rows = "".join(f'90{separator} "x"{separator}"a{separator}\n{row}"\r\n\r\n' for row in range(COUNT))
        (tmp_path / "a_labels.csv").write_bytes(f"View{separator}type{separator} LABEL \r\n{rows}".encode())
        found = read_feature_file(tmp_path / "a.npy")
        assert found.labels.tolist() == [f"a{separator}\n{row}" for row in range(COUNT)] and set(found.views) == {"90"}
    for ending in (".csv", ".txt"):
        (tmp_path / "a_labels.csv").unlink(missing_ok=True)
        (tmp_path / f"a_labels{ending}").write_bytes("标签\n张三".encode("gbk"))
        with pytest.raises(VisualAnalyseError, match=r"a_labels\..* cannot be read as text .*UTF-8"):
            read_feature_file(tmp_path / "a.npy")


names = st.lists(st.text(st.characters(exclude_characters="\n\r\0", exclude_categories=["Cs"]), min_size=1),
                 min_size=2, max_size=6)  # fmt: skip


@settings(max_examples=80, deadline=None)
@given(labels=names)
def test_hostile_labels_come_back_as_they_are(tmp_path_factory: pytest.TempPathFactory, labels: list[str]) -> None:
    pyarrow, parquet = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    folder = tmp_path_factory.mktemp("标签")
    feats = np.ones((len(labels), 2), np.float32)
    np.savez(folder / "a.npz", x=feats, y=np.array(labels))
    np.save(folder / "b.npy", feats)
    (folder / "b_labels.txt").write_bytes("\n".join(labels).encode())
    table = pyarrow.table({"x": list(feats), "y": labels})
    parquet.write_table(table, folder / "c.parquet")
    for name in ("a.npz", "b.npy", "c.parquet"):
        found = read_feature_file(folder / name)
        assert found.labels.tolist() == [label.removeprefix("\ufeff") if name == "b.npy" and not row else label
                                         for row, label in enumerate(labels)]  # fmt: skip
        assert all(found.names(row).isprintable() for row in range(len(labels)))


@pytest.mark.parametrize("name", ["a.pkl", "a.csv", "a", "a.npz.gz"])
def test_an_unknown_ending(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(pickle.dumps(Bomb()))
    refused(tmp_path / name, r"a kind that is not read .*\.npz, \.npy or \.parquet")


def test_a_missing_file_and_endings_in_capitals(tmp_path: Path) -> None:
    for name in ("none.npz", "none.npy", "none.parquet"):
        refused(tmp_path / name, "There is no file")
    np.savez(tmp_path / "a.npz", x=FLAT, y=LABELS)
    holds(read_feature_file((tmp_path / "a.npz").rename(tmp_path / "a.NPZ")))


def test_bytes_and_whole_numbers_are_text(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", x=FLAT[:2], y=np.array(["张".encode(), b"b"]), views=np.array([18.0, np.nan]))
    found = read_feature_file(tmp_path / "a.npz")
    assert found.labels.tolist() == ["张", "b"] and found.views.tolist() == ["18", ""]
    assert found.names(1) == "row 1 (b)"
