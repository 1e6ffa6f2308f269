"""The sheet that a map is drawn on: places in points from its upper left corner, texts that stay legible."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
from matplotlib import font_manager
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patheffects import Normal, Stroke
from numpy.typing import NDArray

from visual_analyse.draw.figures.text import elided, measure
from visual_analyse.draw.maps.style import MapStyle
from visual_analyse.names import plain

Array = NDArray[Any]
INK, PALE, ALARM = "#1c1c1c", "#4a4a4a", "#b00020"
DPI = 200
HALO = "halo"  # how the ids of texts with a halo begin
# Words in the names of fonts that hold Chinese, Japanese and Korean, the best first.
_WIDE = (
    "Noto Sans CJK",
    "YaHei",
    "PingFang",
    "Source Han Sans",
    "Hiragino Sans",
    "WenQuanYi",
    "SimHei",
    "CJK",
    "Fallback",
)
_MEASURED = 64  # pixels: the size that widths are measured at


class Page:
    """A figure with one axis over all of it, in points, y downwards.

    `unit` grows with the figure: sizes of texts are multiples of it, 1 at 8 by 8 inches. `vector` is the vector format
    it is written in, where it is. There texts stay texts, and an outline would make shapes of them: in a PDF it lies
    below as a text of its own, in an SVG who writes the file says how it looks.
    """

    def __init__(self, figure: Figure, style: MapStyle, vector: str = "") -> None:
        self.figure = figure
        self.width, self.height = 72 * style.size[0], 72 * style.size[1]
        self.unit = float(np.clip(min(style.size) / 8, 0.5, 3.0))
        self._vector = vector
        self._texts = 0
        self.axes: Axes = figure.add_axes((0.0, 0.0, 1.0, 1.0))
        self.axes.set_axis_off()
        self.axes.set(xlim=(0, self.width), ylim=(self.height, 0))
        self.axes.set_autoscale_on(False)

    def text(
        self, x: float, y: float, text: str, size: float, *, colour: str = INK, bold: bool = False,
        across: str = "left", down: str = "baseline", layer: float = 5.0, halo: float = 0.3,
    ) -> None:  # fmt: skip
        """Write one line, `size` in points; `halo`, the width of its pale outline as a share of the size."""
        if not text:
            return
        given: dict[str, Any] = {
            "fontsize": size, "ha": across, "va": down, "parse_math": False, "family": families(), "clip_on": False,
            "weight": "bold" if bold else "normal",
        }  # fmt: skip
        self._texts += 1
        outline = Stroke(linewidth=halo * size, foreground="white", alpha=0.9)
        if self._vector == "pdf":
            self.axes.text(x, y, text, color="white", zorder=layer, path_effects=[outline], **given)
        own = self.axes.text(x, y, text, color=colour, zorder=layer + 0.1, gid=f"{HALO}-{self._texts}", **given)
        if not self._vector:
            own.set_path_effects([outline, Normal()])

    def scatter(self, xy: Array, colours: Any, area: Any, mark: str, layer: float, **rest: Any) -> None:
        """Marks at `[n, 2]`, `area` in square points."""
        given: dict[str, Any] = {"linewidths": 0, **rest}
        self.axes.scatter(
            xy[:, 0], xy[:, 1], s=area, c=colours, marker=mark, zorder=layer, clip_on=False, **given
        )  # fmt: skip


def width_of(text: str, size: float, bold: bool = False) -> float:
    """The width of a line in points."""
    return measure(text, _MEASURED, bold) * size / _MEASURED


def fitted(text: str, size: float, width: float, bold: bool = False) -> str:
    """A line of any text: characters that cannot be written become escapes, and the middle goes where it is too long.

    >>> fitted("a\\nb", 10, 100), fitted("", 10, 100)
    ('a\\\\nb', '(no name)')
    """
    if len(text) > 200:
        text = f"{text[:100]}…{text[-99:]}"
    text = plain(text) if text.strip() else "(no name)"
    return elided(text, _MEASURED, bold, int(width * _MEASURED / size))


def wrapped(pieces: list[str], size: float, width: float, between: str = "  ·  ") -> list[str]:
    """Pieces of text in lines, as many to a line as fit.

    >>> wrapped(["a", "b", "c"], 10, 1000)
    ['a  ·  b  ·  c']
    """
    lines: list[str] = []
    for piece in pieces:
        piece = fitted(piece, size, width)
        if lines and width_of(lines[-1] + between + piece, size) <= width:
            lines[-1] += between + piece
        else:
            lines.append(piece)
    return lines


@lru_cache(maxsize=1)
def families() -> tuple[str, ...]:
    """The fonts that texts are written in: the one that matplotlib brings, and one of the system for what it lacks."""
    known = sorted({font.name for font in font_manager.fontManager.ttflist})
    return ("DejaVu Sans", *[name for word in _WIDE for name in known if word in name][:1])
