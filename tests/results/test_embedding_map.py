"""Maps: what goes in comes out, and a user's own file is answered with a map or a sentence."""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np
import pytest

from visual_analyse.errors import VisualAnalyseError
from visual_analyse.results import Basis, EmbeddingMap, load_basis


def made() -> EmbeddingMap:
    return EmbeddingMap(
        np.array([[0, 0.5], [1, 0.25], [0.5, 1]]),
        np.array(["001", "步态", "<b>"]),
        np.array(["nm-01", "bg-01", ""]),
        np.array(["090", "000", "018"]),
        {"kept": 0.5},
        {"checkpoint": None, "views_are_angles": True},
        purity=np.array([1, 0.5, np.nan], np.float32),
        neighbours=np.array([[1], [0], [0]], np.int32),
    )


def test_what_goes_in_comes_out(tmp_path: Path) -> None:
    path = made().save(tmp_path / "图 a.npz", Basis(np.zeros(4), np.ones((2, 4)), np.ones((3, 2))))
    found = EmbeddingMap.load(path)
    for name in ("feats", "labels", "types", "views", "purity", "neighbours"):
        assert np.array_equal(getattr(found, name), getattr(made(), name), equal_nan=name == "purity")
    assert found.correct is None and found.thumbnails is None
    assert found.quality == {"kept": 0.5} and found.of_random_weights and found.views_are_angles
    basis = load_basis(path)
    assert basis is not None and basis.components.shape == (2, 4)
    assert "3 walks of 3 identities" in repr(found)


def test_a_users_own_file_needs_no_more_than_feats_and_labels(tmp_path: Path) -> None:
    np.savez(tmp_path / "own.npz", feats=np.arange(6).reshape(3, 2), labels=np.array([1, 2, 2]))
    found = EmbeddingMap.load(tmp_path / "own.npz")
    assert found.labels.tolist() == ["1", "2", "2"] and found.views.tolist() == ["", "", ""]
    assert not found.of_random_weights and not found.views_are_angles and load_basis(tmp_path / "own.npz") is None


@pytest.mark.parametrize(
    ("arrays", "said"),
    [
        ({"feats": np.zeros((3, 2))}, "lacks labels"),
        ({"feats": np.zeros((3, 2)), "labels": np.zeros(2)}, "3 rows in feats and labels of shape \\[2\\]"),
        ({"feats": np.array([[0.0], [np.nan]]), "labels": np.zeros(2)}, "NaN or infinity in 1 of 2"),
        ({"feats": np.zeros((2, 2, 2)), "labels": np.zeros(2)}, "shape \\[n, dims\\]"),
        ({"feats": np.array(["a", "b"]), "labels": np.zeros(2)}, "numbers"),
        ({"feats": np.zeros((0, 2)), "labels": np.zeros(0)}, "numbers of shape"),
        ({"feats": np.zeros((2, 2)), "labels": np.zeros(2), "manifest": np.array("{")}, "no JSON"),
        ({"feats": np.zeros((2, 2)), "labels": np.zeros(2), "purity": np.zeros(3)}, "purity has \\[3\\]"),
        ({"feats": np.zeros((2, 2)), "labels": np.array([{}, {}])}, "older tool"),
        ({"feats": np.array([[0.0], [1e300]]), "labels": np.zeros(2)}, "infinity in 1 of 2 rows"),
        *(
            ({"feats": np.zeros((2, 2)), "labels": np.zeros(2), name: array}, f"{name} is .* expected")
            for name, array in (
                ("purity", np.zeros((2, 1))),
                ("purity", np.array(["a", "b"])),
                ("correct", np.zeros((2, 3))),
                ("placed", np.zeros(2)),
                ("neighbours", np.zeros(2, np.int32)),
                ("neighbours", np.zeros((2, 1))),
                ("thumbnails", np.zeros((2, 4), np.uint8)),
                ("thumbnails", np.zeros((2, 4, 4))),
            )
        ),
    ],
)
def test_what_is_no_map_is_answered_with_a_sentence(tmp_path: Path, arrays: dict[str, np.ndarray], said: str) -> None:
    np.savez(tmp_path / "no.npz", allow_pickle=True, **arrays)
    with pytest.raises(VisualAnalyseError, match=said):
        EmbeddingMap.load(tmp_path / "no.npz")


def test_texts_may_be_bytes_of_any_kind(tmp_path: Path) -> None:
    views = np.array([b"090", b"\xff9"])
    np.savez(tmp_path / "own.npz", feats=np.eye(2), labels=np.array(["步".encode(), b"a"]), views=views)
    found = EmbeddingMap.load(tmp_path / "own.npz")
    assert found.labels.tolist() == ["步", "a"] and found.views.tolist() == ["090", "\ufffd9"]


def test_members_that_are_no_arrays_are_left_out(tmp_path: Path) -> None:
    np.savez(tmp_path / "own.npz", feats=np.eye(2), labels=np.arange(2))
    with zipfile.ZipFile(tmp_path / "own.npz", "a") as archive:
        archive.writestr("purity", "words")
    assert EmbeddingMap.load(tmp_path / "own.npz").purity is None
