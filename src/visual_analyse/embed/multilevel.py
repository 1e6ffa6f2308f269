"""t-SNE from coarse to fine: groups find their places before their members do."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from openTSNE import TSNEEmbedding
from openTSNE.affinity import PrecomputedAffinities
from scipy.spatial import cKDTree

from visual_analyse.embed.coarsening import Level, coarsened

Points = NDArray[np.float64]
Progress = Callable[[int, int], object]

# Up to so many nodes a map is made at one go. Schedules are pairs of iterations and exaggeration.
_SMALLEST = 1_000
_FIRST = ((100, 12.0), (150, 1.0))
# What finer levels add: their nodes begin at their group's place.
_MIDDLE = ((25, 4.0), (50, 1.0))
_LAST = ((200, 1.0),)
_LAST_BY_GRID = ((75, 1.0),)
_ALONE = ((250, 12.0), (500, 1.0))  # where there is nothing coarser: t-SNE's own schedule
_STEP = 25  # iterations between two looks at the span
_TREE = 10_000  # nodes up to which repulsion is summed over a tree; beyond, it is interpolated on a grid
_BOXES = (100_000, 300)  # of that grid, along the longer side of a map of one dimension, and of two
_STRIDE = 12_000  # a learning rate up to which a node moves by all of its gradient
_SPREAD = 0.3  # of the distance between groups: how far a group's members begin from its place
_BOX = 4.0  # across which a box of the grid still tells groups apart, where distance 1 halves the pull
_ASKED = 2_000  # groups that are asked how far apart they lie
# Of the room that more nodes would need at equal density. Few nodes make their own; many move too little to.
_GROWTH_BY_TREE, _GROWTH_BY_GRID = 0.75, 1.3


def layout(
    affinities: Any,
    start: Points,
    seed: int,
    jobs: int,
    progress: Progress | None = None,
    theta: float = 0.5,
    verbose: bool = False,
) -> Points:
    """Coordinates `[n, dims]` for a graph of affinities `[n, n]`; `start` `[n, dims]` arranges the coarsest groups.

    t-SNE's gradient (van der Maaten and Hinton 2008, eq. 5) moves a point by the pull of its few neighbours, so that a
    group which begins in several places seldom finds together, the less so the more groups there are. Here the graph is
    first made coarser until a map of its groups is quick, and each finer level begins where its groups are. No
    labels enter.

    >>> layout(graph, components[:, :2], seed=0, jobs=1).shape  # doctest: +SKIP
    (5500, 2)
    """
    levels = coarsened(affinities, _SMALLEST)
    rng = np.random.default_rng(seed)
    place = start
    for level in levels[:-1]:
        place = _means(place, level.parent)
    deviation = place.std(0)
    place = place / max(deviation[0], deviation.max() * 1e-3, 1e-30) * 1e-4
    flat = deviation == 0  # no gradient leads out of a line, or a plane, in which all begin
    place[:, flat] = rng.normal(scale=1e-4, size=(len(place), int(flat.sum())))
    work = _Work(sum(len(level) for level in levels), progress)
    for number in range(len(levels) - 1, -1, -1):
        level = levels[number]
        if number < len(levels) - 1:
            place = _members(place, level, len(levels[number + 1]), rng)
        place = _optimised(level.graph, place, _steps(number, len(levels), by_tree(place)), jobs, seed, theta, verbose)
        work.done(len(level))
    return place


class _Work:
    def __init__(self, total: int, progress: Progress | None) -> None:
        self._total, self._done, self._progress = total, 0, progress

    def done(self, count: int) -> None:
        self._done += count
        if self._progress is not None:
            self._progress(self._done, self._total)


def by_tree(place: Points) -> bool:
    """Whether repulsion is summed over a tree: for few nodes, and in three dimensions, which the grid cannot.

    The tree serves one dimension too; a grid over a map of next to no extent would crash the interpreter.
    """
    return len(place) <= _TREE or place.shape[1] > 2


def _steps(number: int, levels: int, tree: bool) -> tuple[tuple[int, float], ...]:
    if levels == 1:
        return _ALONE
    if number == levels - 1:
        return _FIRST
    return _MIDDLE if number else _LAST if tree else _LAST_BY_GRID


def _optimised(
    graph: Any, place: Points, steps: tuple[tuple[int, float], ...], jobs: int, seed: int, theta: float, verbose: bool
) -> Points:
    embedding = TSNEEmbedding(
        place.copy(),
        PrecomputedAffinities(graph, normalize=False),
        negative_gradient_method="bh" if by_tree(place) else "fft",
        theta=theta,
        n_jobs=jobs,
        random_state=seed,
        verbose=verbose,
    )
    boxes = _BOXES[min(place.shape[1], 2) - 1]
    for iterations, exaggeration in steps:
        for begun in range(0, iterations, _STEP):
            span = float(np.ptp(np.asarray(embedding), axis=0).max())
            with np.errstate(
                invalid="ignore"
            ):  # of the divergence, which a coarse grid measures badly and nobody reads
                embedding.optimize(
                    min(_STEP, iterations - begun),
                    exaggeration=exaggeration,
                    momentum=0.8,
                    # n over 12 for many (Belkina et al., Nature Communications 2019); few bear more, and settle sooner.
                    learning_rate=max(200.0, len(place) / 12, min(len(place) / exaggeration, _STRIDE)),
                    ints_in_interval=max(1.0, span / boxes),
                    inplace=True,
                )
    return np.array(embedding)


def _means(place: Points, group: NDArray[np.int64]) -> Points:
    count = np.bincount(group)
    return np.stack([np.bincount(group, column) / count for column in place.T], axis=1)


def _members(place: Points, level: Level, groups: int, rng: np.random.Generator) -> Points:
    """Where the nodes of a level begin: at their group's place, a little apart, on a map with room for more."""
    dims = place.shape[1]
    growth = _GROWTH_BY_GRID if len(level) > _TREE and dims == 2 else _GROWTH_BY_TREE
    # No wider than the grid can resolve: groups would blur into one another.
    widest = _BOX * _BOXES[min(dims, 2) - 1] / max(float(np.ptp(place, axis=0).max()), 1e-30)
    grown = place * max(1.0, min(growth * (len(level) / groups) ** (1 / dims), widest))
    some = grown[:: max(1, len(grown) // _ASKED)]
    apart = np.median(cKDTree(grown).query(some, min(2, len(grown)))[0].reshape(len(some), -1)[:, -1])
    spread = rng.normal(size=(len(level), dims)) * (_SPREAD * max(apart, 1e-6))
    found: Points = grown[level.parent] + spread
    return found
