"""How much of each pixel is body, and from which row to which a body stands."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from visual_analyse.results import InputKind

Array = NDArray[Any]

HALF = 0.5  # of a pixel: at least so much of it is body where a pixel is called body
_ASTRAY = 0.15  # of the usual height of a walk's bodies: a top or bottom further off is a speck, or a piece cut away


def body_of(frames: Array) -> Array:
    """How much of each pixel is body: float64 `[s, h, w]` in 0..1, from pictures `[s, h, w]` whose background is 0.

    The brightest pixel of the walk is body wholly; what is not finite is background.

    >>> float(body_of(np.full((1, 2, 2), 255, np.uint8)).min())
    1.0
    """
    with np.errstate(invalid="ignore"):  # a float16 walk from a stranger may hold signalling NaN
        values = np.nan_to_num(np.asarray(frames, np.float64), nan=0.0, posinf=0.0, neginf=0.0)
    values = np.maximum(values, 0.0)
    brightest = float(values.max(initial=0.0))
    return values / brightest if brightest > 0 else values


def body_in(frames: Array, kind: InputKind) -> Array | None:
    """`body_of` an input as a person sees it; None where it does not tell the body from its background.

    Silhouettes by their grey; parsing, depth and skeleton maps wherever they are not black. RGB, joints, points and
    numbers tell nothing.

    >>> body_in(np.ones((1, 2, 2, 3), np.uint8), InputKind("RGB", "rgb")) is None
    True
    """
    frames = np.asarray(frames)
    if kind.picture == "planes" and frames.ndim == 4:
        return body_of(frames.max(-1))  # limbs fade out: their grey, not their colour
    if frames.ndim != 3 or kind.picture not in ("grey", "palette"):
        return None
    return body_of(frames) if kind.name == "silhouette" else body_of(frames > 0)


def span_of(body: Array) -> tuple[Array, Array]:
    """The first row of each body and the row after its last, float64 `[s]`; NaN for frames without one.

    Of a body of which a piece is missing, or that a speck lies above or below, the walk's own middle value is taken.

    >>> [row.tolist() for row in span_of(np.eye(4)[None])]
    [[0.0], [4.0]]
    """
    rows = body.max(2, initial=0.0) >= HALF
    there = rows.any(1)
    if not there.any():
        return np.full(len(body), np.nan), np.full(len(body), np.nan)
    top = np.where(there, rows.argmax(1), np.nan)
    bottom = np.where(there, rows.shape[1] - rows[:, ::-1].argmax(1), np.nan)
    usual = float(np.nanmedian(bottom - top))
    for edge in (top, bottom):
        off = np.abs(edge - np.nanmedian(edge))
        # Only where the walk stands still in its pictures, as prepared ones do, is its middle a row of every frame.
        if float(np.nanmedian(off)) <= 1.0:
            edge[off > max(_ASTRAY * usual, 1.0)] = np.nanmedian(edge)
    lost = bottom - top < 2
    top[lost], bottom[lost] = np.nan, np.nan
    return top, bottom
