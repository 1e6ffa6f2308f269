"""Where the joints and frames of a walk end up in what a transform makes of them: tried, not assumed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from visual_analyse.errors import VisualAnalyseError

Array = NDArray[Any]
_POKE = (7.0, -5.0)  # pixels right and up: more than any joint of a standing person is from its neighbour by chance
_TRIED = 12  # frames that tell the axis of time


@dataclass(frozen=True)
class Origins:
    """The axes that time and joints have in a transformed walk, from 0, and where their entries come from.

    `frames` int64 `[t]`: the frame of the walk that each frame shown is; `joints` int64 `[v]`: the joint likewise.
    """

    time: int
    joint: int
    frames: NDArray[np.int64]
    joints: NDArray[np.int64]

    def axes(self, ndim: int) -> str:
        """The axes of the transformed walk by name, with a walk axis before them: "n s v c" and the like."""
        others = iter("cim" if ndim <= 5 else "cimabde")
        names = ["s" if k == self.time else "v" if k == self.joint else next(others) for k in range(ndim)]
        return " ".join(["n", *names])


def trace_pose(change: Callable[[Array], Any], pose: Array) -> Origins:
    """Find where each joint and frame of a pose `[s, v, 3]` ends up: move one, and see what changes most.

    `change` gets a copy each time. Raises VisualAnalyseError where no axis follows the joints or the frames.

    >>> trace_pose(lambda pose: pose.transpose(1, 0, 2), np.random.rand(9, 17, 3)).axes(3)
    'n v s c'
    """
    pose = np.asarray(pose, np.float64)
    before = np.asarray(change(pose.copy()), np.float64)
    frames, joints = pose.shape[:2]

    def moved(frame: int | slice, joint: int | slice) -> Array:
        poked = pose.copy()
        poked[frame, joint, :2] += _POKE
        after = np.asarray(change(poked), np.float64)
        if after.shape != before.shape:
            raise VisualAnalyseError(
                f"A transform of the config gives {list(after.shape)} or {list(before.shape)}, depending on where the "
                "joints are; one shape was expected. Leave it out of evaluator_cfg.transform."
            )
        difference: Array = np.abs(after - before)
        return difference

    by_joint = np.stack([moved(slice(None), joint) for joint in range(joints)])
    joint_axis = _following(by_joint, "joint", before.shape)
    some = np.unique(np.linspace(0, frames - 1, min(frames, _TRIED)).astype(int))
    time_axis = _following(np.stack([moved(int(k), slice(None)) for k in some]), "frame", before.shape, joint_axis)
    if before.shape[time_axis] == frames:
        origin = np.arange(frames)
    else:
        every = np.stack([_profile(moved(k, slice(None)), time_axis) for k in range(frames)])
        origin = every.argmax(0)
    profiles = np.stack([_profile(change_of, joint_axis) for change_of in by_joint])
    return Origins(time_axis, joint_axis, origin.astype(np.int64), profiles.argmax(0).astype(np.int64))


def _profile(change: Array, axis: int) -> Array:
    profile: Array = change.sum(tuple(k for k in range(change.ndim) if k != axis))
    return profile


def _following(changes: Array, what: str, shape: tuple[int, ...], taken: int | None = None) -> int:
    """The axis along which each poke changes one place most, and each another.

    Along an axis that does not follow the pokes the place of the largest change may differ from poke to poke by chance;
    there it is hardly larger than the rest.
    """
    scores = []
    for axis in range(changes.ndim - 1):
        profiles = np.stack([_profile(change, axis) for change in changes])
        total = profiles.sum(1)
        share = np.divide(profiles.max(1), total, out=np.zeros(len(total)), where=total > 0).mean()
        distinct = len(set(profiles.argmax(1).tolist()))
        scores.append(0.0 if axis == taken or (distinct < 2 and len(changes) > 1) else share * distinct)
    best = int(np.argmax(scores))
    if not scores[best]:
        raise VisualAnalyseError(
            f"No axis of a transformed walk, {list(shape)}, follows its {what}s. A transform for poses was expected in "
            "evaluator_cfg.transform, e.g. GaitGraphMultiInput, GaitTRMultiInput or MSGGTransform."
        )
    return best
