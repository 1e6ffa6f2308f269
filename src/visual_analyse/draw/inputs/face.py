"""What every kind of input can do, whatever it is."""

from __future__ import annotations

from typing import Any, Protocol

from numpy.typing import NDArray

from visual_analyse.draw.colours import Paint, Scene
from visual_analyse.results import InputKind, LayerEvidence

AGAIN = "Run 'python -m visual_analyse.grad_cam' again to make the result anew."

# What a step of a layer is coloured with, ready to be laid on any frame: a shade a pixel, joint or point.
Shades = NDArray[Any]


class Input(Protocol):
    """One input of a walk, as a person looks at it.

    `size`, height and width of a picture at resize_ratio 1; `solid`, whether colours lie on discs, not over a picture;
    `still`, whether a window of frames is shown by its middle frame, since a mean would be nothing to look at.
    """

    kind: InputKind
    size: tuple[int, int]
    solid: bool
    still: bool

    def __len__(self) -> int: ...

    def fitted(self, layer: LayerEvidence) -> LayerEvidence:
        """The layer, where its maps lie on this input; raises VisualAnalyseError where they do not."""
        ...

    def scene(self, first: int, end: int, height: int, width: int, pixelated: bool) -> Scene:
        """Frames first:end without colours: uint8 `[height, width]` or `[height, width, 3]`."""
        ...

    def shades(self, layer: LayerEvidence, step: int, scale: float, paint: Paint, height: int, width: int) -> Shades:
        """The shades of one step of a layer."""
        ...

    def coloured(self, first: int, end: int, shades: Shades, paint: Paint, height: int, width: int) -> Scene:
        """Frames first:end under shades: uint8 `[height, width, 3]`."""
        ...
