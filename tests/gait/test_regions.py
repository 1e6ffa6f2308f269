"""The body region of each pixel and joint, against walkers whose regions are known."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.phase import agreement, walkers
from visual_analyse.gait.kinds import PARSING, POINTS, POSE, POSE_18, RGB, SILHOUETTE, SKELETON_MAP
from visual_analyse.gait.regions import (
    FOUR,
    THREE,
    height_regions,
    joint_regions,
    parsed_regions,
    regions_of,
    regions_of_joints,
)
from visual_analyse.synthetic.flesh import REGIONS
from visual_analyse.synthetic.walk import Walk

SIZE = (64, 64)
SEED = 977


@pytest.fixture(scope="module")
def walks() -> dict[str, list[Walk]]:
    return {view: list(walkers(view, 2, 12, SEED)) for view in ("000", "090")}


def test_regions_are_named_as_those_of_the_walkers():
    assert REGIONS[1:] == FOUR


@pytest.mark.parametrize("view", ["000", "090"])
def test_most_of_a_body_is_given_its_region(walks, view):
    normal, bag, coat = (np.mean([agreement(one) for one in walks[view][k::3]], 0) for k in range(3))
    # Pose, then heights. A coat is trunk to the walkers and hides the legs, which neither way can know.
    assert normal[0] > 0.85 and normal[1] > 0.85
    assert bag[0] > 0.8 and bag[1] > 0.8
    assert coat[0] > 0.62 and coat[1] > 0.62


def test_a_pose_tells_arms(walks):
    for one in walks["090"][:2]:
        found, names = regions_of([one.silhouettes, one.joints], [SILHOUETTE, POSE], SIZE)
        assert names == FOUR
        arms = one.regions == REGIONS.index("arms")
        assert (found[arms] == 3).mean() > 0.7
        assert (found[one.regions == REGIONS.index("legs")] == 4).mean() > 0.9
        assert ((found > 0) == (one.silhouettes >= 128)).all()


def test_a_pose_is_laid_on_frames_with_their_sides_cut_off_and_on_those_cut_from_a_video(walks):
    for one in walks["090"][:2]:
        whole, _ = regions_of([one.silhouettes, one.joints], [SILHOUETTE, POSE], SIZE)
        cut, names = regions_of([one.silhouettes[:, :, 10:54], one.joints], [SILHOUETTE, POSE], (64, 44))
        assert names == FOUR and np.array_equal(cut, whole[:, :, 10:54])
        video = one.joints.copy()
        video[..., :2] = 2.7 * video[..., :2] + (140.0, 35.0) + 8.0 * np.arange(12)[:, None, None]
        scaled, names = regions_of([one.silhouettes, video], [SILHOUETTE, POSE], SIZE)
        assert names == FOUR
        assert (scaled == whole)[one.regions > 0].mean() > 0.85


def test_a_pose_that_lies_elsewhere_is_passed_over(walks):
    one = walks["090"][0]
    lost = one.joints.copy()
    lost[:, 5:, 0] = 500 - 13 * lost[:, 5:, 0]  # joints, but no body
    nothing = np.zeros_like(one.joints)
    short = one.joints[:5]
    for joints in (lost, nothing, nothing * np.nan, short):
        found, names = regions_of([one.silhouettes, joints], [SILHOUETTE, POSE], SIZE)
        assert names == THREE and np.array_equal(found, height_regions(one.silhouettes / 255))


def test_joints_missing_in_some_frames_are_put_between_the_others(walks):
    one = walks["000"][0]
    some = one.joints.copy()
    some[4:6, [7, 9]] = 0
    whole, _ = regions_of([one.silhouettes, one.joints], [SILHOUETTE, POSE], SIZE)
    found, names = regions_of([one.silhouettes, some], [SILHOUETTE, POSE], SIZE)
    assert names == FOUR and (found == whole)[whole > 0].mean() > 0.95


def test_heights_by_hand():
    # A body of 100 rows: the middle of row 12 is at .875 and that of row 13 at .865; of 46 at .535, of 47 at .525.
    body = np.zeros((1, 120, 10))
    body[0, 10:110, 2:5] = 1
    column = height_regions(body)[0, :, 3]
    assert column.tolist() == [0] * 10 + [1] * 13 + [2] * 34 + [3] * 53 + [0] * 10
    assert not height_regions(body)[0, :, 5:].any()


def test_a_speck_above_the_head_moves_no_region():
    body = np.zeros((5, 120, 10))
    body[:, 30:110, 2:5] = 1
    clean = height_regions(body)
    body[2, 0, 0] = 1
    assert np.array_equal(height_regions(body)[2, :, 3], clean[2, :, 3])


def parsing() -> np.ndarray:
    """A body in OpenGait's classes: head, torso with arms and hands, legs with feet, and a dress."""
    classes = np.zeros((2, 64, 44), np.uint8)
    classes[:, 2:8, 18:26] = 1
    classes[:, 8:32, 16:28] = 2
    for place, arm, hand in ((12, 3, 5), (28, 4, 6)):
        classes[:, 10:28, place : place + 4] = arm
        classes[:, 28:31, place : place + 4] = hand
    classes[:, 32:36, 16:28] = 11
    for place, leg, foot in ((16, 7, 9), (23, 8, 10)):
        classes[:, 36:60, place : place + 5] = leg
        classes[:, 60:63, place : place + 5] = foot
    return classes


def test_classes_of_a_parsing():
    classes = parsing()
    of = {0: 0, 1: 1, 2: 2, 11: 2, 3: 3, 4: 3, 5: 3, 6: 3, 7: 4, 8: 4, 9: 4, 10: 4}
    found, names = regions_of([classes], [PARSING], (64, 44))
    assert names == FOUR and found.dtype == np.uint8
    assert all((found[classes == number] == region).all() for number, region in of.items())


def test_a_parsing_comes_before_a_silhouette_and_a_pose(walks):
    one = walks["090"][0]
    classes = np.repeat(parsing()[:1], 12, 0)
    classes = np.pad(classes, ((0, 0), (0, 0), (10, 10)))
    found, names = regions_of([one.silhouettes, one.joints, classes], [SILHOUETTE, POSE, PARSING], SIZE)
    assert names == FOUR and np.array_equal(found, parsed_regions(classes))


def test_classes_that_do_not_lie_as_a_body_are_not_believed(walks):
    one = walks["090"][0]
    assert parsed_regions(one.regions) is None  # the walkers' own numbers: no class of it is a leg
    assert parsed_regions(parsing()[:, ::-1]) is None
    assert parsed_regions(parsing() + np.uint8(9)) is None
    found, names = regions_of([one.regions], [PARSING], SIZE)
    assert names == THREE and ((found > 0) == (one.regions > 0)).all()


def test_where_no_body_is_told_there_are_no_regions(walks):
    one = walks["090"][0]
    colours = np.repeat(one.silhouettes[..., None], 3, -1)
    assert regions_of([colours], [RGB], SIZE) == (None, ())
    assert regions_of([one.joints], [POSE], (17, 3)) == (None, ())
    assert regions_of([one.silhouettes], [SILHOUETTE], (64, 44)) == (None, ())
    assert regions_of([np.zeros_like(one.silhouettes)], [SILHOUETTE], SIZE) == (None, ())
    assert regions_of([np.zeros((12, 9, 3), np.float32)], [POINTS], (9, 3)) == (None, ())
    assert regions_of([], [], SIZE) == (None, ())
    beside, names = regions_of([colours, one.silhouettes], [RGB, SILHOUETTE], SIZE)
    assert beside is not None and names == THREE
    planes, names = regions_of([colours], [SKELETON_MAP], SIZE)
    assert planes is not None and names == THREE


@pytest.mark.parametrize("kind", [POSE, POSE_18])
def test_every_joint_has_a_region(kind):
    found = dict(zip(kind.joints, joint_regions(kind.joints), strict=True))
    assert joint_regions(kind.joints).dtype == np.int64
    assert found["nose"] == found["left ear"] == 1
    assert found["left shoulder"] == found["right hip"] == 2
    assert found["right wrist"] == found["left elbow"] == 3
    assert found["left knee"] == found["right ankle"] == 4
    assert found.get("neck", 2) == 2
    assert joint_regions(["tail", ""]).tolist() == [0, 0]


def test_joints_have_the_regions_of_the_walkers_flesh(walks):
    right, of = np.zeros(17), joint_regions(POSE.joints)
    for one in walks["090"][0::3]:
        place = np.rint(one.joints[..., :2]).astype(int).clip(0, 63)
        under = one.regions[np.arange(12)[:, None], place[..., 1], place[..., 0]]
        right += (under == of).mean(0) / 2
    seen = [k for k, name in enumerate(POSE.joints) if name.split()[-1] in ("ear", "knee", "ankle")]
    assert right[seen].min() > 0.8
    assert right[POSE.joints.index("right elbow")] > 0.8  # the side that is seen from 090


SIZES = st.sampled_from([(1, 1), (8, 8), (64, 44), (128, 128)])


@settings(max_examples=30, deadline=None)
@given(
    SIZES,
    st.integers(0, 4),
    st.sampled_from([POSE, POSE_18]),
    st.lists(st.sampled_from([0.0, -3.0, 20.0, 40.0, 63.5, 3e38, np.nan, np.inf]), min_size=1, max_size=4),
    st.integers(0, 99),
)
def test_nothing_hostile_stops_it(size, frames, kind, values, seed):
    rng = np.random.default_rng(seed)
    silhouettes = rng.choice(np.array([0, 0, 1, 128, 255], np.uint8), (frames, *size))
    joints = rng.choice(np.array(values, np.float32), (frames, len(kind.joints), 3))
    classes = rng.integers(0, 13, (frames, *size), dtype=np.uint8)
    for inputs, kinds in (([silhouettes, joints], [SILHOUETTE, kind]), ([joints, classes], [kind, PARSING])):
        found, names = regions_of(inputs, kinds, size)
        assert (found is None) == (names == ())
        if found is not None:
            assert found.shape == (frames, *size) and found.dtype == np.uint8
            assert found.max() <= len(names)


def test_inputs_are_left_as_they_were(walks):
    one = walks["090"][0]
    before = one.silhouettes.copy(), one.joints.copy()
    regions_of([one.silhouettes, one.joints], [SILHOUETTE, POSE], SIZE)
    assert np.array_equal(before[0], one.silhouettes) and np.array_equal(before[1], one.joints)


def test_joints_of_a_pose_have_regions_where_they_are_there():
    poses = np.ones((2, 3, 3))
    poses[1, 2] = 0
    found, names = regions_of_joints(poses, ["nose", "left wrist", "right ankle"])
    assert found.tolist() == [[1, 3, 4], [1, 3, 0]] and names == FOUR


@pytest.mark.parametrize(
    ("poses", "names"), [(np.ones((2, 3, 3)), ["a", "b", "c"]), (np.ones((2, 3, 3)), []), (np.ones((2, 3)), ["nose"])]
)
def test_joints_without_known_names_have_none(poses, names):
    assert regions_of_joints(poses, names) == (None, ())
