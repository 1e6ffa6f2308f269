"""Fixed tables of colours, and what a colour map of matplotlib gives in their place."""

from __future__ import annotations

from typing import Any

import matplotlib
import numpy as np
from matplotlib.colors import ListedColormap, to_rgb
from numpy.typing import NDArray

Colours = NDArray[np.float64]

# Chosen once by exchange among 18^3 colours, so that the two nearest are as far apart as can be (OKLab 0.14; 0.08 as
# people without red or green cones see them), none too light for a white page or too dark for a black one. Farthest
# first: the first few are the most different.
# fmt: off
SIXTEEN = (
    "#0078b4", "#96d200", "#e10000", "#f096f0", "#781e69", "#690ff0", "#3c783c", "#4bb4b4",
    "#e17800", "#782d00", "#c30087", "#6987ff", "#b46978", "#e1b487", "#002dc3", "#ff0ff0",
)
# A hue every ten degrees at one chroma of OKLab, lighter on one side: opposite views differ in lightness too, for
# those who do not see hues.
_RING = (
    "#255ebc", "#4259be", "#5755bd", "#6951bb", "#7b50b8", "#8c4fb4", "#9c4fae", "#ac51a6", "#bc539e",
    "#ca5794", "#d75c88", "#e2627c", "#ea696e", "#f0715f", "#f37a4f", "#f3833c", "#f08c26", "#e8960b",
    "#dc9e08", "#cfa505", "#bfa902", "#adad00", "#96b020", "#7cb037", "#5daf4a", "#33ad5a", "#05a66d",
    "#049d7b", "#049582", "#0c8c87", "#07858a", "#0a7e8d", "#017791", "#037297", "#016ca0", "#0066b0",
)
# fmt: on
RIGHT, WRONG, NEUTRAL = "#3f8fc9", "#d1400a", "#9c9c9c"  # blue and vermilion: told apart by everyone


def palette(cmap: str | None, most: int = len(SIXTEEN)) -> Colours:
    """Colours for classes without an order, `[k, 3]` in 0..1, k at most `most`.

    Those of a colour map where one is named: its own table where it is a table, else evenly spaced.

    >>> palette(None).shape, palette("tab10").shape, palette("Spectral", 5).shape
    ((16, 3), (10, 3), (5, 3))
    """
    if cmap is None:
        return np.array([to_rgb(name) for name in SIXTEEN[:most]])
    found = matplotlib.colormaps[cmap]
    if isinstance(found, ListedColormap) and found.N <= 32:
        return _sampled(cmap, np.arange(min(found.N, most)) / max(found.N - 1, 1))
    return _sampled(cmap, np.linspace(0, 1, most) if most > 1 else np.array([0.0]))


def around(cmap: str | None, degrees: NDArray[Any]) -> Colours:
    """Colours of angles, `[n, 3]`: a scale that closes, or the colour map named, from 0 to 360 degrees.

    >>> bool((around(None, np.array([0.0, 360.0]))[0] == around(None, np.array([0.0, 360.0]))[1]).all())
    True
    """
    turn = np.asarray(degrees, dtype=np.float64) % 360
    if cmap is not None:
        return _sampled(cmap, turn / 360)
    ring = np.array([to_rgb(name) for name in (*_RING, _RING[0])])
    stops = np.linspace(0, 360, len(ring))
    return np.stack([np.interp(turn, stops, ring[:, channel]) for channel in range(3)], -1)


def judged(cmap: str | None) -> Colours:
    """The colours of wrong, right and neither, `[3, 3]`."""
    ends = [to_rgb(WRONG), to_rgb(RIGHT)] if cmap is None else list(_sampled(cmap, np.array([0.05, 0.95])))
    return np.array([*ends, to_rgb(NEUTRAL)])


def unlike(colours: Colours) -> NDArray[np.float64]:
    """How different colours look, `[k, k]`: distances in OKLab (Ottosson 2020).

    >>> bool(unlike(palette(None)).shape == (16, 16))
    True
    """
    linear = np.where(colours <= 0.04045, colours / 12.92, ((colours + 0.055) / 1.055) ** 2.4)
    lab = np.cbrt(linear @ _TO_CONES.T) @ _TO_LAB.T
    return np.asarray(np.sqrt(((lab[:, None] - lab[None]) ** 2).sum(-1)))


_TO_CONES = np.array(
    [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ]
)
_TO_LAB = np.array(
    [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ]
)


def _sampled(cmap: str, where: NDArray[Any]) -> Colours:
    return np.asarray(matplotlib.colormaps[cmap](where), dtype=np.float64)[:, :3]
