"""Groups on a map: the fragments that classes lie in, who lies beside whom, and how pure the map is."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

Array = NDArray[Any]
_NEAREST = 10


@dataclass(frozen=True)
class Fragments:
    """The f pieces that classes fall into: `code` whose it is, `size` in points, `peak` the index of its densest
    point, `primary` whether it is the largest of its class; all `[f]`. Those come first, then the rest, both by falling
    size. `piece` `[n]`: the fragment that each point is in."""

    code: NDArray[np.int64]
    size: NDArray[np.int64]
    peak: NDArray[np.int64]
    primary: NDArray[np.bool_]
    piece: NDArray[np.int64]


def fragments(points: Array, codes: Array) -> Fragments:
    """The fragments of all classes: `points` `[n, dims]`, `codes` int `[n]`.

    Points are sorted into cells; cells of one class that touch are one fragment. A label belongs at its densest
    point: the mean of a class that lies in several pieces lies in empty space.

    >>> fragments(np.array([[0, 0], [0, 0.01], [1, 1]]), np.array([0, 0, 0])).size.tolist()
    [2, 1]
    """
    n, dims = points.shape
    cells = np.floor((points - points.min(0)) / _cell(points, codes)).astype(np.int64) + 1
    sides = cells.max(0) + 2
    place = np.zeros(n, np.int64)
    for axis in range(dims):
        place = place * sides[axis] + cells[:, axis]
    room = int(np.prod(sides, dtype=np.float64))
    keys, owner, count = np.unique(codes * room + place, return_inverse=True, return_counts=True)
    owner = owner.reshape(-1)
    crowd, starts, ends = count.astype(np.float64), [], []
    for step in product((-1, 0, 1), repeat=dims):
        shift = 0
        for axis in range(dims):
            shift = shift * int(sides[axis]) + step[axis]
        if shift <= 0:  # each pair of neighbours once
            continue
        other = np.searchsorted(keys, keys + shift)
        other[other == len(keys)] = 0
        (here,) = np.nonzero(keys[other] == keys + shift)
        starts.append(here)
        ends.append(other[here])
        np.add.at(crowd, here, 0.5 * count[other[here]])
        np.add.at(crowd, other[here], 0.5 * count[here])
    i, j = np.concatenate(starts), np.concatenate(ends)
    pairs = coo_array((np.ones(len(i), np.int8), (i, j)), shape=(len(keys), len(keys)))
    total, piece = connected_components(pairs, directed=False)
    size = np.bincount(piece, weights=count, minlength=total).astype(np.int64)
    by_crowd = np.lexsort((np.arange(len(keys)), -crowd, piece))
    best = by_crowd[np.searchsorted(piece[by_crowd], np.arange(total))]  # the densest cell of each fragment
    code = keys[best] // room
    peak = _nearest_to_mean(points, owner, best)
    order = np.lexsort((peak, -size))
    first = np.zeros(total, bool)
    first[order[np.unique(code[order], return_index=True)[1]]] = True
    order = order[np.lexsort((np.arange(total), ~first[order]))]
    place_of = np.empty(total, np.int64)
    place_of[order] = np.arange(total)
    return Fragments(code[order], size[order], peak[order], first[order], place_of[piece[owner]])


def beside(points: Array, codes: Array, found: Fragments) -> tuple[Array, Array, Array]:
    """Which classes are neighbours on the map: pairs of codes and how near each is, `[m]` each; nearer is larger."""
    peaks = points[found.peak]
    distance, index = cKDTree(peaks).query(peaks, k=min(9, len(peaks)))
    distance, index = np.atleast_2d(distance.T).T, np.atleast_2d(index.T).T
    one, other = np.repeat(found.code, index.shape[1]), found.code[index].ravel()
    typical = np.median(distance[:, -1]) or 1.0
    near = 1 / (0.1 + distance.ravel() / typical)
    some = np.random.default_rng(0).permutation(len(points))[:20_000]  # touching borders, seen from a sample
    _, index = cKDTree(points).query(points[some], k=min(6, len(points)))
    index = np.atleast_2d(index.T).T
    one = np.concatenate([one, np.repeat(codes[some], index.shape[1])])
    other = np.concatenate([other, codes[index].ravel()])
    near = np.concatenate([near, np.full(index.size, 0.5)])
    apart = one != other
    return one[apart], other[apart], near[apart]


def purity_on_map(points: Array, codes: Array) -> NDArray[np.float32]:
    """The share of each point's ten nearest on the map that are of its class, `[n]`.

    Of a class with fewer than ten others only so many neighbours count; NaN where a class has one point.

    >>> purity_on_map(np.array([[0.0], [0.1], [9.0]]), np.array([0, 0, 1])).tolist()
    [1.0, 1.0, nan]
    """
    k = min(_NEAREST, len(points) - 1)
    if k < 1:
        return np.full(len(points), np.nan, np.float32)
    _, index = cKDTree(points).query(points, k=k + 1)
    own = np.arange(len(points))[:, None]
    itself = index == own
    # Of more than k points on one spot, a point may not be among its own neighbours: then the last one is left out.
    itself[~itself.any(1), -1] = True
    same = codes[index[~itself].reshape(-1, k)] == codes[:, None]  # nearest first
    others = np.minimum(np.bincount(codes)[codes] - 1, k)
    counted = np.arange(k) < others[:, None]
    return np.asarray((same & counted).sum(1) / np.where(others > 0, others, np.nan), dtype=np.float32)


def _cell(points: Array, codes: Array) -> float:
    """The side of a cell: about a third of what a class has to itself, and no less than its points are apart."""
    extent = float(np.ptp(points, axis=0).max()) or 1.0
    dims = points.shape[1]
    classes = max(1, len(np.unique(codes)))
    side = min(0.35 / classes ** (1 / dims), 0.03 if dims < 3 else 0.06)
    some = np.random.default_rng(0).permutation(len(points))[:5_000]
    if len(points) > 1:
        _, index = cKDTree(points).query(points[some], k=2)
        apart = np.sqrt(((points[some] - points[index[:, 1]]) ** 2).sum(1)) / extent
        side = max(side, min(2 * float(np.median(apart)), 0.1))
    return float(max(side, 1e-3 if dims < 3 else 1e-2) * extent)


def _nearest_to_mean(points: Array, owner: Array, best: Array) -> NDArray[np.int64]:
    """The point of each of the cells `best` that lies nearest to that cell's mean."""
    which = np.full(int(owner.max()) + 1, -1, np.int64)
    which[best] = np.arange(len(best))
    (inside,) = np.nonzero(which[owner] >= 0)
    cell = which[owner[inside]]
    count = np.bincount(cell, minlength=len(best))
    mean = np.stack([np.bincount(cell, weights=points[inside, axis], minlength=len(best)) / count
                     for axis in range(points.shape[1])], 1)  # fmt: skip
    off = ((points[inside] - mean[cell]) ** 2).sum(1)
    order = np.lexsort((inside, off, cell))
    return np.asarray(inside[order[np.searchsorted(cell[order], np.arange(len(best)))]])
