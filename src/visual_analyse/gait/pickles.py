"""Walks out of pickle files without running what a stranger may have put there."""

from __future__ import annotations

import io
import math
import pickle
import pickletools
import re
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from visual_analyse.errors import VisualAnalyseError
from visual_analyse.names import plain

Array = NDArray[Any]

# What arrays, lists and numbers are pickled with, in every protocol. Dictionaries and sets are left out: hashing
# tuples that hold one another many times over can keep a computer busy for ever.
# fmt: off
_INSTRUCTIONS = frozenset([
    "PROTO", "FRAME", "STOP", "MARK", "POP", "POP_MARK", "DUP", "NONE", "NEWTRUE", "NEWFALSE", "INT", "BININT",
    "BININT1", "BININT2", "LONG", "LONG1", "LONG4", "FLOAT", "BINFLOAT", "STRING", "BINSTRING", "SHORT_BINSTRING",
    "BINBYTES", "SHORT_BINBYTES", "BINBYTES8", "BYTEARRAY8", "UNICODE", "SHORT_BINUNICODE", "BINUNICODE",
    "BINUNICODE8", "EMPTY_LIST", "APPEND", "APPENDS", "LIST", "EMPTY_TUPLE", "TUPLE", "TUPLE1", "TUPLE2", "TUPLE3",
    "GET", "BINGET", "LONG_BINGET", "PUT", "BINPUT", "LONG_BINPUT", "MEMOIZE", "GLOBAL", "STACK_GLOBAL", "REDUCE",
    "BUILD",
])
_CONTAINERS = frozenset(["EMPTY_DICT", "DICT", "SETITEM", "SETITEMS", "EMPTY_SET", "ADDITEMS", "FROZENSET"])
_CALLS = frozenset(["INST", "OBJ", "NEWOBJ", "NEWOBJ_EX", "EXT1", "EXT2", "EXT4"])
# fmt: on
_REMEDY = "Write it anew from a plain array: pickle.dump(numpy.asarray(frames), file)."


def read_pickle(path: Path) -> Array | list[Array]:
    """The frames of one pickle file: an array, frames first, or a list of point clouds of unequal size.

    `(T, ...)` numbers without NaN, T at least 1, of one to four axes; a list of arrays of one shape is stacked; point
    clouds `(N, >=3)` stay a list of T. Only numpy's own arrays are built, by this module: nothing in the file is
    called.

    Raises VisualAnalyseError for a file that is missing, empty, cut short, no pickle, holds code or anything but
    numbers, has no frames, NaN or infinity, or no shape that a walk has.

    >>> read_pickle(Path("001/nm-05/090/090.pkl")).shape  # doctest: +SKIP
    (86, 64, 64)
    """
    try:
        return _unpickle(_contents(path))
    except _Fault as fault:
        raise VisualAnalyseError(f"{plain(path)} {fault}") from fault
    except MemoryError as error:
        raise VisualAnalyseError(f"{plain(path)} holds more than this computer's memory. Split the walk.") from error
    except Exception as error:  # instructions in an order that makes no sense raise whatever comes first
        raise VisualAnalyseError(f"{plain(path)} is damaged ({plain(error)}). Make it anew.") from error


class _Fault(Exception):
    """What is wrong with the contents; `read_pickle` makes the sentence with the file's name."""


def _contents(path: Path) -> bytes:
    try:
        if not path.is_file():
            kind = "is a folder" if path.is_dir() else "is no ordinary file" if path.exists() else "does not exist"
            raise _Fault(f"{kind}; a .pkl file with the frames of a walk was expected.")
        data = path.read_bytes()
    except (OSError, ValueError) as error:
        raise _Fault(f"cannot be read ({plain(error)}); check its permissions.") from error
    if not data:
        raise _Fault("is empty (0 bytes): its writing was cut off. Make it anew, or delete it from the folder.")
    return data


def _check_instructions(data: bytes) -> None:
    """Walk over the pickle's instructions without following them, and refuse those that no array needs."""
    stream = io.BytesIO(data)
    try:
        for instruction, value, _ in pickletools.genops(stream):
            if instruction.name in _CONTAINERS:
                raise _Fault(f"holds a dictionary or a set, not the frames of a walk. {_REMEDY}")
            if instruction.name in _CALLS:
                raise _Fault(f"holds code ({instruction.name.lower()}): it was left unopened. {_REMEDY}")
            if instruction.name not in _INSTRUCTIONS:
                raise _Fault(f"is no pickle of a plain array ({instruction.name.lower()}). {_REMEDY}")
            if instruction.name.endswith("PUT") and int(value or 0) > len(data):
                # The interpreter would reserve memory for that many.
                raise _Fault("is no pickle of a walk: it numbers more objects than it has bytes. Make it anew.")
    except _Fault:
        raise
    except Exception as error:
        if stream.tell() >= len(data):
            raise _Fault(f"is cut short after {len(data)} bytes: copy or make it anew, or delete it.") from error
        raise _Fault(f"is no pickle ({plain(error)}): a .pkl file of numpy arrays was expected. {_REMEDY}") from error


def _unpickle(data: bytes) -> Array | list[Array]:
    _check_instructions(data)
    found = _Unpickler(io.BytesIO(data), encoding="latin1").load()
    if isinstance(found, _Array):
        return _checked(found.build())
    if isinstance(found, list | tuple):
        return _from_list(list(found), len(data))
    raise _Fault(f"holds {_kind(found)}, not the frames of a walk. {_REMEDY}")


class _Sealed:
    """Anything handed to the unpickler refuses to have its state set, unless it says how."""

    __slots__ = ()

    def __setstate__(self, state: object) -> None:
        raise _Fault("is damaged: it sets the state of something that has none. Make the file anew.")


class _Dtype(_Sealed):
    """Stands for numpy.dtype: a letter and a width, and the order of the bytes."""

    __slots__ = ("code", "order")
    order: str

    def __init__(self, code: object, *_: object) -> None:
        self.code, self.order = code, "="

    def __setstate__(self, state: Any) -> None:
        order = state[1]
        self.order = order if order in ("<", ">") else "="

    def build(self) -> np.dtype[Any]:
        if isinstance(self.code, str) and re.fullmatch(r"[biuf]\d{1,2}", self.code):
            return np.dtype(self.order + self.code)
        if isinstance(self.code, str) and self.code.startswith("O"):
            raise _Fault(
                "holds an array of Python objects (dtype=object), often frames of unequal size. They can hide code, "
                f"so it was left unopened. {_REMEDY}"
            )
        raise _Fault(f"holds an array of dtype {plain(self.code)[:40]}, not of numbers. {_REMEDY}")


class _Array(_Sealed):
    """Stands for numpy.ndarray while its file is being read."""

    __slots__ = ("dtype", "fortran", "raw", "shape")
    dtype: Any
    fortran: Any
    raw: Any
    shape: Any

    def __init__(self, *_: object) -> None:
        self.dtype = self.fortran = self.raw = self.shape = None

    def __setstate__(self, state: Any) -> None:
        _, self.shape, self.dtype, self.fortran, self.raw = state

    def build(self) -> Array:
        shape = self.shape
        if not isinstance(shape, tuple) or not all(type(n) is int and 0 <= n < 1 << 40 for n in shape):
            raise _Fault("is damaged: an array in it has no shape or no contents. Make the file anew.")
        if not isinstance(self.dtype, _Dtype) or len(shape) > 8:
            raise _Fault(f"holds an array of {len(shape)} axes or without a type, not the frames of a walk. {_REMEDY}")
        dtype = self.dtype.build()
        raw = self.raw.encode("latin1") if isinstance(self.raw, str) else self.raw
        if not isinstance(raw, bytes | bytearray):
            raise _Fault(f"is damaged: an array in it holds {_kind(raw)} in place of bytes. Make the file anew.")
        if math.prod(shape) * dtype.itemsize != len(raw):
            raise _Fault(
                f"is damaged: an array of shape {shape} and {dtype.itemsize} bytes a number cannot have "
                f"{len(raw)} bytes. Make the file anew."
            )
        array: Array = np.empty(0, dtype)
        # numpy's own way, its arguments checked: the array takes the bytes over instead of copying them.
        state: Any = (1, shape, dtype, bool(self.fortran), bytes(raw))
        array.__setstate__(state)
        return np.asarray(array, dtype.newbyteorder("="), order="C")


class _FromBuffer(_Array):
    """Stands for numpy's `_frombuffer`, protocol 5."""

    __slots__ = ()

    def __init__(self, raw: Any, dtype: Any, shape: Any, order: object) -> None:
        self.raw, self.dtype, self.shape, self.fortran = raw, dtype, shape, order == "F"


class _Number(_Array):
    """Stands for a numpy scalar."""

    __slots__ = ()

    def __init__(self, dtype: Any, raw: Any) -> None:
        self.raw, self.dtype, self.shape, self.fortran = raw, dtype, (), False


class _Latin1(_Sealed):
    """Stands for `codecs.encode`: how bytes are written by protocols that have none."""

    __slots__ = ()

    def __new__(cls, text: str, encoding: str = "latin1") -> Any:
        if encoding != "latin1":
            raise _Fault("is damaged: it asks for an encoding that numpy does not use. Make the file anew.")
        return text.encode("latin1")


class _NoBytes(_Sealed):
    """Stands for `bytes()`: how empty bytes are written by protocols that have none."""

    __slots__ = ()

    def __new__(cls) -> Any:
        return b""


_STAND_INS: dict[str, type] = {
    "numpy.ndarray": _Array,
    "numpy.dtype": _Dtype,
    "_codecs.encode": _Latin1,
    "__builtin__.bytes": _NoBytes,
    "builtins.bytes": _NoBytes,
    **{f"numpy.{core}.multiarray._reconstruct": _Array for core in ("core", "_core")},
    **{f"numpy.{core}.multiarray.scalar": _Number for core in ("core", "_core")},
    **{f"numpy.{core}.numeric._frombuffer": _FromBuffer for core in ("core", "_core")},
}


class _Unpickler(pickle.Unpickler):
    """An unpickler that knows numpy's names alone, and answers each with a stand-in that only keeps values."""

    def find_class(self, module: str, name: str) -> Any:
        try:
            return _STAND_INS[f"{module}.{name}"]
        except KeyError:
            raise _Fault(
                f"holds code: it asks for {plain(f'{module}.{name}')[:80]!r}. A pickle can run programs, so only "
                f"numpy arrays are read and this file was left unopened. {_REMEDY}"
            ) from None


def _from_list(items: list[Any], size: int) -> Array | list[Array]:
    if not items:
        raise _Fault("holds zero frames: an empty list. Make it anew, or delete it from the folder.")
    if all(isinstance(item, bool | int | float | _Number) for item in items):
        return _checked(np.array([item.build() if isinstance(item, _Number) else item for item in items]))
    strange = [index for index, item in enumerate(items) if not isinstance(item, _Array)]
    if strange:
        raise _Fault(f"holds a list whose item {strange[0]} is {_kind(items[strange[0]])}, not an array. {_REMEDY}")
    total = sum(len(item.raw) for item in items if isinstance(item.raw, str | bytes | bytearray))
    if total > 16 * size + (1 << 26):  # one large frame named many times over
        raise _Fault(f"unfolds to {total} bytes from {size}: no walk repeats itself so often. It was left unopened.")
    arrays: list[Array] = [item.build() for item in items]
    shapes = {array.shape for array in arrays}
    if len(shapes) == 1:
        return _checked(np.stack(arrays))
    if {array.ndim for array in arrays} != {2} or len({width for _, width in shapes}) != 1 or arrays[0].shape[1] < 3:
        one, other = sorted(shapes)[:2]
        raise _Fault(f"holds frames of unequal shape, {one} and {other}, which no model takes. {_REMEDY}")
    for index, cloud in enumerate(arrays):
        if not len(cloud):
            raise _Fault(f"has no points in frame {index}. Make it anew without that frame.")
        _check_finite(cloud, f"among the points of frame {index}")
    return arrays


def _checked(array: Array) -> Array:
    if array.dtype.kind not in "biuf":
        raise _Fault(f"holds numbers too large for an array. {_REMEDY}")
    if not array.ndim or array.ndim > 4:
        raise _Fault(
            f"holds an array of shape {array.shape}; a walk has its frames first: (T,64,64) silhouettes, "
            f"(T,2,64,64) skeleton maps, (T,17,3) poses, (T,) ratios. {_REMEDY}"
        )
    if not len(array):
        raise _Fault(f"holds zero frames, shape {array.shape}. Make it anew, or delete it from the folder.")
    if not array.size:
        raise _Fault(f"holds frames without contents, shape {array.shape}. {_REMEDY}")
    _check_finite(array, "")
    return array


def _check_finite(array: Array, where: str) -> None:
    if array.dtype.kind == "f" and not (finite := np.isfinite(array)).all():
        place = where or f"first in frame {int(np.flatnonzero(~finite.reshape(len(finite), -1).all(1))[0])}"
        raise _Fault(
            f"holds NaN or infinity in {int((~finite).sum())} of {array.size} places, {place}; a distance to it "
            "would be no number. Make it anew without them."
        )


def _kind(found: object) -> str:
    return "a stand-alone piece of numpy" if isinstance(found, _Sealed | type) else f"a {type(found).__name__}"
