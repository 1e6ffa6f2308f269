"""Transforms of poses: what their names stand for, counted by hand, and beside OpenGait's own."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from visual_analyse.errors import VisualAnalyseError
from visual_analyse.gait.config import Config
from visual_analyse.gait.pose_transforms import LAYOUTS
from visual_analyse.gait.transforms import build_transforms

FORMATS = {17: "coco", 18: "alphapose"}
OF_POSES = ("GaitGraphMultiInput", "GaitTRMultiInput", "MSGGTransform", "NormalizeEmpty")


def poses(joints: int = 17, frames: int = 6, seed: int = 0) -> np.ndarray[Any, Any]:
    rng = np.random.default_rng(seed)
    made = rng.uniform(2, 60, (frames, joints, 3)).astype(np.float32)
    made[..., 2] = rng.random((frames, joints))
    return made


def applied(array: Any, name: str, **settings: Any) -> np.ndarray[Any, Any]:
    return build_transforms([{"type": name, **settings}])[0](array)


def test_joints_motion_and_bones_of_a_count_by_hand() -> None:
    walk = np.zeros((4, 17, 3), np.float32)
    walk[..., 2] = 0.5
    walk[:, 9, :2] = [[3, 4], [4, 6], [9, 9], [0, 0]]  # the left wrist, whose parent, the elbow, stays at 0
    walk[:, 0, 0] = 1  # the nose
    made = applied(walk, "GaitGraphMultiInput")[:, 9]
    assert made.dtype == np.float32
    assert made[0, 0].tolist() == [3, 4, 0.5, 2, 4]
    assert made[:, 1].tolist() == [[1, 2, 0, 0.5, 5], [5, 3, 0, 0.5, -6], [0, 0, 0, 0.5, 0], [0, 0, 0, 0.5, 0]]
    assert made[0, 2].tolist() == pytest.approx([3, 4, 0, 0.5, math.acos(4 / 5.0001)])
    assert applied(walk, "GaitGraphMultiInput", center=7)[0, 9, 0].tolist() == [3, 4, 0.5, 3, 4]


def test_five_pairs_of_a_count_by_hand() -> None:
    walk = np.zeros((4, 17, 3), np.float32)
    walk[:, 9, :2] = [[3, 4], [4, 6], [9, 9], [0, 0]]
    walk[:, 0, 0], walk[:, 7, 1] = 1, 2
    made = applied(walk, "GaitTRMultiInput")
    assert made.shape == (4, 17, 10) and made.dtype == np.float32
    assert made[0, 9].tolist() == [3, 4, 2, 4, 1, 2, 6, 5, 3, 2]
    assert made[1, 9].tolist() == [4, 6, 3, 6, 5, 3, -4, -6, 4, 4]
    assert made[2, 9].tolist() == [9, 9, 8, 9, 0, 0, 0, 0, 9, 7]
    assert np.array_equal(applied(walk[..., :2], "GaitTRMultiInput"), made)


@pytest.mark.parametrize("name", ["GaitGraphMultiInput", "GaitTRMultiInput"])
@pytest.mark.parametrize("frames", [1, 2])
def test_two_frames_do_not_move(name: str, frames: int) -> None:
    walk = poses(frames=frames)
    made = applied(walk, name)
    assert np.isfinite(made).all()
    still = made[:, :, 1, [0, 1, 4]] if made.ndim == 4 else made[..., 4:8]
    assert not still.any()


def test_joints_that_were_not_found_go_to_the_middle_of_the_others() -> None:
    walk = np.ones((3, 17, 3), np.float32)
    walk[1, :, :2] = 17.0
    walk[1, [4, 9], :2] = 0  # an estimator's confidence in them may be anything
    filled = applied(walk, "NormalizeEmpty")
    # 15 joints at 17 and two at 0: first 15; then, with that one in it, (15 * 17 + 15) / 17.
    assert filled[1, 4].tolist() == pytest.approx([15, 15, 0])
    assert filled[1, 9].tolist() == pytest.approx([270 / 17, 270 / 17, 0])
    assert np.array_equal(np.delete(filled, 1, 0), np.delete(walk, 1, 0))
    whole = applied(np.zeros((1, 17, 3), np.int64) + 3, "NormalizeEmpty")
    assert whole.dtype.kind == "f" and (whole == 3).all()


def test_axes_change_places() -> None:
    walk = poses()
    assert np.array_equal(applied(walk, "SkeletonInput")[..., 0], np.einsum("tvc->tcv", walk))
    assert np.array_equal(applied(walk, "GaitGraph1Input")[..., 0], np.einsum("tvc->ctv", walk))
    assert applied(walk, "SkeletonInput").shape == (6, 3, 17, 1)


def test_frames_in_the_middle() -> None:
    walk = np.arange(9)
    assert applied(walk, "SelectSequenceCenter", sequence_length=4).tolist() == [2, 3, 4, 5]
    assert applied(walk, "SelectSequenceCenter", sequence_length=9).tolist() == list(range(9))
    assert len(applied(np.arange(30), "SelectSequenceCenter")) == 10


def test_arms_and_legs_and_ratios() -> None:
    walk = poses()
    kept = applied(walk, "MSGGTransform")
    assert kept.shape == (6, 12, 3)
    # Right shoulder, elbow, knee, hip; left elbow, knee, shoulder; right wrist, ankle; left hip, wrist, ankle.
    assert np.array_equal(kept[:, [0, 6]], walk[:, [6, 5]])
    assert not np.isin(kept, walk[:, :5]).any()
    assert applied(np.array([[4, 2], [2, 5]]), "RatioHW").tolist() == [0.5, 2.5]


@pytest.mark.parametrize("name", [*OF_POSES, "SkeletonInput", "GaitGraph1Input", "Compose"])
def test_nothing_is_written_into_what_is_given(name: str) -> None:
    walk = poses()
    walk[2, 3] = 0
    before = walk.copy()
    steps = [{"type": "NormalizeEmpty"}, {"type": "GaitTRMultiInput"}, {"type": "SkeletonInput"}]
    made = applied(walk, name, trf_cfg=steps)
    assert np.array_equal(walk, before)
    walk.setflags(write=False)
    assert np.array_equal(applied(walk, name, trf_cfg=steps), made)


@pytest.mark.parametrize("name", OF_POSES[:3])
def test_the_other_number_of_joints_is_refused(name: str) -> None:
    for joints in FORMATS:
        other = FORMATS[35 - joints]
        with pytest.raises(VisualAnalyseError, match=rf"\(T,{35 - joints},3\).*shape \(6, {joints}, 3\).*joint_format"):
            applied(poses(joints), name, joint_format=other)
        assert applied(poses(joints), name, joint_format=FORMATS[joints]).shape[0] == 6


@pytest.mark.parametrize(
    ("name", "array", "said"),
    [
        ("GaitGraphMultiInput", np.zeros((5, 64, 64)), r"takes poses \(T,17,3\).*shape \(5, 64, 64\).*data_in_use"),
        ("GaitGraphMultiInput", np.zeros((5, 17, 2)), r"shape \(5, 17, 2\)"),
        ("GaitTRMultiInput", np.zeros((5, 17, 4)), r"shape \(5, 17, 4\)"),
        ("NormalizeEmpty", np.zeros((5, 85)), r"shape \(5, 85\)"),
        ("NormalizeEmpty", [np.zeros((5, 3)), np.zeros((4, 3))], "a list of 2 clouds"),
        ("SkeletonInput", np.zeros((5, 3, 64, 64)), r"shape \(5, 3, 64, 64\)"),
        ("GaitGraph1Input", np.zeros(5), r"shape \(5,\)"),
        ("MSGGTransform", np.zeros(5), r"shape \(5,\)"),
        ("RatioHW", np.zeros(5), r"two numbers a frame \(T,2\).*shape \(5,\)"),
        ("RatioHW", np.zeros((5, 1)), r"shape \(5, 1\)"),
        ("RatioHW", np.array([[1, 1], [0, 2]]), "which is 0 in frame 1"),
        ("SelectSequenceCenter", np.zeros(9), "keeps 10 frames, and a walk has 9"),
    ],
)
def test_other_inputs_are_answered_with_a_sentence(name: str, array: Any, said: str) -> None:
    with pytest.raises(VisualAnalyseError, match=said):
        applied(array, name)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"type": "GaitTRMultiInput", "joint_format": "h36m"}, "joint_format .* is 'h36m'; coco or alphapose"),
        ({"type": "MSGGTransform", "joint_format": ["coco"]}, "joint_format .* 17 joints"),
        ({"type": "GaitGraphMultiInput", "center": 17}, "center .* is 17; .* 0 to 16"),
        ({"type": "GaitGraphMultiInput", "center": "nose"}, "center .* is 'nose'"),
        ({"type": "SelectSequenceCenter", "sequence_length": 0}, "sequence_length .* is 0"),
    ],
)
def test_wrong_settings(settings: dict[str, Any], said: str) -> None:
    with pytest.raises(VisualAnalyseError, match=said):
        build_transforms([settings])


def test_formats_are_of_so_many_joints() -> None:
    assert {name: layout.joints for name, layout in LAYOUTS.items()} == {"coco": 17, "alphapose": 18, "openpose": 18}


def _settings() -> list[tuple[int, dict[str, Any]]]:
    found: list[tuple[int, dict[str, Any]]] = []
    for joints, name in FORMATS.items():
        own = {"joint_format": name}
        found += [(joints, {"type": kind, **own}) for kind in OF_POSES[:3]]
        found += [(joints, {"type": kind}) for kind in ("NormalizeEmpty", "SkeletonInput", "GaitGraph1Input")]
        found += [
            (joints, {"type": "GaitGraphMultiInput", "center": 8, **own}),
            (joints, {"type": "SelectSequenceCenter", "sequence_length": 5}),
            (joints, {"type": "RatioHW"}),
            (joints, {"type": "Compose", "trf_cfg": [{"type": "NormalizeEmpty"},
                                                     {"type": "GaitGraphMultiInput", **own}]}),
            (joints, {"type": "Compose", "trf_cfg": [{"type": "GaitTRMultiInput", **own}, {"type": "SkeletonInput"}]}),
        ]  # fmt: skip
    return [*found, (18, {"type": "GaitTRMultiInput", "joint_format": "openpose"})]


@pytest.mark.opengait
@pytest.mark.parametrize(("joints", "settings"), _settings())
@pytest.mark.parametrize("frames", [1, 2, 3, 11])
def test_opengait_says_the_same(joints: int, settings: dict[str, Any], frames: int, opengait: Path) -> None:
    import torch

    from visual_analyse.models.checkout import Checkout

    if settings["type"] == "SelectSequenceCenter" and frames < 11:
        pytest.skip("it takes no walk as short as that")
    checkout, cpu = Checkout(opengait), torch.device("cpu")
    config = Config(Path("some.yaml"), {"evaluator_cfg": {"transform": [settings]}})
    walk = poses(joints, frames)
    walk[frames // 2, [4, 9, 11]] = 0
    if settings["type"] == "RatioHW":
        walk = walk[:, 0] + 1
    found = build_transforms([settings])[0](walk)
    theirs = checkout.transforms(config, cpu)[0]
    with checkout.active(cpu):
        expected = np.asarray(theirs(walk.copy()))
    assert found.shape == expected.shape
    assert np.abs(found - expected).max() <= 1e-6 * np.abs(expected).max()
