"""The legend beside a map: what its colours and marks say, and a wheel for views that are angles."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from matplotlib.collections import PolyCollection

from visual_analyse.draw.maps.coding.coding import Block, Entry
from visual_analyse.draw.maps.coding.tables import around
from visual_analyse.draw.maps.labels import place
from visual_analyse.draw.maps.page import INK, PALE, Page, fitted, width_of

_TEXT, _LINE, _HEAD, _GAP, _WHEEL = 8.0, 12.5, 12.0, 9.0, 112.0  # in units of the page
_WIDEST = 0.3  # of the page


@dataclass(frozen=True)
class Legend:
    """A column of blocks; `width` points wide and `height` high at the size that fits into `room` points of height."""

    page: Page
    blocks: tuple[Block, ...]
    room: float

    @property
    def unit(self) -> float:
        return self.page.unit * min(1.0, self.room / max(self._height(self.page.unit), 1e-9))

    @property
    def height(self) -> float:
        return self._height(self.unit)

    @property
    def width(self) -> float:
        if not self.blocks:
            return 0.0
        unit, widest = self.unit, _WIDEST * self.page.width
        size = _TEXT * unit
        lines = [width_of(fitted(entry.text, size, widest), size) + 12 * unit for block in self.blocks
                 for entry in block.entries]  # fmt: skip
        heads = [width_of(line, size) for block in self.blocks for line in block.heading.split("\n")]
        wheels = [_WHEEL * unit for block in self.blocks if block.ring]
        return min(max([*lines, *heads, *wheels]), widest + 12 * unit)

    def draw(self, x: float, y: float) -> None:
        """Draw it with its upper left corner there."""
        unit = self.unit
        size = _TEXT * unit
        for block in self.blocks:
            for line in block.heading.split("\n") if block.heading else ():
                line = fitted(line, size, _WIDEST * self.page.width + 12 * unit)
                self.page.text(x, y + 0.75 * _HEAD * unit, line, size, colour=PALE)
                y += _HEAD * unit
            if block.ring:
                self._wheel(block, x + _WHEEL / 2 * unit, y + _WHEEL / 2 * unit, unit)
                y += _WHEEL * unit
            for entry in block.entries:
                self._entry(entry, x, y, unit)
                y += _LINE * unit
            y += _GAP * unit

    def _entry(self, entry: Entry, x: float, y: float, unit: float) -> None:
        middle = np.array([[x + 4 * unit, y + _LINE / 2 * unit]])
        colour = entry.colour or (0.35, 0.35, 0.35)
        area = (90 if entry.mark == "*" else 36) * unit**2
        self.page.scatter(middle, np.array([colour]), area, entry.mark, 4.0)
        size = _TEXT * unit
        text = fitted(entry.text, size, _WIDEST * self.page.width)
        self.page.text(x + 12 * unit, middle[0, 1] + 0.02 * size, text, size, colour=INK, down="center_baseline")

    def _wheel(self, block: Block, x: float, y: float, unit: float) -> None:
        """All directions as a thin ring, those that there are as wedges with their degrees; 0 points down, towards
        whoever looks, and degrees go anticlockwise."""
        radius, size = 0.3 * _WHEEL * unit, 6.5 * unit
        steps = np.arange(0, 360, 5.0)
        thin = [_wedge(x, y, radius, radius * 1.08, step, 2.6) for step in steps]
        wide = [_wedge(x, y, radius * 0.62, radius * 1.08, degree, 6.5) for degree in block.ring]
        add = self.page.axes.add_collection
        add(PolyCollection(thin, facecolors=around(block.cmap, steps), linewidths=0, zorder=4.0))
        add(PolyCollection(wide, facecolors=np.array(block.ring_colours), linewidths=0, zorder=4.1))
        ring = sorted(block.ring, key=lambda degree: (degree % 90 != 0, degree % 45 != 0, degree))
        texts = [f"{degree:g}°" for degree in ring]
        sizes = np.array([[width_of(text, size), size] for text in texts])
        turns = np.radians(ring)
        out = np.stack([np.sin(turns), np.cos(turns)], 1)
        middles = np.array([x, y]) + out * (radius * 1.15 + np.abs(out * sizes / 2).sum(1, keepdims=True))
        options = [middle[None] for middle in middles]
        for text, middle in zip(texts, place(options, sizes, (-1e9, -1e9, 1e9, 1e9)), strict=True):
            if not np.isnan(middle[0]):  # where there is no room for all, those that people count by stay
                self.page.text(float(middle[0]), float(middle[1]), text, size, across="center", down="center_baseline")

    def _height(self, unit: float) -> float:
        lines = 0.0
        for block in self.blocks:
            lines += _HEAD * len(block.heading.split("\n")) if block.heading else 0
            lines += (_WHEEL if block.ring else 0) + _LINE * len(block.entries) + _GAP
        return lines * unit


def _wedge(x: float, y: float, inner: float, outer: float, degree: float, half: float) -> list[tuple[float, float]]:
    turns = np.radians(degree + np.linspace(-half, half, 5))
    rim = [(x + np.sin(turn) * outer, y + np.cos(turn) * outer) for turn in turns]
    return rim + [(x + np.sin(turn) * inner, y + np.cos(turn) * inner) for turn in turns[::-1]]
