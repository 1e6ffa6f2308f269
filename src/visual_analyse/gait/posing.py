"""Laying a pose on the body that it is of, whatever picture its pixels are of."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import binary_dilation

from visual_analyse.gait.bodies import HALF, span_of
from visual_analyse.gait.body_joints import Joints

Array = NDArray[Any]

ENOUGH = 0.8  # of the joints on the body or a pixel beside it; a pose of another walk has about half of them there
_NEEDED = ("left shoulder", "right shoulder", "left hip", "right hip")
# Fractions of stature: Winter 2009, fig. 4.1, after Drillis and Contini 1966.
_EYE, _ANKLE, _CHIN, _HIP = 0.936, 0.039, 0.870, 0.530


def posed(joints: Joints, body: Array) -> Joints | None:
    """The joints in the pixels of a body `[s, h, w]`, with none missing that is ever found; None where they miss it.

    Tried are the pixels as they are; those of a picture from both sides of which columns were cut (ten of each full
    64, as OpenGait's transforms do); and those of the video, scaled to the body from eyes to ankles in every frame.

    >>> posed(joints, np.ones((30, 64, 44)))  # doctest: +SKIP
    """
    if not len(body) or len(joints) != len(body) or not all(joints.of(name)[1].any() for name in _NEEDED):
        return None
    joints = joints.filled()
    near = binary_dilation(body >= HALF, np.ones((1, 3, 3), bool))
    for laid in _laid(joints, body):
        if _on(laid, near) >= ENOUGH:
            return laid
    return None


def _laid(joints: Joints, body: Array) -> Iterator[Joints]:
    yield joints
    width = body.shape[2]
    for times in range(1, 5):
        if (width + 20 * times) // 64 == times:
            yield replace(joints, places=joints.places - (10.0 * times, 0.0))
    scaled = _scaled(joints, body)
    if scaled is not None:
        yield scaled


def _scaled(joints: Joints, body: Array) -> Joints | None:
    face, seen = joints.mean("nose", "left eye", "right eye", "left ear", "right ear")
    feet = np.stack([joints.of(f"{side} ankle")[0][:, 1] for side in ("left", "right")]).max(0)
    if not seen.all() or not all(joints.of(f"{side} ankle")[1].all() for side in ("left", "right")):
        return None
    top, bottom = span_of(body)
    tall = feet - face[:, 1]
    usable = (tall > 1e-6) & np.isfinite(top)
    if not usable.any():
        return None
    time = np.arange(len(body))
    scale, down, across = (np.zeros(len(body)) for _ in range(3))
    scale[usable] = (_EYE - _ANKLE) * (bottom - top)[usable] / tall[usable]
    down[usable] = (bottom - _ANKLE * (bottom - top))[usable] - 0.5 - scale[usable] * feet[usable]
    trunk = joints.mean(*_NEEDED)[0][:, 0]
    columns = np.arange(body.shape[2])
    for frame in np.flatnonzero(usable):
        high, low = (bottom[frame] - share * (bottom - top)[frame] for share in (_CHIN, _HIP))
        mass = (body[frame, int(high) : int(low) + 1] >= HALF).sum(0)
        middle = mass @ columns / mass.sum() if mass.any() else (body.shape[2] - 1) / 2
        across[frame] = middle - scale[frame] * trunk[frame]
    scale, down, across = (np.interp(time, time[usable], part[usable]) for part in (scale, down, across))
    places = joints.places * scale[:, None, None] + np.stack([across, down], -1)[:, None]
    return replace(joints, places=places)


def _on(joints: Joints, near: Array) -> float:
    """The share of the joints that lie on the body, in frames that have one."""
    frames = np.flatnonzero(near.any((1, 2)))
    if not len(frames):
        return 0.0
    place = np.rint(np.clip(joints.places[frames], -1, 1e6)).astype(np.int64)
    column, row = place[..., 0], place[..., 1]
    inside = (column >= 0) & (row >= 0) & (row < near.shape[1]) & (column < near.shape[2])
    hit = np.zeros(inside.shape, bool)
    index = np.nonzero(inside)
    hit[index] = near[frames[index[0]], row[index], column[index]]
    there = joints.found[frames]
    return float(hit[there].mean()) if there.any() else 0.0
