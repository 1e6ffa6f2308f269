from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from visual_analyse.results import EmbeddingMap


@pytest.fixture
def map_of() -> Callable[..., EmbeddingMap]:
    """A map of round groups on a grid, a group an identity."""

    def make(identities: int = 5, each: int = 6, dims: int = 2, **given: Any) -> EmbeddingMap:
        rng = np.random.default_rng(3)
        who = np.repeat(np.arange(identities), each)
        side = int(np.ceil(identities ** (1 / min(dims, 2))))
        home = np.zeros((identities, dims))
        home[:, 0] = np.arange(identities) % side
        if dims > 1:
            home[:, 1] = np.arange(identities) // side
        feats = (home[who] + 0.1 * rng.normal(size=(len(who), dims))) / side
        n = np.arange(len(who))
        texts: dict[str, Any] = {
            "feats": feats.astype(np.float32),
            "labels": np.array([f"{k:03}" for k in range(1, identities + 1)])[who],
            "types": np.array(["nm-01", "nm-02", "bg-01"])[n % 3],
            "views": np.array(["000", "090", "180"])[n % 3],
            "manifest": {"views_are_angles": True, "checkpoint": "x.pt", "method": "tsne", "engine": "openTSNE"},
        }
        return EmbeddingMap(**{**texts, **given})

    return make
