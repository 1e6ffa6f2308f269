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


BONES = InputKind("pose", "joints", edges=((0, 1), (1, 2)), joints=("nose", "left hip", "left knee"))
CLOUD = InputKind("points", "points")


@pytest.fixture
def joints_evidence_of() -> EvidenceMaker:
    """Evidence on four frames of three joints, all maps of the layers by default their own random ones."""

    def make(*layers: LayerEvidence, **facts: Any) -> Evidence:
        frames = np.random.default_rng(2).uniform(1, 60, (4, 3, 3)).astype(np.float32)
        layers = layers or (a_layer(np.random.default_rng(3).normal(size=(4, 3)), name="gcn1"),)
        return some_evidence(*layers, **{"frames": frames, "kind": BONES, **facts})

    return make


@pytest.fixture
def many_evidence() -> Evidence:
    """A model of five inputs, with a layer on each: silhouette, pose, points, RGB, and mere numbers."""
    rng = np.random.default_rng(4)
    inputs = {
        "1": rng.uniform(1, 60, (4, 3, 3)).astype(np.float32),
        "2": rng.uniform(0, 2, (4, 9, 3)).astype(np.float32),
        "3": rng.integers(0, 256, (4, 12, 12, 3), dtype=np.uint8),
        "4": rng.normal(size=(4, 85)).astype(np.float32),
    }
    kinds = {"1": BONES, "2": CLOUD, "3": InputKind("RGB", "rgb"), "4": InputKind("SMPL", "none")}
    shapes = [(4, 4, 2), (4, 3), (4, 9), (4, 3, 3), (4, 1, 1)]
    sees = [(0,), (1,), (0, 2), (0, 1, 2, 3, 4), (4,)]
    layers = [a_layer(rng.normal(size=shape), number=on + 1, name=f"branch{on}.conv", on=on, sees=seen)
              for on, (shape, seen) in enumerate(zip(shapes, sees, strict=True))]  # fmt: skip
    return some_evidence(*layers, inputs=inputs, kinds=kinds)
