"""Which frames of a walk are shown."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from visual_analyse.errors import VisualAnalyseError
from visual_analyse.gait.config import Config
from visual_analyse.gait.sampling import Sampling


def read(sampler):
    return Sampling.read(Config(Path("a.yaml"), {"evaluator_cfg": {"sampler": sampler}}))


def rng(seed=0):
    return np.random.default_rng(seed)


def test_all_frames_up_to_the_limit():
    assert not read({"sample_type": "all_ordered", "frames_all_limit": 720}).random
    assert read({"sample_type": "all_ordered", "frames_all_limit": 720}).frames(721, rng()).tolist() == [*range(720)]
    assert read({"sample_type": "all_ordered", "frames_all_limit": -1}).frames(9, rng()).tolist() == [*range(9)]
    assert read({}).frames(9, rng()).tolist() == [*range(9)]


def test_ordered_frames_lie_on_end_and_a_short_walk_goes_round():
    found = read({"sample_type": "fixed_ordered", "frames_num_fixed": 6, "frames_skip_num": 0})
    assert found.random
    starts = set()
    for seed in range(40):
        frames = found.frames(10, rng(seed))
        assert (np.diff(frames) == 1).all()
        starts.add(int(frames[0]))
        assert found.frames(4, rng(seed)).tolist() in [[(k + j) % 4 for j in range(6)] for k in range(3)]
    assert starts == {0, 1, 2, 3, 4}
    assert (found.frames(10, rng(3)) == found.frames(10, rng(3))).all()


@given(
    st.sampled_from(["fixed_ordered", "fixed_allordered", "fixed_unordered", "unfixed_ordered", "unfixed_unordered"]),
    st.integers(1, 40),
    st.integers(1, 40),
    st.integers(0, 9),
)
def test_any_sampler_shows_frames_that_there_are(kind, length, count, skip):
    settings = {"frames_num_fixed": count, "frames_skip_num": skip, "frames_num_min": 1, "frames_num_max": count}
    frames = read({"sample_type": kind, **settings}).frames(length, rng())
    assert ((frames >= 0) & (frames < length)).all()
    assert 1 <= len(frames) <= count
    if kind.startswith("fixed"):
        assert len(frames) == count
    if count + skip <= length:
        assert len(set(frames.tolist())) == len(frames)
        if not kind.endswith("unordered"):
            assert (np.diff(frames) > 0).all()


def test_points_are_drawn_of_each_cloud():
    found = read({"points_in_use": {"pointcloud_index": 0, "points_num": 5}, "frames_all_limit": 2})
    assert found.random
    clouds = [np.full((n, 3), n, np.float32) for n in (3, 9, 4)]
    (drawn,), frames = found.shown([clouds], rng())
    assert drawn.shape == (2, 5, 3)
    assert drawn[:, 0, 0].tolist() == [3, 9]
    assert frames.tolist() == [0, 1]
    with pytest.raises(VisualAnalyseError, match="no points"):
        found.shown([[np.zeros((0, 3))]], rng())


def test_all_inputs_are_shown_at_the_same_frames():
    found = read({"sample_type": "fixed_unordered", "frames_num_fixed": 5})
    one, two = np.arange(9), np.arange(9) * 10
    (a, b), frames = found.shown([one, two], rng())
    assert (a == frames).all()
    assert (b == frames * 10).all()


@pytest.mark.parametrize(
    "sampler",
    [
        {"sample_type": "some_ordered"},
        {"sample_type": "fixed"},
        {"sample_type": "fixed_ordered", "frames_num_fixed": 3},
        {"sample_type": "fixed_unordered", "frames_num_fixed": "many"},
        {"frames_all_limit": 0},
        {"points_in_use": {"pointcloud_index": 0, "points_num": 0}},
    ],
)
def test_what_is_no_sampler_is_told(sampler):
    with pytest.raises(VisualAnalyseError, match=r"a\.yaml"):
        read(sampler)


def test_words():
    assert read({"sample_type": "fixed_ordered", "frames_num_fixed": 60, "frames_skip_num": 0}).text == (
        "60 frames of 60 on end, drawn at random"
    )
    assert "in no order" in read({"sample_type": "fixed_unordered", "frames_num_fixed": 6}).text


@pytest.mark.parametrize("kind", ["all", "fixed", "unfixed"])
@pytest.mark.parametrize("order", ["ordered", "allordered", "unordered"])
def test_there_are_choices_exactly_where_seeds_show_different_frames(kind, order):
    for length, count, skip in [(1, 1, 0), (1, 4, 2), (2, 4, 0), (3, 4, 0), (4, 4, 0), (5, 4, 0), (4, 2, 2), (4, 1, 0)]:
        for least in {count, max(1, count - 1)}:
            numbers = {"frames_num_fixed": count, "frames_num_min": least, "frames_num_max": count}
            found = read({"sample_type": f"{kind}_{order}", "frames_skip_num": skip, **numbers})
            shown = {tuple(found.frames(length, rng(seed)).tolist()) for seed in range(60)}
            assert found.choices(length) == (len(shown) > 1), (length, count, skip, least)


def test_points_that_are_drawn_are_choices():
    assert read({"points_in_use": {"pointcloud_index": 0, "points_num": 5}}).choices(1)
