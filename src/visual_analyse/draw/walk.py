"""A walk as it is looked at: its inputs, and where each layer's maps lie on them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from visual_analyse.draw.colours import Paint, Scene
from visual_analyse.draw.inputs.face import AGAIN, Input, Shades
from visual_analyse.draw.inputs.joints import Joints
from visual_analyse.draw.inputs.pictures import Pictures
from visual_analyse.draw.inputs.points import Points
from visual_analyse.errors import VisualAnalyseError
from visual_analyse.results import Evidence, InputKind, LayerEvidence


@dataclass(frozen=True)
class View:
    """One layer over one walk.

    `pooled`: one map, shown on every frame; `strided`: fewer steps than frames, each drawn on its window. `step_of` int
    `[s]`, the step a frame is shown with, -1 where no step saw the frame. `on`, the input it is drawn on: the one it
    lies on, or the first where that cannot be drawn.
    """

    layer: LayerEvidence
    pooled: bool
    strided: bool
    step_of: NDArray[np.intp]
    on: int = 0

    @property
    def pictures(self) -> int:
        """How many pictures it gives: one a frame, or one a step where time was strided."""
        return len(self.layer.maps) if self.strided else len(self.step_of)

    def window(self, step: int) -> tuple[int, int]:
        """First and last frame of a step's window, counted from 1."""
        first, end = self.layer.spans[step]
        return int(first) + 1, int(end)

    def under(self, index: int) -> tuple[int, int]:
        """The frames first:end, from 0, that picture `index` is drawn on: a frame, or a step's window."""
        if not self.strided:
            return index, index + 1
        first, end = self.layer.spans[index]
        return int(first), int(end)


class Walk:
    """The inputs of one result, made visible, and its layers laid on them.

    `inputs`: those that can be drawn, by their numbers, 0 the first; `names`: what every input of the model is called.
    Raises VisualAnalyseError where arrays of the result have shapes or values that cannot be drawn.

    >>> len(Walk(Evidence.load(Path("GaitSet_001-nm-05-090.npz"))).views)  # doctest: +SKIP
    """

    def __init__(self, evidence: Evidence) -> None:
        self.evidence = evidence
        self.inputs: dict[int, Input] = {0: _input(evidence.frames, evidence.kind, _FIRST.get(evidence.kind.picture))}
        kinds = _kinds(evidence)
        for number in sorted({*kinds, *(layer.on for layer in evidence.layers)} - {0}):
            kind = kinds.get(number)
            if kind is not None and kind.picture == "none":
                continue
            if kind is not None and str(number) in evidence.inputs:
                self.inputs[number] = self._further(number, kind)
            elif lying := [layer.key for layer in evidence.layers if layer.on == number]:
                raise VisualAnalyseError(f"Layer {lying[0]} lies on input {number}, which is not stored. {AGAIN}")
        self.names = _names({0: evidence.kind, **kinds})
        self.views = tuple(self._view(layer) for layer in evidence.layers)

    def __len__(self) -> int:
        return len(self.inputs[0])

    @property
    def several(self) -> bool:
        """Whether the model takes more than one input, so that it must be said which is meant."""
        return len(self.names) > 1

    def called(self, number: int) -> str:
        """The name of an input of the model."""
        return self.names.get(number, f"input {number}")

    def size(self, on: int = 0) -> tuple[int, int]:
        """Height and width of the pictures of an input, at resize_ratio 1."""
        return self.inputs[on].size

    def scene(self, on: int, first: int, end: int, height: int, width: int, pixelated: bool) -> Scene:
        """Frames first:end of an input without colours: uint8 `[height, width]` or `[height, width, 3]`."""
        return self.inputs[on].scene(first, end, height, width, pixelated)

    def below(self, view: View, index: int, height: int, width: int, pixelated: bool) -> Scene:
        """What picture `index` of a layer is drawn on: a frame, or what stands for a step's window."""
        return self.scene(view.on, *view.under(index), height, width, pixelated)

    def shades(self, view: View, step: int, scale: float, paint: Paint, height: int, width: int) -> Shades:
        """Positions in the colour map of one step of a layer, `[height, width]` on pictures."""
        return self.inputs[view.on].shades(view.layer, step, scale, paint, height, width)

    def coloured(self, view: View, index: int, shades: Shades, paint: Paint, height: int, width: int) -> Scene:
        """Picture `index` of a layer: what it is drawn on, under shades; uint8 `[height, width, 3]`."""
        return self.inputs[view.on].coloured(*view.under(index), shades, paint, height, width)

    def _further(self, number: int, kind: InputKind) -> Input:
        name = f"inputs/{number}"
        found = _input(self.evidence.inputs[str(number)], kind, name)
        if len(found) != len(self):
            raise VisualAnalyseError(f"{name} has {len(found)} frames, and frames has {len(self)}. {AGAIN}")
        return found

    def _view(self, layer: LayerEvidence) -> View:
        on = layer.on if layer.on in self.inputs else 0
        layer = self.inputs[on].fitted(layer)
        if not np.isfinite(layer.maps).all():
            raise VisualAnalyseError(f"maps/{layer.key} holds values that are no numbers (NaN or infinity). {AGAIN}")
        maps, spans, frames = layer.maps, layer.spans, len(self)
        inside = spans.shape == (len(maps), 2) and spans.dtype.kind in "iu"
        if not inside or (spans[:, 0] < 0).any() or (spans[:, 0] >= spans[:, 1]).any() or (spans[:, 1] > frames).any():
            raise VisualAnalyseError(
                f"spans/{layer.key} does not say which of the {frames} frames each of {len(maps)} steps saw. {AGAIN}"
            )
        every = np.arange(frames)
        if layer.pooled and len(maps) == 1:
            return View(layer, True, False, np.zeros(frames, np.intp), on)
        if len(maps) == frames and (spans[:, 0] == every).all() and (spans[:, 1] == every + 1).all():
            return View(layer, False, False, every, on)
        # Windows may overlap: a frame is shown with the step whose middle is nearest.
        off_centre = np.abs(spans.sum(1)[None] - (2 * every[:, None] + 1)).astype(np.float64)
        off_centre[(every[:, None] < spans[:, 0]) | (every[:, None] >= spans[:, 1])] = np.inf
        step_of = np.where(np.isfinite(off_centre).any(1), off_centre.argmin(1), -1)
        return View(layer, False, True, step_of, on)


# The array of a result file that holds the first input, where it is not called frames.
_FIRST = {"joints": "joints", "points": "points"}


def _input(frames: NDArray[np.generic], kind: InputKind, name: str | None) -> Input:
    name = name or "frames"
    if kind.picture == "none":
        raise VisualAnalyseError(f"{name} ({kind.name}) is nothing that can be drawn. {AGAIN}")
    if kind.picture == "joints":
        return Joints(frames, kind, name)
    return Points(frames, kind, name) if kind.picture == "points" else Pictures(frames, kind, name)


def _kinds(evidence: Evidence) -> dict[int, InputKind]:
    """What each further input is, by its number; what an older result does not say is as the first."""
    kinds = {int(number): kind for number, kind in evidence.kinds.items() if number.isdecimal()}
    for layer in evidence.layers:
        if layer.on and layer.on not in kinds and str(layer.on) in evidence.inputs:
            kinds[layer.on] = evidence.kind
    return dict(sorted(kinds.items()))


def _names(kinds: Mapping[int, InputKind]) -> dict[int, str]:
    """A name an input; those of one kind are numbered."""
    names: dict[int, str] = {}
    for number, kind in kinds.items():
        often = sum(other.name == kind.name for known, other in kinds.items() if known < number)
        names[number] = f"{kind.name} {often + 1}" if often else kind.name
    return names
