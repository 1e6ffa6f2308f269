"""A mean and how sure it is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_RESAMPLED = 2000


@dataclass(frozen=True)
class Interval:
    """A mean over probes, and the 95 % interval of means of probes drawn again and again (Efron 1979)."""

    mean: float
    low: float
    high: float

    @staticmethod
    def of(values: NDArray[np.float64], seed: int = 1597) -> Interval:
        """The interval of some probes' values.

        >>> Interval.of(np.ones(5))
        Interval(mean=1.0, low=1.0, high=1.0)
        """
        rng = np.random.default_rng(seed)
        means = values[rng.integers(0, len(values), (_RESAMPLED, len(values)))].mean(1)
        low, high = np.quantile(means, (0.025, 0.975))
        return Interval(float(values.mean()), float(low), float(high))
