"""Parquet is read by row groups, whatever its lists and columns are; what does not fit gets a sentence."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.embed.own_features import COUNT, FLAT, LABELS, holds, refused
from visual_analyse.embed.feature_file import read_feature_file
from visual_analyse.errors import VisualAnalyseError


def write(path: Path, columns: dict[str, Any], group: int = 3) -> Path:
    pyarrow = pytest.importorskip("pyarrow")
    pytest.importorskip("pyarrow.parquet").write_table(pyarrow.table(columns), path, row_group_size=group)
    return path


def lists(kind: str) -> Any:
    pyarrow = pytest.importorskip("pyarrow")
    if kind == "fixed":
        return pyarrow.FixedSizeListArray.from_arrays(pyarrow.array(FLAT.ravel()), 6)
    value = pyarrow.float64() if kind == "double" else pyarrow.float32()
    return pyarrow.array(FLAT.tolist(), pyarrow.large_list(value) if kind == "large" else pyarrow.list_(value))


@pytest.mark.parametrize("kind", ["fixed", "large", "double", "float"])
@pytest.mark.parametrize("group", [1, 3, 7, 100])
def test_a_table_of_lists(tmp_path: Path, kind: str, group: int) -> None:
    pyarrow = pytest.importorskip("pyarrow")
    columns = {"label": LABELS, "mine": lists(kind), "frames": list(range(COUNT)), "view": [90, None] + [18.0] * 5,
               "type": pyarrow.array(["nm"] * COUNT).dictionary_encode()}  # fmt: skip
    found = read_feature_file(write(tmp_path / "表.parquet", columns, group))
    holds(found)
    assert np.array_equal(found.source.read(2, 6), FLAT[2:6]) and found.source.read(4, 4).shape == (0, 6)
    assert found.types.tolist() == ["nm"] * COUNT and found.views.tolist() == ["90", "", *["18"] * 5]
    assert found.source.shape == (6, 1)


def test_a_named_list_goes_before_others_and_numbers_serve_too(tmp_path: Path) -> None:
    other = [[0.0, 1.0]] * COUNT
    holds(read_feature_file(write(tmp_path / "a.pq", {"other": other, "embeddings": lists("float"), "y": LABELS})))
    wide = {f"f{number}": FLAT[:, number] for number in range(6)}
    holds(read_feature_file(write(tmp_path / "b.parquet", {"frames": list(range(COUNT)), "ids": LABELS, **wide})))
    whole = {name: (4 * column).astype(np.int8) for name, column in wide.items()}
    holds(
        read_feature_file(write(tmp_path / "c.parquet", {"ids": LABELS, **whole, "__index_level_0__": LABELS})),
        4 * FLAT,
    )


def test_one_group_is_held(tmp_path: Path) -> None:
    source: Any = read_feature_file(write(tmp_path / "a.parquet", {"x": lists("fixed"), "y": LABELS})).source
    read: list[int] = []
    whole, file = source._file.read_row_group, source._file
    file.read_row_group = lambda group, columns: read.append(group) or whole(group, columns=columns)
    for row in range(COUNT):
        source.read(row, row + 1)
        assert len(source._held) <= 3
    source.take(np.array([6, 0, 3, 6, 1, 5]))
    assert read == [1, 2, 0, 1, 2]


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        ({"x": FLAT.tolist()}, r"whose walk.*x \(list<.*double>\)"),
        ({"y": LABELS, "name": LABELS}, r"no columns that may be the features.*name \(string\)"),
        ({"a": FLAT.tolist(), "b": FLAT.tolist(), "y": LABELS}, "no columns that may be"),
        ({"x": [[1.0, 2.0]] * 5 + [[1.0], [1.0]], "y": LABELS}, r"x holds 1 numbers in row 5 .* and 2 in others"),
        ({"x": [[1.0, 2.0]] * 2 + [[1.0]] * 5, "y": LABELS}, "x holds 1 numbers in row 2"),
        ({"x": [np.zeros(0)] * 7, "y": LABELS}, "x holds 0 numbers in row 0"),
        ({"x": [[1.0, 2.0]] * 5 + [None] * 2, "y": LABELS}, "x has a missing value in row 5"),
        ({"x": [[1.0, 2.0]] * 4 + [[1.0, None]] * 3, "y": LABELS}, "x has a missing value in row 4"),
        ({"a": [1.0] * 6 + [None], "b": [1.0] * 7, "y": LABELS}, "a has a missing value in row 6"),
        ({"x": FLAT.tolist(), "y": ["a"] * 6 + [None]}, "labels say nothing in row 6"),
        ({"x": FLAT[:0].tolist(), "f": FLAT[:0, 0], "y": LABELS[:0]}, "no rows"),
    ],
)
def test_a_table_that_lacks_something(tmp_path: Path, columns: dict[str, Any], said: str) -> None:
    refused(write(tmp_path / "no.parquet", columns), said)


def test_a_table_that_is_none_or_cut_or_changed_while_read(tmp_path: Path) -> None:
    path = write(tmp_path / "no.parquet", {"x": FLAT.tolist(), "y": LABELS})
    content = path.read_bytes()
    found = read_feature_file(path)
    for changed in (b"", b"PAR1", content[:-20], content[: len(content) // 2]):
        path.write_bytes(changed)
        refused(path, "no readable Parquet")
    path.write_bytes(bytes(len(content)))
    with pytest.raises(VisualAnalyseError, match="no readable Parquet"):
        found.source.read(0, COUNT)


def test_two_columns_of_one_name(tmp_path: Path) -> None:
    pyarrow = pytest.importorskip("pyarrow")
    table = pyarrow.table([lists("float"), LABELS, LABELS], names=["x", "y", "y"])
    pytest.importorskip("pyarrow.parquet").write_table(table, tmp_path / "no.parquet")
    refused(tmp_path / "no.parquet", "columns of one name")


def test_without_pyarrow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "no.parquet").write_bytes(b"PAR1")
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    refused(tmp_path / "no.parquet", r"pip install 'visual-analyse\[parquet\]'")
