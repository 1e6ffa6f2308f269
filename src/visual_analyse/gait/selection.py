"""Walks by the names people type."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from fnmatch import fnmatchcase

from visual_analyse.errors import VisualAnalyseError
from visual_analyse.gait.sequences import Sequence
from visual_analyse.names import listed, plain


def select(sequences: Iterable[Sequence], patterns: Iterable[str]) -> list[Sequence]:
    """The walks that `ID/TYPE/VIEW` or `ID-TYPE-VIEW` patterns name, each once, in the order of the patterns.

    Any part may hold `*`, `?` and `[...]`. Ids and types may hold hyphens themselves: a name with hyphens is compared
    with the names of the walks that exist, never cut apart. A name that fits as it stands is not read as a pattern.

    Raises VisualAnalyseError for a pattern that fits no walk (with the nearest names), or a plain name of several.

    >>> walks = [Sequence("001", "nm-05", view, ()) for view in ("000", "090")]
    >>> [walk.name for walk in select(walks, ["001-nm-05-090", "001/*/*"])]
    ['001-nm-05-090', '001-nm-05-000']
    """
    walks = list(sequences)
    chosen: dict[tuple[str, str, str], Sequence] = {}
    for pattern in patterns:
        for walk in _fitting(walks, pattern):
            chosen.setdefault((walk.id, walk.type, walk.view), walk)
    return list(chosen.values())


def _fitting(walks: list[Sequence], pattern: str) -> list[Sequence]:
    text = pattern.rstrip("/")
    exact = [walk for walk in walks if text in (walk.name, _path(walk))]
    if len(exact) > 1:
        raise VisualAnalyseError(
            f"{plain(pattern)} is the name of {len(exact)} walks: {listed([_path(walk) for walk in exact])}. "
            "Write it with slashes, as here."
        )
    if exact:
        return exact
    if "/" in text:
        parts = text.split("/")
        if len(parts) != 3:
            raise VisualAnalyseError(
                f"{plain(pattern)} has {len(parts)} parts; ID/TYPE/VIEW was expected, e.g. {_examples(walks, text)}. "
                "A part may be *."
            )
        found = [
            walk
            for walk in walks
            if fnmatchcase(walk.id, parts[0]) and fnmatchcase(walk.type, parts[1]) and fnmatchcase(walk.view, parts[2])
        ]
    else:
        found = [walk for walk in walks if fnmatchcase(walk.name, text)]
    if not found:
        raise VisualAnalyseError(
            f"No walk is named {plain(pattern)}, among {len(walks)} found. The nearest: {_examples(walks, text)}. "
            "Write ID/TYPE/VIEW or ID-TYPE-VIEW; a part may be *."
        )
    return found


def _path(walk: Sequence) -> str:
    return f"{walk.id}/{walk.type}/{walk.view}"


def _examples(walks: list[Sequence], text: str) -> str:
    """The nearest names there are: of the same identity where it exists, else of those spelt most alike."""
    ids = sorted({walk.id for walk in walks})
    near = [name for name in ids if text == name or text.startswith((f"{name}-", f"{name}/"))]
    near = near or difflib.get_close_matches(text.split("/")[0].split("-")[0], ids, 3, 0) or ids[:3]
    names = [_path(walk) for walk in walks if walk.id in near]
    return listed(difflib.get_close_matches(text.replace("-", "/"), names[:2000], 5, 0) or names)
