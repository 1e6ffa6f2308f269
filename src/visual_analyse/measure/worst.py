"""The probes that a model gets wrong, the worst first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from visual_analyse.measure.distances import distances


@dataclass(frozen=True)
class Outcome:
    """What became of a probe: the distances to its best true match and to the nearest impostor."""

    true: float
    impostor: float

    @property
    def margin(self) -> float:
        """How much nearer the true match is; below zero the nearest walk is another's."""
        return self.impostor - self.true


def outcome(
    embedding: NDArray[Any], identity: str, gallery: NDArray[Any], ids: Sequence[str], metric: str
) -> Outcome | None:
    """What becomes of a probe `[c, p]` among gallery walks `[n, c, p]`; None without a true match or an impostor.

    >>> outcome(np.zeros((1, 1)), "a", np.array([[[2.0]], [[1.0]]]), ["a", "b"], "euc").margin
    -1.0
    """
    own = np.array([name == identity for name in ids], dtype=bool)
    if not own.any() or own.all():
        return None
    row = distances(embedding[None], gallery, metric)[0]
    return Outcome(float(row[own].min()), float(row[~own].min()))


def worst(outcomes: Sequence[Outcome | None], count: int) -> list[int]:
    """The places of at most `count` probes that are matched with another person, those with the least margin first.

    >>> worst([Outcome(1, 2), Outcome(3, 1), None, Outcome(2, 1)], 5)
    [1, 3]
    """
    wrong = [(one.margin, place) for place, one in enumerate(outcomes) if one is not None and one.margin < 0]
    return [place for _, place in sorted(wrong)[:count]]
