"""All convolutions of the six models: numbers, the poke test, and maps, for walks of many lengths and sizes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from tests import poke
from tests.six import FACTS, LAYERS, NAMES, Six, convolutions, grey, narrow
from visual_analyse.explain.explanation import explain
from visual_analyse.explain.layers import leaves, select
from visual_analyse.explain.resolving import resolve
from visual_analyse.explain.strips import Strips
from visual_analyse.explain.targets import distance_to

WALKS = [(1, (64, 44)), (2, (128, 88)), (3, (64, 44)), (31, (64, 44)), (3, (128, 88))]


@pytest.fixture(scope="module")
def models():
    return {name: Six(narrow(FACTS[name]["model_cfg"])) for name in NAMES}


@pytest.mark.parametrize("name", NAMES)
def test_narrow_models_have_the_layers_of_the_official_ones(models, name):
    assert [str(layer) for layer, _ in leaves(models[name].module)] == [
        f"{number} {path} ({kind})" for number, path, kind in (leaf.split(" ") for leaf in FACTS[name]["leaves"])
    ]


@pytest.mark.parametrize("name", LAYERS)
def test_the_contracts_layers_are_convolutions_and_draw(name):
    """With the official widths, every layer that the contract names has a map of the right size."""
    model = Six(FACTS[name]["model_cfg"])
    batch = grey((4,), (64, 44))
    plan = resolve(model, batch)
    layers = select([layer for layer, _ in leaves(model.module)], list(map(str, LAYERS[name])))
    assert all(layer.kind.startswith("Conv") for layer in layers)
    with torch.no_grad():
        match = model.embed(grey((5,), (64, 44), seed=1))
    found = explain(model, batch, distance_to(match, "euc"), layers, plan=plan)
    assert [layer.number for layer in found.walks[0]] == LAYERS[name]
    for layer in found.walks[0]:
        assert np.isfinite(layer.maps).all()
        assert layer.strength > 0, layer.name
        assert len(layer.maps) == len(layer.spans) == plan.steps(layer.number, 4)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(("length", "size"), WALKS)
def test_pokes_come_out_where_they_went_in(models, name, length, size):
    model = models[name]
    batch = grey((length,), size)
    plan = resolve(model, batch)
    layers = convolutions(model, plan)
    assert {layer.number for layer in layers} >= set(LAYERS.get(name, []))
    if not (name.startswith("GaitGL") and length < 3):  # a walk shorter than a step goes round again: no frame is alone
        in_time = [layer for layer in layers if not plan[layer.number].pooled]
        assert poke.poke_frames(model, plan, in_time, batch) == []
    in_space = [layer for layer in layers if plan[layer.number].axes.grid]
    assert poke.poke_rows(model, plan, in_space, batch) == []


@pytest.mark.parametrize("name", ["GaitSet", "GaitPart", "GLN_Phase1", "GaitBase"])
def test_pokes_stay_in_their_walk_when_packed(models, name):
    model = models[name]
    batch = grey((3, 5), (64, 44), packed=True)
    plan = resolve(model, batch)
    layers = [
        layer for layer in convolutions(model, plan) if not plan[layer.number].pooled and plan[layer.number].axes.grid
    ]
    assert len(layers) >= 6
    assert poke.poke_frames(model, plan, layers, batch) == []


@pytest.mark.parametrize("name", ["GaitPart", "GaitGL", "GaitGL-OUMVLP"])
def test_broken_strips_fail_the_poke(models, name):
    """Every layer that runs on strips is noticed when its strips are reversed or shifted."""
    model = models[name]
    batch = grey((3,), (64, 44))
    plan = resolve(model, batch)
    cut = [layer for layer in convolutions(model, plan) if plan[layer.number].strips is not None]
    assert len(cut) == {"GaitPart": 4, "GaitGL": 3, "GaitGL-OUMVLP": 6}[name]
    for layer in cut:
        strips = plan[layer.number].strips
        order = strips.order
        for wrong in {order[::-1], order[1:] + order[:1]}:
            place = replace(plan[layer.number], strips=Strips(strips.axis, wrong))
            broken = replace(plan, places={**plan.places, layer.number: place})
            assert poke.poke_rows(model, broken, [layer], batch), (layer, wrong)


@pytest.mark.parametrize("name", NAMES)
def test_reversed_time_fails_the_poke(models, name):
    model = models[name]
    batch = grey((31,), (64, 44))
    plan = resolve(model, batch)
    layers = [layer for layer in convolutions(model, plan) if not plan[layer.number].pooled][:3]

    class Reversed:
        def __getattr__(self, attribute):
            return getattr(plan, attribute)

        def __getitem__(self, number):
            return plan[number]

        def restore(self, number, outputs, lengths):
            return [part.flip(1) for part in plan.restore(number, outputs, lengths)]

    for layer in layers:
        assert poke.poke_frames(model, Reversed(), [layer], batch), layer


def test_gaitgl_joins_three_frames_a_step(models):
    plan = resolve(models["GaitGL"], grey((31,), (64, 44)))
    assert plan.steps(5, 31) == 10
    assert plan.spans(5, 31, 10).tolist() == [[3 * k, 3 * k + 3] for k in range(10)]
    assert plan.spans(1, 31, 31).tolist() == [[k, k + 1] for k in range(31)]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(("length", "size"), WALKS)
def test_every_convolution_draws(models, name, length, size):
    model = models[name]
    batch = grey((length,), size)
    with torch.no_grad():
        match = model.embed(grey((4,), size, seed=1))
    plan = resolve(model, batch)
    layers = convolutions(model, plan)
    found = explain(model, batch, distance_to(match, "euc"), layers, plan=plan)
    assert [layer.number for layer in found.walks[0]] == [layer.number for layer in layers]
    for layer in found.walks[0]:
        assert np.isfinite(layer.maps).all()
        assert (layer.spans[:, 0] < layer.spans[:, 1]).all()
        assert layer.spans.min() >= 0
        assert layer.spans.max() <= length
