"""A file that one process at a time may hold; the system lets go of it when the process dies, however it dies."""

from __future__ import annotations

import errno
import os
import sys
from pathlib import Path
from typing import BinaryIO

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

_BUSY = {errno.EACCES, errno.EAGAIN, errno.EWOULDBLOCK, getattr(errno, "EDEADLOCK", errno.EDEADLK), errno.EDEADLK}


class NoLocks(Exception):
    """This file system has no locks."""


def take(path: Path) -> BinaryIO | None:
    """Hold a file, made as needed, until the stream that comes back is closed; None where another holds it.

    Raises NoLocks where the file system has none, and OSError where the file cannot be made.

    >>> take(Path("rows-0.lock"))  # doctest: +SKIP
    """
    stream = path.open("ab")
    try:
        _lock(stream.fileno())
    except OSError as error:
        stream.close()
        if error.errno in _BUSY:
            return None
        raise NoLocks(str(error)) from error
    return stream


def held(path: Path) -> bool:
    """Whether a process, this one or another, holds a file."""
    if not path.exists():
        return False
    try:
        stream = take(path)
    except (OSError, NoLocks):
        return False
    if stream is None:
        return True
    stream.close()
    return False


def _lock(handle: int) -> None:
    if sys.platform == "win32":
        os.lseek(handle, 0, os.SEEK_SET)
        msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
    else:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
