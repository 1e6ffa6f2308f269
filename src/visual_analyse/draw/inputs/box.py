"""Where a clip of places lies in a picture: one scale for the clip, so that a body neither grows nor shrinks."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def steadied(places: NDArray[Any], there: NDArray[np.bool_], upright: int) -> Floats:
    """Places `[s, v, d]` without the even drift of a walk that crosses its picture; `there` `[s, v]`, which are seen.

    An axis is steadied where the walk spans more of it than of the `upright` one: the picture then goes along with the
    walk at one speed, and all other motion stays.

    >>> crossing = np.array([[[0.0, 0], [0, 1]], [[9.0, 0], [9, 1]]])
    >>> steadied(crossing, np.ones((2, 2), bool), upright=1)[1].round(6).tolist()
    [[0.0, 0.0], [0.0, 1.0]]
    """
    steady = np.array(places, np.float64)
    seen = np.flatnonzero(there.any(1))
    if len(seen) < 2:
        return steady
    low = np.where(there[..., None], steady, np.inf)[seen].min(1)
    high = np.where(there[..., None], steady, -np.inf)[seen].max(1)
    spans = high.max(0) - low.min(0)
    for axis in np.flatnonzero(spans > spans[upright]):
        speed = np.polyfit(seen, (low[:, axis] + high[:, axis]) / 2, 1)[0]
        steady[..., axis] -= speed * (np.arange(len(steady)) - seen[0])[:, None]
    return steady


def middle_and_reach(places: NDArray[Any], there: NDArray[np.bool_], margin: float) -> tuple[Floats, Floats]:
    """The middle of all places of a clip, `[d]`, and how far they reach along each axis, with a margin all around.

    `margin`: as a share of the longest reach. A clip of one place, or none, reaches one unit.
    """
    seen = places[there]
    if not len(seen):
        return np.zeros(places.shape[-1]), np.ones(places.shape[-1])
    low, high = seen.min(0).astype(np.float64), seen.max(0).astype(np.float64)
    longest = float((high - low).max()) or 1.0
    return (low + high) / 2, np.maximum(high - low, 0.02 * longest) + 2 * margin * longest
