"""Where the person is on the frames, how far from the outline, and what a map says there."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import distance_transform_edt
from scipy.stats import rankdata

from visual_analyse.results import LayerEvidence
from visual_analyse.results.sums import on_pixels

Array = NDArray[Any]
Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]


def background_of(frames: Array) -> Array:
    """What stands where nobody is: the least value of each channel of frames `[s, h, w]` or `[s, c, h, w]`.

    >>> background_of(np.eye(2)[None]).item()
    0.0
    """
    return np.asarray(frames.min((0, -2, -1), keepdims=True)[0])


def body_of(frames: Array) -> Bools:
    """The pixels of the person, `[s, h, w]`, of frames as a model is given them, `[s, h, w]` or `[s, c, h, w]`.

    >>> body_of(np.eye(2)[None]).tolist()
    [[[True, False], [False, True]]]
    """
    there = frames > background_of(frames)
    return np.asarray(there.any(1) if frames.ndim == 4 else there)


def to_outline(body: Bools) -> Floats:
    """How far each pixel of each frame is from the outline, inside and outside alike, `[s, h, w]`, in pixels.

    >>> to_outline(np.array([[[True, True, False]]])).tolist()
    [[[2.0, 1.0, 1.0]]]
    """
    found = np.full(body.shape, float(sum(body.shape[1:])))
    for frame, distance in zip(body, found, strict=True):
        if frame.any() and not frame.all():
            distance[:] = np.where(frame, distance_transform_edt(frame), distance_transform_edt(~frame))
    return found


def evidence_on(layer: LayerEvidence, body: Bools | None = None) -> Floats:
    """A layer's evidence on each pixel of the body, in a row; where there is no picture, on each of its cells.

    >>> layer = LayerEvidence(1, "conv", "Conv2d", np.ones((1, 1, 1), np.float32), np.array([[0, 1]]))
    >>> evidence_on(layer, np.array([[[True, False]]])).tolist()
    [0.5]
    """
    if body is None or layer.maps.ndim != 3:
        return np.asarray(layer.maps, dtype=np.float64).ravel()
    return np.asarray(on_pixels(layer, len(body), (body.shape[1], body.shape[2]))[body])


def spearman(one: Floats, other: Floats) -> float:
    """The rank correlation of two maps; 0 where one is flat, as it ranks nothing.

    >>> spearman(np.array([1.0, 2.0, 3.0]), np.array([10.0, 20.0, 90.0]))
    1.0
    """
    ranks = [rankdata(values) - (len(values) + 1) / 2 for values in (one, other)]
    lengths = float(np.sqrt((ranks[0] ** 2).sum() * (ranks[1] ** 2).sum()))
    return float(ranks[0] @ ranks[1] / lengths) if lengths > 0 else 0.0
