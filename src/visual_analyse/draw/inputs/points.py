"""Inputs that are clouds of points: drawn from the front, from the side and from above."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from visual_analyse.draw.colours import Paint, Scene
from visual_analyse.draw.inputs import cells
from visual_analyse.draw.inputs.box import middle_and_reach, steadied
from visual_analyse.draw.inputs.brush import Brush, Colour, rgb
from visual_analyse.draw.inputs.face import AGAIN, Shades
from visual_analyse.draw.inputs.solid import Solid
from visual_analyse.errors import VisualAnalyseError
from visual_analyse.results import InputKind, LayerEvidence

_HEIGHT = 256  # pixels of a picture at resize_ratio 1
_WIDEST = 2.0  # of one view, width over height
# Of each view: its name, and the axes that run to the right and up. From the front, x comes towards the viewer.
_VIEWS = (("front", 1, 2), ("side", 0, 2), ("top", 0, 1))
_RADIUS = 0.009  # of a point of about a thousand, as a share of the height
_WHITE: Colour = (255, 255, 255)
_GREY: Colour = (120, 120, 120)
_WORDS: Colour = (170, 170, 170)


class Points(Solid):
    """A clip of point clouds in three orthographic views side by side, of one scale; see `face.Input`.

    `frames` float `[s, q, 3]`: x, y and z, z up. Raises VisualAnalyseError, naming the array `name`, for others.

    >>> Points(np.random.rand(4, 512, 3), InputKind("points", "points"), "points").size[0]
    256
    """

    what = "points"
    moving = True

    def __init__(self, frames: NDArray[Any], kind: InputKind, name: str) -> None:
        _check(frames, kind, name)
        self.kind = kind
        there = np.ones(frames.shape[:2], np.bool_)
        self._places = steadied(frames, there, upright=2)
        self._middle, reach = middle_and_reach(self._places, there, margin=0.05)
        self._high = max(reach[2], reach[1], reach.max() / _WIDEST)
        self._wide = [float(reach[across]) / self._high for _, across, _ in _VIEWS]
        self.size = _HEIGHT, round(sum(self._widths(_HEIGHT)) + _gap(_HEIGHT) * (len(_VIEWS) - 1))
        self.scene = lru_cache(maxsize=96)(self._scene)

    def shades(self, layer: LayerEvidence, step: int, scale: float, paint: Paint, height: int, width: int) -> Shades:
        """Positions in the colour map of every point, int16 `[q]`; -1 for points that no cell holds."""
        held_by = None if layer.cells is None else layer.cells[step]
        values, held = cells.spread(layer.maps[step], held_by, self.count)
        return np.where(held, paint.shades(values, scale).astype(np.int16), np.int16(-1))

    def coloured(self, first: int, end: int, shades: Shades, paint: Paint, height: int, width: int) -> Scene:
        """The points in the middle of frames first:end, in their shades."""
        fills = [rgb(paint.solid[shade]) if shade >= 0 else None for shade in shades]
        # What has evidence lies on top; where two have the same, what is nearer.
        rank = np.where(shades >= 0, np.round(8 * paint.strength(np.maximum(shades, 0))), -1)
        return self._drawn((first + end - 1) // 2, height, width, fills, rank)

    def _scene(self, first: int, end: int, height: int, width: int, pixelated: bool) -> Scene:
        fills: list[Colour | None] = [_WHITE] * self.count
        return self._drawn((first + end - 1) // 2, height, width, fills, np.zeros(self.count))

    def _widths(self, height: int) -> list[float]:
        return [wide * (height - _heading(height)) for wide in self._wide]

    def _drawn(self, frame: int, height: int, width: int, fills: Sequence[Colour | None], rank: NDArray[Any]) -> Scene:
        brush, top = Brush(height, width), _heading(height)
        places = (self._places[frame] - self._middle) * ((height - top) / self._high)
        radius = _RADIUS * (height - top) * min(1.0, float(np.sqrt(1024 / self.count)))
        left = 0.0
        for (name, across, up), wide in zip(_VIEWS, self._widths(height), strict=True):
            depth = 3 - across - up
            nearer = -places[:, depth] if depth == 1 else places[:, depth]
            columns, rows = left + wide / 2 + places[:, across], (height + top) / 2 - places[:, up]
            for point in np.lexsort((nearer, rank)):
                fill = fills[point]
                at = float(columns[point]), float(rows[point])
                brush.disc(at, radius if fill else 0.6 * radius, fill or _GREY)
            brush.text((left + top / 3, top / 6), name, 0.7 * top, _WORDS)
            left += wide + _gap(height)
        return brush.scene()


def _heading(height: int) -> float:
    """The room for the name of a view, above it."""
    return max(8.0, 0.06 * height)


def _gap(height: int) -> int:
    return round(0.02 * height)


def _check(frames: NDArray[Any], kind: InputKind, name: str) -> None:
    if frames.ndim != 3 or frames.shape[-1] != 3 or not frames.size or frames.dtype.kind != "f":
        raise VisualAnalyseError(
            f"{name} ({kind.name}) is {frames.dtype} {list(frames.shape)}; points need float32 [s, q, 3], x, y and z, "
            f"and at least one frame. {AGAIN}"
        )
    if not np.isfinite(frames).all():
        raise VisualAnalyseError(f"{name} ({kind.name}) holds points at no place (NaN or infinity). {AGAIN}")
