"""Features of known structure: each identity a blob, far from the others."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def blobs(
    people: int = 6, each: int = 20, dims: int = 32, spread: float = 0.3, seed: int = 0
) -> tuple[NDArray[np.float32], NDArray[np.str_]]:
    """Features `[people * each, dims]`, in mixed order, and who each is of."""
    rng = np.random.default_rng(seed)
    middle = rng.normal(size=(people, dims))
    who = rng.permutation(np.repeat(np.arange(people), each))
    features = middle[who] + spread * rng.normal(size=(people * each, dims))
    return features.astype(np.float32), np.array([f"{k:03}" for k in who])
