"""Features of many walks, read a block at a time: they need not fit into memory."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from visual_analyse.errors import VisualAnalyseError

Floats = NDArray[np.float32]
Rows = NDArray[np.int64]

_BLOCK_BYTES = 1 << 26


class Source(Protocol):
    """What `embed` reads: n walks of `dims` numbers, `shape` being channels and parts `(c, p)` of each."""

    @property
    def dims(self) -> int: ...

    @property
    def shape(self) -> tuple[int, int]: ...

    def __len__(self) -> int: ...

    def read(self, start: int, stop: int) -> Floats:
        """Rows `start:stop`, float32 `[b, dims]`; what it gave before may be overwritten."""
        ...

    def take(self, rows: Rows) -> Floats:
        """Some rows, in that order, float32 `[m, dims]`."""
        ...


class ArraySource:
    """Features that are in memory.

    >>> ArraySource(np.zeros((3, 4))).dims
    4
    """

    def __init__(self, array: NDArray[np.generic], shape: tuple[int, int] | None = None) -> None:
        dims = int(np.prod(array.shape[1:]))
        self._array = np.ascontiguousarray(array.reshape(len(array), dims), dtype=np.float32)
        self.shape = shape or (self._array.shape[1], 1)

    @property
    def dims(self) -> int:
        return int(self._array.shape[1])

    def __len__(self) -> int:
        return len(self._array)

    def read(self, start: int, stop: int) -> Floats:
        return self._array[start:stop]

    def take(self, rows: Rows) -> Floats:
        return self._array[rows]


class FileSource:
    """Features `[n, ...]` of a .npy file, read into one buffer: pages of a memory map would count as memory.

    `at` is where in the file the .npy begins: an archive may hold it uncompressed. Raises VisualAnalyseError for a
    file that is none, is cut short, or holds no numbers.

    >>> len(FileSource(Path("features.npy")))  # doctest: +SKIP
    133000
    """

    def __init__(self, path: Path, at: int = 0) -> None:
        self.path = path
        try:
            self._stream: IO[bytes] = path.open("rb")
        except OSError as error:
            raise VisualAnalyseError(
                f"{path} cannot be read ({error.strerror or error}). Name a .npy file that numpy.save wrote."
            ) from error
        try:
            self._open(at)
        except BaseException:
            self._stream.close()
            raise
        self._buffer = np.empty(0, dtype=self._dtype)

    def _open(self, at: int) -> None:
        self._stream.seek(at)
        whole, fortran, self._dtype = npy_header(self._stream, self.path)
        if self._dtype.hasobject:
            raise VisualAnalyseError(pickled(self.path))
        if fortran or self._dtype.kind not in "fiu" or len(whole) not in (2, 3) or min(whole) < 1:
            raise VisualAnalyseError(
                f"{self.path} holds {self._dtype} of shape {list(whole)}{' in Fortran order' if fortran else ''}; "
                "numbers of shape [n, dims] or [n, c, p] were expected, one row a walk"
                f"{': save numpy.ascontiguousarray of it' if fortran else ''}."
            )
        self._start = self._stream.tell()
        self._count = whole[0]
        self.shape = (whole[1], whole[2] if len(whole) == 3 else 1)
        self._row = self.dims * self._dtype.itemsize
        held = self._stream.seek(0, 2) - self._start
        if held < self._row * self._count:
            raise VisualAnalyseError(self._cut(held // self._row))

    def _cut(self, held: int) -> str:
        return f"{self.path} is cut short: it announces {self._count} rows and holds {held}. Write it anew."

    @property
    def dims(self) -> int:
        return self.shape[0] * self.shape[1]

    def __len__(self) -> int:
        return int(self._count)

    def read(self, start: int, stop: int) -> Floats:
        count = max(0, min(stop, self._count) - start)
        if self._buffer.size < count * self.dims:
            self._buffer = np.empty(count * self.dims, dtype=self._dtype)
        found = self._buffer[: count * self.dims]
        self._stream.seek(self._start + start * self._row)
        if self._stream.readinto(found.view(np.uint8)) < found.nbytes:  # type: ignore[attr-defined]
            raise VisualAnalyseError(self._cut((self._stream.tell() - self._start) // self._row))
        return found.reshape(count, self.dims).astype(np.float32, copy=False)

    def take(self, rows: Rows) -> Floats:
        found = np.empty((len(rows), self.dims), dtype=np.float32)
        for place, row in enumerate(rows):
            found[place] = self.read(int(row), int(row) + 1)[0]
        return found


class Subset:
    """Some rows of a source, as a source.

    >>> Subset(ArraySource(np.eye(3)), np.array([2])).read(0, 1).tolist()
    [[0.0, 0.0, 1.0]]
    """

    def __init__(self, source: Source, rows: Rows) -> None:
        self._source, self._rows = source, rows
        self.shape = source.shape

    @property
    def dims(self) -> int:
        return self._source.dims

    def __len__(self) -> int:
        return len(self._rows)

    def read(self, start: int, stop: int) -> Floats:
        return self._source.take(self._rows[start:stop])

    def take(self, rows: Rows) -> Floats:
        return self._source.take(self._rows[rows])


class UnitParts:
    """A source whose parts all have unit length, as cosine distances see them; a part of zeros stays as it is.

    >>> UnitParts(ArraySource(np.array([[3.0, 4.0]]))).read(0, 1).tolist()
    [[0.6..., 0.8...]]
    """

    def __init__(self, source: Source) -> None:
        self._source = source
        self.shape = source.shape

    @property
    def dims(self) -> int:
        return self._source.dims

    def __len__(self) -> int:
        return len(self._source)

    def read(self, start: int, stop: int) -> Floats:
        return self._unit(self._source.read(start, stop))

    def take(self, rows: Rows) -> Floats:
        return self._unit(self._source.take(rows))

    def _unit(self, block: Floats) -> Floats:
        parts = block.reshape(len(block), *self.shape)
        length = np.sqrt(np.einsum("ncp,ncp->np", parts, parts))[:, None]
        unit: Floats = (parts / np.maximum(length, 1e-12)).reshape(block.shape)
        return unit


def npy_header(stream: IO[bytes], what: object) -> tuple[tuple[int, ...], bool, np.dtype[Any]]:
    """Shape, whether in Fortran order, and type of the .npy that begins here; the stream is left at its numbers.

    Raises VisualAnalyseError for what is no .npy; `what` names it there.

    >>> npy_header(open("features.npy", "rb"), Path("features.npy"))  # doctest: +SKIP
    ((133000, 256, 62), False, dtype('float32'))
    """
    try:
        major, _ = np.lib.format.read_magic(stream)
        read = np.lib.format.read_array_header_1_0 if major == 1 else np.lib.format.read_array_header_2_0
        shape, fortran, dtype = read(stream)
    except Exception as error:  # a header is a Python literal, and a broken one fails in many ways
        raise VisualAnalyseError(f"{what} is no .npy file ({error}). Write it with numpy.save.") from error
    return shape, fortran, dtype


def pickled(what: object) -> str:
    """The sentence for an array of Python objects.

    >>> pickled("a.npy")
    'a.npy holds pickled Python objects, ...'
    """
    return (
        f"{what} holds pickled Python objects, which can run code, so it was left unopened. Save plain arrays: numbers "
        "[n, dims], and names by numpy.array(names, dtype=str)."
    )


def block_rows(dims: int, size: int = _BLOCK_BYTES) -> int:
    """How many rows of so many dimensions make one block.

    >>> block_rows(1 << 14)
    1024
    """
    return max(1, size // (4 * dims))


def blocks(source: Source, rows: int | None = None) -> Iterator[tuple[int, Floats]]:
    """All rows in order, in blocks that are good until the next: where each starts, and its rows.

    >>> [start for start, _ in blocks(ArraySource(np.zeros((5, 2))), 2)]
    [0, 2, 4]
    """
    step = rows or block_rows(source.dims)
    for start in range(0, len(source), step):
        yield start, source.read(start, min(start + step, len(source)))
