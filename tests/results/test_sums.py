"""What maps add up to: nothing is lost, nothing is made."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from visual_analyse.results import LayerEvidence
from visual_analyse.results.sums import by_frame, by_region, on_pixels


def layer(seed: int, steps: int, height: int, width: int, frames: int) -> LayerEvidence:
    rng = np.random.default_rng(seed)
    maps = rng.standard_normal((steps, height, width)).astype(np.float32)
    first = rng.integers(0, frames, steps)
    return LayerEvidence(1, "conv", "Conv2d", maps, np.stack([first, rng.integers(first + 1, frames + 1)], 1))


@given(st.integers(0, 99), st.integers(1, 4), st.integers(1, 9), st.integers(1, 7), st.integers(1, 6))
def test_the_sum_stays_whatever_the_grids(seed: int, steps: int, height: int, width: int, frames: int) -> None:
    some = layer(seed, steps, height, width, frames)
    total = some.maps.astype(float).sum()
    pixels = on_pixels(some, frames, (8, 5))
    assert pixels.sum() == pytest.approx(total, abs=1e-6)
    up, down = by_frame(some, frames)
    assert (up >= 0).all() and (down <= 0).all()
    assert up.sum() + down.sum() == pytest.approx(total, abs=1e-6)
    regions = np.random.default_rng(seed).integers(0, 4, (frames, 8, 5))
    most, least = by_region(some, regions, 3)
    assert (most + least).sum() == pytest.approx(total, abs=1e-6)
    assert (most + least).sum(1) == pytest.approx(pixels.sum((1, 2)), abs=1e-6)


def test_a_cell_lies_on_its_own_pixels_and_a_step_on_its_frames() -> None:
    maps = np.array([[[4, 0], [0, -8]]], np.float32)
    some = LayerEvidence(1, "conv", "Conv2d", maps, np.array([[1, 3]]))
    pixels = on_pixels(some, 4, (4, 2))
    assert pixels[0].any() == pixels[3].any() == False  # noqa: E712
    assert pixels[1].tolist() == pixels[2].tolist() == [[1, 0], [1, 0], [0, -2], [0, -2]]


def test_a_cell_on_two_regions_is_shared_by_area() -> None:
    some = LayerEvidence(1, "conv", "Conv2d", np.full((1, 1, 1), 8, np.float32), np.array([[0, 1]]))
    most, least = by_region(some, np.array([[[1, 1], [1, 2]]]), 2)
    assert most.tolist() == [[0, 6, 2]] and not least.any()
