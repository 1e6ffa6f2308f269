"""The score of maps against known evidence, by hand and by what must hold of any map."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from visual_analyse.trust.concentration import Concentration, concentration, in_time, on_grid, strongest_within


def test_the_strongest_twentieth_by_hand():
    body = np.ones((1, 4, 10), bool)  # 40 pixels: two are the strongest twentieth
    region = np.zeros_like(body)
    region[0, 0, 0] = True
    values = np.zeros((1, 4, 10))
    values[0, 0, 0], values[0, 3, 9] = 2, 1
    assert strongest_within(values, body, region) == 0.5
    assert strongest_within(-values, body, region) == pytest.approx(0)  # of 38 equals, none of which is in the region
    assert strongest_within(np.zeros_like(values), body, region) == 1 / 40  # all equal: what chance gives
    assert strongest_within(values, ~body, region) != strongest_within(values, ~body, region)  # NaN without a body


def test_only_the_body_counts():
    body = np.zeros((1, 2, 20), bool)
    body[0, 0] = True
    values = np.zeros((1, 2, 20))
    values[0, 1], values[0, 0, 5] = 9, 1
    region = np.zeros_like(body)
    region[0, 0, 5] = True
    assert strongest_within(values, body, region) == 1


def test_a_region_is_widened_by_a_cell_and_perfect_maps_reach_the_ceiling():
    body, region = np.ones((2, 8, 8), bool), np.zeros((2, 8, 8), bool)
    region[:, 0:2, 0:2] = True
    perfect = on_grid(region, 4, 4)
    assert perfect[0].tolist() == [[1, 0, 0, 0], [0] * 4, [0] * 4, [0] * 4]
    found = concentration(perfect, body, region)
    assert found == Concentration(1.0, 16 / 64, 1.0) and found.reached == 1  # 2 and a cell of 2, both ways
    assert concentration(1 - perfect, body, region).found < found.found


def test_a_map_for_the_whole_walk_is_compared_with_the_best_of_its_kind():
    body, region = np.ones((4, 8, 8), bool), np.zeros((4, 8, 8), bool)
    region[0, :2, :2] = True  # one frame of four
    whole = concentration(on_grid(region, 4, 4).mean(0, keepdims=True), body, region)
    assert whole.found == whole.ceiling < 1


def test_no_map_is_above_the_ceiling_where_the_region_is_small():
    body, region = np.ones((1, 20, 20), bool), np.zeros((1, 20, 20), bool)  # 20 pixels are the strongest twentieth
    region[0, 10, 10] = True  # 9 with those near it
    near = np.zeros((1, 20, 20))
    near[0, 9:12, 9:12] = 1
    found = concentration(near, body, region)
    assert found.found == found.ceiling == 9 / 20


def test_joints_have_no_neighbours():
    body, region = np.ones((10, 1, 4), bool), np.zeros((10, 1, 4), bool)
    region[:2, 0, 1] = True
    beside = np.zeros((10, 1, 4))
    beside[:2, 0, 2] = 1
    assert concentration(beside, body, region).found == 0
    assert concentration(region.astype(float), body, region) == Concentration(1.0, 2 / 40, 1.0)


@given(
    arrays(np.float64, (3, 4, 2), elements=st.floats(-5, 5, width=16)),
    arrays(bool, (3, 8, 6)),
    arrays(bool, (3, 8, 6)),
)
def test_scores_are_shares_and_no_map_is_above_what_there_is(maps, body, region):
    body[0, 0, 0] = True
    found = concentration(maps, body, region)
    assert 0 <= found.found <= 1 and 0 <= found.chance <= 1 and 0 <= found.ceiling <= 1
    flat = concentration(np.zeros_like(maps), body, region)
    assert flat.found == pytest.approx(flat.chance)


def test_time_by_hand():
    region = np.zeros((4, 2, 2), bool)
    region[1, 0, 0] = True
    maps = np.array([1.0, 3.0, -5.0, 0.0])[:, None, None] * np.ones((4, 2, 2)) / 4
    assert in_time(maps, region) == Concentration(0.75, 0.25, 1.0)
    assert in_time(np.zeros((4, 1, 1)), region).found == 0.25  # no evidence is as good as chance


def test_for_and_against_in_a_frame_are_set_off_against_each_other():
    region = np.array([[[True]], [[False]]])
    maps = np.array([[[5.0, -1.0]], [[6.0, -5.0]]])
    assert in_time(maps, region) == Concentration(4 / 5, 0.5, 1.0)


def test_a_step_counts_in_each_of_its_frames():
    region = np.zeros((6, 1, 1), bool)
    region[:2] = True
    assert in_time(np.array([2.0, 1.0, 1.0])[:, None, None], region) == Concentration(0.5, 1 / 3, 1.0)
    assert in_time(np.ones((1, 2, 2)), region).found == 1 / 3  # one map for the whole walk knows no time
