"""Inputs that are joints of a body: skeletons, drawn as such."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from visual_analyse.draw.colours import Paint, Scene
from visual_analyse.draw.inputs import cells
from visual_analyse.draw.inputs.box import middle_and_reach, steadied
from visual_analyse.draw.inputs.brush import Brush, Colour, Place, rgb
from visual_analyse.draw.inputs.face import AGAIN, Shades
from visual_analyse.draw.inputs.solid import Solid
from visual_analyse.errors import VisualAnalyseError
from visual_analyse.results import InputKind, LayerEvidence

_HEIGHT = 256  # pixels of a picture at resize_ratio 1
_NARROWEST, _WIDEST = 0.6, 2.0  # width of a picture over its height
_BONE: Colour = (112, 112, 112)
_RING: Colour = (150, 150, 150)
_WHITE: Colour = (255, 255, 255)
_RADIUS = 0.017  # of a disc, as a share of the picture's height
_PLAIN = -1  # the shade of a joint that no cell stands for


class Joints(Solid):
    """A clip of skeletons, with the evidence of each joint on a disc; see `face.Input`.

    `frames` float `[s, v, 3]`: column, row (growing downwards) and confidence. The box around the whole clip is the
    picture: one scale, equal on both axes. A joint at 0, 0 with confidence 0 is missing. Raises VisualAnalyseError,
    naming the array `name`, for others.

    >>> Joints(np.random.rand(4, 17, 3), InputKind("pose", "joints"), "joints").size[0]
    256
    """

    what = "joints"
    moving = False

    def __init__(self, frames: NDArray[Any], kind: InputKind, name: str) -> None:
        _check(frames, kind, name)
        self.kind = kind
        self.there: NDArray[np.bool_] = (frames != 0).any(-1)
        self._places = steadied(frames[..., :2], self.there, upright=1)
        self._middle, (wide, high) = middle_and_reach(self._places, self.there, margin=0.07)
        self._high = max(high, wide / _WIDEST)
        wide = max(wide, _NARROWEST * self._high)
        self.size = _HEIGHT, round(_HEIGHT * wide / self._high)
        self._reach = self._radii()
        self.scene = lru_cache(maxsize=96)(self._scene)

    def shades(self, layer: LayerEvidence, step: int, scale: float, paint: Paint, height: int, width: int) -> Shades:
        """Positions in the colour map of every joint, int16 `[v]`, and of the bones at the end, `[v + 1]`.

        -1 for what has none. Bones have one only where a single value is that of the whole body.
        """
        values, held = cells.spread(layer.maps[step], layer.cells, self.count)
        shades = np.where(held, paint.shades(values, scale).astype(np.int16), np.int16(_PLAIN))
        whole = layer.cells is None and layer.maps.shape[1] == 1 < self.count
        return np.append(shades, shades[:1] if whole else np.int16(_PLAIN))

    def coloured(self, first: int, end: int, shades: Shades, paint: Paint, height: int, width: int) -> Scene:
        """The pose in the middle of frames first:end, its joints and bones in their shades."""
        fills = [rgb(paint.solid[shade]) if shade >= 0 else None for shade in shades]
        # Where nothing is laid over the frame, nothing shows how much would be.
        grown = paint.strength(np.maximum(shades, 0)) if paint.style.opacity else np.zeros(len(shades))
        return self._drawn((first + end - 1) // 2, height, width, fills, np.where(shades >= 0, grown, 0))

    def _scene(self, first: int, end: int, height: int, width: int, pixelated: bool) -> Scene:
        fills: list[Colour | None] = [_WHITE] * self.count
        return self._drawn((first + end - 1) // 2, height, width, [*fills, None], np.zeros(self.count + 1))

    def _drawn(self, frame: int, height: int, width: int, fills: Sequence[Colour | None], grown: NDArray[Any]) -> Scene:
        brush, scale, there = Brush(height, width), height / self._high, self.there[frame]
        places = (self._places[frame] - self._middle) * scale + (width / 2, height / 2)
        for a, b in self.kind.edges:
            if there[a] and there[b]:
                brush.line(_place(places[a]), _place(places[b]), 0.012 * height, fills[-1] or _BONE)
        # The strongest last: in a crowd of joints it lies on top.
        for joint in np.argsort(grown[:-1], kind="stable"):
            at, fill = _place(places[joint]), fills[joint]
            if there[joint] and fill is None:
                brush.disc(at, 0.008 * height, _BONE)
            elif there[joint] and fill is not None:
                radius = self._reach[joint] * height * (1 + 0.5 * grown[joint])
                brush.disc(at, radius + 0.008 * height, (0, 0, 0))
                brush.disc(at, radius + 0.004 * height, _RING)
                brush.disc(at, radius, fill)
        return brush.scene()

    def _radii(self) -> NDArray[np.float64]:
        """The radius of each joint's disc as a share of the picture's height: less where joints lie close together."""
        apart = np.linalg.norm(self._places[:, :, None] - self._places[:, None], axis=-1) / self._high
        apart[~(self.there[:, :, None] & self.there[:, None])] = np.inf
        apart[:, np.arange(self.count), np.arange(self.count)] = np.inf
        nearest = np.median(apart.min(2), axis=0)
        return np.asarray(np.clip(0.5 * nearest, _RADIUS / 2, _RADIUS), np.float64)


def _place(place: NDArray[Any]) -> Place:
    return float(place[0]), float(place[1])


def _check(frames: NDArray[Any], kind: InputKind, name: str) -> None:
    if frames.ndim != 3 or frames.shape[-1] != 3 or not frames.size or frames.dtype.kind != "f":
        raise VisualAnalyseError(
            f"{name} ({kind.name}) is {frames.dtype} {list(frames.shape)}; joints need float32 [s, v, 3], column, row "
            f"and confidence, and at least one frame. {AGAIN}"
        )
    if not np.isfinite(frames).all():
        raise VisualAnalyseError(f"{name} ({kind.name}) holds joints at no place (NaN or infinity). {AGAIN}")
    count = frames.shape[1]
    beyond = [joint for edge in kind.edges for joint in edge if not 0 <= joint < count]
    if beyond:
        raise VisualAnalyseError(
            f"A bone of {name} ({kind.name}) ends at joint {beyond[0]}; there are {count}, 0 to {count - 1}. {AGAIN}"
        )
    if kind.joints and len(kind.joints) != count:
        raise VisualAnalyseError(
            f"{name} ({kind.name}) has {count} joints, and names for {len(kind.joints)} of them. {AGAIN}"
        )
