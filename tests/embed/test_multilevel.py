"""Maps from coarse to fine: the same again, groups together, and never NaN."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openTSNE import TSNEEmbedding
from openTSNE.affinity import PrecomputedAffinities
from scipy import sparse

from visual_analyse.embed import multilevel as module
from visual_analyse.embed.multilevel import by_tree, layout


def groups_of(groups: int, each: int, links: int = 2) -> sparse.csr_matrix:
    """Dense groups (node i is of group i // each) with a few weak links between them."""
    rng = np.random.default_rng(groups)
    count = groups * each
    graph = sparse.kron(sparse.eye(groups), np.ones((each, each)) - np.eye(each)).tolil()
    for one, other in rng.integers(0, count, (links * groups, 2)):
        if one != other:
            graph[one, other] = graph[other, one] = 0.05
    graph = graph.tocsr()
    return graph / graph.sum()


def begun(count: int, dims: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(count, dims))


def purity(place: np.ndarray, each: int) -> float:
    """The share of nodes whose nearest other is of their group."""
    apart = ((place[:, None] - place[None]) ** 2).sum(-1)
    np.fill_diagonal(apart, np.inf)
    return float((apart.argmin(1) // each == np.arange(len(place)) // each).mean())


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Levels from few nodes on, and short schedules."""
    monkeypatch.setattr(module, "_SMALLEST", 40)
    monkeypatch.setattr(module, "_FIRST", ((40, 12.0), (60, 1.0)))
    monkeypatch.setattr(module, "_LAST", ((25, 4.0), (50, 1.0)))
    monkeypatch.setattr(module, "_ALONE", ((30, 12.0), (60, 1.0)))


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("dims", [1, 2, 3])
def test_groups_that_begin_scattered_are_found_together_and_the_same_again(dims: int) -> None:
    graph, start = groups_of(60, 6), begun(360, dims)
    assert purity(start, 6) < 0.1
    told: list[tuple[int, int]] = []
    found = layout(graph, start, 7, 1, lambda done, of: told.append((done, of)))
    assert found.shape == (360, dims) and np.isfinite(found).all()
    assert purity(found, 6) > 0.95
    assert len(told) > 1 and told == sorted(told) and told[-1][0] == told[-1][1]
    assert np.array_equal(found, layout(graph, start, 7, 1))
    assert not np.array_equal(found, layout(graph, start, 8, 1))
    assert np.array_equal(start, begun(360, dims)), "the start is left as it was"


@pytest.mark.usefixtures("quick")
def test_the_grid_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_TREE", 100)
    monkeypatch.setattr(module, "_BOXES", (1000, 40))
    monkeypatch.setattr(module, "_LAST_BY_GRID", ((20, 4.0), (20, 1.0)))
    for dims in (1, 2):
        assert not by_tree(begun(360, dims)) and by_tree(begun(100, dims))
        found = layout(groups_of(60, 6), begun(360, dims), 7, 1)
        # In the plane so few boxes, and so few steps, find no groups; that they are right is tested below.
        assert np.isfinite(found).all() and (dims == 2 or purity(found, 6) > 0.9)


@pytest.mark.parametrize("dims", [1, 2, 3])
@pytest.mark.parametrize("count", [200, 20_000])
def test_repulsion_is_right_in_every_dimension(dims: int, count: int) -> None:
    """One step by the method that is chosen for so many nodes goes where the sum over all pairs says."""
    method = "bh" if by_tree(np.empty((count, dims))) else "fft"
    place = begun(200, dims) * 4
    place -= place.mean(0)
    graph = groups_of(50, 4)
    apart = place[:, None] - place[None]
    near = 1 / (1 + (apart**2).sum(-1))
    np.fill_diagonal(near, 0)
    slope = (((graph.toarray() - near / near.sum()) * near)[:, :, None] * apart).sum(1)
    embedding = TSNEEmbedding(place.copy(), PrecomputedAffinities(graph, normalize=False), theta=0.5, n_jobs=1,
                              negative_gradient_method=method)  # fmt: skip
    embedding.optimize(1, learning_rate=1e-3, momentum=0.0, inplace=True)
    step = place - np.array(embedding)
    assert (step * slope).sum() / np.linalg.norm(step) / np.linalg.norm(slope) > 0.999


@pytest.mark.parametrize("dims", [1, 2, 3])
@pytest.mark.parametrize("count", [1, 2, 4, 5, 9])
def test_tiny_maps(monkeypatch: pytest.MonkeyPatch, count: int, dims: int) -> None:
    graph = sparse.csr_matrix(np.ones((count, count)) - np.eye(count))
    found = layout(graph, begun(count, dims), 0, 1)
    assert found.shape == (count, dims) and np.isfinite(found).all() and np.abs(found).max() < 1e4
    monkeypatch.setattr(module, "_SMALLEST", 2)
    assert np.isfinite(layout(graph, begun(count, dims), 0, 1)).all()


@pytest.mark.parametrize("dims", [1, 2, 3])
def test_a_start_in_one_place_or_on_a_line_is_left(dims: int) -> None:
    graph = groups_of(10, 4)
    for start in (np.zeros((40, dims)), np.concatenate([begun(40, 1), np.zeros((40, dims - 1))], 1)):
        found = layout(graph, start, 0, 1)
        assert np.isfinite(found).all() and (found.std(0) > 0.05 * found.std()).all()


@pytest.mark.usefixtures("quick")
@settings(max_examples=12, deadline=None)
@given(dims=st.integers(1, 2), pieces=st.integers(2, 30), each=st.integers(1, 6), alone=st.integers(0, 9),
       scale=st.sampled_from([1e-12, 1.0, 1e6]))  # fmt: skip
def test_graphs_in_pieces_and_lonely_nodes(dims: int, pieces: int, each: int, alone: int, scale: float) -> None:
    parts = [groups_of(2, each + 1)] * pieces + [sparse.csr_matrix((alone, alone))]
    graph = sparse.block_diag(parts).tocsr()
    found = layout(graph / graph.sum(), scale * begun(graph.shape[0], dims), 0, 1)
    assert found.shape == (graph.shape[0], dims) and np.isfinite(found).all()
    assert len(np.unique(found, axis=0)) == len(found)
