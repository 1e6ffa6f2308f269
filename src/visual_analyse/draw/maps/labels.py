"""Names on a map, placed so that none lies over another."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
Bounds = tuple[float, float, float, float]
# Where a name may stand around the densest point of a group that is larger than the name, in widths and heights.
_OVER = np.array(
    [(0, 0), (0, -0.9), (0, 0.9), (0.65, 0), (-0.65, 0), (0.5, -0.8), (-0.5, -0.8), (0.5, 0.8), (-0.5, 0.8)]
)
# Where it may stand beside a group that it would hide.
_BESIDE = np.array([(0, -1), (0, 1), (1, 0), (-1, 0), (0.8, -0.9), (-0.8, -0.9), (0.8, 0.9), (-0.8, 0.9)])


def tries(peak: Array, middle: Array, half: Array, size: Array, aside: bool = False) -> NDArray[np.float64]:
    """Where the middle of a name may lie, `[t, 2]`, best first: on the densest point of its group, or, where it would
    hide the group (or is wanted `aside`), beside it.

    `peak`, `middle` of the group and `half` its extent, `size` of the name: x and y each.
    """
    if not aside and half[0] > 0.9 * size[0] and half[1] > 1.8 * size[1]:
        return np.asarray(peak + _OVER * size)
    return np.asarray(middle + _BESIDE * (half + size / 2))


def place(
    options: list[NDArray[np.float64]], sizes: Array, bounds: Bounds, taken: Array | None = None
) -> NDArray[np.float64]:
    """The middles of boxes, `[m, 2]`, first come, first served; NaN for those that no room was left for.

    `options`, the `tries` of each; `sizes` `[m, 2]` width and height; `bounds` left, top, right, bottom; `taken`
    `[t, 4]`, boxes to keep out of.

    >>> place([np.zeros((1, 2)), np.ones((1, 2))], np.full((2, 2), 9.0), (-9, -9, 9, 9)).tolist()
    [[0.0, 0.0], [nan, nan]]
    """
    low, high = np.array(bounds[:2]), np.array(bounds[2:])
    middles = np.full((len(sizes), 2), np.nan)
    count = 0 if taken is None else len(taken)
    boxes = np.empty((count + len(sizes), 4))
    if taken is not None:
        boxes[:count, :2], boxes[:count, 2:] = (taken[:, :2] + taken[:, 2:]) / 2, (taken[:, 2:] - taken[:, :2]) / 2
    for item, (option, size) in enumerate(zip(options, sizes, strict=True)):
        half = size / 2
        if (size > high - low).any():
            continue
        for middle in np.clip(option, low + half, high - half):
            full = boxes[:count]
            if not (np.abs(full[:, :2] - middle) < full[:, 2:] + half).all(1).any():
                middles[item] = middle
                boxes[count] = [*middle, *half]
                count += 1
                break
    return middles
