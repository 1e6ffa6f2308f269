"""Which region of the body each pixel of a walk shows, and each joint of a pose is of."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from visual_analyse.gait.bodies import HALF, body_in, span_of
from visual_analyse.gait.body_joints import joints_of
from visual_analyse.gait.bones import nearest_bones
from visual_analyse.gait.posing import posed
from visual_analyse.results import InputKind

Array = NDArray[Any]

FOUR = ("head", "trunk", "arms", "legs")
THREE = ("head", "trunk and arms", "legs")  # what heights alone can tell
HEAD, TRUNK, ARMS, LEGS = 1, 2, 3, 4

# Fractions of stature: Winter 2009, fig. 4.1, after Drillis and Contini 1966.
CHIN, HIP = 0.870, 0.530
# The region of each class of a parsing, by the ids that OpenGait's ParsingGait documents: background, head, torso, then
# left and right arm, hand, leg and foot, and a dress.
_PARSED = np.array([0, HEAD, TRUNK, ARMS, ARMS, ARMS, ARMS, LEGS, LEGS, LEGS, LEGS, TRUNK], np.uint8)
_OF_JOINT = {"nose": HEAD, "eye": HEAD, "ear": HEAD, "neck": TRUNK, "shoulder": TRUNK, "hip": TRUNK,
             "elbow": ARMS, "wrist": ARMS, "knee": LEGS, "ankle": LEGS}  # fmt: skip


def regions_of(
    arrays: Sequence[Array], kinds: Sequence[InputKind], size: tuple[int, int]
) -> tuple[NDArray[np.uint8] | None, tuple[str, ...]]:
    """The region of each pixel of a walk's pictures of one size (h, w), from its inputs as a person sees them.

    uint8 `[s, h, w]`, 0 where there is no body, else the place, from 1, in the names. By a parsing whose classes lie as
    a body does; else by a pose that lies on the body; else by heights, which tell no arms. None where no input of that
    size shows a body. `arrays` lie as `Evidence.frames` and `inputs` do, one for each of `kinds`.

    >>> regions_of([np.full((1, 64, 44), 255, np.uint8)], [InputKind("silhouette")], (64, 44))[1]
    ('head', 'trunk and arms', 'legs')
    """
    pictures = [
        (np.asarray(array), kind)
        for array, kind in zip(arrays, kinds, strict=True)
        if kind.picture in ("grey", "palette", "planes") and np.shape(array)[1:3] == tuple(size)
    ]
    for array, kind in pictures:
        found = parsed_regions(array) if kind.picture == "palette" and array.ndim == 3 else None
        if found is not None:
            return found, FOUR
    # A silhouette tells best what is body; a skeleton map, of which only limbs are bright, worst.
    order = {"grey": 0, "palette": 1, "planes": 2}
    for array, kind in sorted(pictures, key=lambda pair: order[pair[1].picture]):
        body = body_in(array, kind)
        if body is None or not body.any():
            continue
        for poses, other in zip(arrays, kinds, strict=True):
            if other.picture == "joints" and len(poses) == len(body):
                found = posed_regions(body, poses, other.joints)
                if found is not None:
                    return found, FOUR
        return height_regions(body), THREE
    return None, ()


def parsed_regions(classes: Array) -> NDArray[np.uint8] | None:
    """The regions, by FOUR, of a parsing `[s, h, w]` of class ids; None where its classes do not lie as a body does.

    Other parsings number other classes, so ids are believed only where the head lies above the torso, and both above
    the legs.

    >>> parsed_regions(np.ones((1, 8, 8), np.uint8)) is None
    True
    """
    classes = np.asarray(classes)
    known = (classes >= 0) & (classes < len(_PARSED))
    if not known.all():
        return None
    found = _PARSED[classes.astype(np.int64)]
    rows = np.arange(found.shape[1])
    heights = []
    for region in (HEAD, TRUNK, LEGS):
        mass = (found == region).sum((0, 2))
        if not mass.any():
            return None
        heights.append(float(mass @ rows / mass.sum()))
    return found if heights[0] < heights[1] < heights[2] else None


def posed_regions(body: Array, poses: Array, names: Sequence[str] = ()) -> NDArray[np.uint8] | None:
    """The regions, by FOUR, of a body `[s, h, w]` (shares of 0..1): each pixel's is that of the nearest bone.

    `poses` `[s, v, 3]` of joints `names`, in the pixels of the body's picture, of the picture before its sides were cut
    off, or of the video that it was cut from. None where they cannot be laid on the body.

    >>> posed_regions(np.ones((1, 64, 44)), np.zeros((1, 17, 3))) is None
    True
    """
    joints = posed(joints_of(poses, names), body)
    if joints is None:
        return None
    found = np.zeros(body.shape, np.uint8)
    inside = np.nonzero(body >= HALF)
    top, bottom = span_of(body)
    found[inside] = nearest_bones(joints, inside, bottom - top)
    return found


def height_regions(body: Array) -> NDArray[np.uint8]:
    """The regions, by THREE, of a body `[s, h, w]` (shares of 0..1), by the heights of chin and hip.

    Winter, Biomechanics and Motor Control of Human Movement, 2009, fig. 4.1.

    >>> np.unique(height_regions(np.ones((1, 64, 44)))).tolist()
    [1, 2, 3]
    """
    top, bottom = span_of(body)
    with np.errstate(invalid="ignore"):
        height = (bottom[:, None] - np.arange(body.shape[1]) - 0.5) / (bottom - top)[:, None]
        region = np.where(height > CHIN, 1, np.where(height > HIP, 2, 3))
    region = np.where(np.isfinite(height), region, 0)
    return np.where(body >= HALF, region[:, :, None], 0).astype(np.uint8)


def regions_of_joints(
    poses: Array, names: Sequence[str]
) -> tuple[NDArray[np.uint8] | None, tuple[str, ...]]:  # fmt: skip
    """The region of each joint of each frame of poses `[s, v, 3]`: uint8 `[s, v]`, and the names of the regions.

    0 for a joint that is missing from a frame, or has no name that is known; None where none has.

    >>> regions_of_joints(np.ones((1, 2, 3)), ["nose", "left knee"])[0].tolist()
    [[1, 4]]
    """
    known = joint_regions(names)
    if poses.ndim != 3 or len(known) != poses.shape[1] or not known.any():
        return None, ()
    return np.where((np.asarray(poses) != 0).any(-1), known, 0).astype(np.uint8), FOUR


def joint_regions(names: Sequence[str]) -> NDArray[np.int64]:
    """The region, by FOUR, of each joint by its name: int64 `[v]`, 0 for a name that is not known.

    >>> joint_regions(["nose", "left hip", "right wrist", "left knee"]).tolist()
    [1, 2, 3, 4]
    """
    return np.array([_OF_JOINT.get(name.split()[-1] if name else "", 0) for name in names], np.int64)
