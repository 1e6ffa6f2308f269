"""From a layer's grid to the size of a picture."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]


def stretch(grids: NDArray[Any], height: int, width: int, pixelated: bool = False) -> Floats:
    """Stretch grids over whole pictures: `[..., gh, gw]` to float32 `[..., height, width]`.

    Cells are areas, so half-pixel centres are aligned, and every value is a weighted mean of cells: nothing overshoots,
    and no sign appears that the grid has not. Growing interpolates between neighbours, shrinking averages what falls on
    a pixel. `pixelated` repeats cells as they are.

    >>> stretch(np.array([[0.0, 1.0]]), 1, 4).round(2).tolist()
    [[0.0, 0.25, 0.75, 1.0]]
    """
    gh, gw = grids.shape[-2:]
    if pixelated:
        rows, columns = _nearest(gh, height), _nearest(gw, width)
        return grids[..., rows[:, None], columns].astype(np.float32)
    values = grids.astype(np.float32)
    if gw != width:
        values = values @ _weights(gw, width).T
    if gh != height:
        values = _weights(gh, height) @ values
    return values


def _nearest(n: int, m: int) -> NDArray[np.intp]:
    return ((np.arange(m) + 0.5) * n / m).astype(np.intp)


@lru_cache(maxsize=256)
def _weights(n: int, m: int) -> Floats:
    """How much of each of n cells is in each of m pixels: `[m, n]`, each row sums to one."""
    cells = np.arange(n, dtype=np.float64)
    pixels = np.arange(m, dtype=np.float64)[:, None]
    if m >= n:
        centre = np.clip((pixels + 0.5) * n / m - 0.5, 0, n - 1)
        weights = np.clip(1 - np.abs(cells - centre), 0, None)
    else:
        left, right = pixels * n / m, (pixels + 1) * n / m
        weights = np.clip(np.minimum(cells + 1, right) - np.maximum(cells, left), 0, None)
    shares: Floats = (weights / weights.sum(1, keepdims=True)).astype(np.float32)
    shares.flags.writeable = False
    return shares
