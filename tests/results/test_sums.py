"""What maps add up to: nothing is lost, nothing is made."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from visual_analyse.results import LayerEvidence
from visual_analyse.results.sums import by_frame, by_region, on_joints, on_pixels


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


@given(st.integers(0, 99), st.integers(1, 4), st.integers(1, 6), st.integers(1, 6), st.booleans())
def test_the_sum_stays_on_joints(seed: int, steps: int, cells: int, frames: int, grouped: bool) -> None:
    rng = np.random.default_rng(seed)
    joints = 7 if grouped else cells
    stands_for = rng.permuted(np.tile(np.arange(7), (cells, 1)), axis=1)[:, :3].astype(np.int32)
    stands_for[rng.random(cells) < 0.5, 2] = -1
    maps = rng.standard_normal((steps, cells)).astype(np.float32)
    first = rng.integers(0, frames, steps)
    spans = np.stack([first, rng.integers(first + 1, frames + 1)], 1)
    some = LayerEvidence(1, "conv", "Conv2d", maps, spans, cells=stands_for if grouped else None)
    total = maps.astype(float).sum()
    assert on_joints(some, frames, joints).sum() == pytest.approx(total, abs=1e-6)
    regions = rng.integers(0, 4, (frames, joints))
    most, least = by_region(some, regions, 3)
    assert (most >= 0).all() and (least <= 0).all()
    assert (most + least).sum() == pytest.approx(total, abs=1e-6)


def test_a_cell_shares_its_evidence_among_its_joints() -> None:
    some = LayerEvidence(
        1, "conv", "Conv2d", np.array([[4, -9]], np.float32), np.array([[0, 2]]), cells=np.array([[0, 1], [2, -1]])
    )
    assert on_joints(some, 2, 4).tolist() == [[1, 1, -4.5, 0]] * 2
    most, least = by_region(some, np.array([[1, 2, 1, 0], [0, 2, 1, 0]]), 2)
    assert most.tolist() == [[0, 1, 1], [1, 0, 1]] and least.tolist() == [[0, -4.5, 0]] * 2
