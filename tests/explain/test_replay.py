"""Forwards that begin at a layer, against those that do everything again."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from tests.explain.nets import Model, SetNet, StripNet, TimeNet, fixed, walk
from tests.six import FACTS, Six, grey, narrow
from visual_analyse.explain.elements import Rewriting, hold
from visual_analyse.explain.layers import leaves
from visual_analyse.explain.replay import Recording, Replay
from visual_analyse.explain.resolving import fit, resolve


@pytest.mark.parametrize("module", [SetNet, StripNet, TimeNet], ids=lambda module: module.__name__)
def test_a_forward_from_a_layer_on_answers_as_a_whole_one(module):
    check(Model(fixed(module())), walk((6,)))


@pytest.mark.parametrize("name", ["GaitSet", "GaitBase", "GaitPart", "GaitGL"])
def test_models_of_the_field_too(name):
    check(Six(narrow(FACTS[name]["model_cfg"])), grey((6,), (64, 44)), every=5)


def check(model, batch, every=1):
    plan = resolve(model, batch)
    layers = [layer for layer, _ in leaves(model.module) if not plan[layer.number].reason][::every]
    fitted = fit(model, batch, plan, layers)
    calls = count(model.module)
    with torch.no_grad():
        _, tracks = hold(model, batch, layers, plan, fitted)
        done = []
        for held in tracks:
            values = held.activations[0] * 0.5 - 0.1
            with held.rewritten(held.places[0], values):
                calls.clear()
                found = model.embed(batch)
                done.append(len(calls))
            with Rewriting(held.module, held.firsts, held.places[0], values):
                expected = model.embed(batch)
            assert torch.equal(found, expected), held.layer
    assert min(done) < max(done)  # the later the layer, the less is done
    assert not any("forward" in module.__dict__ for module in model.module.modules())


def count(module):
    """What convolutions really do, by a wrapper around their own work."""
    calls = []
    for child in module.modules():
        if isinstance(child, (nn.Conv1d, nn.Conv2d, nn.Conv3d)):
            original = child._conv_forward
            child._conv_forward = lambda *words, original=original: (calls.append(1), original(*words))[1]
    return calls


def test_what_is_too_much_is_done_again():
    module = nn.Sequential(nn.Linear(3, 3), nn.ReLU(), nn.Linear(3, 3), nn.Linear(3, 2))
    x = torch.randn(4, 3)
    for most in (0, 60, 1000):
        with Recording(module, [module[3]], most) as recording:
            expected = module(x)
        with recording.before(module[3]):
            assert torch.equal(module(x), expected)


def test_after_an_error_modules_are_what_they_were():
    linear = nn.Linear(1, 1)
    mine = lambda x: x + 1  # noqa: E731
    for own in (None, mine):
        if own is not None:
            linear.forward = own
        with pytest.raises(ValueError), Replay([(linear, torch.ones(1, 1))]):
            raise ValueError
        assert linear.__dict__.get("forward") is own
