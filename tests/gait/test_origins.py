"""Where joints and frames end up in a transformed pose."""

from __future__ import annotations

import numpy as np
import pytest

from visual_analyse.errors import VisualAnalyseError
from visual_analyse.gait.origins import trace_pose

POSE = np.random.default_rng(0).normal(size=(17, 17, 3)) * 20


@pytest.mark.parametrize(
    ("change", "axes", "joints"),
    [
        (lambda pose: pose, "n s v c", [*range(17)]),
        (lambda pose: pose.transpose(2, 0, 1)[..., None], "n c s v i", [*range(17)]),
        (lambda pose: pose[:, [6, 8, 14, 5, 1]], "n s v c", [6, 8, 14, 5, 1]),
        # relative to the first joint: that one moves all others, itself most
        (lambda pose: np.concatenate([pose, pose - pose[:, :1]], -1).transpose(0, 2, 1), "n s c v", [*range(17)]),
    ],
)
def test_axes_and_joints(change, axes, joints):
    found = trace_pose(change, POSE)
    assert found.axes(np.asarray(change(POSE)).ndim) == axes
    assert found.joints.tolist() == joints
    assert found.frames.tolist() == [*range(17)]


def test_frames_that_a_transform_leaves_out():
    found = trace_pose(lambda pose: pose[4:9].transpose(1, 0, 2), POSE)
    assert (found.time, found.joint) == (1, 0)
    assert found.frames.tolist() == [4, 5, 6, 7, 8]


def test_the_pose_itself_is_not_written_to():
    before = POSE.copy()

    def change(pose):
        pose += 1
        return pose

    trace_pose(change, POSE)
    assert (before == POSE).all()


def test_what_follows_no_joints_is_told():
    with pytest.raises(VisualAnalyseError, match="follows its"):
        trace_pose(lambda pose: pose.mean(1), POSE)


@pytest.mark.parametrize("seed", range(12))
def test_a_random_walk_misleads_nobody(seed):
    """Where every joint moves all others a little, places of the largest change differ along time by chance."""
    pose = np.random.default_rng(seed).uniform(0, 64, (60, 17, 3))

    def change(pose):
        found = np.zeros((*pose.shape[:2], 3, 5))
        found[..., 0, :3] = pose
        found[..., 0, 3:] = pose[..., :2] - pose[:, :1, :2]
        found[:-1, :, 1, :2] = pose[1:, :, :2] - pose[:-1, :, :2]
        return found

    found = trace_pose(change, pose)
    assert found.axes(4) == "n s v c i"
    assert found.joints.tolist() == [*range(17)]
