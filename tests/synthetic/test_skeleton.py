from dataclasses import replace

import numpy as np
import pytest

from visual_analyse.synthetic.body import Build, Gait, Person, sample_person
from visual_analyse.synthetic.skeleton import COCO, PARTS, SOLE, Skeleton, at, pose

CYCLE = np.arange(100) / 100
AVERAGE = Person(Build(), Gait())


def joint_path(skeleton: Skeleton, name: str) -> np.ndarray:
    return skeleton.joints[COCO.index(name)]


def sole_height(skeleton: Skeleton, person: Person, side: str) -> np.ndarray:
    foot = PARTS.index(f"{side} foot")
    down = (SOLE - person.build.heel) * person.build.stature
    ahead = 0.03 * person.build.stature
    return at(skeleton.origins[foot], skeleton.turns[foot], ahead, 0, down)[:, 2]


@pytest.mark.parametrize("number", range(1, 9))
@pytest.mark.parametrize("side", ["left", "right"])
def test_knees_bend_backwards(number: int, side: str) -> None:
    skeleton = pose(sample_person(3, number), CYCLE)
    hip, knee, ankle = (joint_path(skeleton, f"{side} {name}") for name in ("hip", "knee", "ankle"))
    share = (hip[:, 2] - knee[:, 2]) / (hip[:, 2] - ankle[:, 2])
    straight = hip[:, 0] + share * (ankle[:, 0] - hip[:, 0])
    assert (knee[:, 0] > straight - 1e-6).all()


@pytest.mark.parametrize("number", range(1, 9))
def test_the_standing_foot_is_flat_on_the_ground(number: int) -> None:
    person = sample_person(3, number)
    skeleton = pose(person, CYCLE)
    standing = slice(12, 36)
    assert np.abs(sole_height(skeleton, person, "left")[standing]).max() < 0.035
    foot = skeleton.turns[PARTS.index("left foot")][standing]
    assert np.abs(np.rad2deg(np.arcsin(foot[:, 2, 0]))).max() < 4
    assert sole_height(skeleton, person, "left")[75:85].min() > sole_height(skeleton, person, "left")[standing].max()


def test_the_body_moves_as_published() -> None:
    skeleton = pose(AVERAGE, CYCLE)
    hips = (joint_path(skeleton, "left hip") + joint_path(skeleton, "right hip")) / 2
    assert 0.025 < np.ptp(hips[:, 2]) < 0.055  # rises and falls 2.5-5 cm
    assert 0.015 < np.ptp(hips[:, 1]) < 0.03  # sways about 2 cm
    spectrum = np.abs(np.fft.rfft(hips[:, 2] - hips[:, 2].mean()))
    assert spectrum.argmax() == 2  # twice a cycle
    stride = joint_path(skeleton, "left ankle")[:, 0] - joint_path(skeleton, "right ankle")[:, 0]
    assert 0.36 < stride.max() / AVERAGE.build.stature < 0.48  # step length .40-.45 H
    assert 0 <= CYCLE[stride.argmax()] < 0.05 or CYCLE[stride.argmax()] > 0.93  # at the left heel strike
    apart = joint_path(skeleton, "left ankle")[20, 1] - joint_path(skeleton, "right ankle")[70, 1]
    assert 0.04 < apart < 0.2  # step width about 0.12 m


def test_arms_swing_against_the_legs() -> None:
    skeleton = pose(AVERAGE, CYCLE)
    for side in ("left", "right"):
        wrist, ankle = joint_path(skeleton, f"{side} wrist")[:, 0], joint_path(skeleton, f"{side} ankle")[:, 0]
        assert np.corrcoef(wrist, ankle)[0, 1] < -0.8
    both = np.corrcoef(joint_path(skeleton, "left wrist")[:, 0], joint_path(skeleton, "right wrist")[:, 0])
    assert both[0, 1] < -0.9


def test_bones_keep_their_length_and_the_head_is_on_top() -> None:
    person = sample_person(3, 4)
    skeleton = pose(person, CYCLE)
    for first, second in (("hip", "knee"), ("knee", "ankle"), ("shoulder", "elbow"), ("elbow", "wrist")):
        bone = np.linalg.norm(joint_path(skeleton, f"left {first}") - joint_path(skeleton, f"left {second}"), axis=-1)
        assert np.ptp(bone) < 1e-9
    nose = joint_path(skeleton, "nose")
    assert (nose[:, 2] > joint_path(skeleton, "left shoulder")[:, 2]).all()
    assert 0.85 < nose[:, 2].mean() / person.build.stature < 0.97


def test_a_symmetric_person_mirrors_after_half_a_cycle_and_a_limp_does_not() -> None:
    def gap(person: Person) -> float:
        early, late = pose(person, CYCLE), pose(person, CYCLE + 0.5)
        left, right = joint_path(early, "left ankle"), joint_path(late, "right ankle")
        return float(np.abs(left[:, [0, 2]] - right[:, [0, 2]]).max())

    assert gap(AVERAGE) < 1e-9
    assert gap(replace(AVERAGE, gait=Gait(hip=(1.1, 0.9)))) > 0.03
    assert gap(replace(AVERAGE, gait=Gait(limp=0.03))) > 0.02


def test_feet_point_outwards() -> None:
    skeleton = pose(AVERAGE, CYCLE)
    assert skeleton.turns[PARTS.index("left foot")][25, 1, 0] > 0.03
    assert skeleton.turns[PARTS.index("right foot")][75, 1, 0] < -0.03
