"""One layer on one walk, any frame of which can be looked at."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from visual_analyse.draw.colours import Paint, Scene, as_rgb
from visual_analyse.draw.walk import View, Walk
from visual_analyse.results import Evidence, LayerEvidence

_FEW = 0.002  # of all cells: so many may lie beyond the scale


def scale_of(*layers: LayerEvidence) -> float:
    """The end of the one scale of some maps: their largest value, but not that of a few cells that outshine all others.

    Where one in 500 cells has more than twice the value of the rest, the scale ends at what the rest reach.

    >>> maps = np.ones((1, 50, 40), np.float32)
    >>> maps[0, 0, 0] = 9
    >>> scale_of(LayerEvidence(1, "conv", "Conv2d", maps, np.array([[0, 1]])))
    1.0
    """
    values = np.concatenate([np.abs(layer.maps).ravel() for layer in layers])
    most, rest = float(values.max(initial=0.0)), float(np.quantile(values, 1 - _FEW)) if values.size else 0.0
    return rest if 0 < rest < most / 2 else most


class Laid:
    """The frames of a walk under a layer's colours, which end at `end` on the one scale of the figure.

    Raises VisualAnalyseError where they cannot be drawn.

    >>> Laid(evidence, evidence.layers[0], 1.0, Paint(Style())).picture(0, 256).shape  # doctest: +SKIP
    """

    def __init__(self, evidence: Evidence, layer: LayerEvidence, end: float, paint: Paint) -> None:
        self._walk = Walk(replace(evidence, layers=(layer,), further=()))
        self.view: View = self._walk.views[0]
        self.end, self._paint = end, paint

    def __len__(self) -> int:
        return len(self._walk)

    @property
    def aspect(self) -> float:
        """Width over height of its pictures."""
        height, width = self._walk.size(self.view.on)
        return width / height

    @property
    def solid(self) -> bool:
        """Whether colours lie on discs, not over a picture."""
        return self._walk.inputs[self.view.on].solid

    def picture(self, frame: int, height: int) -> Scene:
        """A frame, from 0, under the map of its step: uint8 `[height, width, 3]`; bare where no step saw it."""
        width, step = max(1, round(height * self.aspect)), int(self.view.step_of[frame])
        shown = self._walk.inputs[self.view.on]
        if step < 0:
            return as_rgb(shown.scene(frame, frame + 1, height, width, self._paint.style.pixelated))
        shades = self._walk.shades(self.view, step, self.end, self._paint, height, width)
        return as_rgb(np.asarray(shown.coloured(frame, frame + 1, shades, self._paint, height, width)))
