"""Bodies, outlines, and maps on them."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import spearmanr

from visual_analyse.results import LayerEvidence
from visual_analyse.trust.body import background_of, body_of, evidence_on, spearman, to_outline


def test_the_background_is_the_least_value_of_each_channel():
    frames = np.full((2, 3, 4, 4), -2.0)
    frames[:, 1] = 5.0
    frames[0, 1, 2, 3] = 6.0
    assert background_of(frames).ravel().tolist() == [-2.0, 5.0, -2.0]
    assert np.argwhere(body_of(frames)).tolist() == [[0, 2, 3]]


def test_the_outline_is_one_pixel_away_from_both_sides():
    body = np.zeros((1, 7, 7), bool)
    body[0, 1:6, 1:6] = True
    found = to_outline(body)[0]
    assert found[3].tolist() == [1, 1, 2, 3, 2, 1, 1]
    assert found[0, 0] == pytest.approx(2**0.5)


def test_frames_without_an_outline_are_far_from_it():
    assert (to_outline(np.zeros((1, 3, 4), bool)) == 7).all()
    assert (to_outline(np.ones((1, 3, 4), bool)) == 7).all()


def test_ranks_correlate_as_scipys_do():
    rng = np.random.default_rng(0)
    one = rng.integers(0, 5, 200).astype(float)  # with many equals
    other = one + rng.normal(0, 2, 200)
    assert spearman(one, other) == pytest.approx(spearmanr(one, other).statistic)
    assert spearman(one, -(one**3)) == pytest.approx(-1)


def test_a_flat_map_ranks_nothing():
    assert spearman(np.ones(5), np.arange(5.0)) == 0


def test_maps_are_read_on_the_body_alone():
    layer = LayerEvidence(1, "conv", "Conv2d", np.array([[[1, 2], [3, 4]]], np.float32), np.array([[0, 1]]))
    body = np.zeros((1, 4, 4), bool)
    body[0, 0, 0] = body[0, 3, 0] = True
    assert evidence_on(layer, body).tolist() == [1 / 4, 3 / 4]
    assert evidence_on(layer).tolist() == [1, 2, 3, 4]
