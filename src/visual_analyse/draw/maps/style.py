"""How a map is drawn: what a user may choose."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from visual_analyse.draw.style import known_colormap
from visual_analyse.errors import VisualAnalyseError

ASPECTS = ("identity", "condition", "view", "correctness")
LARGEST = 40.0  # inches; at 200 pixels an inch that is 64 million pixels


@dataclass(frozen=True)
class MapStyle:
    """How a map is drawn.

    `title`; `size`, inches wide and high; `marker_size`, the area of a mark in square points (None: 50, less where
    there are many walks); `cmap`, a colour map of matplotlib to take colours from (None: tables made for the purpose);
    `transparent`, no background; `colour_by`, `marker_by`, one of ASPECTS; `highlight`, identities that stand out;
    `elev`, `azim`, `roll`, where a map of three dimensions is seen from, degrees as matplotlib has them.

    Raises VisualAnalyseError for a value out of bounds and for a colour map nobody has.

    >>> MapStyle(colour_by="view").size
    (8.0, 8.0)
    """

    title: str = ""
    size: tuple[float, float] = (8.0, 8.0)
    marker_size: float | None = None
    cmap: str | None = None
    transparent: bool = True
    colour_by: str = "identity"
    marker_by: str | None = None
    highlight: tuple[str, ...] = ()
    elev: float = 30.0
    azim: float = -60.0
    roll: float = 0.0

    def __post_init__(self) -> None:
        for side in self.size:
            if not 1 <= side <= LARGEST:
                raise VisualAnalyseError(f"fig_size is {side:g} inches on a side; it must lie from 1 to {LARGEST:g}.")
        if self.marker_size is not None and not 0 < self.marker_size <= 1e4:
            raise VisualAnalyseError(f"marker_size is {self.marker_size:g}; it must lie above 0, up to 10000.")
        if self.cmap is not None:
            known_colormap(self.cmap)
        for aspect in (self.colour_by, self.marker_by):
            if aspect is not None and aspect not in ASPECTS:
                raise VisualAnalyseError(f"{aspect!r} is none of {', '.join(ASPECTS)}.")
        for name in ("elev", "azim", "roll"):
            if not math.isfinite(getattr(self, name)):
                raise VisualAnalyseError(f"{name} must be a number of degrees.")

    def facts(self) -> dict[str, Any]:
        """Its values as JSON can hold them."""
        return asdict(self)

    @staticmethod
    def of(facts: Mapping[str, Any]) -> MapStyle:
        """The style that `facts` describes; what is missing or of another kind is left at its default.

        >>> MapStyle.of({"azim": 10, "title": ["no", "text"]}) == MapStyle(azim=10.0)
        True
        """
        kinds = {"title": str, "cmap": str, "colour_by": str, "marker_by": str, "transparent": bool}
        given: dict[str, Any] = {}
        for known in fields(MapStyle):
            value = facts.get(known.name)
            if known.name == "size":
                sides = [float(side) for side in value if _is_number(side)] if isinstance(value, list | tuple) else []
                if len(sides) == 2:
                    given["size"] = (sides[0], sides[1])
            elif known.name == "highlight":
                if isinstance(value, list | tuple):
                    given["highlight"] = tuple(str(name) for name in value)
            elif known.name in kinds:
                if isinstance(value, kinds[known.name]):
                    given[known.name] = value
            elif value is not None and _is_number(value):
                given[known.name] = float(value)
        return MapStyle(**given)


def read_size(text: str) -> tuple[float, float]:
    """A size in inches as people type it.

    Raises VisualAnalyseError for anything but one or two numbers.

    >>> read_size("8,6"), read_size("(8.0, 6.0)"), read_size("[8 6]"), read_size("8x6")
    ((8.0, 6.0), (8.0, 6.0), (8.0, 6.0), (8.0, 6.0))
    """
    words = "".join(" " if char in "()[],;x×" else char for char in text.strip().strip("\"'")).split()
    try:
        sides = [float(word) for word in words]
    except ValueError:
        sides = []
    if len(sides) == 1:
        sides *= 2
    if len(sides) != 2 or not all(math.isfinite(side) for side in sides):
        raise VisualAnalyseError(f"fig_size {text!r} is no size; two numbers of inches were expected, such as 8,8.")
    return sides[0], sides[1]


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
