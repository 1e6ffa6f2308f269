"""From signed values to colours over a frame."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import matplotlib
import numpy as np
from numpy.typing import NDArray

from visual_analyse.draw.style import Style

Scene = NDArray[np.uint8]


class Paint:
    """A style made ready: tables that turn values and frames into colours without floating point a pixel.

    >>> Paint(Style(opacity=0)).over(np.full((2, 2), 7, np.uint8), np.zeros((2, 2), np.uint8))[0, 0].tolist()
    [7, 7, 7]
    """

    def __init__(self, style: Style) -> None:
        self.style = style
        self.table: Scene = table(style.colours)
        grey = np.arange(256, dtype=np.float64)
        # Eight bits below one are kept until both sides are added: rounded once, not twice.
        self._frame = np.round((1 - style.opacity) * 256 * grey).astype(np.uint16)
        self._colour = np.round(256 * style.opacity * self.table.astype(np.float64)).astype(np.uint16)

    def shades(self, values: NDArray[Any], scale: float) -> NDArray[np.uint8]:
        """Positions 0..255 in the colour map of signed values of any shape; `scale` is the end of the colour bar.

        A scale of zero (a map that is zero everywhere) gives the colour of zero everywhere.
        """
        unit = values * np.float32(1 / scale) if scale > 1e-37 else np.zeros_like(values)
        if self.style.polarity == "against":
            unit = -unit
        elif self.style.polarity == "abs":
            unit = np.abs(unit)
        elif self.style.polarity == "both":
            unit = unit * 0.5 + 0.5
        # As matplotlib does it: 256 equal bins over 0..1, the end in the last.
        shades: NDArray[np.uint8] = np.clip(unit * 256, 0, 255).astype(np.uint8)
        return shades

    def over(self, scene: Scene, shades: NDArray[np.uint8]) -> Scene:
        """Colours over a scene: uint8 `[..., h, w]` grey or `[..., h, w, 3]`, and shades `[..., h, w]`."""
        if scene.ndim > shades.ndim:
            return self._mix(scene, shades)
        # Every mixture of 256 greys and 256 shades is known beforehand: one look-up a pixel.
        pair = scene.astype(np.uint16)
        pair <<= 8
        pair |= shades
        return self._mixtures[pair].view(np.uint8).reshape(*scene.shape, 4)[..., :3]

    @property
    def muting(self) -> float:
        """How much of its colours a frame loses under the evidence, 0..1: none at opacity 0, most at 0.6."""
        return 1 - (1 - self.style.opacity) ** 2

    def strength(self, shades: NDArray[Any]) -> NDArray[np.float32]:
        """How far shades lie from that of zero evidence, 0..1."""
        unit: NDArray[np.float32] = shades.astype(np.float32) / np.float32(255)
        return np.abs(2 * unit - 1) if self.style.diverging else unit

    def _mix(self, scene: Scene, shades: NDArray[np.uint8]) -> Scene:
        mixed = self._colour[shades]
        mixed += self._frame[scene]
        mixed += 128
        mixed >>= 8
        return mixed.astype(np.uint8)

    @cached_property
    def _mixtures(self) -> NDArray[np.uint32]:
        byte = np.arange(256, dtype=np.uint8)
        greys = np.repeat(byte, 256)[:, None].repeat(3, 1)
        mixtures = np.zeros((256 * 256, 4), np.uint8)
        mixtures[:, :3] = self._mix(greys, np.tile(byte, 256))
        return mixtures.view(np.uint32)[:, 0]

    @cached_property
    def solid(self) -> Scene:
        """The colours as they lie on a disc, uint8 `[256, 3]`: over white, which shows less than a frame would, since
        a disc hides nothing."""
        return np.round(255 + self.muting * (self.table.astype(np.float64) - 255)).astype(np.uint8)

    def bar(self, width: int, height: int, solid: bool = False) -> Scene:
        """The colours as they are seen, smallest value left: uint8 `[height, width, 3]`, the upper half as they lie
        over black, the lower half as they lie over white; or `solid`, as they lie on discs."""
        shades = np.broadcast_to((np.arange(width) * 256 // width).astype(np.uint8), (height, width))
        if solid:
            return self.solid[shades]
        below = np.zeros((height, width), np.uint8)
        below[height // 2 :] = 255
        return self.over(below, shades)


def as_rgb(scene: Scene) -> Scene:
    """A scene with three channels: uint8 `[h, w, 3]`."""
    return scene if scene.ndim == 3 else np.repeat(scene[..., None], 3, axis=-1)


def muted(scene: Scene, share: float) -> Scene:
    """A scene `[h, w, 3]` that has lost a share of its colours, 0..1, and none of its light (ITU-R BT.601).

    >>> muted(np.array([[[200, 0, 0]]], np.uint8), 1.0)[0, 0].tolist()
    [60, 60, 60]
    """
    colours = scene.astype(np.float32)
    light = colours @ np.array([0.299, 0.587, 0.114], np.float32)
    return np.round(colours + np.float32(share) * (light[..., None] - colours)).astype(np.uint8)


def table(name: str) -> Scene:
    """The 256 colours of a colour map, uint8 `[256, 3]`.

    >>> table("gray")[255].tolist()
    [255, 255, 255]
    """
    colours = matplotlib.colormaps[name](np.linspace(0, 1, 256))[:, :3]
    return np.round(colours * 255).astype(np.uint8)


def worded(value: float, percent: bool = False) -> str:
    """A number as it is written on a figure: three digits, powers of ten raised.

    >>> worded(0.0123), worded(1.234e-7), worded(0.0123, percent=True)
    ('0.0123', '1.23×10⁻⁷', '1.23 %')
    """
    if percent:
        return f"{worded(100 * value)} %"
    plain = f"{value:#.3g}"
    if value == 0 or (abs(value) >= 0.001 and "e" not in plain):
        return plain.rstrip(".") if value else "0"
    mantissa, exponent = f"{value:.2e}".split("e")
    return f"{mantissa}×10{str(int(exponent)).translate(_RAISED)}"


_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
