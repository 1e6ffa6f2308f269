"""Thumbnails of walks as sheets of one picture each, for pages."""

from __future__ import annotations

import io
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from visual_analyse.errors import VisualAnalyseError

MOST = 20_000  # walks with a thumbnail on one page: about 10 MB
_COLUMNS = _ROWS = 32  # a sheet of 64x44 thumbnails is 1408x2048: decoded on hover, 12 MB each
_TALLEST = 64
_QUALITY = 70


@dataclass(frozen=True)
class Sprites:
    """Sheets of thumbnails: `pictured` bool `[n]`, the walks that have one, in order; each `width` by `height`."""

    pictured: NDArray[np.bool_]
    width: int
    height: int
    columns: int
    rows: int
    sheets: tuple[bytes, ...]


def sprites(thumbnails: NDArray[np.uint8], worth: NDArray[np.float64]) -> Sprites:
    """Sheets of `[n, h, w]` grey pictures, as WebP; beyond MOST walks, of those with least `worth` `[n]`.

    Raises VisualAnalyseError for arrays that are no such pictures.

    >>> sprites(np.zeros((3, 64, 44), np.uint8), np.zeros(3)).pictured.tolist()
    [True, True, True]
    """
    if thumbnails.ndim != 3 or thumbnails.dtype != np.uint8 or not thumbnails.size or max(thumbnails.shape[1:]) > 1024:
        raise VisualAnalyseError(
            f"thumbnails are {thumbnails.dtype} of shape {list(thumbnails.shape)}; uint8 [n, h, w] of at most 1024 a "
            "side was expected, one grey picture a walk. Make the map anew."
        )
    pictured = np.zeros(len(thumbnails), bool)
    pictured[np.argsort(worth, kind="stable")[:MOST]] = True
    chosen = np.flatnonzero(pictured)
    high, wide = thumbnails.shape[1:]
    shrink = max(1, -(-max(high, wide) // _TALLEST))
    size = (max(1, wide // shrink), max(1, high // shrink))
    each = _COLUMNS * _ROWS
    sheets = tuple(_sheet(thumbnails[chosen[start : start + each]], size) for start in range(0, len(chosen), each))
    return Sprites(pictured, *size, _COLUMNS, _ROWS, sheets)


def _sheet(pictures: NDArray[np.uint8], size: tuple[int, int]) -> bytes:
    wide, high = size
    sheet = Image.new("L", (_COLUMNS * wide, -(-len(pictures) // _COLUMNS) * high))
    for place, picture in enumerate(pictures):
        image = Image.fromarray(picture)
        if image.size != size:
            image = image.resize(size, Image.Resampling.BOX)
        sheet.paste(image, (place % _COLUMNS * wide, place // _COLUMNS * high))
    stream = io.BytesIO()
    sheet.save(stream, "WEBP", quality=_QUALITY, method=4)
    return stream.getvalue()
