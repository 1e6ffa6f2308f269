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
    return _along(_along(grids.astype(np.float32), width, -1), height, -2)


def _nearest(n: int, m: int) -> NDArray[np.intp]:
    return ((np.arange(m) + 0.5) * n / m).astype(np.intp)


def _along(values: Floats, m: int, axis: int) -> Floats:
    """One axis, of n cells, brought to m pixels."""
    n = values.shape[axis]
    if m == n:
        return values
    if m < n:
        shrunk: Floats = values @ _shares(n, m).T if axis == -1 else _shares(n, m) @ values
        return shrunk
    # Two taps a pixel: a matrix product would wake the threads of a BLAS, which cost more than the sum.
    left, right, share = _neighbours(n, m)
    low = values.take(left, axis)
    grown: Floats = low + (values.take(right, axis) - low) * (share if axis == -1 else share[:, None])
    return grown


@lru_cache(maxsize=256)
def _neighbours(n: int, m: int) -> tuple[NDArray[np.intp], NDArray[np.intp], Floats]:
    """For each of m >= n pixels the two cells it lies between, and its share of the second."""
    centre = np.clip((np.arange(m) + 0.5) * n / m - 0.5, 0, n - 1)
    left = np.floor(centre).astype(np.intp)
    return left, np.minimum(left + 1, n - 1), (centre - left).astype(np.float32)


@lru_cache(maxsize=256)
def _shares(n: int, m: int) -> Floats:
    """How much of each of n cells is in each of m < n pixels: `[m, n]`, each row sums to one."""
    cells = np.arange(n, dtype=np.float64)
    pixels = np.arange(m, dtype=np.float64)[:, None]
    left, right = pixels * n / m, (pixels + 1) * n / m
    weights = np.clip(np.minimum(cells + 1, right) - np.maximum(cells, left), 0, None)
    shares: Floats = (weights / weights.sum(1, keepdims=True)).astype(np.float32)
    return shares
