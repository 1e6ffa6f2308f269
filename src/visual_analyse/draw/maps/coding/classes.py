"""The classes that walks fall into: identities, conditions, views, right and wrong."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from visual_analyse.errors import VisualAnalyseError
from visual_analyse.results import EmbeddingMap

Array = NDArray[Any]
LISTED = 12  # classes in a legend
LISTED_AT_MOST = 16  # where there is no other way to show them
_JUDGED = ("wrong", "right", "not a probe")


@dataclass(frozen=True)
class Classes:
    """What each walk is: `codes` int `[n]`, an index into `names`, which stand in the order people count in."""

    heading: str
    codes: NDArray[np.int64]
    names: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.names)


def identities(map: EmbeddingMap) -> Classes:
    """Who each walk is of."""
    return _of_texts("identity", map.labels)


def few(map: EmbeddingMap, aspect: str, most: int) -> Classes:
    """The classes of an aspect, where there are at most so many.

    Conditions that are more (nm-01, nm-02, ...) are taken without their numbers.

    Raises VisualAnalyseError where the map does not know the aspect, or knows too many classes.
    """
    if aspect == "correctness":
        return judged(map)
    texts = {"identity": map.labels, "condition": map.types, "view": map.views}[aspect]
    if not np.char.str_len(texts).any():
        raise VisualAnalyseError(
            f"This map holds no {aspect} of its walks, so nothing can be marked by it. A map made by 'python -m "
            f"visual_analyse.tsne' holds them; in your own file it is the array "
            f"{ {'identity': 'labels', 'condition': 'types', 'view': 'views'}[aspect] }."
        )
    found = _of_texts(aspect, texts)
    if len(found) > most and aspect == "condition":
        bare = np.array([re.sub(r"[-_ ]*\d+$", "", name) or name for name in found.names])
        found = _of_texts("condition, without its number", bare[found.codes])
    if len(found) > most:
        others = [name for name in ("identity", "condition", "view", "correctness") if name != aspect]
        raise VisualAnalyseError(
            f"There are {len(found):,} different values of {aspect}, and at most {most} can be told apart that way. "
            f"Take one of {', '.join(others)} instead."
        )
    return found


def judged(map: EmbeddingMap) -> Classes:
    """Whether the nearest gallery walk of each is of its identity.

    Raises VisualAnalyseError where the map does not say.
    """
    if map.correct is None:
        raise VisualAnalyseError(
            "This map does not say whose nearest gallery walk was right (the array correct), so correctness cannot be "
            "drawn. Make the map by 'python -m visual_analyse.tsne' from a dataset whose protocol is known."
        )
    correct = np.asarray(map.correct)
    return Classes("nearest gallery walk", np.where(correct == 0, 0, np.where(correct == 1, 1, 2)), _JUDGED)


def angles(map: EmbeddingMap) -> NDArray[np.float64] | None:
    """The views as degrees, `[n]`, NaN where one is unknown; None where they are no angles.

    A view such as 000-far is told by the number that it begins with, where all do.
    """
    if not map.views_are_angles:
        return None
    texts, places = np.unique(map.views, return_inverse=True)
    values = np.full(len(texts), np.nan)
    for place, text in enumerate(texts):
        if not text.strip():
            continue
        number = re.match(r"\s*(-?\d{1,3}(\.\d+)?)(?!\d)", text, re.ASCII)
        if number is None or abs(float(number[1])) > 360:
            return None
        values[place] = float(number[1])
    return None if np.isnan(values).all() else values[places.reshape(-1)]


def counted(name: str) -> tuple[tuple[int, int, str], ...]:
    """A key that sorts as people count: 2 before 10.

    >>> sorted(["10", "2", "a-10", "a-9"], key=counted)
    ['2', '10', 'a-9', 'a-10']
    """
    pieces = re.split(r"([0-9]+)", name[:200])
    key = tuple((0, int(piece), "") if place % 2 else (1, 0, piece) for place, piece in enumerate(pieces) if piece)
    return (*key, (-1, 0, name))


def _of_texts(heading: str, texts: Array) -> Classes:
    names, codes = np.unique(texts, return_inverse=True)
    order = sorted(range(len(names)), key=lambda place: counted(str(names[place])))
    rank = np.empty(len(names), np.int64)
    rank[order] = np.arange(len(names))
    return Classes(heading, rank[codes.reshape(-1)], tuple(str(names[place]) for place in order))
