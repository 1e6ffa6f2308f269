"""Gradients along the way from what is usual, against what the way adds up to."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
import torch
from torch import nn

from tests.explain.nets import Model, SetNet, StripNet, fixed, walk
from visual_analyse.explain.explanation import explain
from visual_analyse.explain.layers import leaves, select
from visual_analyse.explain.methods import Deviation, GradCam, IntegratedDeviation
from visual_analyse.explain.resolving import resolve
from visual_analyse.explain.targets import distance_to
from visual_analyse.explain.usual import usual_outputs


@dataclass(frozen=True, eq=False)
class Finely(IntegratedDeviation):
    steps = 200


def setting(module, batch, words, others):
    model = Model(module)
    plan = resolve(model, batch)
    layers = select([layer for layer, _ in leaves(module)], words)
    usual = usual_outputs(model, others, layers, plan)
    with torch.no_grad():
        match = model.embed(others[0])
    return model, plan, layers, usual, distance_to(match, "euc")


def rewritten(module, layer, values, batch):
    """The embeddings where a layer puts out what it is told."""
    where = {one.number: own for one, own in leaves(module)}
    handle = where[layer.number].register_forward_hook(lambda *words: values)
    with torch.no_grad():
        found = module(batch)
    handle.remove()
    return found


def test_the_way_adds_up_to_what_the_target_changes_by():
    """From a layer that always puts out what is usual to the walk itself (Sundararajan et al. 2017, prop. 1)."""
    module, batch, others = fixed(SetNet()), walk((5,)), [walk((5,), seed=1), walk((5,), seed=2)]
    model, plan, layers, usual, target = setting(module, batch, ["1"], others)
    made = explain(model, batch, target, layers, plan=plan, method=Finely(usual=usual), sign="for",
                   further=[(Finely(usual=usual), "against")])  # fmt: skip
    total = made.walks[0][0].maps.sum() + made.further[0][0].maps.sum()
    ordinary = usual[layers[0].number]
    values = ordinary[:, 0][None].expand(5, -1, -1, -1).clone()
    begin = target(rewritten(module, layers[0], values, batch))
    with torch.no_grad():
        end = target(model.embed(batch))
    assert total == pytest.approx((begin - end).item(), rel=0.02)
    assert abs(total) > 1e-3


class Straight(nn.Module):
    """Two convolutions and a mean: linear all the way."""

    def __init__(self) -> None:
        super().__init__()
        self.one = nn.Conv2d(1, 3, 3, padding=1)
        self.two = nn.Conv2d(3, 2, 3, padding=1)

    def forward(self, batch):
        x = self.two(self.one(batch.inputs[0].flatten(0, 1).unsqueeze(1)))
        return x.mean((0, 2, 3))[None, :, None]


@pytest.mark.parametrize("sign", ["for", "against", "abs"])
def test_of_what_is_linear_the_way_says_what_its_end_says(sign):
    module, batch = fixed(Straight()), walk((4,))
    model, plan, layers, usual, _ = setting(module, batch, ["1", "2"], [walk((4,), seed=1)])

    def linear(embeddings):
        return embeddings.flatten(1) @ torch.tensor([1.0, -2.0])

    one, other = (
        explain(model, batch, linear, layers, plan=plan, method=method(usual=usual), sign=sign).walks[0]
        for method in (Deviation, IntegratedDeviation)
    )
    for this, that in zip(one, other, strict=True):
        assert that.maps == pytest.approx(this.maps, rel=1e-4, abs=1e-7) and this.maps.any()


@pytest.mark.parametrize("packed", [False, True])
def test_walks_of_a_batch_are_explained_as_each_alone(packed):
    module = fixed(SetNet())
    batch = walk((4, 4), packed=packed)
    model, plan, layers, usual, target = setting(module, batch, ["1", "3"], [walk((4,), seed=1)])
    match = torch.cat([model.embed(walk((4,), seed=1)).detach()] * 2)
    made = explain(model, batch, distance_to(match, "euc"), layers, plan=plan, method=IntegratedDeviation(usual=usual))
    for k, some in enumerate(made.walks):
        inputs = batch.inputs[0][:, 4 * k : 4 * k + 4] if packed else batch.inputs[0][k : k + 1]
        alone = explain(
            model, type(batch)((inputs,), batch.axes, (4,), batch.packed), target, layers, plan=plan,
            method=IntegratedDeviation(usual=usual),
        )  # fmt: skip
        for one, other in zip(some, alone.walks[0], strict=True):
            assert one.maps == pytest.approx(other.maps, abs=1e-5)


def test_strips_that_make_one_map_go_together():
    module, batch = fixed(StripNet()), walk((4,))
    words = [str(layer.number) for layer, _ in leaves(module)][:1]
    model, plan, layers, usual, target = setting(module, batch, words, [walk((4,), seed=1)])
    made = explain(model, batch, target, layers, plan=plan, method=IntegratedDeviation(usual=usual))
    plain = explain(model, batch, target, layers, plan=plan, method=Deviation(usual=usual))
    for one, other in zip(made.walks[0], plain.walks[0], strict=True):
        assert one.maps.shape == other.maps.shape and one.maps.any()


def test_other_methods_of_the_same_call_are_as_they_are_alone():
    module, batch = fixed(SetNet()), walk((4,))
    model, plan, layers, usual, target = setting(module, batch, ["1", "3"], [walk((4,), seed=1)])
    along = IntegratedDeviation(usual=usual)
    alone = explain(model, batch, target, layers, plan=plan, method=GradCam())
    beside = explain(model, batch, target, layers, plan=plan, method=GradCam(), further=[(along, "abs")])
    first = explain(model, batch, target, layers, plan=plan, method=along, sign="abs")
    for k in range(2):
        assert np.array_equal(alone.walks[0][k].maps, beside.walks[0][k].maps)
        assert np.array_equal(first.walks[0][k].maps, beside.further[0][k].maps)
    assert beside.further[0][0].method == "integrated_deviation-abs"
    assert (first.walks[0][0].maps >= 0).all()


def test_the_model_is_as_it_was():
    module, batch = fixed(SetNet()), walk((4,))
    model, plan, layers, usual, target = setting(module, batch, ["1"], [walk((4,), seed=1)])
    before = [parameter.clone() for parameter in module.parameters()]
    explain(model, batch, target, layers, plan=plan, method=IntegratedDeviation(usual=usual))
    assert all(torch.equal(x, y) for x, y in zip(before, module.parameters(), strict=True))
    assert all(parameter.requires_grad and parameter.grad is None for parameter in module.parameters())
    assert not any(m._forward_hooks or m._forward_pre_hooks for m in module.modules())
