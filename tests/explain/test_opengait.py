"""The real framework: the same numbers, the poke test, and maps of its own models."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from tests import poke
from tests.explain.nets import centre
from tests.six import FACTS, LAYERS, NAMES, convolutions, grey
from visual_analyse.explain.explanation import explain
from visual_analyse.explain.layers import leaves
from visual_analyse.explain.resolving import resolve
from visual_analyse.explain.targets import distance_to
from visual_analyse.models import builtin
from visual_analyse.models.load import load_model

pytestmark = pytest.mark.opengait


def real(opengait, name):
    return load_model(opengait / FACTS[name]["config"], checkout=opengait, checkpoint="none", device="cpu")


@pytest.mark.parametrize("name", NAMES)
def test_numbers_places_and_maps_are_those_of_the_built_in_model(opengait, name):
    theirs = real(opengait, name)
    assert theirs.source == "checkout"
    ours = builtin.build(FACTS[name]["model_cfg"]).eval()
    ours.load_state_dict(theirs.module.state_dict())

    class Ours:
        module, metric = ours, "euc"

        def embed(self, batch):
            return ours((list(batch.inputs), None, None, None, torch.tensor([batch.lengths])))["inference_feat"][
                "embeddings"
            ]

    batch = grey((4,), (64, 44))
    plans = [resolve(model, batch) for model in (theirs, Ours())]
    assert [str(layer) for layer, _ in leaves(theirs.module)] == [str(layer) for layer, _ in leaves(ours)]
    layers = convolutions(theirs, plans[0])
    assert {layer.number for layer in layers} >= set(LAYERS.get(name, []))
    for layer in layers:
        assert plans[0][layer.number] == plans[1][layer.number]
    with torch.no_grad():
        match = theirs.embed(grey((5,), (64, 44), seed=1))
    found = [
        explain(model, batch, distance_to(match, "euc"), layers, plan=plan)
        for model, plan in zip((theirs, Ours()), plans, strict=True)
    ]
    for a, b in zip(found[0].walks[0], found[1].walks[0], strict=True):
        assert (a.spans == b.spans).all()
        assert np.abs(a.maps - b.maps).max() <= 1e-3 * b.strength, a.name


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(("length", "size"), [(1, (64, 44)), (2, (128, 88)), (3, (64, 44)), (31, (64, 44))])
def test_pokes_and_maps_of_the_checkouts_models(opengait, name, length, size):
    model = real(opengait, name)
    with torch.no_grad():
        for layer in model.module.modules():
            if isinstance(layer, torch.nn.Conv1d | torch.nn.Conv2d | torch.nn.Conv3d):
                centre(layer.weight)
    short = min(length, 7)  # what a poke shows does not change with more frames, and seven cost a quarter
    batch = grey((short,), size)
    plan = resolve(model, batch)
    layers = convolutions(model, plan)
    if not (name.startswith("GaitGL") and length < 3):
        assert poke.poke_frames(model, plan, [layer for layer in layers if not plan[layer.number].pooled], batch) == []
    if length == 3:
        assert poke.poke_rows(model, plan, [layer for layer in layers if plan[layer.number].axes.grid], batch) == []


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(("length", "size"), [(1, (64, 44)), (2, (128, 88)), (3, (64, 44)), (31, (64, 44))])
def test_every_convolution_of_the_checkouts_models_draws(opengait, name, length, size):
    model = real(opengait, name)
    batch = grey((length,), size)
    with torch.no_grad():
        match = model.embed(grey((4,), size, seed=1))
    plan = resolve(model, batch)
    layers = convolutions(model, plan)
    found = explain(model, batch, distance_to(match, "euc"), layers, plan=plan).walks[0]
    assert [layer.number for layer in found] == [layer.number for layer in layers]
    assert all(np.isfinite(layer.maps).all() and layer.strength > 0 for layer in found)
