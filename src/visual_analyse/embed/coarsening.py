"""A neighbour graph, made coarser step by step: who belongs together before where they lie."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse.csgraph import connected_components


@dataclass(frozen=True)
class Level:
    """A graph `[m, m]` (affinities, symmetric, summing to 1), and for each node the one it joins in the next level."""

    graph: Any
    parent: NDArray[np.int64]

    def __len__(self) -> int:
        return int(self.graph.shape[0])


def coarsened(graph: Any, smallest: int) -> list[Level]:
    """The levels from a graph `[n, n]` down to one of at most `smallest` nodes; the last one's `parent` is empty.

    In a step every node joins its strongest neighbour, and all that hang together so become one node, whose
    affinities to others are the sums of its members' (Boruvka's step on averaged weights: Bateni et al., Affinity
    Clustering, NeurIPS 2017). Affinities are measured by both nodes' totals, or large nodes would swallow all. It
    ends early where nothing more joins, or all would: a graph in pieces stays in pieces, and the last has links.

    >>> [len(level) for level in coarsened(sparse.csr_matrix([[0, 1, 0], [1, 0, 0.1], [0, 0.1, 0]]), 1)]
    [3]
    """
    levels: list[Level] = []
    current = _whole(sparse.csr_matrix(graph))
    while current.shape[0] > smallest:
        count, joins = _joined(current)
        members = sparse.csr_matrix((np.ones(len(joins)), (np.arange(len(joins)), joins)), (len(joins), count))
        coarser = _whole(sparse.csr_matrix(members.T @ current @ members))
        if count == len(joins) or not coarser.nnz:
            break
        levels.append(Level(current, joins))
        current = coarser
    return [*levels, Level(current, np.empty(0, np.int64))]


def _whole(graph: Any) -> Any:
    """A copy that sums to 1, without links of nodes to themselves and without links of no strength."""
    found = sparse.csr_matrix(graph - sparse.diags(graph.diagonal()))
    found.eliminate_zeros()
    total = found.sum()
    return found / total if total > 0 else found


def _joined(graph: Any) -> tuple[int, NDArray[np.int64]]:
    """How many nodes are left when each has joined its strongest neighbour, and which of them each is in."""
    count = graph.shape[0]
    degree = np.asarray(graph.sum(1)).ravel()
    linked = np.diff(graph.indptr)
    rows = np.repeat(np.arange(count), linked)
    strength = graph.data / np.sqrt(degree[rows] * degree[graph.indices])
    # The last of each row, in the order of strength; of equals the one with the highest number.
    order = np.lexsort((graph.indices, strength, rows))
    some = np.flatnonzero(linked)
    strongest = graph.indices[order[graph.indptr[1:][some] - 1]]
    links = sparse.csr_matrix((np.ones(len(some)), (some, strongest)), (count, count))
    found, joins = connected_components(links, directed=False)
    return int(found), joins.astype(np.int64)
