"""Means over probes, and how sure they are."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

RESAMPLED = 2000


def mean_interval(values: NDArray[Any], seed: int = 1597) -> NDArray[np.float64]:
    """The mean of probes' values `[n, ...]` and the 95 % interval of it, `[..., 3]`: mean, low, high.

    The interval is that of the means of probes drawn again and again (Efron, "Bootstrap methods", Ann. Statist. 1979).
    What is NaN for a probe is left out; where it is for all, so is the answer. One probe has a mean, and NaN for its
    interval, since it cannot tell how far another would be off.

    >>> mean_interval(np.array([1.0, 1.0]))
    array([1., 1., 1.])
    """
    flat = np.asarray(values, np.float64).reshape(len(values), -1)
    known = np.isfinite(flat)
    rng = np.random.default_rng(seed)
    often = rng.multinomial(len(flat), np.full(len(flat), 1 / len(flat)), RESAMPLED).astype(np.float64)
    filled = np.where(known, flat, 0)
    with np.errstate(invalid="ignore", divide="ignore"):
        means = (often @ filled) / (often @ known)
        middle = filled.sum(0) / known.sum(0)
    none = ~known.any(0)
    low, high = np.zeros((2, flat.shape[1]))
    if not none.all():
        low[~none], high[~none] = np.nanquantile(means[:, ~none], (0.025, 0.975), axis=0)
    few = known.sum(0) < 2
    low[few] = high[few] = np.nan
    return np.stack([middle, low, high], -1).reshape(*np.shape(values)[1:], 3)
