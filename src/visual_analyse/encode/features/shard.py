"""One writer's share of a store: rows, thumbnails, and the journal that says which of them count."""

from __future__ import annotations

import contextlib
import os
import time
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from visual_analyse.encode.features.journal import Entry, Facts, Group, Row, encode, entries
from visual_analyse.encode.features.thumbnail import SIZE
from visual_analyse.errors import VisualAnalyseError

THUMBNAIL = SIZE[0] * SIZE[1]  # bytes
# How much may be written, and how long, before it is forced to the disk: a power cut costs no more than that.
_UNSYNCED = 128 << 20
_SECONDS = 10.0


class Shard:
    """The files of one writer, as far as their journal vouches for them.

    `facts` is None as long as it has no row. `rows` and `end` count the rows and the bytes of the journal that hold.

    >>> Shard(Path("cache/features/3f"), "0").rows  # doctest: +SKIP
    """

    def __init__(self, folder: Path, name: str) -> None:
        self.name = name
        self.journal = folder / f"rows-{name}.jsonl"
        self.data = folder / f"rows-{name}.f32"
        self.thumbs = folder / f"thumbs-{name}.u8"
        self.lock = folder / f"rows-{name}.lock"
        self.reset()

    def reset(self) -> None:
        """Forget all that was read."""
        self.facts: Facts | None = None
        self.rows = 0
        self.end = 0

    def news(self) -> Iterator[Entry]:
        """What the journal says beyond what was read before, as far as the data bear it out.

        The last of the data, which a power cut may have spoilt, are compared with their checksums.
        """
        for entry, end in entries(self.journal, self.end):
            if isinstance(entry, Group) and not self._holds(entry):
                return
            self.admit(entry, end)
            yield entry

    def admit(self, entry: Entry, end: int) -> None:
        """Take an entry for read."""
        if isinstance(entry, Facts):
            self.facts = entry
        if isinstance(entry, Group):
            self.rows += len(entry.rows)
        self.end = end

    def _holds(self, group: Group) -> bool:
        if self.facts is None or group.first != self.rows:
            return False
        last = group.first + len(group.rows)
        sizes = [_size(path) for path in (self.data, self.thumbs)]
        if sizes[0] < last * self.facts.width or sizes[1] < last * THUMBNAIL:
            return False
        if sizes[0] - group.first * self.facts.width > 2 * _UNSYNCED:
            return True
        crc = 0
        for path, width in ((self.data, self.facts.width), (self.thumbs, THUMBNAIL)):
            with path.open("rb") as stream:
                stream.seek(group.first * width)
                crc = zlib.crc32(stream.read(len(group.rows) * width), crc)
        return crc == group.crc


class ShardWriter:
    """The one process that adds to a shard, whose lock it holds until `close`.

    What lies beyond what the journal vouches for, left by a kill, is cut off. Rows are on their way to the disk when
    `append` returns, so that a kill loses none; a power cut loses those of the last seconds.
    """

    def __init__(self, shard: Shard, lock: BinaryIO | None) -> None:
        self.shard = shard
        self._lock = lock
        self._unsynced, self._synced = 0, time.monotonic()
        self._files: list[BinaryIO] = []
        try:
            for path, size in self._sizes():
                stream = path.open("r+b" if path.exists() else "w+b", buffering=0)
                self._files.append(stream)
                stream.truncate(size)
                stream.seek(size)
        except OSError as error:
            self.close()
            raise _unwritable(shard, error) from error

    def append(
        self, facts: Facts, rows: Sequence[Row], embeddings: NDArray[np.float32], thumbs: NDArray[np.uint8]
    ) -> Group:
        """Add rows that were finished together: `[n, c, p]` or `[n, c*p]`, and their thumbnails uint8 `[n, 32, 22]`.

        Raises VisualAnalyseError where they cannot be written; nothing of them is left then.
        """
        _, data, pictures = self._files
        pieces = np.ascontiguousarray(embeddings, "<f4").tobytes(), np.ascontiguousarray(thumbs, np.uint8).tobytes()
        group = Group(self.shard.rows, tuple(rows), zlib.crc32(pieces[1], zlib.crc32(pieces[0])))
        try:
            _write(data, pieces[0])
            _write(pictures, pieces[1])
            if self._unsynced + len(pieces[0]) > _UNSYNCED or time.monotonic() - self._synced > _SECONDS:
                self._sync()
            if self.shard.facts is None:
                self._note(facts)
            self._note(group)
        except BaseException as error:  # Ctrl-C too: what is half written must not shift what comes after it
            self._cut_back()
            if isinstance(error, OSError):
                raise _unwritable(self.shard, error) from error
            raise
        self._unsynced += len(pieces[0])
        return group

    def note(self, entry: Entry) -> None:
        """Add a line that stands for no row of its own."""
        try:
            self._note(entry)
        except BaseException as error:
            self._cut_back()
            if isinstance(error, OSError):
                raise _unwritable(self.shard, error) from error
            raise

    def close(self) -> None:
        """Force all to the disk and let go of the shard."""
        with contextlib.suppress(OSError):
            if len(self._files) == 3:
                self._sync()
        for stream in (*self._files, self._lock):
            if stream is not None:
                with contextlib.suppress(OSError):
                    stream.close()

    def _note(self, entry: Entry) -> None:
        line = encode(entry)
        _write(self._files[0], line)
        self.shard.admit(entry, self.shard.end + len(line))

    def _sync(self) -> None:
        for stream in reversed(self._files):  # the journal last: it vouches for the others
            os.fsync(stream.fileno())
        self._unsynced, self._synced = 0, time.monotonic()

    def _cut_back(self) -> None:
        for stream, (_, size) in zip(self._files, self._sizes(), strict=True):
            with contextlib.suppress(OSError):
                stream.truncate(size)
                stream.seek(size)

    def _sizes(self) -> list[tuple[Path, int]]:
        shard = self.shard
        width = 0 if shard.facts is None else shard.facts.width
        return [(shard.journal, shard.end), (shard.data, shard.rows * width), (shard.thumbs, shard.rows * THUMBNAIL)]


def _write(stream: BinaryIO, piece: bytes) -> None:
    rest = memoryview(piece)
    while rest:
        rest = rest[stream.write(rest) :]


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _unwritable(shard: Shard, error: OSError) -> VisualAnalyseError:
    return VisualAnalyseError(
        f"{shard.data} could not be written ({error.strerror or error}). The embeddings finished before it are kept; "
        "free some space, or name a folder on another disk with --cache, and run the same command again."
    )
