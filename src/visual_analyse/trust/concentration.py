"""How much of a map's strongest evidence lies where it is known to be, beside chance and a perfect map."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import binary_dilation

Array = NDArray[Any]
Floats = NDArray[np.float64]

STRONGEST = 0.05  # the twentieth of the body's pixels that are looked at


@dataclass(frozen=True)
class Concentration:
    """The share of the strongest twentieth of a map over the body that lies in the true region, 0 to 1.

    `found`; `chance`, that of a map that knows nothing; `ceiling`, that of a perfect map on the same grid.
    """

    found: float
    chance: float
    ceiling: float

    @property
    def reached(self) -> float:
        """What was found as a share of the ceiling."""
        return self.found / self.ceiling if self.ceiling else float("nan")


@dataclass(frozen=True)
class Ground:
    """What is known of one walk, on the grid of one layer: what maps of it are scored against.

    `body` bool `[s, h, w]`, where the body is; `near`, where identities differ, widened by one cell, since no map can
    be finer; `chance` and `ceiling` as Concentration has them.
    """

    body: Array
    near: Array
    chance: float
    ceiling: float

    @staticmethod
    def of(body: Array, region: Array, steps: int, rows: int, columns: int) -> Ground:
        """The ground of maps `[steps, rows, columns]`; `body` and `region` bool `[s, h, w]`.

        >>> region = np.zeros((1, 4, 4), bool); region[0, 0] = True
        >>> Ground.of(np.ones((1, 4, 4), bool), region, 1, 4, 4).chance
        0.5
        """
        frames, height, width = body.shape
        # Joints stand beside each other by number alone: there a cell has no neighbours.
        near = region if height == 1 else widened(region, -(-height // rows), -(-width // columns))
        # Once it has named every cell of the region, a perfect map goes on with those that are near.
        perfect = on_grid(region, rows, columns) + 1e-6 * on_grid(near, rows, columns)
        if steps == 1 and frames > 1:  # one map for the whole walk: the best of these is perfect for it
            perfect = perfect.mean(0, keepdims=True)
        chance = float(near[body].mean()) if body.any() else float("nan")
        return Ground(body, near, chance, strongest_within(on_frames(perfect, body.shape), body, near))

    def score(self, maps: Array) -> Concentration:
        """Score maps, larger being stronger; a map of one step stands for all frames."""
        found = strongest_within(on_frames(maps, self.body.shape), self.body, self.near)
        return Concentration(found, self.chance, self.ceiling)


def concentration(maps: Array, body: Array, region: Array) -> Concentration:
    """Score the maps of one layer, `[t, gh, gw]`, larger being stronger, against what is known of the same walk.

    `body` and `region` bool `[s, h, w]`: where the body is, and where identities differ. Of equals in the last place
    each counts as far as there is room.

    >>> region = np.zeros((1, 4, 4), bool); region[0, 0] = True
    >>> concentration(np.eye(4)[None], np.ones((1, 4, 4), bool), region).chance
    0.5
    """
    return Ground.of(body, region, *maps.shape).score(maps)


def strongest_within(values: Array, body: Array, region: Array, share: float = STRONGEST) -> float:
    """How much of the strongest `share` of `values` over the body lies in the region; `[s, h, w]` all.

    >>> strongest_within(np.arange(20)[None, None], np.ones((1, 1, 20), bool), np.arange(20)[None, None] == 19)
    1.0
    """
    some, inside = values[body].astype(np.float64), region[body]
    if not some.size:
        return float("nan")
    count = max(1, round(share * some.size))
    least = np.partition(some, -count)[-count]
    above, equal = some > least, some == least
    return float((inside[above].sum() + (count - above.sum()) * inside[equal].mean()) / count)


def on_frames(maps: Array, shape: tuple[int, ...]) -> Array:
    """Maps `[t, gh, gw]` on the pixels of frames `[s, h, w]`, each pixel with the value of its cell."""
    frames, height, width = shape
    steps = np.arange(frames) * len(maps) // frames
    rows, columns = (
        np.arange(size) * cells // size for size, cells in zip((height, width), maps.shape[1:], strict=True)
    )
    return maps[steps][:, rows][:, :, columns]


def on_grid(region: Array, rows: int, columns: int) -> Floats:
    """How much of each cell is region, `[s, rows, columns]`: what a perfect map on that grid shows."""
    _, height, width = region.shape
    down, across = (_members(size, cells) for size, cells in ((height, rows), (width, columns)))
    return np.asarray(down @ region.astype(np.float64) @ across.T)


def _members(size: int, cells: int) -> Floats:
    """The mean over the pixels of each cell of an axis, `[cells, size]`."""
    own = np.arange(cells)[:, None] == np.arange(size) * cells // size
    return np.asarray(own / np.maximum(own.sum(1, keepdims=True), 1))


def widened(region: Array, rows: int, columns: int) -> Array:
    """A region grown by so many pixels up and down, and left and right, in each frame."""
    return np.asarray(binary_dilation(region, np.ones((1, 2 * rows + 1, 2 * columns + 1), bool)))


def in_time(maps: Array, region: Array) -> Concentration:
    """How much of the evidence lies in the frames where identities differ: maps `[t, ...]`, region bool `[s, ...]`.

    What a frame says is what its cells add up to, larger being stronger; where that is less than nothing it is nothing.
    A step counts in each of its frames, and a map of one step stands for all. The ceiling is 1.

    >>> in_time(np.array([[1.0], [3.0]]), np.array([[False], [True]])).found
    0.75
    """
    right = np.any(region.reshape(len(region), -1), axis=1)
    steps = np.arange(len(right)) * len(maps) // len(right)
    each = np.maximum(maps.reshape(len(maps), -1).sum(1), 0)[steps]
    total = each.sum()
    return Concentration(float(each[right].sum() / total) if total else float(right.mean()), float(right.mean()), 1.0)
