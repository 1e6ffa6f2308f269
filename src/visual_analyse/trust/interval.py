"""A mean and how sure it is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from visual_analyse.measure.interval import mean_interval


@dataclass(frozen=True)
class Interval:
    """A mean over probes, and the 95 % interval of means of probes drawn again and again (Efron 1979)."""

    mean: float
    low: float
    high: float

    @staticmethod
    def of(values: NDArray[np.float64], seed: int = 1597) -> Interval:
        """The interval of some probes' values; of a single one, no wider than itself.

        >>> Interval.of(np.ones(5))
        Interval(mean=1.0, low=1.0, high=1.0)
        """
        mean, low, high = mean_interval(values, seed).tolist()
        return Interval(mean, low, high) if len(values) > 1 else Interval(mean, mean, mean)
