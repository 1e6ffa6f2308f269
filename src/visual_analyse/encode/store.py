"""A store of finished work, kept by what it was made of."""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import IO

import platformdirs

from visual_analyse.errors import VisualAnalyseError
from visual_analyse.files import write_whole

CAP = 4 << 30  # bytes


class Store:
    """Files named by the digest of all they depend on, in a folder that never grows past `cap` bytes.

    The longest unused go first. What cannot be written (a full disk, a folder without rights) is simply not kept: the
    work itself goes on. Several processes may share one.

    >>> Store(Path("cache")).find(key("GaitSet", "walk")) is None  # doctest: +SKIP
    True
    """

    def __init__(self, folder: Path | None = None, cap: int = CAP) -> None:
        self.folder = folder or Path(platformdirs.user_cache_dir("visual_analyse", appauthor=False))
        self.cap = cap
        self._size: int | None = None

    def find(self, name: str) -> Path | None:
        """The kept file of that name, marked as used; None where there is none."""
        path = self._path(name)
        try:
            os.utime(path)
        except OSError:
            return None
        return path

    def keep(self, name: str, write: Callable[[IO[bytes]], object]) -> None:
        """Keep what `write` writes under a name; quietly do without where that fails."""
        path = self._path(name)
        with contextlib.suppress(VisualAnalyseError, OSError):
            write_whole(path, write)
            self._size = self._measured() if self._size is None else self._size + path.stat().st_size
            if self._size > self.cap:
                self._shrink()

    def _path(self, name: str) -> Path:
        return self.folder / name[:2] / name

    def _files(self) -> list[tuple[float, int, Path]]:
        found = []
        for path in self.folder.glob("??/*"):
            with contextlib.suppress(OSError):
                facts = path.stat()
                found.append((facts.st_mtime, facts.st_size, path))
        return sorted(found)

    def _measured(self) -> int:
        return sum(size for _, size, _ in self._files())

    def _shrink(self) -> None:
        files = self._files()
        total = sum(size for _, size, _ in files)
        for _, size, path in files:
            if total <= self.cap * 0.9:
                break
            with contextlib.suppress(OSError):
                path.unlink()
                total -= size
        self._size = total


def key(*parts: object) -> str:
    """A name made of everything a piece of work depends on: the SHA-256 of its parts' texts.

    >>> key("a", 1) == key("a", "1")
    True
    """
    total = hashlib.sha256()
    for part in parts:
        text = str(part).encode("utf-8", "surrogatepass")
        total.update(len(text).to_bytes(8, "little") + text)
    return total.hexdigest()
