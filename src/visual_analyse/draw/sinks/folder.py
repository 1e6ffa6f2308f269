"""Where scenes go, as context managers: a folder of pictures here, films in `films`."""

from __future__ import annotations

import re
import struct
import zlib
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import Protocol

import numpy as np

from visual_analyse.draw.colours import Scene
from visual_analyse.files import write_whole

_THREADS = 4
_NUMBERED = re.compile(r"\d+\.png")


class Sink(Protocol):
    """Takes scenes of one size, one after another; what it makes is whole when the context ends without an error."""

    def __enter__(self) -> Sink: ...
    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...
    def add(self, scene: Scene) -> None: ...


class Folder:
    """A folder of PNG pictures, numbered from 1 and zero-padded so that they sort.

    `count`: how many will come. At the end, numbered pictures that are not of this run are removed: those of a longer
    run would otherwise pass for part of it. Files with other names are left alone.

    >>> with Folder(Path("origin"), count=1) as folder:  # doctest: +SKIP
    ...     folder.add(np.zeros((64, 44), np.uint8))
    """

    def __init__(self, path: Path, count: int) -> None:
        self.path = path
        self.names = numbered(count)
        self._next = 0
        self._pending: deque[tuple[str, Future[bytes]]] = deque()

    def __enter__(self) -> Folder:
        # Compressing leaves the interpreter free, so a few threads do it side by side; writing stays in this one.
        self._pool = ThreadPoolExecutor(_THREADS)
        return self

    def add(self, scene: Scene) -> None:
        """Take the next picture: uint8 `[h, w]` or `[h, w, 3]`."""
        name = self.names[self._next]
        self._next += 1
        if scene.size < 100_000:  # a thread would cost more than the picture
            self._write(name, png(scene))
            return
        self._pending.append((name, self._pool.submit(png, scene)))
        while len(self._pending) > 2 * _THREADS:
            self._drain_one()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            while kind is None and self._pending:
                self._drain_one()
        finally:
            self._pool.shutdown(cancel_futures=True)
        if kind is None and self.path.is_dir():
            kept = set(self.names[: self._next])
            for path in self.path.iterdir():
                if _NUMBERED.fullmatch(path.name) and path.name not in kept:
                    path.unlink()

    def _drain_one(self) -> None:
        name, future = self._pending.popleft()
        self._write(name, future.result())

    def _write(self, name: str, data: bytes) -> None:
        write_whole(self.path / name, lambda stream: stream.write(data))


def numbered(count: int) -> list[str]:
    """Names of pictures 1..count, padded so that they sort.

    >>> numbered(2)
    ['001.png', '002.png']
    """
    digits = max(3, len(str(count)))
    return [f"{number:0{digits}}.png" for number in range(1, count + 1)]


def png(scene: Scene) -> bytes:
    """A scene as a PNG file: uint8 `[h, w]` grey or `[h, w, 3]`.

    Several times as fast as trying every filter on every row: figures are flat from row to row, so each row is stored
    as its difference to the one above (PNG specification, filter type 2, "Up").

    >>> png(np.zeros((2, 2), np.uint8))[1:4]
    b'PNG'
    """
    height, width = scene.shape[:2]
    rows = np.ascontiguousarray(scene).reshape(height, -1)
    lines = np.empty((height, 1 + rows.shape[1]), np.uint8)
    lines[:, 0] = 2
    lines[0, 1:] = rows[0]
    np.subtract(rows[1:], rows[:-1], out=lines[1:, 1:])
    header = struct.pack(">IIBBBBB", width, height, 8, 2 if scene.ndim == 3 else 0, 0, 0, 0)
    body = zlib.compress(lines.tobytes(), 2)
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        _chunk(*part) for part in ((b"IHDR", header), (b"IDAT", body), (b"IEND", b""))
    )


def _chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
