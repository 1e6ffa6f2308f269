"""The joints of a pose by name, whatever their order, with those that were not found told apart."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from visual_analyse.gait.kinds import POSE, POSE_18

Array = NDArray[Any]


@dataclass(frozen=True)
class Joints:
    """Where joints are: `places` float64 `[s, v, 2]` (x, y; 0 where not found), `found` bool `[s, v]`, their `names`.

    `sure` float64 `[s, v]` is the confidence in each, 1 where none is told.
    """

    places: Array
    found: Array
    names: tuple[str, ...]
    sure: Array

    def __len__(self) -> int:
        return len(self.places)

    def of(self, name: str) -> tuple[Array, Array]:
        """A joint's places `[s, 2]` and where it was found `[s]`; nowhere, where the pose has no such joint."""
        if name not in self.names:
            return np.zeros((len(self), 2)), np.zeros(len(self), bool)
        joint = self.names.index(name)
        return self.places[:, joint], self.found[:, joint]

    def confidence(self, name: str) -> Array:
        """The confidence in a joint `[s]`; 0 where the pose has no such joint."""
        return self.sure[:, self.names.index(name)] if name in self.names else np.zeros(len(self))

    def mean(self, *names: str) -> tuple[Array, Array]:
        """The middle of several joints `[s, 2]`, of those that were found, and where any was `[s]`."""
        places, found = zip(*(self.of(name) for name in names), strict=True)
        there = np.stack(found)
        total: Array = (np.stack(places) * there[..., None]).sum(0)
        return total / np.maximum(there.sum(0), 1)[:, None], np.asarray(there.any(0))

    def filled(self) -> Joints:
        """Each joint put between the frames before and after where it was not found; nowhere found stays so."""
        places = self.places.copy()
        time = np.arange(len(places))
        for joint, there in enumerate(self.found.T):
            if there.any():
                for axis in range(2):
                    places[:, joint, axis] = np.interp(time, time[there], places[there, joint, axis])
        return replace(self, places=places, found=np.broadcast_to(self.found.any(0), self.found.shape).copy())


def joints_of(poses: Array, names: Sequence[str] = ()) -> Joints:
    """The joints of poses `[s, v, 3]` (x, y, confidence), or `[s, v, 2]`, by their names.

    Not found is a joint that is not finite, lies at the very corner (0, 0), or has a confidence of 0 in a walk where
    others have more. `names`: of COCO's 17 and OpenPose's 18 joints, unless given.

    >>> joints_of(np.ones((2, 17, 3))).of("left knee")[0].tolist()
    [[1.0, 1.0], [1.0, 1.0]]
    """
    poses = np.asarray(poses, np.float64)
    if not names:
        names = {17: POSE.joints, 18: POSE_18.joints}.get(poses.shape[1], ())
    places = poses[..., :2]
    found = np.isfinite(places).all(-1) & (np.abs(places) < 1e6).all(-1) & (places != 0).any(-1)
    sure = np.ones(found.shape)
    if poses.shape[-1] > 2:
        told = np.nan_to_num(poses[..., 2], nan=0.0, posinf=0.0, neginf=0.0)
        if (told > 0).any():
            found, sure = found & (told > 0), np.maximum(told, 0.0)
    return Joints(np.where(found[..., None], places, 0.0), found, tuple(names), sure)
