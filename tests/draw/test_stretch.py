from __future__ import annotations

import numpy as np
import pytest

from visual_analyse.draw.stretch import stretch


@pytest.mark.parametrize("size", [(64, 44), (128, 88), (5, 3), (16, 11), (7, 100)])
@pytest.mark.parametrize("pixelated", [False, True])
def test_stretching_never_overshoots_nor_invents_a_sign(size: tuple[int, int], pixelated: bool) -> None:
    grids = np.random.default_rng(0).normal(size=(3, 16, 11))
    drawn = stretch(grids, *size, pixelated)
    assert drawn.shape == (3, *size)
    assert drawn.max() <= grids.max() + 1e-6 and drawn.min() >= grids.min() - 1e-6
    assert (stretch(np.abs(grids), *size, pixelated) >= 0).all()


def test_cells_are_areas_aligned_at_half_pixels() -> None:
    grid = np.array([[0.0, 1.0, 0.0]])
    row = stretch(grid, 1, 9)[0]
    assert row[4] == pytest.approx(1)  # the middle of the middle cell
    assert row[3] == pytest.approx(2 / 3) and row[5] == pytest.approx(2 / 3)
    assert row[0] == 0 and row[8] == 0  # beyond the outer centres, the outer cells


def test_values_at_the_centres_of_cells_are_the_cells() -> None:
    grid = np.random.default_rng(1).normal(size=(4, 5)).astype(np.float32)
    assert np.allclose(stretch(grid, 12, 15)[1::3, 1::3], grid, atol=1e-6)


def test_pixelated_repeats_cells_as_they_are() -> None:
    grid = np.random.default_rng(2).normal(size=(4, 2)).astype(np.float32)
    assert (stretch(grid, 16, 8, pixelated=True) == grid.repeat(4, 0).repeat(4, 1)).all()


def test_shrinking_averages_what_falls_on_a_pixel() -> None:
    grid = np.arange(16.0).reshape(4, 4)
    assert np.allclose(stretch(grid, 2, 2), grid.reshape(2, 2, 2, 2).mean((1, 3)))


def test_a_flat_grid_stays_flat_and_a_mirrored_one_mirrors() -> None:
    assert np.allclose(stretch(np.full((3, 2), 0.3), 64, 44), 0.3)
    grid = np.random.default_rng(3).normal(size=(16, 11)).astype(np.float32)
    assert np.allclose(stretch(grid[:, ::-1], 64, 44), stretch(grid, 64, 44)[:, ::-1], atol=1e-6)
