"""A network that cannot tell left from right explains a mirrored walk by the mirrored map."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch import nn

from tests.explain.nets import Model, walk
from visual_analyse.explain.explanation import explain
from visual_analyse.explain.input_methods import Occlusion
from visual_analyse.explain.layers import leaves
from visual_analyse.explain.methods import METHODS, Deviation, method_named
from visual_analyse.explain.perturbing import perturbing
from visual_analyse.explain.resolving import resolve
from visual_analyse.explain.targets import distance_to
from visual_analyse.explain.usual import usual_outputs


class Mirror(nn.Module):
    """Kernels equal to their mirror, stride 1, even pooling on an even width, and rows for parts."""

    def __init__(self) -> None:
        super().__init__()
        self.one, self.two = nn.Conv2d(1, 4, 3, padding=1), nn.Conv2d(4, 3, 3, padding=1)
        self.pool = nn.MaxPool2d(2)
        generator = torch.Generator().manual_seed(3)
        for conv in (self.one, self.two):
            weight = torch.randn(conv.weight.shape, generator=generator)
            conv.weight.data = weight + weight.flip(3)
            conv.bias.data = torch.randn(conv.bias.shape, generator=generator)

    def forward(self, batch):
        x = batch.inputs[0]
        n, s = x.shape[:2]
        x = self.two(self.pool(self.one(x.reshape(n * s, 1, *x.shape[2:])).relu()))
        return x.reshape(n, s, *x.shape[1:]).amax(1).mean(3)


def doubled(batch):
    return replace(batch, inputs=(batch.inputs[0].double(),))


def flipped(batch):
    return replace(batch, inputs=(batch.inputs[0].flip(3),))


@pytest.fixture(scope="module")
def pair():
    # In double precision: the weights of Grad-CAM++ have a pole, near which single precision decides.
    model, batch = Model(Mirror().double()), doubled(walk((4,)))
    mirrored = flipped(batch)
    with torch.no_grad():
        match = model.embed(doubled(walk((4,), seed=5)))
    assert torch.allclose(model.embed(batch), model.embed(mirrored), atol=1e-6)
    return model, batch, mirrored, distance_to(match, "euc")


def layers_of(model):
    return [layer for layer, _ in leaves(model.module)]


def close(found, expected):
    return abs(found - expected).max() <= 1e-4 * abs(expected).max()


@pytest.mark.parametrize("sign", ["signed", "for", "against", "abs"])
@pytest.mark.parametrize("name", METHODS)
def test_every_method_and_layer(pair, name, sign):
    model, batch, mirrored, target = pair
    layers, plan = layers_of(model), resolve(model, batch)
    method = method_named(name)
    if isinstance(method, Deviation):
        other = doubled(walk((4,), seed=7))
        # What is usual has no side either.
        method = Deviation(usual=usual_outputs(model, [other, flipped(other)], layers, plan))
    straight, turned = (
        explain(model, some, target, layers, plan=plan, method=method, sign=sign).walks[0] for some in (batch, mirrored)
    )
    assert len(straight) == 3
    for one, other in zip(straight, turned, strict=True):
        assert abs(one.maps).max() > 0 or sign == "for"
        assert close(other.maps, one.maps[:, :, ::-1])
        assert not close(one.maps, one.maps[:, :, ::-1])  # the walk itself is not symmetric


def test_without_a_gradient(pair):
    model, batch, mirrored, target = pair
    layers, plan = layers_of(model)[:1], resolve(model, batch)
    one, other = (perturbing(model, some, target, layers, plan)[0] for some in (batch, mirrored))
    assert close(other.maps, one.maps[:, :, ::-1])
    one, other = (Occlusion(size=4).explain(model, some, target) for some in (batch, mirrored))
    assert close(other.maps, one.maps[:, :, ::-1])
