"""Evidence made by hand, whose maps are known to the cell."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from visual_analyse.results import Evidence, InputKind, LayerEvidence

EvidenceMaker = Callable[..., Evidence]


def a_layer(maps: Any, spans: Any = None, number: int = 1, name: str = "conv1", **facts: Any) -> LayerEvidence:
    maps = np.asarray(maps, np.float32)
    spans = [[k, k + 1] for k in range(len(maps))] if spans is None else spans
    return LayerEvidence(number, name, "Conv2d", maps, np.asarray(spans, np.int64), **facts)


def some_evidence(
    *layers: LayerEvidence, frames: Any = None, model: str = "GaitSet", probe: str = "001-nm-05-090",
    distance: float = 2.0, **facts: Any,
) -> Evidence:  # fmt: skip
    if frames is None:
        frames = np.random.default_rng(0).integers(0, 256, (4, 16, 8), dtype=np.uint8)
    if not layers:
        layers = (a_layer(np.random.default_rng(1).normal(size=(len(frames), 4, 2))),)
    manifest = {"model": {"name": model}, "probe": {"name": probe}, "match": {"name": "001-nm-01-090"}}
    return Evidence(np.asarray(frames), layers, np.full(4, distance / 4), manifest, **facts)


@pytest.fixture
def layer_of() -> Callable[..., LayerEvidence]:
    return a_layer


@pytest.fixture
def evidence_of() -> EvidenceMaker:
    return some_evidence


@pytest.fixture
def palette_kind() -> InputKind:
    return InputKind("parsing", "palette", palette=((0, 0, 0), (255, 0, 0), (0, 200, 50)))
