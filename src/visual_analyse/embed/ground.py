"""What every projection stands on: features of few dimensions, and who is nearest to whom."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from visual_analyse.embed.neighbours import Neighbours, nearest_others, nearest_to, same_places, without_themselves
from visual_analyse.embed.reduction import Components, principal_components
from visual_analyse.embed.source import ArraySource, Floats, Rows, Source, blocks
from visual_analyse.errors import VisualAnalyseError

Progress = Callable[[str, int, int], object]

RANKS = (25, 50, 75, 100, 125, 150, 200)
KEPT = 15  # nearest neighbours that a reduction, and a map, are to keep
ENOUGH = 0.99  # of what the best reduction keeps
_RANK = 100  # where nothing hangs on it: neighbours were sought in the full space
_SAMPLE = 1_500
_ALL = 4_000  # walks up to which all are looked at


@dataclass(frozen=True)
class Ground:
    """Walks, ready to be projected.

    `points` float32 `[n, r]`, their principal components; `neighbours`, nearest first, sought in the full space or
    among `points`; `sample`, rows whose neighbours in the full space are `truth` (`[q, k]`), all rows where they are
    few; `notices`, what a reader should know.
    """

    points: Floats
    components: Components
    neighbours: Neighbours
    sample: Rows
    truth: Rows
    reduced: bool
    source: Source | None = None
    notices: list[str] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.points)

    @property
    def space(self) -> str:
        """Where neighbours were sought, in words."""
        return f"{self.points.shape[1]} principal components" if self.reduced else "full space"

    @property
    def features(self) -> Floats:
        """What a library that seeks neighbours by itself is given: the full features, all in memory, up to the bucket
        size; beyond it the components, measured from the origin of the full space, as angles between walks are.
        """
        if not self.reduced and self.source is not None:
            return self.source.take(np.arange(len(self)))
        found: Floats = self.points + self.components.mean @ self.components.directions.T
        return found


def prepare(
    source: Source, neighbours: int, bucket: int, seed: int, names: Callable[[int], str], progress: Progress
) -> Ground:
    """Reduce a source and find the nearest `neighbours` of each of its walks (at least those that quality needs).

    Up to `bucket` walks, neighbours are sought in the full space, exactly. Beyond it features are reduced first, to
    the fewest dimensions that keep the neighbours of a sample within 1 % of the best. `names` gives a row's name.

    Raises VisualAnalyseError for NaN or infinity, for features that are all alike, and for fewer than four walks.

    >>> prepare(ArraySource(np.random.rand(50, 8)), 15, 20000, 0, str, lambda *_: None).points.shape
    (50, 8)
    """
    count = max(neighbours, KEPT)
    notices: list[str] = []
    if len(source) < 4:
        raise VisualAnalyseError(
            f"A map needs at least 4 walks, and there {'is' if len(source) == 1 else 'are'} {len(source)}. Name more "
            "with --dataset_dir or --split all."
        )
    rng = np.random.default_rng(seed)
    sample = np.arange(len(source)) if len(source) <= _ALL else np.sort(rng.choice(len(source), _SAMPLE, replace=False))
    reduced = len(source) > bucket and source.dims > RANKS[0]
    rank = max(RANKS) if reduced else _RANK
    components, points = _reduced(source, rank, seed, names, progress)
    if not reduced:
        found = nearest_others(source, count, lambda done, of: progress("finding neighbours", done, of))
        if not found.exact:
            notices.append("Neighbours were sought by an approximate index (faiss HNSW).")
        return Ground(points, components, found, sample, found.indices[sample, :KEPT], False, source, notices)
    queries = source.take(sample)
    squares, places = nearest_to(source, queries, KEPT + 1, lambda done, of: progress("looking at a sample", done, of))
    truth = without_themselves(squares, places, sample).indices
    rank, kept = _fewest(points, sample, truth)
    points = np.ascontiguousarray(points[:, :rank])
    progress("finding neighbours", 0, 1)
    found = nearest_others(ArraySource(points), count)
    notices.append(
        f"{len(source):,} walks are more than --bucket_size {bucket:,}, so neighbours were sought after a reduction of "
        f"{source.dims:,} dimensions to {rank}, which keeps {kept:.0%} of the {KEPT} nearest (of a sample of "
        f"{len(sample):,} walks){'' if found.exact else ', by an approximate index (faiss HNSW)'}."
    )
    return Ground(points, components.first(rank), found, sample, truth, True, source, notices)


def _fewest(points: Floats, sample: Rows, truth: Rows) -> tuple[int, float]:
    """The smallest rank that keeps neighbours within 1 % of the best, and what it keeps."""
    ranks = [rank for rank in RANKS if rank < points.shape[1]] + [points.shape[1]]
    kept = []
    for rank in ranks:
        some = ArraySource(points[:, :rank])
        found = without_themselves(*nearest_to(some, some.take(sample), KEPT + 1), sample)
        kept.append(float(same_places(truth, found.indices).mean()))
    best = max(kept)
    chosen = next(number for number, share in enumerate(kept) if share >= ENOUGH * best)
    return ranks[chosen], kept[chosen]


def _reduced(
    source: Source, rank: int, seed: int, names: Callable[[int], str], progress: Progress
) -> tuple[Components, Floats]:
    """The components of a source and its walks among them, or a sentence where there are none."""
    try:
        with np.errstate(invalid="ignore", over="ignore"):
            components = principal_components(source, rank, seed, lambda done, of: progress("reducing", done, of))
            points = np.empty((len(source), len(components.directions)), np.float32)
            for start, block in blocks(source):
                points[start : start + len(block)] = components.of(block)
                progress("reducing", start, len(source))
    except np.linalg.LinAlgError as error:
        raise _broken(source, names) from error
    if not np.isfinite(points).all():
        raise _broken(source, names)
    # Equal embeddings differ here by rounding at most.
    if np.ptp(points, axis=0).max() <= 1e-6 * max(float(np.abs(components.mean).max()), 1e-30):
        raise VisualAnalyseError(
            f"All {len(source):,} embeddings are equal, so there is no map of them. The checkpoint, or the file of "
            "features, is broken."
        )
    return components, points


def _broken(source: Source, names: Callable[[int], str]) -> VisualAnalyseError:
    rows = [start + row for start, block in blocks(source) for row in np.flatnonzero(~np.isfinite(block).all(1))]
    if not rows:
        return VisualAnalyseError("The embeddings are too large for 32-bit numbers. Check the checkpoint.")
    others = f" and {len(rows) - 1:,} more hold" if len(rows) > 1 else " holds"
    return VisualAnalyseError(
        f"The embedding of {names(int(rows[0]))}{others} NaN or infinity. Check the checkpoint and these walks, or "
        "mend the file of features."
    )
