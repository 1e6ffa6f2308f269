"""What layers usually put out: means of what hooks see, and nothing where cells are no places."""

from __future__ import annotations

import torch

from tests.explain.nets import Model, SetNet, StripNet, walk
from visual_analyse.explain.explanation import explain
from visual_analyse.explain.layers import leaves, select
from visual_analyse.explain.methods import Deviation
from visual_analyse.explain.resolving import resolve
from visual_analyse.explain.targets import distance_to
from visual_analyse.explain.usual import usual_outputs


def layers_of(model, plan):
    return [
        layer for layer in select([layer for layer, _ in leaves(model.module)], "conv") if not plan[layer.number].reason
    ]


def test_it_is_the_mean_over_frames_and_walks():
    model, batches = Model(SetNet()), [walk((5,)), walk((3,), seed=4)]
    plan = resolve(model, batches[0])
    layers = layers_of(model, plan)
    found = usual_outputs(model, batches, layers, plan)
    assert list(found) == [layer.number for layer in layers]
    modules = {layer.number: module for layer, module in leaves(model.module)}
    for layer in layers:
        seen = []
        handle = modules[layer.number].register_forward_hook(
            lambda module, inputs, out, seen=seen: seen.append(out.detach().clone())
        )
        with torch.no_grad():
            for batch in batches:
                model.embed(batch)
        handle.remove()
        restored = [plan.restore(layer.number, [out], b.lengths)[0] for out, b in zip(seen, batches, strict=True)]
        assert torch.allclose(found[layer.number], sum(x.mean(1, keepdim=True) for x in restored) / 2, atol=1e-6)


def test_strips_are_joined_before():
    model = Model(StripNet())
    plan = resolve(model, walk((4,)))
    layers = layers_of(model, plan)
    found = usual_outputs(model, [walk((4,))], layers, plan)
    for layer in layers:
        assert tuple(found[layer.number].shape[2:]) == plan.extent(layer.number)


def test_an_ordinary_still_walk_has_no_evidence():
    model = Model(SetNet())
    batch = walk((1,))
    plan = resolve(model, batch)
    layers = layers_of(model, plan)
    method = Deviation(usual=usual_outputs(model, [batch], layers, plan))
    target = distance_to(torch.zeros_like(model.embed(batch).detach()), "euc")
    made = explain(model, batch, target, layers, plan=plan, method=method, sign="abs")
    assert all(abs(layer.maps).max() < 1e-6 for layer in made.walks[0])
