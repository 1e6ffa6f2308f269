"""What comes out of pickle files: numpy's arrays in every spelling, a sentence for all else, and no code run."""

from __future__ import annotations

import os
import pickle
import pickletools
import re
import subprocess
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from visual_analyse.errors import VisualAnalyseError
from visual_analyse.gait.pickles import read_pickle

PROTOCOLS = range(pickle.HIGHEST_PROTOCOL + 1)
SILHOUETTES = np.random.default_rng(0).integers(0, 256, (7, 64, 44), dtype=np.uint8)


def _written(tmp_path: Path, data: object, protocol: int = 4) -> Path:
    path = tmp_path / "090.pkl"
    path.write_bytes(data if isinstance(data, bytes) else pickle.dumps(data, protocol))
    return path


def _refusal(path: Path) -> str:
    with pytest.raises(VisualAnalyseError) as caught:
        read_pickle(path)
    assert str(path) in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize(
    "array",
    [
        SILHOUETTES,
        np.asfortranarray(SILHOUETTES),
        SILHOUETTES[::2, :, ::-1],
        np.linspace(-1, 1, 30 * 17 * 3).reshape(30, 17, 3),
        np.arange(24, dtype=">f4").reshape(2, 3, 4),
        np.ones((3, 9, 9), bool),
        np.ones((3, 2, 8, 8), np.float16),
        np.arange(5, dtype=">i8"),
    ],
    ids=["silhouettes", "fortran", "strided", "float64", "big-endian", "bool", "float16", "ratio"],
)
def test_arrays_of_every_protocol(tmp_path: Path, array: np.ndarray, protocol: int) -> None:
    found = read_pickle(_written(tmp_path, array, protocol))
    assert isinstance(found, np.ndarray)
    np.testing.assert_array_equal(found, array)
    assert found.dtype == array.dtype.newbyteorder("=")
    assert found.flags.writeable and found.flags.c_contiguous
    found[...] = 0  # its own memory


@pytest.mark.parametrize("protocol", [2, 4, 5])
def test_the_names_of_older_and_newer_numpy(tmp_path: Path, protocol: int) -> None:
    data = pickle.dumps(SILHOUETTES, protocol)
    here, there = (b"numpy._core", b"numpy.core") if b"numpy._core" in data else (b"numpy.core", b"numpy._core")
    if protocol == 2:
        data = data.replace(here, there)
    else:  # the name's length and its frame's stand before it
        length = next(len(v) for o, v, _ in pickletools.genops(data) if isinstance(v, str) and v.startswith("numpy."))
        old = data[data.index(here) - 1 : data.index(here) + length]
        new = old.replace(here, there)
        data = data.replace(old, bytes([len(new) - 1]) + new[1:])
        frame = data.index(b"\x95")
        if frame == 2:
            size = int.from_bytes(data[3:11], "little") + len(there) - len(here)
            data = data[:3] + size.to_bytes(8, "little") + data[11:]
    np.testing.assert_array_equal(read_pickle(_written(tmp_path, data)), SILHOUETTES)


def test_a_pickle_of_python_2(tmp_path: Path) -> None:
    data = (
        b"\x80\x02cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\x00\x85U\x01b\x87R(K\x01K\x02K\x02\x86"
        b"cnumpy\ndtype\nU\x02u1K\x00K\x01\x87R(K\x03U\x01|NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb\x89U\x04\x00\x01\xff\x80tb."
    )
    np.testing.assert_array_equal(read_pickle(_written(tmp_path, data)), np.array([[0, 1], [255, 128]]))


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_lists(tmp_path: Path, protocol: int) -> None:
    clouds = [np.random.default_rng(n).random((n, 4)) for n in (5, 3, 9)]
    found = read_pickle(_written(tmp_path, clouds, protocol))
    assert isinstance(found, list)
    for one, other in zip(found, clouds, strict=True):
        np.testing.assert_array_equal(one, other)
    stacked = read_pickle(_written(tmp_path, list(SILHOUETTES), protocol))
    np.testing.assert_array_equal(stacked, SILHOUETTES)
    ratios = read_pickle(_written(tmp_path, (0.5, np.float32(0.25), 1), protocol))
    np.testing.assert_array_equal(ratios, [0.5, 0.25, 1])


class _Hostile:
    def __init__(self, target: Any, *arguments: Any) -> None:
        self.target, self.arguments = target, arguments

    def __reduce__(self) -> Any:
        return self.target, self.arguments


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_code_is_refused_and_not_run(tmp_path: Path, protocol: int) -> None:
    mark = tmp_path / "ran"
    for hostile in (
        _Hostile(os.mkdir, str(mark)),
        [SILHOUETTES, _Hostile(os.mkdir, str(mark))],
        _Hostile(subprocess.check_call, ["mkdir", str(mark)]),
        _Hostile(eval, f"__import__('os').mkdir({str(mark)!r})"),
        _Hostile(np.load, str(mark)),
        _Hostile(getattr, np, "save"),
    ):
        try:
            path = _written(tmp_path, hostile, protocol)
        except (TypeError, pickle.PicklingError):  # a module cannot be pickled
            continue
        assert "holds code" in _refusal(path)
        assert not mark.exists()


@pytest.mark.parametrize(
    "data",
    [
        b"cnumpy.core.multiarray\n_reconstruct\nN(Vx\nI1\ntb.",
        b"\x80\x02cnumpy\ndtype\n}b.",
        b"\x80\x02cnumpy\ndtype\n(N}tb.",
        b"\x80\x02cnumpy\nndarray\n)R(I1\n(I2\nI2\ntcnumpy\ndtype\n(Vu1\ntRI00\nC\x04abcdtb.",
        b"\x80\x02c_codecs\nencode\n(Vabc\nVrot13\ntR.",
        b"\x80\x04\x8c\x05numpy\x8c\x07ndarray\x93)\x81.",
        b"\x82\x01.",
        b"Pname\n.",
        b"\x80\x05\x97.",
    ],
)
def test_numpys_own_names_lead_nowhere(tmp_path: Path, data: bytes) -> None:
    try:
        found = read_pickle(_written(tmp_path, data))
    except VisualAnalyseError:
        pass
    else:
        assert isinstance(found, np.ndarray)
    np.testing.assert_array_equal(read_pickle(_written(tmp_path, SILHOUETTES)), SILHOUETTES)  # nothing was changed


@pytest.mark.parametrize(
    "data",
    [
        b"\x80\x02r\xff\xff\xff\x7f.",  # a memo of two thousand million places
        b"\x80\x02Np2000000000\n.",
        b"\x80\x02B\xff\xff\xff\x7f.",
        b"\x80\x04\x8e\xff\xff\xff\xff\xff\xff\xff\x7f.",
        b"\x80\x02" + b"(" * 100_000 + b".",
        b"\x80\x02" + b"]" + b"]a" * 5000 + b".",
        b"\x80\x02]q\x00" + b"".join(b"(" + b"h%c" % n * 10 + b"lq%c" % (n + 1) for n in range(60)) + b".",
        b"\x80\x02cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\n(I0\ntVb\ntR(I1\n(J\xff\xff\xff\x7fJ\xff\xff\xff\x7ft"
        b"cnumpy\ndtype\n(Vf8\ntRI00\nC\x04abcdtb.",
    ],
)
def test_bombs_go_off_in_no_time_and_little_memory(tmp_path: Path, data: bytes) -> None:
    start = time.perf_counter()
    _refusal(_written(tmp_path, data))
    assert time.perf_counter() - start < 2


def test_one_frame_named_a_million_times(tmp_path: Path) -> None:
    frame = np.zeros((512, 512))
    assert "unfolds to" in _refusal(_written(tmp_path, [frame] * 100_000))
    assert np.shape(read_pickle(_written(tmp_path, [SILHOUETTES[0]] * 30))) == (30, 64, 44)  # a walk that stands still


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "is empty \\(0 bytes\\)"),
        (pickle.dumps(SILHOUETTES)[:-1], "is cut short"),
        (pickle.dumps(SILHOUETTES)[:5000], "is cut short after 5000 bytes"),
        (pickle.dumps(SILHOUETTES, 2)[:5000], "is cut short after 5000 bytes"),
        (b"version https://git-lfs.github.com/spec/v1\n", "is no pickle"),
        (b"\x89PNG\r\n\x1a\n" + bytes(50), "is no pickle"),
        (bytes(100), "is no pickle"),
        (pickle.dumps({"frames": SILHOUETTES}), "holds a dictionary or a set"),
        (pickle.dumps({1, 2}), "holds a dictionary or a set"),
        (pickle.dumps("text"), "holds a str, not the frames"),
        (pickle.dumps(3), "holds a int, not the frames"),
        (pickle.dumps(np.array(3.0)), r"shape \(\); a walk has its frames first"),
        (pickle.dumps(np.float32(3)), r"shape \(\); a walk has its frames first"),
        (pickle.dumps(np.zeros((1, 1, 1, 1, 1))), "a walk has its frames first"),
        (pickle.dumps(np.zeros((1,) * 12)), "of 12 axes"),
        (pickle.dumps(np.array([None, 1])), "dtype=object"),
        (pickle.dumps(np.array(["a"])), "of dtype U1, not of numbers"),
        (pickle.dumps(np.zeros(2, [("x", "f4")])), "holds a dictionary|of dtype V4"),
        (pickle.dumps(np.zeros(2, complex)), "of dtype c16, not of numbers"),
        (pickle.dumps(np.zeros((0, 64, 64))), "holds zero frames"),
        (pickle.dumps([]), "holds zero frames"),
        (pickle.dumps(np.zeros((4, 0, 64))), "frames without contents"),
        (pickle.dumps([[1.0, 2.0]]), "item 0 is a list"),
        (pickle.dumps([SILHOUETTES[0], 3]), "item 1 is a int"),
        (pickle.dumps([np.zeros((64, 64)), np.zeros((64, 44))]), r"unequal shape, \(64, 44\) and \(64, 64\)"),
        (pickle.dumps([np.zeros((5, 3)), np.zeros((0, 3))]), "no points in frame 1"),
        (pickle.dumps([np.zeros((5, 3)), np.full((4, 3), np.nan)]), "NaN or infinity in 12 of 12 places, among .* 1"),
        (pickle.dumps([10**400, 1.5]), "damaged|too large"),
        (pickle.dumps([10**30]), "too large"),
    ],
)
def test_sentences(tmp_path: Path, data: bytes, said: str) -> None:
    assert re.search(said, _refusal(_written(tmp_path, data)))


def test_nan_is_found_where_it_is(tmp_path: Path) -> None:
    poses = np.zeros((9, 17, 3), np.float32)
    poses[4, 3, 1] = np.inf
    poses[7] = np.nan
    assert "in 52 of 459 places, first in frame 4" in _refusal(_written(tmp_path, poses))


def test_files_that_are_none(tmp_path: Path) -> None:
    assert "does not exist" in _refusal(tmp_path / "no.pkl")
    assert "is a folder" in _refusal(tmp_path)
    os.mkfifo(tmp_path / "pipe.pkl")
    assert "no ordinary file" in _refusal(tmp_path / "pipe.pkl")
    with pytest.raises(VisualAnalyseError, match=r"\\x1b\[2J"):
        read_pickle(tmp_path / "\x1b[2J.pkl")


@given(st.binary(max_size=300))
@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_bytes_give_an_array_or_a_sentence(tmp_path: Path, data: bytes) -> None:
    _array_or_sentence(_written(tmp_path, data))


_PIECES = [
    *(op.code.encode("latin1") for op in pickletools.opcodes),
    *(f"c{name}\n".encode() for name in ("numpy\nndarray", "numpy\ndtype", "_codecs\nencode", "__builtin__\nbytes")),
    *(f"cnumpy.core.{name}\n".encode() for name in ("multiarray\n_reconstruct", "multiarray\nscalar")),
    *(b"cnumpy._core.numeric\n_frombuffer\n", b"Vu1\n", b"Vlatin1\n", b"C\x04abcd", b"I4\n", b"K\x04", b"(I4\nt"),
    *(b"I01\n", b"h\x00", b"q\x00", b"\x80\x02", b"F1.5\n"),
]


@given(st.lists(st.sampled_from(_PIECES), max_size=40))
@settings(max_examples=600, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_instructions_give_an_array_or_a_sentence(tmp_path: Path, pieces: list[bytes]) -> None:
    _array_or_sentence(_written(tmp_path, b"".join(pieces) + b"."))


@given(st.integers(0, 5), st.lists(st.tuples(st.integers(0, 10_000), st.integers(0, 255)), max_size=6), st.booleans())
@settings(max_examples=600, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_damage_gives_an_array_or_a_sentence(
    tmp_path: Path, protocol: int, hits: list[tuple[int, int]], clouds: bool
) -> None:
    small = [np.zeros((2, 3)), np.ones((3, 3))] if clouds else np.arange(12, dtype=np.float32).reshape(3, 2, 2)
    data = bytearray(pickle.dumps(small, protocol))
    for place, value in hits:
        data[place % len(data)] = value
    _array_or_sentence(_written(tmp_path, bytes(data)))


def _array_or_sentence(path: Path) -> None:
    try:
        found = read_pickle(path)
    except VisualAnalyseError:
        return
    for array in [found] if isinstance(found, np.ndarray) else found:
        assert type(array) is np.ndarray and array.dtype.kind in "biuf" and array.size and np.isfinite(array).all()


def test_thousands_of_files_are_read_quickly(tmp_path: Path) -> None:
    path = _written(tmp_path, np.zeros((90, 64, 64), np.uint8))
    read_pickle(path)
    seconds = []
    for _ in range(50):
        start = time.perf_counter()
        read_pickle(path)
        seconds.append(time.perf_counter() - start)
    assert sorted(seconds)[25] < 0.005
