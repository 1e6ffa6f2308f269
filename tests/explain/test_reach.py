"""How many frames each layer sees, against what its kernels say."""

from __future__ import annotations

from dataclasses import replace

import pytest
from torch import nn

from tests.explain.nets import Model, SetNet, TimeNet, fixed, skeletons, walk
from tests.six import FACTS, Six, grey, narrow
from visual_analyse.errors import VisualAnalyseError
from visual_analyse.explain.defaults import default_layers
from visual_analyse.explain.layers import leaves
from visual_analyse.explain.reach import reaches
from visual_analyse.explain.resolving import resolve


def layers_of(model):
    return [layer for layer, _ in leaves(model.module)]


def reached(model, batch):
    layers = layers_of(model)
    found = reaches(model, batch, resolve(model, batch), layers)
    return {layer.name: found[layer.number] for layer in layers if layer.number in found}


@pytest.mark.parametrize("length", [5, 30])
def test_layers_of_single_frames_see_one(length):
    found = reached(Model(SetNet()), walk((length,)))
    assert found == {"one": 1, "act": 1, "pool": 1, "two": 1}  # three is of the set, unused never runs


def test_kernels_over_time_add_up():
    found = reached(Model(fixed(TimeNet())), walk((15,)))
    # A kernel of three; steps of three frames, which a frame and its two neighbours may lie in two of; all of them.
    assert found == {"wide": 3, "stride": 6, "deep": 12, "line": 12}


def test_a_model_that_does_not_take_the_changed_frame_tells_nothing(monkeypatch):
    model, batch = Model(SetNet()), walk((5,))
    plan, whole, seen = resolve(model, batch), model.module.forward, []

    def refuse_the_second(batch):
        seen.append(batch)
        if len(seen) > 1:
            raise VisualAnalyseError("no such label")
        return whole(batch)

    monkeypatch.setattr(model.module, "forward", refuse_the_second)
    assert reaches(model, batch, plan, layers_of(model)) == {} and len(seen) == 2


class Joints(nn.Module):
    """Joints convolved frame by frame, then over time; beside it a short way of single frames."""

    def __init__(self):
        super().__init__()
        self.over = nn.Conv2d(3, 4, (5, 1), padding=(2, 0))
        self.down = nn.Conv2d(3, 4, 1)

    def forward(self, batch):
        x = batch.inputs[0].permute(0, 3, 1, 2)
        return (self.over(x).relu() + self.down(x)).mean((2, 3))[..., None]


def test_where_frames_are_mixed_a_layer_of_single_frames_comes_second():
    model, batch = Model(fixed(Joints())), skeletons(20)
    plan = resolve(model, batch)
    layers = layers_of(model)
    assert [layer.name for layer in default_layers(layers, plan)] == ["over"]
    plan = replace(plan, reach=reaches(model, batch, plan, layers_of(model)))
    assert plan.reach == {1: 5, 2: 1}
    assert [layer.name for layer in default_layers(layers, plan)] == ["over", "down"]


@pytest.mark.parametrize(
    ("name", "numbers"), [("GaitSet", [20, 11]), ("GaitBase", [17]), ("GaitPart", [11]), ("GaitGL", [8, 1])]
)
def test_default_layers_of_models_of_the_field(name, numbers):
    model = Six(narrow(FACTS[name]["model_cfg"]))
    batch = grey((12,), (64, 44))
    plan = resolve(model, batch)
    plan = replace(plan, reach=reaches(model, batch, plan, layers_of(model)))
    layers = layers_of(model)
    assert [layer.number for layer in default_layers(layers, plan)] == numbers
