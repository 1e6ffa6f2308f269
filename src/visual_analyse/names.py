"""Names that come from folders: how they are shown to a person, and how they become part of a file name."""

from __future__ import annotations

import hashlib

_RESERVED = frozenset(
    ["con", "prn", "aux", "nul", *(f"com{n}" for n in range(1, 10)), *(f"lpt{n}" for n in range(1, 10))]
)
_FORBIDDEN = frozenset('<>:"/\\|?*')
_LONGEST = 180  # bytes; file systems take 255, and callers add an ending and a neighbour's prefix


def safe_name(text: str) -> str:
    """A file name for any text: one component of a path, on every system, never `..`, never hidden.

    A text that is such a name already comes back as it is. Any other is changed, and ends in a short digest of what
    it was, so that two texts never meet in one file.

    >>> safe_name("GaitSet_001-nm-05-090")
    'GaitSet_001-nm-05-090'
    >>> safe_name("../x")
    '_._x~d6b96a97'
    """
    name = "".join("_" if char in _FORBIDDEN or not char.isprintable() else char for char in text)
    if name.startswith((".", "~")):
        name = "_" + name[1:]
    if name.endswith((".", " ")):
        name = name[:-1] + "_"
    if not name or name.split(".")[0].rstrip().lower() in _RESERVED:
        name = "_" + name
    if len(name.encode()) > _LONGEST:
        name = name.encode()[: _LONGEST - 9].decode(errors="ignore")
    if name == text:
        return name
    return f"{name}~{hashlib.sha256(text.encode(errors='surrogatepass')).hexdigest()[:8]}"


def plain(text: object) -> str:
    """A name or path as it may be printed: characters that would move a terminal's cursor become escapes.

    >>> plain("a\\x1b[2Jb")
    'a\\\\x1b[2Jb'
    """
    return "".join(
        char if char.isprintable() else char.encode("unicode_escape", "surrogatepass").decode() for char in str(text)
    )


def listed(names: list[str], most: int = 5) -> str:
    """The first few of some names, for a sentence.

    >>> listed(["a", "b", "c"], 2)
    'a, b, ...'
    """
    shown = ", ".join(plain(name) for name in names[:most])
    return f"{shown}, ..." if len(names) > most else shown or "nothing"
