"""Inputs that are pictures: silhouettes, parsing, skeleton maps, RGB, depth."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from visual_analyse.draw.colours import Paint, Scene, muted
from visual_analyse.draw.inputs.face import AGAIN, Shades
from visual_analyse.draw.stretch import stretch
from visual_analyse.errors import VisualAnalyseError
from visual_analyse.results import InputKind, LayerEvidence


class Pictures:
    """A clip of pictures, with maps stretched over them; see `face.Input`.

    `frames` uint8 `[s, h, w]` or `[s, h, w, 3]`. Raises VisualAnalyseError, naming the array `name`, for others.

    >>> Pictures(np.zeros((4, 64, 44), np.uint8), InputKind("silhouette"), "frames").size
    (64, 44)
    """

    solid = False
    still = False

    def __init__(self, frames: NDArray[Any], kind: InputKind, name: str) -> None:
        self.kind = kind
        self._frames = _visible(frames, kind, name)
        self.size = int(frames.shape[1]), int(frames.shape[2])
        # Layers, and neighbouring frames of a film, stand on the same few scenes again and again.
        self.scene = lru_cache(maxsize=96)(self._scene)
        self._muted = lru_cache(maxsize=96)(self._muted_scene)

    def __len__(self) -> int:
        return len(self._frames)

    def fitted(self, layer: LayerEvidence) -> LayerEvidence:
        """The layer, with maps `[t, gh, gw]`; one value a step, `[t, 1]`, is a grid of one cell."""
        maps = layer.maps[..., None] if layer.maps.ndim == 2 and layer.maps.shape[1] == 1 else layer.maps
        if maps.ndim != 3 or not maps.size or maps.dtype.kind != "f":
            raise VisualAnalyseError(
                f"maps/{layer.key} is {maps.dtype} {list(maps.shape)}; pictures need float32 [t, gh, gw]. {AGAIN}"
            )
        return layer if maps is layer.maps else replace(layer, maps=maps)

    def shades(self, layer: LayerEvidence, step: int, scale: float, paint: Paint, height: int, width: int) -> Shades:
        """Positions in the colour map of one step, uint8 `[height, width]`."""
        return paint.shades(stretch(layer.maps[step], height, width, paint.style.pixelated), scale)

    def coloured(self, first: int, end: int, shades: Shades, paint: Paint, height: int, width: int) -> Scene:
        """The mean of frames first:end under shades; frames of colours are muted, lest theirs be read as evidence."""
        pixelated = paint.style.pixelated
        if self._frames.ndim == 3:
            return paint.over(self.scene(first, end, height, width, pixelated), shades)
        return paint.over(self._muted(first, end, height, width, pixelated, paint.muting), shades)

    def _scene(self, first: int, end: int, height: int, width: int, pixelated: bool) -> Scene:
        frames = self._frames
        if end - first == 1 and frames.shape[1:3] == (height, width):
            scene: Scene = frames[first]
            return scene
        mean = frames[first:end].mean(0, dtype=np.float32)
        channels = mean[None] if mean.ndim == 2 else np.moveaxis(mean, -1, 0)
        grown = np.moveaxis(stretch(channels, height, width, pixelated), 0, -1)
        return np.round(grown[..., 0] if mean.ndim == 2 else grown).astype(np.uint8)

    def _muted_scene(self, first: int, end: int, height: int, width: int, pixelated: bool, share: float) -> Scene:
        return muted(self.scene(first, end, height, width, pixelated), share)


def _visible(frames: NDArray[Any], kind: InputKind, name: str) -> Scene:
    """Frames as a person sees them: uint8 `[s, h, w]` or `[s, h, w, 3]`."""
    fits = frames.ndim == 3 or (frames.ndim == 4 and frames.shape[-1] == 3)
    if frames.dtype != np.uint8 or not fits or not frames.size:
        raise VisualAnalyseError(
            f"{name} ({kind.name}) is {frames.dtype} {list(frames.shape)}; pictures need uint8 [s, h, w] or "
            f"[s, h, w, 3], and at least one frame. {AGAIN}"
        )
    if kind.picture != "palette" or frames.ndim == 4:
        return frames
    colours = np.full((256, 3), 255, np.uint8)
    colours[: len(kind.palette)] = np.array(kind.palette, np.int64).reshape(-1, 3)[:256].clip(0, 255)
    pictures: Scene = colours[frames]
    return pictures
