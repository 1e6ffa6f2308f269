"""What is done to the poses of a walk before a skeleton model sees them, and how their joints are numbered."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from visual_analyse.errors import VisualAnalyseError

Array = NDArray[Any]

LEAST_BONE = 1e-4  # added to the length of a bone before it divides


@dataclass(frozen=True)
class Layout:
    """The joints of a pose, by number: which are linked, from which each bone comes, which is across the body.

    `parents` and `mirror` have an entry for each joint; `centre` is the joint that graph models measure from; `limbs`
    are the twelve that MSGG keeps, by side and from shoulder to ankle.
    """

    links: tuple[tuple[int, int], ...]
    parents: tuple[int, ...]
    mirror: tuple[int, ...]
    centre: int
    limbs: tuple[int, ...]

    @property
    def joints(self) -> int:
        """How many there are.

        >>> LAYOUTS["coco"].joints
        17
        """
        return len(self.parents)


# COCO's 17: nose, eyes, ears, shoulders, elbows, wrists, hips, knees, ankles; left before right.
_COCO = Layout(
    links=((0, 1), (0, 2), (1, 3), (2, 4), (3, 5), (4, 6), (5, 6), (5, 7), (7, 9), (6, 8), (8, 10), (5, 11), (6, 12),
           (11, 12), (11, 13), (13, 15), (12, 14), (14, 16)),
    parents=(5, 0, 0, 1, 2, 0, 0, 5, 6, 7, 8, 5, 6, 11, 12, 13, 14),
    mirror=(0, 2, 1, 4, 3, 6, 5, 8, 7, 10, 9, 12, 11, 14, 13, 16, 15),
    centre=0,
    limbs=(6, 8, 14, 12, 7, 13, 5, 10, 16, 11, 9, 15),
)  # fmt: skip
# OpenPose's 18: nose, neck, right arm, left arm, right leg, left leg, eyes, ears; right before left.
_OPENPOSE = Layout(
    links=((0, 1), (0, 14), (0, 15), (14, 16), (15, 17), (1, 2), (2, 3), (3, 4), (1, 5), (5, 6), (6, 7), (1, 8), (8, 9),
           (9, 10), (1, 11), (11, 12), (12, 13)),
    parents=(1, 1, 1, 2, 3, 1, 5, 6, 2, 8, 9, 5, 11, 12, 0, 0, 14, 15),
    mirror=(0, 1, 5, 6, 7, 2, 3, 4, 11, 12, 13, 8, 9, 10, 15, 14, 17, 16),
    centre=1,
    limbs=(2, 3, 9, 8, 6, 12, 5, 4, 10, 11, 7, 13),
)  # fmt: skip
LAYOUTS: Mapping[str, Layout] = {"coco": _COCO, "alphapose": _OPENPOSE, "openpose": _OPENPOSE}


class _GaitGraphMultiInput:
    """Joints, their motion and their bones: `[s, v, 3]` (x, y, confidence) to `[s, v, 3, 5]`.

    Joints: the three numbers, and x and y from the joint `center`. Motion: x and y to the next frame, 0, the
    confidence, y to the frame after it. Bones: x and y from the parent, 0, the confidence, the angle to the y axis.
    In the last two frames nothing moves. Teepe et al., Towards a Deeper Understanding of Skeleton-based Gait
    Recognition, CVPRW 2022.
    """

    def __init__(self, settings: dict[str, Any]) -> None:
        self.layout = _layout(settings)
        self.centre = settings.get("center", 0)
        if type(self.centre) is not int or not 0 <= self.centre < self.layout.joints:
            raise VisualAnalyseError(
                f"center of transform {settings['type']} is {self.centre!r}; the number of a joint was expected, from "
                f"0 to {self.layout.joints - 1}. Correct it in the config."
            )

    def __call__(self, poses: Array) -> Array:
        poses = _poses(poses, "GaitGraphMultiInput", self.layout.joints)
        places, sure = poses[..., :2], poses[..., 2]
        made = np.zeros((*poses.shape[:2], 3, 5))
        joints, motion, bones = (made[:, :, kind] for kind in range(3))
        joints[..., :3] = poses
        joints[..., 3:] = places - places[:, [self.centre]]
        next_, after = _moves(places)
        motion[..., :2], motion[..., 3], motion[..., 4] = next_, sure, after[..., 1]
        bones[..., :2] = places - places[:, list(self.layout.parents)]
        length = np.sqrt(np.square(bones[..., :2]).sum(-1)) + LEAST_BONE
        bones[..., 3], bones[..., 4] = sure, np.arccos(bones[..., 1] / length)
        return made.astype(np.float32)


class _GaitTRMultiInput:
    """Five pairs of x and y of each joint: `[s, v, 2 or 3]` to `[s, v, 10]`.

    Where it is; from joint 0; to the next frame; to the frame after it; from its parent. In the last two frames nothing
    moves. Zhang et al., Spatial Transformer Network on Skeleton-based Gait Recognition, 2022.
    """

    def __init__(self, settings: dict[str, Any]) -> None:
        self.layout = _layout(settings)

    def __call__(self, poses: Array) -> Array:
        places = _poses(poses, "GaitTRMultiInput", self.layout.joints, (2, 3))[..., :2]
        bones = places - places[:, list(self.layout.parents)]
        made = np.concatenate([places, places - places[:, :1], *_moves(places), bones], -1)
        return made.astype(np.float32)


class _Limbs:
    """The twelve joints of arms and legs: `[..., v, c]` to `[..., 12, c]`."""

    def __init__(self, settings: dict[str, Any]) -> None:
        self.layout = _layout(settings)

    def __call__(self, poses: Array) -> Array:
        poses = np.asarray(poses)
        if poses.ndim < 2 or poses.shape[-2] != self.layout.joints:
            raise _unfit("MSGGTransform", f"poses (T,{self.layout.joints},3)", poses)
        return poses[..., list(self.layout.limbs), :]


class _Centre:
    """The frames in the middle of a walk, `sequence_length` of them."""

    def __init__(self, settings: dict[str, Any]) -> None:
        self.length = settings.get("sequence_length", 10)
        if type(self.length) is not int or self.length < 1:
            raise VisualAnalyseError(
                f"sequence_length of transform {settings['type']} is {self.length!r}; it counts the frames that are "
                "kept: 1, 2, ... Correct it in the config."
            )

    def __call__(self, walk: Array) -> Array:
        walk = np.asarray(walk)
        if walk.ndim < 1 or len(walk) < self.length:
            frames = len(walk) if walk.ndim else 0
            raise VisualAnalyseError(
                f"SelectSequenceCenter of the config keeps {self.length} frames, and a walk has {frames}. Leave short "
                "walks out, or write a smaller sequence_length."
            )
        start = (len(walk) - self.length) // 2
        return walk[start : start + self.length]


def _with_empty_filled(poses: Array) -> Array:
    """Joints that were not found (x is 0) put at the mean of their frame's joints, with confidence 0: `[s, v, 3]`.

    One after another, so that later ones count those that were put there before.
    """
    poses = _poses(poses, "NormalizeEmpty")
    filled = np.array(poses, dtype=np.result_type(poses, np.float32))
    lost = filled[..., 0] == 0
    for joint in np.flatnonzero(lost.any(0)):
        frames = lost[:, joint]
        filled[frames, joint, :2] = filled[frames, :, :2].mean(1)
        filled[frames, joint, 2] = 0
    return filled


def _channels_first(poses: Array) -> Array:
    """`[s, v, c]` to `[s, c, v, 1]`, one body."""
    poses = np.asarray(poses)
    if poses.ndim != 3:
        raise _unfit("SkeletonInput", "poses (T,17,c)", poses)
    return poses.transpose(0, 2, 1)[..., None]


def _time_second(poses: Array) -> Array:
    """`[s, v, c]` to `[c, s, v, 1]`, one body."""
    poses = np.asarray(poses)
    if poses.ndim != 3:
        raise _unfit("GaitGraph1Input", "poses (T,17,c)", poses)
    return poses.transpose(2, 0, 1)[..., None]


def _ratio(sizes: Array) -> Array:
    """The second number of each frame by the first: `[s, 2]` to `[s]`."""
    if np.ndim(sizes) != 2 or len(sizes[0]) < 2:
        raise _unfit("RatioHW", "two numbers a frame (T,2)", sizes)
    first, second = sizes[:, 0], sizes[:, 1]
    if not first.all():
        raise VisualAnalyseError(
            f"RatioHW of the config divides by the first number of a frame, which is 0 in frame "
            f"{int(np.argmin(first != 0))}. Leave such frames out of the walk."
        )
    return (second / first).astype(np.float32)


def _moves(places: Array) -> tuple[Array, Array]:
    """From each frame to the next and to the one after it, `[s, v, 2]` both; 0 in the last two frames of both."""
    next_, after = np.zeros_like(places), np.zeros_like(places)
    next_[:-2], after[:-2] = places[1:-1] - places[:-2], places[2:] - places[:-2]
    return next_, after


def _poses(poses: Any, name: str, joints: int | None = None, numbers: tuple[int, ...] = (3,)) -> Array:
    array: Array = np.asarray([] if isinstance(poses, list) else poses)
    shape = array.shape
    if len(shape) != 3 or shape[2] not in numbers or joints not in (None, shape[1]):
        raise _unfit(name, f"poses (T,{17 if joints is None else joints},3)", poses)
    return array


def _unfit(name: str, expected: str, found: Any) -> VisualAnalyseError:
    shape = f"a list of {len(found)} clouds" if isinstance(found, list) else f"shape {np.shape(found)}"
    return VisualAnalyseError(
        f"{name} of the config takes {expected}, and an input of {shape} was given. Choose another file of the walk "
        "with data_cfg.data_in_use, or another transform or joint_format in the config."
    )


def _layout(settings: dict[str, Any]) -> Layout:
    name = settings.get("joint_format", "coco")
    if not isinstance(name, str) or name not in LAYOUTS:
        raise VisualAnalyseError(
            f"joint_format of transform {settings['type']} is {name!r}; {' or '.join(LAYOUTS)} was expected: 17 joints "
            "as COCO has them, or 18 as OpenPose has. Correct it in the config."
        )
    return LAYOUTS[name]


POSE_TRANSFORMS: Mapping[str, Callable[[dict[str, Any]], Callable[[Array], Array]]] = {
    "GaitGraphMultiInput": _GaitGraphMultiInput,
    "GaitTRMultiInput": _GaitTRMultiInput,
    "MSGGTransform": _Limbs,
    "SelectSequenceCenter": _Centre,
    "NormalizeEmpty": lambda settings: _with_empty_filled,
    "SkeletonInput": lambda settings: _channels_first,
    "GaitGraph1Input": lambda settings: _time_second,
    "RatioHW": lambda settings: _ratio,
}
