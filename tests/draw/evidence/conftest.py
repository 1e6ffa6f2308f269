"""Records whose every number is known, with all that `explain` adds, and without."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.draw.evidence.records import HEIGHT, layer_of, walk_of
from visual_analyse.results import Evidence, InputKind, Ledger


@pytest.fixture
def plain() -> Evidence:
    """What grad_cam alone writes."""
    whole = walk_of(0, "001-nm-05-090")
    manifest = {
        "model": {"name": "Net"}, "probe": {"name": "001-nm-05-090", "id": "001"}, "match": {"name": "001-nm-01-090"},
        "metric": "euc", "method": "grad_cam", "target": "distance to the match",
    }  # fmt: skip
    return replace(whole, manifest=manifest, phase=None, regions=None, region_names=())


@pytest.fixture
def full(plain: Evidence) -> Evidence:
    """What explain makes of it: the match is right, and an impostor is further away, by part 1 above all."""
    heights = np.zeros((4, HEIGHT), np.float32)
    for part, rows in enumerate((slice(8, 16), slice(0, 8), slice(0, 16), slice(8, 16))):
        heights[part, rows] = 1 / (rows.stop - rows.start)
    ledgers = (Ledger("001-nm-01-090", "match", plain.parts),
               Ledger("002-nm-01-090", "impostor", plain.parts + np.array([0.1, 0.5, -0.05, 0.1])))  # fmt: skip
    made = walk_of(0, "001-nm-05-090")
    return replace(made, manifest=plain.manifest, heights=heights, ledgers=ledgers,
                   matched=walk_of(2, "001-nm-01-090", frames=15, gain=3.0))  # fmt: skip


@pytest.fixture
def poses() -> Evidence:
    """Skeletons, and the skeletons that they matched."""
    kind = InputKind("pose", "joints", edges=((0, 1), (1, 2)), joints=("nose", "left hip", "left knee"))

    def walk(seed: int) -> Evidence:
        rng = np.random.default_rng(seed)
        frames = rng.uniform(1, 60, (8, 3, 3)).astype(np.float32)
        manifest = {"probe": {"name": f"{seed}"}, "match": {"name": "1"}, "model": "Net"}
        return Evidence(frames, (layer_of(rng.normal(size=(8, 3))),), np.array([0.5]), manifest, kind=kind)

    return replace(walk(0), matched=walk(1))
