"""The bones of a body as rods with flesh around them, and which of them a pixel is nearest to."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from visual_analyse.gait.body_joints import Joints

Array = NDArray[Any]

HEAD, TRUNK, ARMS, LEGS = 1, 2, 3, 4
_SHOULDERS, _HIPS = ("left shoulder", "right shoulder"), ("left hip", "right hip")
_FACE = ("nose", "left eye", "right eye", "left ear", "right ear")
# Half a breadth of each, in body heights: half of a head's length (Winter 2009, fig. 4.1: .130), of chest and hips
# seen from the side, and of limbs with their clothes.
_HEAD, _TRUNK, _UPPER_ARM, _FOREARM, _THIGH, _SHANK = 0.065, 0.07, 0.032, 0.027, 0.05, 0.035
_CHIN = 0.35  # of the way from the middle of the shoulders to that of the face: where the neck ends
_HAND = 0.5  # of a forearm, beyond the wrist (Winter: hand .108, forearm .146; a fist is two thirds of a hand)
_HIDDEN = 0.75  # of the confidence in the other arm: the confidence in one that is behind the body
_BEFORE = 0.8  # of an arm's half breadth: so near to its bone a pixel is the arm's, whatever lies behind


def nearest_bones(joints: Joints, pixels: tuple[Array, ...], height: Array) -> NDArray[np.uint8]:
    """The region of each pixel `(frame, row, column)`, each `[q]`, by the surface of the nearest bone: uint8 `[q]`.

    1 head, 2 trunk, 3 arms, 4 legs. `height` `[s]`, how tall the body stands in each frame.
    """
    frame, row, column = pixels
    points = np.stack([column, row], -1).astype(np.float64)
    tall = np.maximum(np.nan_to_num(height, nan=1.0), 1.0)
    nearest = np.full(len(frame), np.inf)
    region = np.zeros(len(frame), np.uint8)
    before = np.zeros(len(frame), bool)
    for start, end, half, of, seen in _rods(joints):
        away = _distance(points, start[frame], end[frame]) / tall[frame]
        before |= (away < _BEFORE * half) & seen[frame]
        nearer = away - half < nearest
        nearest[nearer], region[nearer] = (away - half)[nearer], of
    region[before] = ARMS
    return region


def _rods(joints: Joints) -> list[tuple[Array, Array, float, int, Array]]:
    """Each bone that the pose has: from `[s, 2]`, to `[s, 2]`, half its breadth, its region, if it is before a body."""
    rods = []
    nowhere = np.zeros(len(joints), bool)

    def rod(start: tuple[Array, Array], end: tuple[Array, Array], half: float, of: int, seen: Array = nowhere) -> None:
        if start[1].all() and end[1].all():
            rods.append((start[0], end[0], half, of, seen))

    neck, waist, face = joints.mean(*_SHOULDERS), joints.mean(*_HIPS), joints.mean(*_FACE)
    chin = (neck[0] + _CHIN * (face[0] - neck[0]), neck[1] & face[1])
    crown = (face[0] + 0.5 * (face[0] - chin[0]), chin[1])
    rod(chin, crown, _HEAD, HEAD)
    rod(neck, waist, _TRUNK, TRUNK)
    rod(joints.of(_SHOULDERS[0]), joints.of(_SHOULDERS[1]), _UPPER_ARM, TRUNK)
    rod(joints.of(_HIPS[0]), joints.of(_HIPS[1]), _THIGH, TRUNK)
    sure = {side: joints.confidence(f"{side} elbow") + joints.confidence(f"{side} wrist") for side in ("left", "right")}
    for side in ("left", "right"):
        shoulder, elbow, wrist, hip, knee, ankle = (
            joints.of(f"{side} {name}") for name in ("shoulder", "elbow", "wrist", "hip", "knee", "ankle")
        )
        fist = (wrist[0] + _HAND * (wrist[0] - elbow[0]), elbow[1] & wrist[1])
        rod(shoulder, hip, _TRUNK, TRUNK)
        seen = sure[side] >= _HIDDEN * sure["right" if side == "left" else "left"]
        rod(shoulder, elbow, _UPPER_ARM, ARMS, seen)
        rod(elbow, fist, _FOREARM, ARMS, seen)
        rod(hip, knee, _THIGH, LEGS)
        rod(knee, ankle, _SHANK, LEGS)
    return rods


def _distance(points: Array, start: Array, end: Array) -> Array:
    along = end - start
    length = np.maximum((along**2).sum(-1), 1e-9)
    share = np.clip(((points - start) * along).sum(-1) / length, 0.0, 1.0)
    return np.asarray(np.hypot(*(points - start - share[:, None] * along).T))
