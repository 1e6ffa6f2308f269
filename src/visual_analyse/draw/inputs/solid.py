"""What skeletons and clouds of points have in common: each joint or point is drawn where it is."""

from __future__ import annotations

from typing import Any, ClassVar

from numpy.typing import NDArray

from visual_analyse.draw.inputs import cells
from visual_analyse.results import LayerEvidence


class Solid:
    """Frames of joints or points at `_places`, `[s, k, d]`, which take colours themselves; see `face.Input`.

    `what` they are called; `moving`, whether each step of a layer has cells of its own.
    """

    solid = True
    still = True
    what: ClassVar[str]
    moving: ClassVar[bool]
    _places: NDArray[Any]

    def __len__(self) -> int:
        return len(self._places)

    @property
    def count(self) -> int:
        """How many there are in a frame."""
        return int(self._places.shape[1])

    def fitted(self, layer: LayerEvidence) -> LayerEvidence:
        """The layer, with maps `[t, g]`, where they fit; raises VisualAnalyseError where they do not."""
        return cells.fitted(layer, self.count, self.what, steps=self.moving)
