"""Embeddings of many walks: the same as one by one, on disk as they come, whatever stops them."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from tests.workshop import silhouettes, write_config, write_walk
from visual_analyse.encode.extraction import extract
from visual_analyse.encode.forward import Forward
from visual_analyse.gait.sequences import scan
from visual_analyse.models.load import load_model


@pytest.fixture
def walks(workshop):
    for k in range(20):
        write_walk(workshop.root / "many", f"1{k:02d}/nm-01/000", silhouettes(50 + k, frames=30 + k % 7))
    return scan(workshop.root / "many")


@pytest.fixture
def model(workshop):
    return load_model(workshop.config, checkpoint=workshop.checkpoint, device="cpu")


def one_by_one(model, walks):
    with torch.no_grad():
        return np.stack([model.embed(model.batch([walk.load()])).numpy()[0] for walk in walks]).reshape(len(walks), -1)


def close(found, expected):
    return np.abs(found - expected).max() <= 1e-5 * np.abs(expected).max()


@pytest.fixture
def computed(monkeypatch):
    """The names of the walks that go through a model."""
    names = []
    real = Forward.start
    monkeypatch.setattr(
        Forward, "start", lambda self, group: names.extend(walk.name for walk in group) or real(self, group)
    )
    return names


@pytest.mark.parametrize("name", ["GaitSet", "GaitGL"])
def test_embeddings_are_those_of_walks_alone(workshop, walks, name):
    model = load_model(write_config(workshop.config, name), checkpoint="none", device="cpu")
    seen = []
    with extract(model, walks, cache=workshop.root / "c", progress=lambda *now: seen.append(now)) as found:
        assert close(found.read(0, 100), one_by_one(model, walks))
        assert found.names == [walk.name for walk in walks]
        assert found.dims == found.shape[0] * found.shape[1]
    assert seen == [(k + 1, 20) for k in range(20)]


def test_a_second_run_computes_nothing(workshop, walks, model, computed):
    with extract(model, walks, cache=workshop.root / "c") as first:
        before = first.read(0, 20)
    computed.clear()
    with extract(model, walks[::-1], cache=workshop.root / "c") as second:
        assert np.array_equal(second.read(0, 20), before[::-1])
    assert computed == []
