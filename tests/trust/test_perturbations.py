"""Changed walks that still are walks."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from visual_analyse.synthetic.body import sample_person
from visual_analyse.synthetic.walk import walk
from visual_analyse.trust.perturbations import FROZEN, ONE_HEIGHT, PERTURBATIONS, REVERSED, SHUFFLED


def rng(seed=0):
    return np.random.default_rng(seed)


@given(st.integers(1, 30), st.integers(0, 9))
def test_orders_keep_inputs_together(length, seed):
    one = np.arange(length)
    clouds = [np.full((3, 3), k) for k in range(length)]
    for change in (SHUFFLED, REVERSED, FROZEN):
        first, second = change.change([one, clouds], rng(seed))
        assert len(first) == len(second) == length
        assert [int(cloud[0, 0]) for cloud in second] == first.tolist()
    assert sorted(SHUFFLED.change([one], rng(seed))[0].tolist()) == one.tolist()
    assert REVERSED.change([one], rng())[0].tolist() == one[::-1].tolist()
    assert set(FROZEN.change([one], rng())[0].tolist()) == {length // 2}


def test_everybody_is_as_tall():
    frames = np.zeros((2, 64, 64), np.uint8)
    frames[0, 20:52, 24:40] = 255  # 32 rows, 16 columns: twice as large
    (made,) = ONE_HEIGHT.change([frames], rng())
    rows, columns = np.flatnonzero(made[0].any(1)), np.flatnonzero(made[0].any(0))
    assert (rows[0], rows[-1]) == (0, 63)
    assert (columns[0], columns[-1]) == (16, 47)
    assert not made[1].any()


def test_poses_of_two_sizes_become_one():
    small = walk(sample_person(1, 1), "nm-01", "090", 6, 1).joints.copy()
    large = small.copy()
    large[..., :2] = (small[..., :2] - 32) * 1.5 + 32
    small[0, 3], large[0, 3] = 0, 0  # a joint that is missing stays missing
    a, b = (ONE_HEIGHT.change([pose], rng())[0] for pose in (small, large))
    apart = (a - a.mean(1, keepdims=True)) - (b - b.mean(1, keepdims=True))
    assert np.abs(apart[1:]).max() < 1e-3
    assert (a[0, 3] == 0).all()


def test_what_has_no_height_is_left_out():
    assert ONE_HEIGHT.change([np.zeros((4, 85), np.float32)], rng()) is None


@pytest.mark.parametrize("change", PERTURBATIONS, ids=lambda change: change.name)
def test_walks_are_not_written_to(change):
    shown = walk(sample_person(1, 1), "nm-01", "090", 5, 1)
    for data in (shown.silhouettes, shown.joints):
        before = data.copy()
        (made,) = change.change([data], rng())
        assert (data == before).all()
        assert made.shape == data.shape
        assert made.dtype == data.dtype
