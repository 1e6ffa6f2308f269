"""What OpenGait does to silhouettes before a model sees them: crop, scale to 64 rows, centre, 64 columns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from visual_analyse.errors import VisualAnalyseError

Array = NDArray[Any]

SIDE = 64


@dataclass(frozen=True)
class Crop:
    """Where a body stood in each frame: `top` row, `height` in rows, `width` scaled columns, `centre` scaled column."""

    top: Array
    height: Array
    width: Array
    centre: Array
    columns: int

    def points(self, points: Array) -> Array:
        """Pixels (x, y) `[..., t, 2]` of the picture to pixels of the prepared frame."""
        across, down = self.width / self.columns, SIDE / self.height
        x = (points[..., 0] + 0.5) * across - 0.5 - (self.centre - SIDE // 2)
        y = (points[..., 1] - self.top + 0.5) * down - 0.5
        return np.stack([x, y], -1)


def crop_of(labels: Array) -> Crop:
    """Find the body in each frame of a region map `[t, rows, columns]` (0 is background).

    The crop is from its first to its last row; the centre is the column where half of the mass is passed.

    Raises VisualAnalyseError for a frame without a body.
    """
    body: Array = labels > 0
    rows: Array = np.any(body, axis=2)
    if not rows.any(1).all():
        frame = int(np.argmin(rows.any(1)))
        raise VisualAnalyseError(
            f"Frame {frame} of the walk holds no body: it cannot be cropped. Give frames that show a person whole."
        )
    top = rows.argmax(1)
    height = rows.shape[1] - rows[:, ::-1].argmax(1) - top
    columns = body.shape[2]
    width = (SIDE * (columns / height)).astype(np.int64)
    found = Crop(top, height, width, np.zeros_like(top), columns)
    mass = _rows(body.astype(np.float32), found).sum(1, dtype=np.float64)
    widest = int(width.max())
    scaled = _taps_apply(mass, *_taps(np.arange(widest)[None, :], (columns / width)[:, None], columns), axis=1)
    scaled[np.arange(widest)[None, :] >= width[:, None]] = 0.0
    passed = np.cumsum(scaled, 1) > scaled.sum(1, keepdims=True) / 2
    return Crop(top, height, width, passed.argmax(1), columns)


def prepare(labels: Array, crop: Crop, regions: int = 5) -> tuple[Array, Array]:
    """Silhouettes and regions as models see them, from a region map `[t, rows, columns]`: both uint8 `[t, 64, 64]`.

    Resizing is cubic (Keys 1981, a = -0.75), so silhouettes are grey; a pixel of at least half brightness belongs to
    the region that has the most of it, and to none below.
    """
    shares = np.stack(
        [_columns(_rows((labels == region).astype(np.float32), crop), crop) for region in range(1, regions)]
    )
    grey = np.clip(shares.sum(0) * 255.0, 0.0, 255.0)
    silhouettes = np.rint(grey).astype(np.uint8)
    part = (shares.argmax(0) + 1).astype(np.uint8)
    return silhouettes, np.where(silhouettes >= 128, part, np.uint8(0))


def _rows(picture: Array, crop: Crop) -> Array:
    index, weight = _taps(np.arange(SIDE)[None, :], (crop.height / SIDE)[:, None], crop.height[:, None])
    index = index + crop.top[None, :, None]
    frame = np.arange(len(picture))[:, None]
    total: Array = picture[frame, index[0]] * weight[0][..., None]
    for tap in range(1, 4):
        total += picture[frame, index[tap]] * weight[tap][..., None]
    return total


def _columns(picture: Array, crop: Crop) -> Array:
    wanted = np.arange(SIDE)[None, :] + crop.centre[:, None] - SIDE // 2
    index, weight = _taps(wanted, (crop.columns / crop.width)[:, None], crop.columns)
    outside = (wanted < 0) | (wanted >= crop.width[:, None])
    weight[:, outside] = 0.0
    return _taps_apply(picture, index[:, :, None, :], weight[:, :, None, :], axis=2)


def _taps_apply(picture: Array, index: Array, weight: Array, axis: int) -> Array:
    shape = [1] * picture.ndim
    shape[0] = len(picture)
    frame = np.arange(len(picture)).reshape(shape)
    places: tuple[Any, ...] = (frame,) if axis == 1 else (frame, np.arange(picture.shape[1])[None, :, None])
    total: Array = picture[(*places, index[0])] * weight[0]
    for tap in range(1, 4):
        total += picture[(*places, index[tap])] * weight[tap]
    return total


def _taps(wanted: Array, step: Array, size: Any) -> tuple[Array, Array]:
    """Four source places and weights of cubic resizing, pixel centres aligned, edges repeated: both `[4, t, n]`."""
    source = (wanted + 0.5) * step - 0.5
    base = np.floor(source)
    part = source - base
    a = -0.75
    distance = np.stack([part + 1, part, 1 - part, 2 - part])
    near = ((a + 2) * distance - (a + 3)) * distance * distance + 1
    far = ((a * distance - 5 * a) * distance + 8 * a) * distance - 4 * a
    weight = np.where(distance <= 1, near, far).astype(np.float32)
    index = base.astype(np.int64) + np.arange(-1, 3).reshape(4, 1, 1)
    return np.clip(index, 0, size - 1), weight
