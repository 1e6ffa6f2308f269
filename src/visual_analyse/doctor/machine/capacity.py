"""How much this machine has: cores and memory."""

from __future__ import annotations

import contextlib
import ctypes
import os
import re
from pathlib import Path

# Where a container is told how much it may use, of either version.
_LIMITS = (
    ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory.current"),
    ("/sys/fs/cgroup/memory/memory.limit_in_bytes", "/sys/fs/cgroup/memory/memory.usage_in_bytes"),
)


def cores() -> int:
    """The cores that this process may use.

    >>> cores() > 0
    True
    """
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def memory() -> tuple[int | None, int | None]:
    """Bytes of memory in all and free, each None where it cannot be known; a container's limit counts.

    >>> memory()  # doctest: +SKIP
    (25769803776, 20401094656)
    """
    total, free = _linux() or _windows() or _posix()
    for limit, used in _LIMITS:
        with contextlib.suppress(OSError, ValueError):
            most = int(Path(limit).read_text(encoding="ascii"))
            if total is not None and most < total:
                left = max(0, most - int(Path(used).read_text(encoding="ascii")))
                total, free = most, left if free is None else min(free, left)
    return total, free


def _linux() -> tuple[int | None, int | None] | None:
    try:
        text = Path("/proc/meminfo").read_text(encoding="ascii")
    except (OSError, ValueError):
        return None
    facts = {name: int(value) * 1024 for name, value in re.findall(r"^(\w+):\s+(\d+) kB$", text, re.MULTILINE)}
    return facts.get("MemTotal"), facts.get("MemAvailable")


class _Status(ctypes.Structure):
    """MEMORYSTATUSEX of Windows."""

    _fields_ = [("length", ctypes.c_ulong), ("load", ctypes.c_ulong),
                *((name, ctypes.c_ulonglong) for name in ("total", "free", "a", "b", "c", "d", "e"))]  # fmt: skip


def _windows() -> tuple[int | None, int | None] | None:
    libraries = getattr(ctypes, "windll", None)
    if libraries is None:
        return None
    status = _Status(length=ctypes.sizeof(_Status))
    if not libraries.kernel32.GlobalMemoryStatusEx(ctypes.byref(status)):
        return None
    return int(status.total), int(status.free)


def _posix() -> tuple[int | None, int | None]:
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"), None
    except (AttributeError, OSError, ValueError):
        return None, None
