"""The journal of a shard: which rows are finished, line by line, each with its own checksum."""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

LONGEST = 1 << 22  # bytes of one line
VERSION = 1


@dataclass(frozen=True)
class Facts:
    """What holds for all rows of a shard: `shape` (c, p) of an embedding, and whether its model packs walks."""

    shape: tuple[int, int]
    packs: bool | None

    @property
    def width(self) -> int:
        """The bytes of one row: float32, little-endian."""
        return 4 * self.shape[0] * self.shape[1]


@dataclass(frozen=True)
class Row:
    """A finished row: its walk's content and files as they stood (`content`, `stat`: digests), frames and identity.

    `settled`: the files were old enough when read that any later change shows in `stat`. `pictured`: it has a
    thumbnail.
    """

    content: str
    stat: str
    settled: bool
    frames: int
    pictured: bool
    id: str
    type: str
    view: str


@dataclass(frozen=True)
class Group:
    """Rows finished together: they count together or not at all. `first` is the number of the first; `crc` of data."""

    first: int
    rows: tuple[Row, ...]
    crc: int


@dataclass(frozen=True)
class Known:
    """Files seen to hold what is finished under another name, or other files: pairs of `stat` and `content`."""

    pairs: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Failed:
    """Files of a walk that could not be embedded."""

    stat: str


Entry = Facts | Group | Known | Failed


def encode(entry: Entry) -> bytes:
    """An entry as a line.

    >>> encode(Failed("ab"))
    b'9b8a745e {"failed":"ab"}\\n'
    """
    found: dict[str, Any]
    if isinstance(entry, Facts):
        found = {"version": VERSION, "dtype": "<f4", **asdict(entry)}
    elif isinstance(entry, Group):
        rows = [[*asdict(row).values()] for row in entry.rows]
        found = {"first": entry.first, "rows": rows, "crc": entry.crc}
    elif isinstance(entry, Known):
        found = {"known": entry.pairs}
    else:
        found = {"failed": entry.stat}
    text = json.dumps(found, separators=(",", ":")).encode()
    return b"%08x %s\n" % (zlib.crc32(text), text)


def decode(line: bytes) -> Entry | None:
    """The entry of a line; None where the line is not whole, or of another version.

    >>> decode(encode(Failed("ab")))
    Failed(stat='ab')
    """
    if not line.endswith(b"\n") or line[8:9] != b" " or line[:8] != b"%08x" % zlib.crc32(line[9:-1]):
        return None
    try:
        found = json.loads(line[9:])
        if "shape" in found:
            c, p = found["shape"]
            right = found["version"] == VERSION and found["dtype"] == "<f4" and c > 0 and p > 0
            return Facts((int(c), int(p)), found["packs"]) if right else None
        if "rows" in found:
            return Group(found["first"], tuple(Row(*row) for row in found["rows"]), found["crc"])
        if "known" in found:
            return Known(tuple((stat, content) for stat, content in found["known"]))
        return Failed(found["failed"])
    except (ValueError, TypeError, KeyError):
        return None


def entries(path: Path, start: int) -> Iterator[tuple[Entry, int]]:
    """The entries from a place in a journal on, each with the place where it ends; the first torn line ends them."""
    try:
        stream = path.open("rb")
    except OSError:
        return
    with stream:
        stream.seek(start)
        while line := stream.readline(LONGEST):
            entry = decode(line)
            if entry is None:
                return
            start += len(line)
            yield entry, start
