"""Where on the body each part looks, and in which order parts stand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

_ALIKE = 0.005  # of the height: parts no further apart look at the same place


@dataclass(frozen=True)
class Place:
    """Parts that look at one place: their numbers, from 0, and the place in shares of the picture's height from above.

    `middle`, the centre of mass; `first` and `last`, where 10 and 90 % lie. None where nothing is known.
    """

    parts: tuple[int, ...]
    middle: float | None = None
    first: float = 0.0
    last: float = 1.0


def places(heights: Any, count: int, rows: Any = None) -> list[Place]:
    """The places of `count` parts from above, those that share one together; one a part, numbered, without heights.

    `heights` float `[p, h]`, as Evidence has them; `rows` `[h]`, where each of what they look at lies, in shares of the
    height from above: that of joints, say. None: rows of a picture.

    >>> [place.parts for place in places(np.array([[0, 1], [1, 0], [0, 1]]), 3)]
    [(1,), (0, 2)]
    """
    if (
        heights is None
        or np.ndim(heights) != 2
        or len(heights) != count
        or np.shape(heights)[1:] != np.shape(heights[0] if rows is None else rows)
    ):
        return [Place((part,)) for part in range(count)]
    found: list[Place] = []
    unknown = []
    for part, row in enumerate(np.asarray(heights, np.float64)):
        if not (np.isfinite(row).all() and row.sum() > 0):
            unknown.append(Place((part,)))
            continue
        share = np.clip(row, 0, None) / np.clip(row, 0, None).sum()
        if rows is None:
            middle = float((share * (np.arange(len(row)) + 0.5)).sum() / len(row))
            reach = np.interp((0.1, 0.9), np.concatenate([[0], share.cumsum()]), np.arange(len(row) + 1) / len(row))
        else:
            order = np.argsort(rows)
            middle = float((share * rows).sum())
            reach = np.interp((0.1, 0.9), share[order].cumsum() - share[order] / 2, np.asarray(rows)[order])
        here = Place((part,), middle, float(reach[0]), float(reach[1]))
        alike = next((k for k, other in enumerate(found) if _alike(here, other)), None)
        if alike is None:
            found.append(here)
        else:
            known = found[alike]
            found[alike] = Place((*known.parts, part), known.middle, known.first, known.last)
    return sorted(found, key=lambda place: (place.middle, place.last - place.first)) + unknown


def lanes(some: Sequence[Place], most: int = 24) -> list[int]:
    """Beside each other, the longest first: the lane of each place, so that those of one do not lie on each other.

    Places beyond `most` lanes lie in the last one all the same.

    >>> lanes([Place((0,), 0.5, 0.1, 0.9), Place((1,), 0.2, 0.1, 0.3), Place((2,), 0.8, 0.7, 0.9)])
    [0, 1, 1]
    """
    order = sorted(range(len(some)), key=lambda k: (-round(some[k].last - some[k].first, 2), some[k].first))
    taken: list[list[Place]] = []
    lane = [0] * len(some)
    for k in order:
        here = some[k]
        free = (n for n, others in enumerate(taken) if all(_apart(here, other) for other in others))
        lane[k] = min(next(free, len(taken)), most - 1)
        while len(taken) <= lane[k]:
            taken.append([])
        taken[lane[k]].append(here)
    return lane


def _alike(one: Place, other: Place) -> bool:
    ends = ((one.middle, other.middle), (one.first, other.first), (one.last, other.last))
    return all(abs((a or 0.0) - (b or 0.0)) < _ALIKE for a, b in ends)


def _apart(one: Place, other: Place) -> bool:
    return one.first >= other.last or other.first >= one.last
