"""Finished embeddings in the order of the walks that were asked for, read from disk piece by piece."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from visual_analyse.encode.features.shard import THUMBNAIL, Shard
from visual_analyse.encode.features.store import Place
from visual_analyse.encode.features.thumbnail import SIZE
from visual_analyse.encode.store import key
from visual_analyse.errors import VisualAnalyseError
from visual_analyse.gait.sequences import Sequence as Walk

Array = NDArray[Any]


class Features:
    """The embeddings of some walks on disk: never all in memory, unless they are asked for at once.

    `walks` are those embedded, in the order asked for; `ids`, `types`, `views`, `names` theirs. `shape` is (c, p) of
    one embedding, `dims` c*p. `digest` names all contents: the same where data, model and config are.

    >>> features.read(0, 2).shape  # doctest: +SKIP
    (2, 15872)
    """

    def __init__(
        self, walks: Sequence[Walk], places: Sequence[Place], shards: dict[str, Shard], contents: Sequence[str],
        fingerprint: str,
    ) -> None:  # fmt: skip
        self.walks = tuple(walks)
        used = sorted({place.shard for place in places})
        facts = shards[used[0]].facts if used else None
        self.shape: tuple[int, int] = (0, 0) if facts is None else facts.shape
        self.dims = self.shape[0] * self.shape[1]
        self.fingerprint = fingerprint
        self.digest = key(fingerprint, *contents)
        self._shard = np.array([used.index(place.shard) for place in places], np.int32)
        self._row = np.array([place.row for place in places], np.int64)
        self._pictured = np.array([place.pictured for place in places], bool)
        # Held open: what the cap removes meanwhile can still be read.
        self._data = [_open(shards[name].data) for name in used]
        self._thumbs = [_open(shards[name].thumbs) for name in used]
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self.walks)

    @property
    def names(self) -> list[str]:
        """`id-type-view` of each walk."""
        return [walk.name for walk in self.walks]

    @property
    def ids(self) -> list[str]:
        """The identity of each walk."""
        return [walk.id for walk in self.walks]

    @property
    def types(self) -> list[str]:
        """The condition of each walk."""
        return [walk.type for walk in self.walks]

    @property
    def views(self) -> list[str]:
        """The view of each walk."""
        return [walk.view for walk in self.walks]

    def read(self, start: int, stop: int) -> NDArray[np.float32]:
        """The embeddings `[b, c*p]` of walks `start:stop`."""
        return self.take(np.arange(*slice(start, stop).indices(len(self))))

    def take(self, rows: Sequence[int] | Array) -> NDArray[np.float32]:
        """The embeddings `[m, c*p]` of the walks of these numbers, in their order.

        Raises VisualAnalyseError where the files on disk were cut meanwhile.
        """
        return self._take(rows, self._data, np.dtype("<f4"), self.dims).astype(np.float32, copy=False)

    def blocks(self, size: int = 1024) -> Iterator[NDArray[np.float32]]:
        """All embeddings in order, at most `size` at a time."""
        for start in range(0, len(self), size):
            yield self.read(start, start + size)

    def thumbnails(self) -> NDArray[np.uint8] | None:
        """The gait-energy images uint8 `[n, 32, 22]`, black where a walk has none; None where none has."""
        if not self._pictured.any():
            return None
        return self._take(np.arange(len(self)), self._thumbs, np.dtype("u1"), THUMBNAIL).reshape(-1, *SIZE)

    @property
    def pictured(self) -> NDArray[np.bool_]:
        """Which walks have a thumbnail."""
        return self._pictured

    def close(self) -> None:
        """Close the files."""
        for stream in (*self._data, *self._thumbs):
            stream.close()

    def __enter__(self) -> Features:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def _take(self, rows: Sequence[int] | Array, files: list[BinaryIO], dtype: np.dtype[Any], width: int) -> Array:
        wanted = np.asarray(rows, np.int64).reshape(-1)
        wanted = np.where(wanted < 0, wanted + len(self), wanted)
        if len(wanted) and (wanted.min() < 0 or wanted.max() >= len(self)):
            raise IndexError(f"There are rows 0 to {len(self) - 1}; {wanted.min()} to {wanted.max()} were asked for.")
        found = np.empty((len(wanted), width), dtype)
        shard, row = self._shard[wanted], self._row[wanted]
        # Rows that follow one another on disk are read in one go.
        breaks = np.flatnonzero((np.diff(shard) != 0) | (np.diff(row) != 1)) + 1
        bytes_a_row = width * dtype.itemsize
        for first, last in zip([0, *breaks], [*breaks, len(wanted)], strict=True):
            if first < last:
                with self._lock:
                    stream = files[shard[first]]
                    stream.seek(int(row[first]) * bytes_a_row)
                    _fill(stream, found[first:last].data.cast("B"))
        return found


def _open(path: Path) -> BinaryIO:
    try:
        return path.open("rb", buffering=0)
    except OSError as error:
        raise VisualAnalyseError(
            f"{path} cannot be read ({error.strerror or error}). Run the same command again: what is missing is made "
            "anew."
        ) from error


def _fill(stream: BinaryIO, into: memoryview) -> None:
    while into:
        got = stream.readinto(into)  # type: ignore[attr-defined]
        if not got:
            raise VisualAnalyseError(
                f"{stream.name} was cut while it was being read. Run the same command again: what is missing is made "
                "anew."
            )
        into = into[got:]
