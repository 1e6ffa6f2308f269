"""Names from strangers' files as names of folders."""

from __future__ import annotations

from collections.abc import Iterable

from visual_analyse.names import safe_name


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
