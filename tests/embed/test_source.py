"""Features come block by block as they lie in the file, and a file that is none gets a sentence."""

from __future__ import annotations

import io
import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from visual_analyse.embed.source import ArraySource, FileSource, UnitParts, block_rows, blocks
from visual_analyse.errors import VisualAnalyseError

TYPES = ["<f4", ">f4", "<f8", "<f2", "u1", "<i8", ">i2"]


def some(rows: int, shape: tuple[int, ...], dtype: str = "<f4") -> np.ndarray:
    return np.random.default_rng(rows).normal(scale=40, size=(rows, *shape)).astype(np.int16).astype(dtype)


@pytest.mark.parametrize("dtype", TYPES)
@pytest.mark.parametrize("step", [1, 3, 7, 100, None])
def test_blocks_of_any_size_are_the_array(tmp_path: Path, dtype: str, step: int | None) -> None:
    array = some(7, (3, 2), dtype)
    np.save(tmp_path / "特征.npy", array)
    source = FileSource(tmp_path / "特征.npy")
    assert (len(source), source.dims, source.shape) == (7, 6, (3, 2))
    found = [(start, block.copy()) for start, block in blocks(source, step)]
    assert [start for start, _ in found] == list(range(0, 7, step or 7))
    whole = np.concatenate([block for _, block in found])
    assert whole.dtype == np.float32 and np.array_equal(whole, array.reshape(7, 6).astype(np.float32))


def test_the_buffer_follows_blocks_that_grow_and_shrink(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", some(50, (4,)))
    source, array = FileSource(tmp_path / "a.npy"), ArraySource(some(50, (4,)))
    for start, stop in ((3, 4), (0, 50), (49, 50), (48, 99), (50, 60), (7, 7)):
        assert np.array_equal(source.read(start, stop), array.read(start, stop))
    rows = np.array([9, 0, 9, 49])
    assert np.array_equal(source.take(rows), array.take(rows))
    assert source.take(rows[:0]).shape == array.take(rows[:0]).shape == (0, 4)


def test_a_npy_that_begins_later_in_a_file(tmp_path: Path) -> None:
    held = io.BytesIO()
    np.save(held, some(5, (2,)))
    (tmp_path / "a.bin").write_bytes(b"before" + held.getvalue() + b"behind")
    assert np.array_equal(FileSource(tmp_path / "a.bin", 6).read(0, 5), some(5, (2,)))


@pytest.mark.parametrize(
    ("array", "said"),
    [
        (np.array(3.0), r"shape \[\]"),
        (np.zeros(4), r"shape \[4\]"),
        (np.zeros((2, 2, 2, 2)), "one row a walk"),
        (np.zeros((0, 4)), "one row a walk"),
        (np.zeros((4, 0)), "one row a walk"),
        (np.asfortranarray(np.ones((3, 2))), "Fortran order.*ascontiguousarray"),
        (np.ones((3, 2), complex), "complex128"),
        (np.ones((3, 2), bool), "bool"),
        (np.array([["a", "b"]]), "<U1"),
        (np.zeros((3, 2), "datetime64[s]"), "datetime64"),
        (np.zeros((3, 2), [("a", "f4")]), "'a'"),
        (np.array([[{}, {}]]), "pickled Python objects"),
    ],
)
def test_an_array_that_is_no_features_gets_a_sentence(tmp_path: Path, array: np.ndarray, said: str) -> None:
    np.save(tmp_path / "no.npy", array, allow_pickle=True)
    with pytest.raises(VisualAnalyseError, match=said):
        FileSource(tmp_path / "no.npy")


@pytest.mark.parametrize(
    "content", [b"", b"\x93NUMPY", b"PK\x03\x04 no array", b"\x93NUMPY\x09\x00\x10\x00{}", b"a" * 99]
)
def test_what_is_no_npy_gets_a_sentence(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "no.npy").write_bytes(content)
    with pytest.raises(VisualAnalyseError, match=r"no\.npy is no \.npy file.*numpy\.save"):
        FileSource(tmp_path / "no.npy")


def test_a_missing_file_and_a_folder_get_a_sentence(tmp_path: Path) -> None:
    for path in (tmp_path / "none.npy", tmp_path):
        with pytest.raises(VisualAnalyseError, match="cannot be read"):
            FileSource(path)


def test_a_header_of_negative_sizes_gets_a_sentence(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", np.zeros((123, 2)))
    (tmp_path / "a.npy").write_bytes((tmp_path / "a.npy").read_bytes().replace(b"(123, 2)", b"(-12, 2)"))
    with pytest.raises(VisualAnalyseError, match="one row a walk"):
        FileSource(tmp_path / "a.npy")


def test_a_cut_file_says_how_many_rows_it_holds_even_if_cut_while_read(tmp_path: Path) -> None:
    path = tmp_path / "a.npy"
    np.save(path, some(5000, (4,)))
    source = FileSource(path)
    os.truncate(path, path.stat().st_size - 40)
    for attempt in (lambda: FileSource(path), lambda: source.read(0, 5000)):
        with pytest.raises(VisualAnalyseError, match="announces 5000 rows and holds 4997"):
            attempt()


@settings(max_examples=200, deadline=None)
@given(at=st.integers(0, 127), byte=st.integers(0, 255))
def test_any_changed_byte_of_a_header_gives_features_or_a_sentence(
    tmp_path_factory: pytest.TempPathFactory, at: int, byte: int
) -> None:
    path = tmp_path_factory.mktemp("header") / "a.npy"
    np.save(path, some(4, (3,)))
    content = bytearray(path.read_bytes())
    content[at] = byte
    path.write_bytes(content)
    try:
        source = FileSource(path)
    except VisualAnalyseError:
        return
    with np.errstate(all="ignore"):  # bytes read as numbers of another type are any numbers
        assert source.read(0, len(source)).shape == (len(source), source.dims)


def test_an_array_of_no_rows_and_of_parts() -> None:
    assert (len(ArraySource(np.zeros((0, 3, 2)))), ArraySource(np.zeros((0, 3, 2))).dims) == (0, 6)
    assert ArraySource(np.zeros((2, 6)), (3, 2)).shape == (3, 2) and ArraySource(np.zeros((2, 6))).shape == (6, 1)
    assert list(blocks(ArraySource(np.zeros((0, 3))))) == []


def test_a_block_is_never_of_no_rows() -> None:
    assert block_rows(1 << 40) == 1 and block_rows(4, 160) == 10


@settings(max_examples=50, deadline=None)
@given(channels=st.integers(1, 5), parts=st.integers(1, 4), scale=st.sampled_from([1e-5, 1.0, 1e5]))
def test_parts_have_unit_length_and_zeros_stay(channels: int, parts: int, scale: float) -> None:
    array = np.random.default_rng(0).normal(scale=scale, size=(6, channels, parts)).astype(np.float32)
    array[2, :, parts - 1] = 0
    source = UnitParts(ArraySource(array, (channels, parts)))
    assert (len(source), source.dims, source.shape) == (6, channels * parts, (channels, parts))
    found = source.read(0, 6).reshape(array.shape)
    length = np.linalg.norm(array, axis=1, keepdims=True)
    assert found.dtype == np.float32 and np.allclose(found, array / np.where(length > 0, length, 1), atol=1e-6)
    assert not found[2, :, parts - 1].any()
    assert np.array_equal(source.take(np.array([4, 1])), source.read(0, 6)[[4, 1]])
