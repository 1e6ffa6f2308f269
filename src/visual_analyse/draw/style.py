"""How evidence is turned into colour: what a user may choose."""

from __future__ import annotations

import difflib
import math
from dataclasses import dataclass

import matplotlib

from visual_analyse.errors import VisualAnalyseError

POLARITIES = {
    "for": "evidence for the match",
    "against": "evidence against the match",
    "both": "evidence for (+) and against (−) the match",
    "abs": "evidence, either way (absolute value)",
}
SCALES = ("clip", "shared")


@dataclass(frozen=True)
class Style:
    """How maps are drawn on frames.

    `opacity` 0..1 of the colours; `colormap`, a name matplotlib knows, None for the polarity's own; `polarity` "for",
    "against", "both" or "abs"; `resize_ratio`, times the frames' size; `font_scale`, of titles; `pixelated`, cells of
    the layer's grid as they are instead of smoothed; `scale`, how far one colour scale reaches ("clip": a layer
    of a walk; "shared": all layers) or the value of its end.

    Raises VisualAnalyseError for a value out of bounds and for a colour map nobody has.

    >>> Style(polarity="both").colours
    'berlin'
    """

    opacity: float = 0.6
    colormap: str | None = None
    polarity: str = "for"
    resize_ratio: float = 1.0
    font_scale: float = 2.5
    pixelated: bool = False
    scale: str | float = "clip"

    def __post_init__(self) -> None:
        _within("opacity", self.opacity, 0, 1)
        _within("resize_ratio", self.resize_ratio, 0.1, 32)
        _within("font_scale", self.font_scale, 0.5, 20)
        if self.polarity not in POLARITIES:
            raise VisualAnalyseError(f"polarity {self.polarity!r} is none of {', '.join(POLARITIES)}.")
        read_scale(self.scale)
        if self.colormap is not None:
            known_colormap(self.colormap)

    @property
    def colours(self) -> str:
        """The name of its colour map: uniform to the eye, and dark where there is nothing to show."""
        return self.colormap or ("berlin" if self.polarity == "both" else "inferno")

    @property
    def diverging(self) -> bool:
        """Whether zero lies in the middle of the colour map."""
        return self.polarity == "both"


def read_scale(text: str | float) -> str | float:
    """A scale as it is typed: clip, shared, or a number above zero.

    Raises VisualAnalyseError for anything else.

    >>> read_scale("0.02")
    0.02
    """
    if text in SCALES:
        return text
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not (math.isfinite(value) and value > 0):
        raise VisualAnalyseError(f"scale {text!r} is none of {', '.join(SCALES)}, and no number above zero.")
    return value


def known_colormap(name: str) -> str:
    """The name of a colour map, where matplotlib has it.

    Raises VisualAnalyseError with the nearest names where it has not.

    >>> known_colormap("jet")
    'jet'
    """
    if name in matplotlib.colormaps:
        return name
    by_lower = {known.lower(): known for known in matplotlib.colormaps}
    near = [by_lower[low] for low in difflib.get_close_matches(name.lower(), by_lower, 3, 0.5)]
    hint = f"did you mean {' or '.join(near)}?" if near else "try inferno, magma, viridis, berlin or jet."
    raise VisualAnalyseError(f"matplotlib has no colour map {name!r}; {hint}")


def _within(name: str, value: float, low: float, high: float) -> None:
    if not low <= value <= high:
        raise VisualAnalyseError(f"{name} is {value:g}; it must lie from {low:g} to {high:g}.")
