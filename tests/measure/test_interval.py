from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from visual_analyse.measure.interval import mean_interval


def test_equal_values_are_sure():
    assert mean_interval(np.full((7, 2), 3.0)).tolist() == [[3.0, 3.0, 3.0]] * 2


def test_the_interval_of_a_normal_mean():
    values = np.random.default_rng(0).normal(5, 2, 400)
    mean, low, high = mean_interval(values)
    assert mean == values.mean()
    half = 1.96 * values.std() / 20
    assert abs((high - low) / 2 / half - 1) < 0.15 and low < mean < high


def test_what_is_unknown_of_a_probe_is_left_out():
    found = mean_interval(np.array([[1.0, np.nan], [3.0, np.nan]]))
    assert found[0, 0] == 2 and np.isnan(found[1]).all()
    mean, low, high = mean_interval(np.array([[np.nan], [4.0]]))[0]
    assert mean == 4 and np.isnan([low, high]).all()


@given(st.lists(st.floats(-1e3, 1e3), min_size=2, max_size=20))
def test_the_mean_lies_within(values):
    mean, low, high = mean_interval(np.array(values))
    assert low - 1e-9 <= mean <= high + 1e-9


def test_one_probe_cannot_tell_how_far_another_is_off():
    found = mean_interval(np.array([[5.0]]))
    assert found[0, 0] == 5 and np.isnan(found[0, 1:]).all()
