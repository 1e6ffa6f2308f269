"""Files that appear whole or not at all."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, BinaryIO

from visual_analyse.errors import VisualAnalyseError

_FULL = {errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC)}  # Windows knows no quota


def write_whole(path: Path, write: Callable[[IO[bytes]], object]) -> Path:
    """Write a file through a neighbour that takes its name only when it is complete.

    A full disk, Ctrl-C or a kill leaves the old file, or none; never half of one. Folders are made as needed.

    Raises VisualAnalyseError where the folder cannot be written or the disk is full.

    >>> write_whole(Path("a.txt"), lambda f: f.write(b"all of it"))  # doctest: +SKIP
    """
    with _sentences(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=f".{path.name[:40]}.", suffix=".part", dir=path.parent)
        part = Path(name)
        try:
            with os.fdopen(handle, "wb") as stream:
                write(stream)
            # mkstemp makes private files; results are for sharing, as any file the user makes.
            part.chmod(0o666 & ~_UMASK)
            part.replace(path)
        except BaseException:
            with contextlib.suppress(OSError):
                part.unlink()
            raise
    return path


def copy_whole(source: Path, target: Path) -> Path:
    """Copy a file so that the copy appears whole or not at all.

    >>> copy_whole(Path("a.npz"), Path("b.npz"))  # doctest: +SKIP
    """
    with _readable(source) as stream:
        return write_whole(target, lambda out: shutil.copyfileobj(stream, out))


def make_folder(path: Path) -> Path:
    """Make a folder for results and prove that files can be made in it.

    Raises VisualAnalyseError where that fails, before any long work is done in vain.

    >>> make_folder(Path("results"))  # doctest: +SKIP
    """
    with _sentences(path, "another folder with --save_dir"):
        path.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=path):
            pass
    return path


def digest(path: Path) -> str:
    """SHA-256 of a file's bytes, as hexadecimal digits.

    Raises VisualAnalyseError where the file is gone or cannot be read.

    >>> digest(Path("model.pt"))  # doctest: +SKIP
    """
    total = hashlib.sha256()
    with _readable(path) as stream:
        while block := stream.read(1 << 20):
            total.update(block)
    return total.hexdigest()


def _umask() -> int:
    current = os.umask(0)
    os.umask(current)
    return current


_UMASK = _umask()  # read once: reading sets it for a moment, which other threads must not meet


@contextlib.contextmanager
def _readable(path: Path) -> Iterator[BinaryIO]:
    try:
        stream = path.open("rb")
    except OSError as error:
        raise VisualAnalyseError(
            f"{path} cannot be read ({error.strerror or error}). Check that it is there, and its permissions, and run "
            "the same command again."
        ) from error
    with stream:
        yield stream


@contextlib.contextmanager
def _sentences(path: Path, instead: str = "another place") -> Iterator[None]:
    try:
        yield
    except OSError as error:
        space = "free some space or " if error.errno in _FULL else ""
        raise VisualAnalyseError(
            f"{path} could not be written ({error.strerror or error}). What was finished before it is kept; "
            f"{space}name {instead}, and run the same command again."
        ) from error
