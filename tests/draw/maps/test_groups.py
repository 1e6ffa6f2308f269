from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from visual_analyse.draw.maps.coding.groups import beside, fragments, purity_on_map
from visual_analyse.embed.quality import purity


@pytest.mark.parametrize("dims", [2, 3])
def test_a_class_in_two_places_is_two_fragments_with_peaks_where_it_is_dense(dims: int) -> None:
    rng = np.random.default_rng(0)
    here, there = np.zeros(dims), np.full(dims, 0.9)
    thick = here + 0.01 * rng.normal(size=(60, dims))
    thin = here + 0.03 * rng.normal(size=(20, dims))
    other = there + 0.01 * rng.normal(size=(30, dims))
    points = np.concatenate([thick, thin, other])
    found = fragments(points, np.zeros(len(points), np.int64))
    large = found.size >= 10
    assert large.sum() == 2 and found.primary.sum() == 1 and found.primary[0]
    assert np.abs(points[found.peak[0]] - here).max() < 0.03  # not in the empty space between
    assert np.abs(points[found.peak[np.nonzero(large)[0][1]]] - there).max() < 0.03


@settings(max_examples=60, deadline=None)
@given(
    st.integers(1, 3),
    st.lists(st.tuples(st.integers(0, 3), st.integers(-5, 5), st.integers(-5, 5)), min_size=1, max_size=40),
)
def test_fragments_share_out_all_points(dims: int, rows: list[tuple[int, int, int]]) -> None:
    table = np.array(rows)
    _, codes = np.unique(table[:, 0], return_inverse=True)
    points = np.concatenate([table[:, 1:], table[:, 1:] ** 2], 1)[:, :dims].astype(float)
    found = fragments(points, codes)
    assert found.size.sum() == len(points) and (np.bincount(found.piece) == found.size).all()
    assert (found.code[found.piece] == codes).all() and (found.piece[found.peak] == np.arange(len(found.peak))).all()
    assert found.primary.sum() == len(np.unique(codes))
    one, other, near = beside(points, codes, found)
    assert (one != other).all() and (near > 0).all()


def test_purity_equals_counting_by_hand() -> None:
    rng = np.random.default_rng(1)
    points, codes = rng.normal(size=(80, 2)), rng.integers(0, 5, 80)
    far = ((points[:, None] - points[None]) ** 2).sum(-1)
    np.fill_diagonal(far, np.inf)
    nearest = np.argsort(far, 1)[:, :10]
    assert np.allclose(purity_on_map(points, codes), (codes[nearest] == codes[:, None]).mean(1))


@pytest.mark.parametrize("spread", [1.0, 0.0])
def test_purity_on_the_map_is_that_of_the_full_space(spread: float) -> None:
    rng = np.random.default_rng(2)
    codes = np.sort(rng.integers(0, 20, 60))
    points = codes[:, None] + 0.4 * rng.normal(size=(60, 2)) * [1, spread]
    far = ((points[:, None] - points[None]) ** 2).sum(-1)
    np.fill_diagonal(far, np.inf)
    by_definition = purity(np.argsort(far, 1)[:, :15], np.arange(60), codes)
    assert np.array_equal(purity_on_map(points, codes), by_definition, equal_nan=True)
    pairs = np.repeat(np.arange(6), 2)  # each beside its only other
    assert purity_on_map(pairs[:, None] + 0.1 * (np.arange(12) % 2)[:, None], pairs).tolist() == [1.0] * 12


def test_purity_of_walks_on_one_spot_and_of_single_ones() -> None:
    assert purity_on_map(np.zeros((30, 2)), np.zeros(30, np.int64)).tolist() == [1.0] * 30
    assert np.isnan(purity_on_map(np.zeros((1, 2)), np.zeros(1, np.int64))).all()
    assert np.isnan(purity_on_map(np.arange(6.0).reshape(3, 2), np.arange(3))).all()
