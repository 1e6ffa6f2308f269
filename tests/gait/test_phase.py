"""The step phase, against walkers whose phase is known, and against what has none."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from benchmarks.phase import error_of, hurried, told, walkers
from visual_analyse.errors import VisualAnalyseError
from visual_analyse.gait import phase as phase_module
from visual_analyse.gait.kinds import PARSING, POSE, POSE_18, RGB, SILHOUETTE
from visual_analyse.gait.phase import ERROR_OF_VIEW, Phase, align, expected_error, moments_of, phase_of, step_phase
from visual_analyse.synthetic.walk import Walk

PEOPLE, FRAMES = 2, 40  # six walks a view, of people the benchmark has not seen
SEED = 977
# COCO's place of each OpenPose joint; the neck is put between the shoulders.
TO_18 = [0, 5, 6, 8, 10, 5, 7, 9, 12, 14, 16, 11, 13, 15, 2, 1, 4, 3]


@pytest.fixture(scope="module")
def walks() -> dict[str, list[Walk]]:
    return {view: list(walkers(view, PEOPLE, FRAMES, SEED)) for view in ("000", "036", "090", "144")}


@pytest.mark.parametrize("view", ["036", "090", "144"])
@pytest.mark.parametrize("source", ["silhouettes", "joints"])
def test_the_true_phase_is_found(walks, view, source):
    phases = [step_phase(getattr(one, source)) for one in walks[view]]
    assert all(phase.known and phase.values.shape == (FRAMES,) for phase in phases)
    errors = [error_of(phase, one.phase) for phase, one in zip(phases, walks[view], strict=True)]
    assert np.median(errors) < 0.06
    # A phase told at random is off by a quarter of a step at the median.
    assert max(errors) < 0.15


@pytest.mark.parametrize("view", ["090", "144"])
def test_the_table_of_errors_is_what_is_measured(view):
    expected = expected_error(view)
    found = told([(one.silhouettes, one.phase) for one in walkers(view, 8, FRAMES, SEED)])
    assert expected is not None
    # How a person walks shifts the error of all three walks: eight people tell it within a factor of three.
    assert expected / 3 < found.at(0.5) < 3 * expected
    assert found.unknown < 0.2


def test_heel_strikes_lie_where_legs_part_and_not_half_a_step_later(walks):
    for one in walks["090"]:
        away = step_phase(one.silhouettes).values - 2 * one.phase
        assert abs(np.angle(np.exp(2j * np.pi * away).mean())) / (2 * np.pi) < 0.15


def test_from_straight_ahead_silhouettes_tell_nothing(walks):
    told = [step_phase(one.silhouettes) for one in walks["000"]]
    assert sum(phase.known for phase in told) <= 1
    assert all(np.isnan(phase.values).all() for phase in told if not phase.known)
    assert expected_error("000") is None and expected_error("180") is None


@pytest.mark.parametrize("source", ["silhouettes", "joints"])
def test_shuffled_frozen_and_short_walks_are_unknown(walks, source):
    rng = np.random.default_rng(3)
    for one in walks["090"]:
        frames = getattr(one, source)
        for changed in (frames[rng.permutation(FRAMES)], frames[[7] * FRAMES], frames[:20]):
            phase = step_phase(changed)
            assert not phase.known and np.isnan(phase.values).all() and len(phase.values) == len(changed)


@pytest.mark.parametrize("view", ["036", "090"])
def test_walks_of_another_frame_rate_are_unknown(view):
    # Every second frame: a stride, not a step, then takes as long as a step should. Each twice: the other way round.
    one = next(iter(hurried(view, 1, 80, 0.0)))
    assert step_phase(one.silhouettes).known
    assert not step_phase(one.silhouettes[::2]).known
    assert not step_phase(one.silhouettes[:40].repeat(2, 0)).known


def test_an_overtone_gives_a_stride_away(monkeypatch):
    # As from 036 at ten frames a second: what repeats every 13.5 frames is a stride, and its half the step.
    time = np.arange(60)
    legs = 6 + 2 * np.cos(2 * np.pi * time / 13.5) + 1.2 * np.cos(4 * np.pi * time / 13.5 + 0.4)
    columns = np.abs(np.arange(64) - 31.5)
    body = np.repeat((columns[None, None] < legs[:, None, None]).astype(float), 64, 1)
    monkeypatch.setattr(phase_module, "LEAST_CONFIDENCE", 0.5)
    assert not step_phase(body).known
    monkeypatch.setattr(phase_module, "OVERTONE", 1.0)
    assert step_phase(body).known


def test_a_pace_that_changes_is_followed():
    for one in hurried("090", 1, 80, 0.15):
        assert error_of(step_phase(one.silhouettes), one.phase) < 0.06


def test_left_taken_for_right_in_some_frames_still_tells_the_step(walks):
    rng = np.random.default_rng(4)
    swapped = [13, 14, 15, 16]
    for one in walks["090"]:
        joints = one.joints.copy()
        wrong = np.flatnonzero(rng.random(FRAMES) < 0.4)
        joints[wrong[:, None], swapped] = one.joints[wrong[:, None], [14, 13, 16, 15]]
        assert error_of(step_phase(joints), one.phase) < 0.1


def test_joints_not_found_and_frames_without_a_body_are_left_out(walks):
    one = walks["090"][0]
    joints, silhouettes = one.joints.copy(), one.silhouettes.copy()
    joints[5:8] = 0
    joints[11] = np.nan
    silhouettes[5:8] = 0
    silhouettes[11] = 0
    for phase in (step_phase(joints), step_phase(silhouettes)):
        assert np.flatnonzero(np.isnan(phase.values)).tolist() == [5, 6, 7, 11]
        assert error_of(phase, one.phase) < 0.08


def test_the_phase_does_not_depend_on_size_scale_or_the_side_seen(walks):
    one = walks["090"][0]
    whole = step_phase(one.silhouettes).values
    for changed in (one.silhouettes / 255, one.silhouettes[:, :, 10:54], one.silhouettes[:, :, ::-1],
                    one.silhouettes.repeat(2, 1).repeat(2, 2)):  # fmt: skip
        away = np.abs((step_phase(changed).values - whole + 0.5) % 1 - 0.5)
        assert away.max() < 0.02


def test_openpose_joints_tell_what_coco_joints_do(walks):
    one = walks["144"][0]
    assert np.array_equal(step_phase(one.joints).values, step_phase(one.joints[:, TO_18]).values)


def test_joints_are_asked_before_silhouettes_and_these_before_parsing(walks):
    one = walks["090"][0]
    from_joints, from_body = step_phase(one.joints).values, step_phase(one.silhouettes).values
    assert not np.array_equal(from_joints, from_body)
    both = phase_of([one.silhouettes, one.joints], [SILHOUETTE, POSE])
    assert np.array_equal(both.values, from_joints)
    missing = phase_of([np.zeros((FRAMES, 18, 3), np.float32), one.silhouettes], [POSE_18, SILHOUETTE])
    assert np.array_equal(missing.values, from_body)
    assert phase_of([one.regions], [PARSING]).known
    colours = np.repeat(one.silhouettes[..., None], 3, -1)
    assert not phase_of([colours], [RGB]).known
    assert len(phase_of([colours], [RGB]).values) == FRAMES


@pytest.mark.parametrize("view", ["036", "090", "144"])
def test_joints_tell_a_whole_stride_from_either_side(walks, view):
    for one in walks[view]:
        for turned in (1, -1):  # seen in a mirror, whose left hand is still called left
            joints = one.joints.copy()
            joints[..., 0] *= turned
            found = moments_of([joints], [POSE])
            away = np.abs(np.angle(np.exp(2j * np.pi * (found - one.phase)))) / (2 * np.pi)
            assert away.max() < 0.1  # the other foot's heel strike is half a stride away


def test_silhouettes_tell_the_step_and_joints_are_asked_alone(walks):
    one = walks["090"][0]
    assert np.array_equal(moments_of([one.silhouettes], [SILHOUETTE]), step_phase(one.silhouettes).values)
    both = [one.silhouettes, one.joints], [SILHOUETTE, POSE]
    assert np.array_equal(moments_of(*both), step_phase(one.joints).stride)
    still = np.repeat(one.joints[:1], FRAMES, 0)
    assert np.isnan(moments_of([one.silhouettes, still], [SILHOUETTE, POSE])).all()


def test_no_other_shape_has_a_phase():
    with pytest.raises(VisualAnalyseError, match=r"shape \(3, 2\) has no gait phase; silhouettes \[s, h, w\]"):
        step_phase(np.zeros((3, 2)))


HOSTILE = [0.0, -1.0, 1.0, 37.5, 255.0, 6e4, -6e4, np.nan, np.inf, -np.inf]


@settings(max_examples=30, deadline=None)
@given(
    st.integers(0, 45),
    st.sampled_from([(1, 1), (8, 1), (64, 44), (17, 3), (18, 3), (16, 200)]),
    st.sampled_from([np.uint8, np.float16, np.float32, np.float64]),
    st.lists(st.sampled_from(HOSTILE), min_size=1, max_size=5),
    st.integers(0, 99),
)
def test_nothing_that_has_frames_is_refused(count, size, kind, values, seed):
    if kind is np.uint8:
        values = [value % 256 for value in values if np.isfinite(value)] or [0.0]
    frames = np.random.default_rng(seed).choice(np.array(values), (count, *size)).astype(kind)
    phase = step_phase(frames)
    assert phase.values.shape == (len(frames),) and 0 <= phase.confidence <= 1
    assert phase.known == bool(np.isfinite(phase.values).any())
    told = phase.values[np.isfinite(phase.values)]
    assert ((told >= 0) & (told < 1)).all()


@pytest.mark.parametrize("shape", [(40, 64, 44), (40, 128, 128), (0, 64, 64), (1, 64, 64)])
@pytest.mark.parametrize("value", [0, 255])
def test_walks_in_which_nothing_moves(shape, value):
    phase = step_phase(np.full(shape, value, np.uint8))
    assert not phase.known and phase.values.shape == shape[:1]


def test_frames_of_the_nearest_phase():
    # By hand: 0.98 is 0.03 from 0.01 and 0.08 from 0.9; 0.5 is there twice, and the later frame goes with the later.
    gallery = np.array([0.5, 0.01, 0.9, 0.5])
    assert align(np.array([0.5, 0.98, 0.88, 0.5]), gallery).tolist() == [0, 1, 2, 3]
    found = align(np.array([0.5]), gallery)
    assert found.dtype == np.int64


def test_frames_without_a_phase_go_by_time_and_are_never_chosen():
    assert align(np.array([np.nan, 0.2, np.nan]), np.array([0.3, np.nan, 0.9])).tolist() == [0, 0, 2]


@pytest.mark.parametrize("known", [True, False])
def test_an_unknown_phase_aligns_nothing(known):
    told, unknown = np.array([0.1, 0.2]), Phase.unknown(3).values
    assert align(*((told, unknown) if known else (unknown, told))) is None
    assert align(told, np.zeros(0)) is None


@settings(max_examples=60, deadline=None)
@given(
    arrays(np.float64, st.integers(1, 30), elements=st.floats(0, 0.999)),
    arrays(np.float64, st.integers(1, 30), elements=st.floats(0, 0.999)),
    st.floats(-3, 3),
)
def test_alignment_is_circular_and_near(probe, gallery, turn):
    found = align(probe, gallery)
    away = np.abs((probe[:, None] - gallery + 0.5) % 1 - 0.5)
    assert (away[np.arange(len(probe)), found] <= away.min(1) + 0.02 + 1e-12).all()
    turned = align((probe + turn) % 1, (gallery + turn) % 1)
    moved = np.abs((probe[:, None] - gallery + 0.5) % 1 - 0.5)[np.arange(len(probe)), turned]
    assert (moved <= away.min(1) + 0.02 + 1e-9).all()


def test_errors_of_views():
    assert expected_error("090") == expected_error("270") == expected_error("90.0") == ERROR_OF_VIEW[90]
    assert expected_error("085") == ERROR_OF_VIEW[90]
    assert expected_error("360") is None
    for view in ("over.avi", "", "nan", "inf", "seq0"):
        assert expected_error(view) is None
