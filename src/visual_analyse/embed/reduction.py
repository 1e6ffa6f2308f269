"""Fewer dimensions that keep the neighbours: principal components of features larger than memory."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from visual_analyse.embed.source import Floats, Source, block_rows, blocks

Progress = Callable[[int, int], object]

_EXTRA = 10  # directions sought beyond those that are asked for
_SAMPLE = 12_000  # rows of the rehearsal
_REHEARSALS = 4
_PASSES = 2


@dataclass(frozen=True)
class Components:
    """Principal components: `mean` `[d]`, `directions` `[r, d]` of falling variance, orthonormal.

    >>> Components(np.zeros(2), np.eye(2)).of(np.ones((1, 2))).tolist()
    [[1.0, 1.0]]
    """

    mean: Floats
    directions: Floats

    def of(self, block: Floats) -> Floats:
        """Some rows `[b, d]` as `[b, r]`."""
        found: Floats = block @ self.directions.T - self.mean @ self.directions.T
        return found

    def first(self, rank: int) -> Components:
        """The strongest of them."""
        return Components(self.mean, self.directions[:rank])


def principal_components(source: Source, rank: int, seed: int, progress: Progress | None = None) -> Components:
    """The `rank` strongest directions of a source, in two passes over it and a rehearsal on a sample.

    Subspace iteration (Halko, Martinsson and Tropp, SIAM Review 2011, algorithm 4.4, on the covariance): each pass
    turns the directions towards the strong ones by the ratio of their variances to the noise's. From a random start
    the weak ones would need many; iterating first on a sample, which costs little, leaves two for all rows. Rows are
    read in blocks, so memory holds the directions and one block.

    >>> principal_components(ArraySource(np.eye(8)), 3, seed=0).directions.shape
    (3, 8)
    """
    rank = min(rank, source.dims, len(source))
    rng = np.random.default_rng(seed)
    width = min(rank + _EXTRA, source.dims)
    directions = rng.standard_normal((source.dims, width), dtype=np.float32)
    sample = _sample(len(source), block_rows(source.dims), rng)
    runs = ([sample] * _REHEARSALS if len(sample) else []) + [None] * (_PASSES if len(sample) else _PASSES + 2)
    turned, mean = directions, source.read(0, min(len(source), block_rows(source.dims))).mean(0)
    for number, chosen in enumerate(runs):
        directions = np.linalg.qr(turned)[0] if number else directions
        turned, mean = _turn(source, directions, chosen, mean)
        if progress is not None:
            progress(number + 1, len(runs))
    small = directions.T @ turned
    _, rotation = np.linalg.eigh((small + small.T) / 2)
    strongest = rotation[:, ::-1][:, :rank]
    return Components(mean, np.ascontiguousarray((directions @ strongest).T))


def _turn(
    source: Source, directions: Floats, starts: list[tuple[int, int]] | None, middle: Floats
) -> tuple[Floats, Floats]:
    """The covariance (times n) of all rows, or those of some spans, times some directions; and the mean.

    Rows are measured from a `middle` near their mean: what all walks have in common would cost the precision of what
    sets them apart.
    """
    turned = np.zeros_like(directions)
    total = np.zeros(source.dims)
    weights = np.zeros(directions.shape[1])
    count = 0
    for block in (rows for _, rows in blocks(source)) if starts is None else (source.read(*span) for span in starts):
        apart = block - middle
        seen = apart @ directions
        turned += apart.T @ seen
        total += apart.sum(0, dtype=np.float64)
        weights += seen.sum(0, dtype=np.float64)
        count += len(block)
    mean = total / count
    return turned - np.outer(mean, weights).astype(np.float32), (middle + mean).astype(np.float32)


def _sample(count: int, step: int, rng: np.random.Generator) -> list[tuple[int, int]]:
    """Spans of rows, a tenth at most of all, spread evenly; none where all are few."""
    wanted = min(_SAMPLE, count // 8)
    if wanted < 2_000:
        return []
    each = max(1, min(16, step))
    starts: NDArray[np.int64] = np.linspace(0, count - each, wanted // each).astype(np.int64)
    return [(int(start), int(start) + each) for start in starts]
