"""Bodies drawn with smooth edges."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import matplotlib
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from visual_analyse.draw.colours import Scene

Colour = tuple[int, int, int]
Place = tuple[float, float]  # column and row in pixels, the first pixel from 0 to 1


def rgb(pixel: Scene) -> Colour:
    """A pixel, uint8 `[3]`, as a colour to draw with."""
    red, green, blue = map(int, pixel)
    return red, green, blue


class Brush:
    """A black canvas, drawn several times as large as its scene and then shrunk.

    >>> brush = Brush(9, 9)
    >>> brush.disc((4.5, 4.5), 3, (255, 0, 0))
    >>> brush.scene()[4, 4].tolist(), brush.scene()[0, 0].tolist()
    ([255, 0, 0], [0, 0, 0])
    """

    def __init__(self, height: int, width: int) -> None:
        self._fine = 4 if height <= 600 else 2
        self._image = Image.new("RGB", (width * self._fine, height * self._fine))
        self._draw = ImageDraw.Draw(self._image)

    def disc(self, at: Place, radius: float, colour: Colour) -> None:
        """A full disc."""
        x, y, r = at[0] * self._fine, at[1] * self._fine, radius * self._fine
        self._draw.ellipse((x - r, y - r, x + r, y + r), fill=colour)

    def line(self, start: Place, end: Place, thickness: float, colour: Colour) -> None:
        """A straight line with round ends."""
        self._draw.line([(x * self._fine, y * self._fine) for x, y in (start, end)], colour,
                        max(1, round(thickness * self._fine)))  # fmt: skip
        for place in (start, end):
            self.disc(place, thickness / 2, colour)

    def text(self, at: Place, words: str, size: float, colour: Colour) -> None:
        """A line of text in the font that matplotlib brings, its upper left corner at a place."""
        font = _font(max(1, round(size * self._fine)))
        self._draw.text((at[0] * self._fine, at[1] * self._fine), words, colour, font, anchor="la")

    def scene(self) -> Scene:
        """What was drawn: uint8 `[height, width, 3]`."""
        return np.asarray(self._image.reduce(self._fine))


@lru_cache(maxsize=16)
def _font(size: int) -> ImageFont.FreeTypeFont:
    path = Path(matplotlib.get_data_path(), "fonts", "ttf", "DejaVuSans.ttf")
    return ImageFont.truetype(str(path), size, layout_engine=ImageFont.Layout.BASIC)
