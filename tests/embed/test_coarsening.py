"""Who belongs together joins; nothing is lost or made up on the way; pieces stay pieces."""

from __future__ import annotations

import itertools
import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from visual_analyse.embed.coarsening import Level, coarsened


def cliques(groups: int, each: int, links: float = 0.01) -> sparse.csr_matrix:
    """Cliques whose last members are linked weakly in a ring; node i is of clique i % groups."""
    nodes = np.arange(groups * each)
    graph = (nodes[:, None] % groups == nodes[None] % groups).astype(float)
    ring = np.zeros_like(graph)
    ring[nodes[-groups:], np.roll(nodes[-groups:], 1)] = links
    graph += ring + ring.T
    np.fill_diagonal(graph, 0)
    return sparse.csr_matrix(graph / graph.sum())


def right(levels: list[Level], count: int) -> None:
    """Sizes, parents and affinities of all levels fit together."""
    assert len(levels[0]) == count and levels[-1].parent.shape == (0,)
    for level, coarser in itertools.pairwise(levels):
        assert len(coarser) < len(level) and level.parent.shape == (len(level),)
        assert np.array_equal(np.unique(level.parent), np.arange(len(coarser)))
        members = np.eye(len(coarser))[level.parent]
        summed = members.T @ level.graph.toarray() @ members
        np.fill_diagonal(summed, 0)
        assert np.allclose(coarser.graph.toarray(), summed / summed.sum())
    for level in levels:
        dense = level.graph.toarray()
        assert np.allclose(dense, dense.T) and not dense.diagonal().any() and (dense >= 0).all()
        assert np.isclose(dense.sum(), 1) or not dense.any()


def place(levels: list[Level], depth: int) -> np.ndarray:
    """The node of a level that each of the first level's nodes is in."""
    found = np.arange(len(levels[0]))
    for level in levels[:depth]:
        found = level.parent[found]
    return found


@pytest.mark.parametrize(("groups", "each"), [(12, 5), (40, 3), (7, 20)])
def test_every_clique_ends_in_one_node_of_its_own(groups: int, each: int) -> None:
    levels = coarsened(cliques(groups, each), groups)
    right(levels, groups * each)
    assert len(levels[-1]) <= groups
    whole = next(depth for depth, level in enumerate(levels) if len(level) <= groups)
    assert len(levels[whole]) == groups
    assert np.array_equal(
        place(levels, whole)[:, None] == place(levels, whole)[None],
        np.arange(groups * each)[:, None] % groups == np.arange(groups * each)[None] % groups,
    )


def test_small_graphs_stay_as_they_are() -> None:
    levels = coarsened(cliques(4, 3), 12)
    right(levels, 12)
    assert len(levels) == 1 and np.allclose(levels[0].graph.toarray(), cliques(4, 3).toarray())


@pytest.mark.parametrize("smallest", [1, 3, 10])
def test_a_graph_in_pieces_ends_early_and_keeps_links(smallest: int) -> None:
    pieces = sparse.block_diag([cliques(9, 4), cliques(5, 4), cliques(1, 6)]).tocsr()
    levels = coarsened(pieces, smallest)
    right(levels, 62)
    assert levels[-1].graph.nnz
    piece = np.repeat([0, 1, 2], [36, 20, 6])
    for depth in range(len(levels)):
        assert all(len(set(piece[place(levels, depth) == node])) == 1 for node in range(len(levels[depth])))


def test_pieces_that_would_all_be_nodes_at_once_are_left() -> None:
    assert [len(level) for level in coarsened(cliques(30, 4, links=0), 10)] == [120]


def test_isolated_nodes_stay_alone_and_links_of_no_strength_or_to_oneself_are_none() -> None:
    graph = sparse.block_diag([cliques(6, 4), sparse.csr_matrix((3, 3))]).tolil()
    graph[24, 24], graph[25, 0], graph[0, 25] = 5.0, 1.0, 1.0
    graph = graph.tocsr()
    graph[25, 0] = graph[0, 25] = 0.0
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        levels = coarsened(graph, 2)
    assert graph[24, 24] == 5.0, "what was given is left as it was"
    right(levels, 27)
    assert len(levels) > 1
    for alone in (24, 25, 26):
        assert (place(levels, 1) == place(levels, 1)[alone]).sum() == 1


@pytest.mark.parametrize("count", [0, 1, 5])
def test_a_graph_without_links(count: int) -> None:
    levels = coarsened(sparse.csr_matrix((count, count)), 1)
    assert [len(level) for level in levels] == [count]


@settings(max_examples=60, deadline=None)
@given(count=st.integers(2, 40), density=st.floats(0.01, 0.6), smallest=st.integers(1, 10), seed=st.integers(0, 9))
def test_any_graph(count: int, density: float, smallest: int, seed: int) -> None:
    graph = sparse.random(count, count, density, random_state=seed)
    graph = graph + graph.T
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        right(coarsened(graph, smallest), count)


def test_equal_strengths_join_the_same_way_again() -> None:
    first, again = (coarsened(cliques(20, 4), 3) for _ in range(2))
    assert all(np.array_equal(one.parent, other.parent) for one, other in zip(first, again, strict=True))
