"""Names from strangers' files as names of folders."""

from __future__ import annotations

import re
from collections.abc import Iterable

_LIMIT = 120  # bytes: file systems take 255, and endings are added


def safe_name(name: str) -> str:
    """A name as one part of a path: no separators, no `..`, nothing a file system refuses; letters of any script stay.

    >>> safe_name("../x"), safe_name("1_conv-姿态")
    ('_x', '1_conv-姿态')
    """
    name = name.encode("utf-8", "replace").decode("utf-8")
    name = re.sub(r'[/\\:*?"<>|]', "_", "".join(c if c.isprintable() else "_" for c in name)).strip(" .")
    name = name.encode("utf-8")[:_LIMIT].decode("utf-8", "ignore").strip(" .")
    return name or "_"


def distinct_names(names: Iterable[str]) -> list[str]:
    """Safe names, each another one: where two would be the same folder, the later is numbered.

    >>> distinct_names(["a/b", "a_b"])
    ['a_b', 'a_b_2']
    """
    taken: set[str] = set()
    distinct = []
    for name in map(safe_name, names):
        unique, number = name, 1
        while unique.casefold() in taken:  # folders of some file systems know no capitals
            number += 1
            unique = f"{name}_{number}"
        taken.add(unique.casefold())
        distinct.append(unique)
    return distinct
