from __future__ import annotations

import numpy as np
import pytest

from visual_analyse.draw.page.groups import shared_colours, spots


@pytest.mark.parametrize("dims", [1, 2, 3])
def test_neighbours_have_different_colours(dims: int) -> None:
    """Groups along a line, more than there are colours: none has the colour of the next."""
    rng = np.random.default_rng(0)
    points = np.zeros((2000, dims))
    codes = np.repeat(np.arange(40), 50)
    points[:, 0] = (codes + rng.random(2000)) / 40
    colours = shared_colours(codes, points, 40, 5)
    assert (colours[1:] != colours[:-1]).all()
    assert np.bincount(colours, minlength=5).min() > 3


def test_colours_are_the_same_every_time() -> None:
    rng = np.random.default_rng(0)
    codes, points = rng.integers(0, 30, 900), rng.random((900, 2))
    assert np.array_equal(shared_colours(codes, points, 30, 16), shared_colours(codes, points, 30, 16))


def test_each_large_fragment_is_named_where_it_is_dense_and_the_middle_is_not() -> None:
    rng = np.random.default_rng(0)
    left = [0.1, 0.5] + rng.normal(size=(300, 2)) * 0.01
    right = [0.9, 0.5] + rng.normal(size=(200, 2)) * 0.01
    stray = rng.random((20, 2))
    others = rng.random((500, 2))
    points = np.clip(np.concatenate([left, right, stray, others]), 0, 1)
    codes = np.repeat([1, 0], [520, 500])
    found = [at for group, at in spots(codes, points, [1])]
    assert np.allclose(found, [[0.1, 0.5], [0.9, 0.5]], atol=0.02)


def test_a_group_of_one_walk_is_named_there() -> None:
    assert list(spots(np.array([0, 1]), np.array([[0.0, 1.0], [1.0, 0.0]]), [1])) == [(1, [1.0, 0.0])]
