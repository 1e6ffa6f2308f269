"""A walk as it is looked at: its frames, and where each layer's maps lie on them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from visual_analyse.draw.colours import Paint, Scene
from visual_analyse.draw.stretch import stretch
from visual_analyse.errors import VisualAnalyseError
from visual_analyse.results import Evidence, InputKind, LayerEvidence

_AGAIN = "Run 'python -m visual_analyse.grad_cam' again to make the result anew."


@dataclass(frozen=True)
class View:
    """One layer over one walk.

    `pooled`: one map, shown on every frame; `strided`: fewer steps than frames, each drawn on the mean of its window.
    `step_of` int `[s]`, the step a frame is shown with, -1 where no step saw the frame.
    """

    layer: LayerEvidence
    pooled: bool
    strided: bool
    step_of: NDArray[np.intp]

    @property
    def pictures(self) -> int:
        """How many pictures it gives: one a frame, or one a step where time was strided."""
        return len(self.layer.maps) if self.strided else len(self.step_of)

    def window(self, step: int) -> tuple[int, int]:
        """First and last frame of a step's window, counted from 1."""
        first, end = self.layer.spans[step]
        return int(first) + 1, int(end)


class Walk:
    """The frames of one result, made visible, and its layers laid on them.

    Raises VisualAnalyseError where arrays of the result have shapes or values that cannot be drawn.

    >>> len(Walk(Evidence.load(Path("GaitSet_001-nm-05-090.npz"))).views)  # doctest: +SKIP
    """

    def __init__(self, evidence: Evidence) -> None:
        self.evidence = evidence
        shown = {0: _visible(evidence.frames, evidence.kind, "frames")}
        for layer in evidence.layers:
            if layer.on and layer.on not in shown:
                if str(layer.on) not in evidence.inputs:
                    raise VisualAnalyseError(
                        f"Layer {layer.key} lies on input {layer.on}, which is not stored. {_AGAIN}"
                    )
                shown[layer.on] = _visible(evidence.inputs[str(layer.on)], evidence.kind, f"inputs/{layer.on}")
                if len(shown[layer.on]) != len(shown[0]):
                    raise VisualAnalyseError(
                        f"inputs/{layer.on} has {len(shown[layer.on])} frames, and frames has {len(shown[0])}. {_AGAIN}"
                    )
        self._shown = shown
        self.views = tuple(_view(layer, len(shown[layer.on])) for layer in evidence.layers)
        # Layers, and neighbouring frames of a film, stand on the same few scenes again and again.
        self.scene = lru_cache(maxsize=96)(partial(_scene, shown))

    def __len__(self) -> int:
        return len(self._shown[0])

    def size(self, on: int = 0) -> tuple[int, int]:
        """Height and width of the frames of an input."""
        height, width = self._shown[on].shape[1:3]
        return int(height), int(width)

    def below(self, view: View, index: int, height: int, width: int, pixelated: bool) -> Scene:
        """What picture `index` of a layer is drawn on: a frame, or the mean of a step's window."""
        first, end = (int(bound) for bound in view.layer.spans[index]) if view.strided else (index, index + 1)
        return self.scene(view.layer.on, first, end, height, width, pixelated)

    def shades(self, view: View, step: int, scale: float, paint: Paint, height: int, width: int) -> NDArray[np.uint8]:
        """Positions in the colour map of one step of a layer, `[height, width]`."""
        return paint.shades(stretch(view.layer.maps[step], height, width, paint.style.pixelated), scale)


def _scene(shown: dict[int, Scene], on: int, first: int, end: int, height: int, width: int, pixelated: bool) -> Scene:
    """The mean of frames first:end of an input, stretched: uint8 `[height, width]` or `[height, width, 3]`."""
    frames = shown[on]
    if end - first == 1 and frames.shape[1:3] == (height, width):
        scene: Scene = frames[first]
        return scene
    mean = frames[first:end].mean(0, dtype=np.float32)
    channels = mean[None] if mean.ndim == 2 else np.moveaxis(mean, -1, 0)
    grown = np.moveaxis(stretch(channels, height, width, pixelated), 0, -1)
    return np.round(grown[..., 0] if mean.ndim == 2 else grown).astype(np.uint8)


def as_rgb(scene: Scene) -> Scene:
    """A scene with three channels: uint8 `[h, w, 3]`."""
    return scene if scene.ndim == 3 else np.repeat(scene[..., None], 3, axis=-1)


def _visible(frames: NDArray[Any], kind: InputKind, name: str) -> Scene:
    """Frames as a person sees them: uint8 `[s, h, w]` or `[s, h, w, 3]`."""
    fits = frames.ndim == 3 or (frames.ndim == 4 and frames.shape[-1] == 3)
    if frames.dtype != np.uint8 or not fits or not frames.size:
        raise VisualAnalyseError(
            f"{name} ({kind.name}) is {frames.dtype} {list(frames.shape)}; pictures need uint8 [s, h, w] or "
            f"[s, h, w, 3], and at least one frame. {_AGAIN}"
        )
    if kind.picture != "palette" or frames.ndim == 4:
        return frames
    colours = np.full((256, 3), 255, np.uint8)
    colours[: len(kind.palette)] = np.array(kind.palette, np.int64).reshape(-1, 3)[:256].clip(0, 255)
    pictures: Scene = colours[frames]
    return pictures


def _view(layer: LayerEvidence, frames: int) -> View:
    maps, spans = layer.maps, layer.spans
    if maps.ndim != 3 or not maps.size or maps.dtype.kind != "f":
        raise VisualAnalyseError(
            f"maps/{layer.key} is {maps.dtype} {list(maps.shape)}; pictures need float32 [t, gh, gw]. {_AGAIN}"
        )
    if not np.isfinite(maps).all():
        raise VisualAnalyseError(f"maps/{layer.key} holds values that are no numbers (NaN or infinity). {_AGAIN}")
    inside = spans.shape == (len(maps), 2) and spans.dtype.kind in "iu"
    if not inside or (spans[:, 0] < 0).any() or (spans[:, 0] >= spans[:, 1]).any() or (spans[:, 1] > frames).any():
        raise VisualAnalyseError(
            f"spans/{layer.key} does not say which of the {frames} frames each of {len(maps)} steps saw. {_AGAIN}"
        )
    every = np.arange(frames)
    if layer.pooled and len(maps) == 1:
        return View(layer, True, False, np.zeros(frames, np.intp))
    if len(maps) == frames and (spans[:, 0] == every).all() and (spans[:, 1] == every + 1).all():
        return View(layer, False, False, every)
    # Windows may overlap: a frame is shown with the step whose middle is nearest.
    off_centre = np.abs(spans.sum(1)[None] - (2 * every[:, None] + 1)).astype(np.float64)
    off_centre[(every[:, None] < spans[:, 0]) | (every[:, None] >= spans[:, 1])] = np.inf
    step_of = np.where(np.isfinite(off_centre).any(1), off_centre.argmin(1), -1)
    return View(layer, False, True, step_of)
