"""What a map's groups look like from above: who lies beside whom, and where a name belongs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import product

import numpy as np
from numpy.typing import NDArray

Points = NDArray[np.float64]
Codes = NDArray[np.int64]
Cell = tuple[int, ...]

_MOST_SIDES = {
    1: 256,
    2: 64,
    3: 16,
}  # cells along each axis, by dimensions: enough to tell groups apart, few to go through
_IN_CELL = 4  # points to a cell, were they spread evenly: fewer, and a sparse group falls to pieces
_NEARNESS = np.array([1, 3, 9, 3, 1], np.float32)  # how much two groups are beside each other, by cells between them
_LARGE = 0.25  # of a group: a fragment this large gets a name of its own
_MOST = 3  # names of one group


def shared_colours(codes: Codes, points: Points, count: int, colours: int) -> NDArray[np.uint8]:
    """A colour number for each of `count` groups, so that groups lying beside each other differ.

    `codes` `[n]` says each point's group; `points` `[n, dims]` in 0..1. The group with most neighbours chooses first;
    each takes the colour least seen around it, and of those the one least used.

    >>> shared_colours(np.array([0, 1, 2]), np.array([[0.0, 0], [0.02, 0], [1, 1]]), 3, 2).tolist()[:2]
    [0, 1]
    """
    dims = points.shape[1]
    side = _side(points)
    there = np.zeros((count, *[side] * dims), np.float32)
    there[(codes, *_cells(points, side).T)] = 1
    near = there
    for axis in range(1, dims + 1):
        width = [(0, 0)] * (dims + 1)
        width[axis] = (len(_NEARNESS) // 2,) * 2
        padded = np.pad(near, width)
        shifts = (np.take(padded, range(at, at + side), axis) for at in range(len(_NEARNESS)))
        near = np.add.reduce([share * shift for share, shift in zip(_NEARNESS, shifts, strict=True)])
    beside = there.reshape(count, -1) @ near.reshape(count, -1).T
    np.fill_diagonal(beside, 0)
    chosen = np.full(count, -1)
    seen = np.zeros((count, colours))
    used = np.zeros(colours)
    for group in np.argsort(-beside.sum(1), kind="stable"):
        colour = int(np.lexsort((used, seen[group]))[0])
        chosen[group] = colour
        seen[:, colour] += beside[:, group]
        used[colour] += 1
    return chosen.astype(np.uint8)


def spots(codes: Codes, points: Points, groups: Iterable[int]) -> Iterator[tuple[int, list[float]]]:
    """Where to write the names of some groups: the densest place of each larger fragment of each.

    Never the mean of a group, which lies between its fragments, often in another group.

    >>> [(g, [round(v, 1) for v in at]) for g, at in spots(np.array([0, 0]), np.array([[0.1, 0.1], [0.9, 0.9]]), [0])]
    [(0, [0.1, 0.1]), (0, [0.9, 0.9])]
    """
    cells = _cells(points, _side(points))
    order = np.argsort(codes, kind="stable")
    sorted_codes = codes[order]
    for group in groups:
        first, last = np.searchsorted(sorted_codes, [group, group + 1])
        members = order[first:last]
        places = [tuple(cell) for cell in cells[members].tolist()]
        counts = Counter(places)
        fragments = sorted(_fragments(counts), key=lambda fragment: (-_size(fragment, counts), min(fragment)))
        for place, fragment in enumerate(fragments[:_MOST]):
            if place and _size(fragment, counts) < _LARGE * len(members):
                break
            # A Counter answers 0 for cells outside, so a fragment's own cells are all that is counted.
            top = max(sorted(fragment), key=lambda cell: sum(counts[near] for near in _around(cell)))
            close = set(_around(top))
            inside = [cell in close for cell in places]
            yield group, points[members[inside]].mean(0).tolist()


def _side(points: Points) -> int:
    count, dims = points.shape
    return int(np.clip((count / _IN_CELL) ** (1 / dims), 8, _MOST_SIDES[dims]))


def _cells(points: Points, side: int) -> NDArray[np.int64]:
    return np.clip((points * side).astype(np.int64), 0, side - 1)


def _around(cell: Cell) -> Iterator[Cell]:
    for step in product((-1, 0, 1), repeat=len(cell)):
        yield tuple(a + b for a, b in zip(cell, step, strict=True))


def _size(fragment: set[Cell], counts: Counter[Cell]) -> int:
    return sum(counts[cell] for cell in fragment)


def _fragments(counts: Counter[Cell]) -> Iterator[set[Cell]]:
    """The cells of a group, parted where no two touch."""
    left = set(counts)
    while left:
        edge = [left.pop()]
        fragment = set(edge)
        while edge:
            for near in _around(edge.pop()):
                if near in left:
                    left.remove(near)
                    fragment.add(near)
                    edge.append(near)
        yield fragment
