"""An .npz of a user's own is read under any of its names, or answered with a sentence."""

from __future__ import annotations

import io
import pickle
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.embed.own_features import COUNT, FEATS, FLAT, LABELS, Bomb, bombs, holds, refused
from visual_analyse.embed.feature_file import read_feature_file
from visual_analyse.embed.source import FileSource
from visual_analyse.errors import VisualAnalyseError


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
@pytest.mark.parametrize("features", ["features", "embeddings", "feats", "x", "X", "data", "my own"])
@pytest.mark.parametrize("labels", ["labels", "label", "ids", "identity", "y", "who"])
def test_an_archive_by_any_of_its_names(tmp_path: Path, save: Any, features: str, labels: str) -> None:
    arrays = {features: FEATS, labels: LABELS, "seqs": LABELS[::-1], "view": np.arange(COUNT), "other": np.zeros(3)}
    save(tmp_path / "特征 a.npz", **arrays)
    found = read_feature_file(tmp_path / "特征 a.npz")
    holds(found)
    assert found.source.shape == (3, 2)
    assert found.types.tolist() == LABELS[::-1].tolist() and found.views.tolist() == [str(n) for n in range(COUNT)]
    assert isinstance(found.source, FileSource) == (save is np.savez)
    assert found.names(1) == "row 1 (001-005-1)"


def test_what_is_unknown_is_empty_and_other_layouts_serve(tmp_path: Path) -> None:
    for feats in (FLAT, np.asfortranarray(FLAT), FLAT.astype(">f8"), (4 * FLAT).astype(np.int16)):
        np.savez(tmp_path / "a.npz", x=feats, y=np.arange(COUNT)[:, None].astype(float))
        found = read_feature_file(tmp_path / "a.npz")
        holds(found, feats.astype(np.float32), [str(number) for number in range(COUNT)])
        assert found.source.shape == (6, 1) and not found.types.any() and not found.views.any()


def test_an_archive_behind_other_bytes(tmp_path: Path) -> None:
    held = io.BytesIO()
    np.savez(held, x=FLAT, y=LABELS)
    (tmp_path / "a.npz").write_bytes(b"#!/bin/sh\n" + held.getvalue())
    holds(read_feature_file(tmp_path / "a.npz"))


@pytest.mark.parametrize(
    ("arrays", "said"),
    [
        ({"x": FLAT, "y": LABELS[:4]}, "features of 7 walks and labels of 4"),
        ({"x": FLAT, "y": LABELS, "views": LABELS[:4]}, "features of 7 walks and views of 4"),
        ({"x": FLAT}, r"whose walk.*x \(float32 \[7, 6\]\).*'labels'"),
        ({"x": FLAT, "a": LABELS, "b": LABELS}, r"whose walk.*a \(<U3 \[7\]\), b"),
        ({"a": FLAT, "b": FLAT, "y": LABELS}, "2 arrays that may be the features.*'features'"),
        ({"y": LABELS}, "no arrays that may be the features"),
        ({"x": np.zeros((0, 6)), "y": LABELS[:0]}, "one row a walk"),
        ({"x": np.zeros(7), "y": LABELS}, "one row a walk"),
        ({"x": np.zeros((7, 2, 2, 2)), "y": LABELS}, "one row a walk"),
        ({"x": LABELS[:, None], "y": LABELS}, "<U3"),
        ({"x": FLAT, "y": np.full(COUNT, np.nan)}, "labels say nothing in row 0"),
        ({"x": FLAT, "y": np.zeros((COUNT, 2))}, r"labels have shape \[7, 2\]"),
        ({"x": FLAT, "y": np.array("a")}, r"labels have shape \[\]"),
        ({"x": FLAT, "y": bombs()}, "y of .*pickled.*dtype=str"),
        ({"x": FLAT, "who": bombs()}, "who of .*pickled"),
        ({"x": bombs(), "y": LABELS}, "x of .*pickled"),
        ({"x": FLAT, "y": LABELS, "type": bombs()}, "type of .*pickled"),
        ({}, "no arrays that may be the features: it holds nothing"),
    ],
)
@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_an_archive_that_lacks_something(tmp_path: Path, save: Any, arrays: dict[str, Any], said: str) -> None:
    save(tmp_path / "no.npz", **arrays)
    refused(tmp_path / "no.npz", said)


def test_pickles_that_nobody_asked_for_stay_closed(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", x=FLAT, y=LABELS, notes=bombs())
    holds(read_feature_file(tmp_path / "a.npz"))


def test_what_is_no_archive(tmp_path: Path) -> None:
    for content in (b"", b"PK\x03\x04", pickle.dumps(Bomb())):
        (tmp_path / "no.npz").write_bytes(content)
        refused(tmp_path / "no.npz", "no readable .npz")
    with zipfile.ZipFile(tmp_path / "no.npz", "w") as archive:
        archive.writestr("x.npy", b"hello")
    refused(tmp_path / "no.npz", r"x\.npy in .* is no \.npy file")


@settings(max_examples=60, deadline=None)
@given(compressed=st.booleans(), where=st.floats(0, 1), byte=st.integers(0, 255), cut=st.booleans())
def test_a_damaged_archive_is_features_or_a_sentence(
    tmp_path_factory: pytest.TempPathFactory, compressed: bool, where: float, byte: int, cut: bool
) -> None:
    path = tmp_path_factory.mktemp("damage") / "a.npz"
    (np.savez_compressed if compressed else np.savez)(path, x=FLAT, y=LABELS)
    content = bytearray(path.read_bytes())
    at = int(where * (len(content) - 1))
    content[at] = byte
    path.write_bytes(content[:at] if cut else content)
    try:
        found = read_feature_file(path)
        with np.errstate(all="ignore"):
            assert found.source.read(0, len(found)).shape == (len(found), found.source.dims)
    except VisualAnalyseError:
        pass
