"""Who is nearest to whom: exactly wherever that is affordable."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import faiss
import numpy as np
from numpy.typing import NDArray

from visual_analyse.embed.source import Floats, Rows, Source, block_rows, blocks

Progress = Callable[[int, int], object]

# Multiplications that an exact search may cost: half a minute of two cores.
_AFFORDABLE = 6e12
_QUERY_BYTES = 1 << 28
_DEGREE, _BUILD, _SEARCH = 24, 80, 96  # of the graph that is searched beyond that (Malkov and Yashunin 2020)
# Since faiss 1.15 several threads build the same graph as one does; before, whichever came first decided.
_THREADS_AGREE = hasattr(faiss.HNSW, "compute_forward_links_deterministic")


@dataclass(frozen=True)
class Neighbours:
    """The k nearest others of each row, nearest first: `indices` int64 `[n, k]`, Euclidean `distances` `[n, k]`."""

    indices: Rows
    distances: Floats
    exact: bool = True

    def first(self, count: int) -> Neighbours:
        """The nearest of them."""
        return Neighbours(self.indices[:, :count], self.distances[:, :count], self.exact)


def nearest_others(source: Source, count: int, progress: Progress | None = None) -> Neighbours:
    """The `count` nearest others of every row of a source, in memory of one part of the queries and one block.

    Beyond what an exact search may cost, a navigable graph is searched instead (faiss' HNSW), for sources of few
    dimensions; see `Neighbours.exact`. Rows that are equal are each other's neighbours, at distance 0 but for rounding.

    >>> nearest_others(ArraySource(np.array([[0.0], [1.0], [3.0]])), 1).indices.tolist()
    [[1], [0], [1]]
    """
    count = min(count, len(source) - 1)
    if float(len(source)) ** 2 * source.dims > _AFFORDABLE and source.dims <= 512:
        return _by_graph(source, count)
    each = block_rows(source.dims, _QUERY_BYTES)
    passes = -(-len(source) // each)
    found = []
    for number, (start, queries) in enumerate(blocks(source, each)):
        told = None if progress is None else _in_part(progress, number, passes)
        near = nearest_to(source, queries.copy(), count + 1, told)
        found.append(without_themselves(*near, np.arange(start, start + len(queries))))
    return _joined(found, exact=True)


def _in_part(progress: Progress, number: int, parts: int) -> Progress:
    """Progress of one of several equal parts of a work."""
    return lambda done, of: progress(number * of + done, parts * of)


def nearest_to(source: Source, queries: Floats, count: int, progress: Progress | None = None) -> tuple[Floats, Rows]:
    """Squared distances and places `[q, count]` of the rows of a source that are nearest to some queries `[q, d]`.

    One pass over the source, in blocks. Coordinates are measured from the queries' mean, so that what all walks have
    in common costs no precision.

    >>> nearest_to(ArraySource(np.array([[0.0], [2.0]])), np.array([[1.5]], np.float32), 1)[1].tolist()
    [[1]]
    """
    count = min(count, len(source))
    middle = queries.mean(0)
    asked = queries - middle
    best = np.full((len(queries), count), np.inf, np.float32)
    places = np.zeros((len(queries), count), np.int64)
    for start, block in blocks(source):
        near, where = faiss.knn(asked, np.ascontiguousarray(block - middle), min(count, len(block)))
        every = np.concatenate([best, near], 1)
        each = np.concatenate([places, where + start], 1)
        order = np.argsort(every, 1, kind="stable")[:, :count]
        best, places = np.take_along_axis(every, order, 1), np.take_along_axis(each, order, 1)
        if progress is not None:
            progress(start + len(block), len(source))
    return best, places


def without_themselves(squares: Floats, places: Rows, rows: Rows) -> Neighbours:
    """The neighbours of `rows` that were searched among themselves, each left out of its own; one fewer."""
    own = places == rows[:, None]
    # A row with many equals may miss itself: then its last is let go.
    own[~own.any(1), -1] = True
    keep = ~own
    shape = (len(rows), places.shape[1] - 1)
    distances = np.sqrt(np.maximum(squares[keep].reshape(shape), 0))
    return Neighbours(places[keep].reshape(shape), distances)


def _by_graph(source: Source, count: int) -> Neighbours:
    index = faiss.IndexHNSWFlat(source.dims, _DEGREE)
    index.hnsw.efConstruction = _BUILD
    index.hnsw.efSearch = max(_SEARCH, 2 * count)
    with contextlib.nullcontext() if _THREADS_AGREE else _one_thread():
        for _, block in blocks(source):
            index.add(np.ascontiguousarray(block))
    found = []
    for start, block in blocks(source):
        asked = np.ascontiguousarray(block)
        squares, places = index.search(asked, count + 1)
        # Many equal rows may link to each other alone, and the graph then finds fewer than it was asked for.
        lost = np.flatnonzero((places < 0).any(1))
        if len(lost):
            squares[lost], places[lost] = nearest_to(source, asked[lost], count + 1)
        found.append(without_themselves(squares, places, np.arange(start, start + len(asked))))
    return _joined(found, exact=False)


@contextlib.contextmanager
def _one_thread() -> Iterator[None]:
    before = faiss.omp_get_max_threads()
    faiss.omp_set_num_threads(1)
    try:
        yield
    finally:
        faiss.omp_set_num_threads(before)


def _joined(parts: list[Neighbours], exact: bool) -> Neighbours:
    indices = np.concatenate([part.indices for part in parts])
    distances = np.concatenate([part.distances for part in parts])
    return Neighbours(indices, distances, exact)


def same_places(first: NDArray[np.int64], second: NDArray[np.int64]) -> Floats:
    """For each row, the share of the first `[n, k]` that is also among the second `[n, k]`.

    >>> same_places(np.array([[1, 2]]), np.array([[2, 3]])).tolist()
    [0.5]
    """
    k = first.shape[1]
    both = np.sort(np.concatenate([first, second], 1), 1)
    shared: Floats = ((both[:, 1:] == both[:, :-1]).sum(1) / k).astype(np.float32)
    return shared
