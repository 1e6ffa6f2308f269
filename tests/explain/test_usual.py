"""What layers usually put out: means of what hooks see, and nothing where cells are no places."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch

from tests.explain.nets import Model, SetNet, StripNet, walk
from visual_analyse.explain.explanation import explain
from visual_analyse.explain.layers import leaves, select
from visual_analyse.explain.methods import Deviation
from visual_analyse.explain.model import Batch
from visual_analyse.explain.resolving import resolve
from visual_analyse.explain.targets import distance_to
from visual_analyse.explain.trace import resized
from visual_analyse.explain.usual import MOMENTS, usual_outputs


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


def moving(length, start=0.0):
    """A walk of one cycle after another in twelve frames, whose brightness says the moment; and the same in moments."""
    moments = (start + np.arange(length) / 12) % 1.0
    frames = torch.from_numpy(np.cos(2 * np.pi * moments)).float().reshape(1, length, 1, 1).expand(-1, -1, 16, 8)
    return Batch((frames.contiguous(),), ("n s h w",), (length,), moments=(moments,))


def test_what_is_usual_at_a_moment_is_the_mean_of_frames_near_it():
    model, plan = Model(SetNet()), resolve(Model(SetNet()), moving(24))
    (one,) = select([layer for layer, _ in leaves(model.module)], ["1"])
    usual = usual_outputs(model, [moving(24), moving(36, 0.25)], [one], plan)
    assert tuple(usual.cycles[1].shape[:2]) == (4, MOMENTS)
    probe = moving(7, 0.5)
    at = usual.of(probe, plan)[1]
    # By hand: a Gaussian over moments whose neighbours are a twelfth away, and half a frame of the mean over all.
    near = np.exp(-0.5 * (np.minimum(np.arange(12), 12 - np.arange(12)) / 0.6) ** 2)
    with torch.no_grad():
        whole = model.module.one(moving(12).inputs[0].reshape(12, 1, 16, 8)).movedim(0, 1)
    mean = whole.mean(1)
    for step in range(7):
        place = (6 + step) % 12
        others = torch.from_numpy(np.roll(near, place)).float()
        expected = (5 * torch.einsum("ckhw,k->chw", whole, others) + 0.5 * mean) / (5 * others.sum() + 0.5)
        assert torch.allclose(at[:, step], expected, atol=1e-5)


def test_without_moments_it_is_the_mean():
    model, plan = Model(SetNet()), resolve(Model(SetNet()), moving(24))
    layers = layers_of(model, plan)
    usual = usual_outputs(model, [moving(24)], layers, plan)
    unknown = replace(moving(24), moments=(np.full(24, np.nan),))
    for number, mean in usual.of(unknown, plan).items():
        assert torch.allclose(usual[number], mean)
    assert usual.of(replace(unknown, moments=()), plan) is usual
    third = next(layer.number for layer in layers if layer.name == "three")
    assert third not in usual.cycles  # it is of the set, and has no time
    never = usual_outputs(model, [unknown], layers, plan)
    assert not never.cycles and len(never) == len(layers)


def test_an_ordinary_walk_has_less_evidence_where_its_moments_are_known():
    model, plan = Model(SetNet()), resolve(Model(SetNet()), moving(24))
    (one,) = select([layer for layer, _ in leaves(model.module)], ["1"])
    usual = usual_outputs(model, [moving(24, 1 / 24)], [one], plan)
    target = distance_to(torch.ones_like(model.embed(moving(24)).detach()), "euc")
    strength = []
    for batch in (moving(24), replace(moving(24), moments=())):
        made = explain(model, batch, target, [one], plan=plan, method=Deviation(usual=usual), sign="abs")
        strength.append(np.abs(made.walks[0][0].maps).sum())
    assert strength[0] < strength[1] / 2


def test_walks_of_other_lengths_keep_their_moments():
    (found,) = resized(moving(24), (30,)).moments
    assert found.tolist() == [*moving(24).moments[0], *moving(6).moments[0]]
    assert resized(walk((5,)), (3,)).moments == ()
