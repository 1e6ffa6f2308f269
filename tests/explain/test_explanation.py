"""Maps against independent computations on networks small enough to redo."""

from __future__ import annotations

import pytest
import torch
from captum.attr import LayerGradCam
from torch import nn

from tests.explain.nets import Model, SetNet, StripNet, TimeNet, fixed, walk
from visual_analyse.errors import VisualAnalyseError
from visual_analyse.explain.explanation import explain
from visual_analyse.explain.layers import leaves, select
from visual_analyse.explain.methods import GradCam, HiResCam, LayerCam
from visual_analyse.explain.resolving import resolve
from visual_analyse.explain.targets import distance_to, part_distances


def close(a, b, tolerance=1e-5):
    """Within a share of the largest value."""
    a, b = torch.as_tensor(a), torch.as_tensor(b)
    return a.shape == b.shape and (a - b).abs().max() <= tolerance * b.abs().max()


def target_of(model, batch, seed=1):
    with torch.no_grad():
        match = model.embed(walk(batch.lengths, *batch.inputs[0].shape[-2:], packed=batch.packed, seed=seed))
    return distance_to(match, "euc")


def layers_of(model, wanted="conv"):
    return select([layer for layer, _ in leaves(model.module)], wanted)


def test_a_map_computed_by_hand():
    """One 1x1 convolution of weight 2 on one frame; the embedding is the mean: the map is its share of the distance."""

    class Mean(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv = nn.Conv2d(1, 1, 1, bias=False)
            nn.init.constant_(self.conv.weight, 2.0)

        def forward(self, batch):
            frames = self.conv(batch.inputs[0].flatten(0, 1).unsqueeze(1))
            return frames.reshape(batch.inputs[0].shape).mean((1, 2, 3)).reshape(-1, 1, 1)

    model = Model(Mean())
    batch = walk((1,), 2, 2)
    x = batch.inputs[0]
    # distance = |mean(2x) - 0|, so d/dA = 1/4 everywhere, w = 1/4, and the map is -(2x)/4
    found = explain(model, batch, distance_to(torch.zeros(1, 1, 1), "euc"), layers_of(model))
    assert found.values == pytest.approx([2 * x.mean().item()])
    assert torch.allclose(torch.tensor(found.walks[0][0].maps), -x[0] / 2, atol=1e-7)


@pytest.mark.parametrize("weights", ["frame", "clip"])
@pytest.mark.parametrize("length", [1, 2, 3, 31])
def test_maps_equal_an_independent_computation(length, weights):
    """With a full backward of its own, on folded frames, after in-place operations and after set pooling."""
    model = Model(fixed(SetNet()))
    batch = walk((length,))
    target = target_of(model, batch)
    kept = {}

    class Keep(nn.Module):  # no hooks: the module itself is replaced by one that remembers
        def __init__(self, name, inner):
            super().__init__()
            self.name, self.inner = name, inner

        def forward(self, x):
            out = self.inner(x)
            out.retain_grad()
            kept[self.name] = out
            return out.clone()

    reference = fixed(SetNet())
    for name in ("one", "two", "three"):
        setattr(reference, name, Keep(name, getattr(reference, name)))
    target(reference(batch)).sum().backward()
    found = {
        layer.name: layer
        for layer in explain(
            model, batch, target, layers_of(model, ["one", "two", "three"]), method=GradCam(weights)
        ).walks[0]
    }
    for name, activation in kept.items():
        gradient = activation.grad
        dims = (0, 2, 3) if weights == "clip" else (2, 3)
        expected = -(gradient.mean(dims, keepdim=True) * activation).sum(1)
        assert close(found[name].maps, expected.detach()), name


def test_agrees_with_captum():
    """Captum's LayerGradCam attributes the distance itself: the same map with the opposite sign, on folded frames."""
    model = Model(fixed(SetNet()))
    batch = walk((5,))
    target = target_of(model, batch)

    def forward(x):
        return target(model.module(type(batch)((x,), batch.axes, batch.lengths, batch.packed)))

    for name in ("one", "two", "three"):
        attribution = LayerGradCam(forward, getattr(model.module, name)).attribute(
            batch.inputs[0].clone().requires_grad_()
        )
        ours = explain(model, batch, target, layers_of(model, name)).walks[0][0].maps
        assert close(ours, -attribution[:, 0].detach()), name


def test_one_layer_or_many_give_the_same_maps():
    model = Model(fixed(SetNet()))
    batch = walk((4,))
    target = target_of(model, batch)
    together = explain(model, batch, target, layers_of(model, ["one", "act", "two", "three"])).walks[0]
    for layer in together:
        alone = explain(model, batch, target, layers_of(model, layer.name)).walks[0][0]
        assert (alone.maps == layer.maps).all(), layer.name


@pytest.mark.parametrize("packed", [False, True])
def test_a_batch_gives_what_its_walks_give_alone(packed):
    model = Model(fixed(SetNet()))
    lengths = (3, 5) if packed else (4, 4)
    batch = walk(lengths, packed=packed)
    with torch.no_grad():
        match = model.embed(walk((6,), seed=3))
    together = explain(
        model, batch, distance_to(match.expand(2, -1, -1), "euc"), layers_of(model, ["one", "two", "three"])
    )
    parts = batch.inputs[0].split(list(lengths), 1) if packed else batch.inputs[0].split(1)
    for k, part in enumerate(parts):
        single = type(batch)((part,), batch.axes, (lengths[k],), packed)
        alone = explain(model, single, distance_to(match, "euc"), layers_of(model, ["one", "two", "three"]))
        for a, b in zip(together.walks[k], alone.walks[0], strict=True):
            assert close(a.maps, b.maps, 1e-4), a.name  # other shapes round otherwise


def test_further_ways_give_what_they_give_alone():
    model, batch = Model(fixed(SetNet())), walk((5,))
    layers, target = layers_of(model, ["one", "two", "three"]), target_of(model, batch)
    ways = ((HiResCam(), "signed"), (LayerCam(), "for"))
    together = explain(model, batch, target, layers, further=ways)
    assert [layer.method for layer in together.further[0]] == ["hirescam"] * len(layers) + ["layercam-for"] * len(
        layers
    )
    alone = [explain(model, batch, target, layers, method=method, sign=sign) for method, sign in ways]
    expected = [layer for one in alone for layer in one.walks[0]]
    for found, right in zip(together.further[0], expected, strict=True):
        assert found.number == right.number and close(found.maps, right.maps)
    assert all(
        close(a.maps, b.maps)
        for a, b in zip(together.walks[0], explain(model, batch, target, layers).walks[0], strict=True)
    )


@pytest.mark.parametrize("backwards", [False, True])
def test_strips_are_joined_in_the_order_they_lie(backwards):
    """Whatever order the strips run in, the joined map is that of the same layer run in the usual order."""
    model = Model(fixed(StripNet(backwards=backwards)))
    usual = Model(fixed(StripNet()))
    batch = walk((3,))
    target = target_of(usual, batch)
    found = explain(model, batch, target, layers_of(model, "local")).walks[0][0]
    expected = explain(usual, batch, target, layers_of(usual, "local")).walks[0][0]
    assert found.calls == 4
    assert found.maps.shape == (3, 16, 8)
    assert close(found.maps, expected.maps)


def test_a_layer_that_just_runs_twice_has_two_maps():
    model = Model(fixed(StripNet()))
    batch = walk((3,))
    found = explain(model, batch, target_of(model, batch), layers_of(model, "twice")).walks[0]
    assert [layer.name for layer in found] == ["twice", "twice@2"]
    assert not (found[0].maps == found[1].maps).all()


def test_strides_over_time_have_windows():
    model = Model(fixed(TimeNet()))
    batch = walk((11,))
    found = {layer.name: layer for layer in explain(model, batch, target_of(model, batch), layers_of(model)).walks[0]}
    assert found["wide"].spans.tolist() == [[k, k + 1] for k in range(11)]
    for name in ("stride", "deep"):
        assert found[name].spans.tolist() == [[0, 3], [3, 6], [6, 9]]  # frames 9 and 10 are seen by no step
        assert found[name].maps.shape == (3, 16, 8)
    assert found["line"].maps.shape == (3, 1, 1)


def test_repeated_frames_have_repeated_maps():
    model = Model(fixed(SetNet()))
    batch = walk((1,))
    batch = type(batch)((batch.inputs[0].expand(1, 4, -1, -1),), batch.axes, (4,))
    layer = explain(model, batch, lambda e: e.square().sum((1, 2)), layers_of(model, "act")).walks[0][0]
    # set pooling's maximum sends the gradient to the first of equal frames, so only activation-free facts repeat
    assert layer.maps.shape[0] == 4
    assert (layer.maps[1] == layer.maps[2]).all()


def test_parameters_hooks_and_modes_are_left_as_they_were():
    model = Model(fixed(SetNet()).train())
    batch = walk((2,))
    explain(model, batch, lambda e: e.square().sum((1, 2)), layers_of(model, "one"))
    assert all(parameter.requires_grad and parameter.grad is None for parameter in model.module.parameters())
    assert all(module.training and not module._forward_hooks for module in model.module.modules())


def test_hooks_are_gone_after_an_error():
    model = Model(fixed(SetNet()))
    plan = resolve(model, walk((2,)))

    def broken(embeddings):
        raise RuntimeError("no")

    with pytest.raises(RuntimeError):
        explain(model, walk((2,)), broken, layers_of(model, "one"), plan=plan)
    assert not any(module._forward_hooks for module in model.module.modules())


def test_a_layer_that_is_never_called_is_told():
    model = Model(fixed(SetNet()))
    with pytest.raises(VisualAnalyseError, match=r"6 unused.*never called"):
        explain(model, walk((2,)), lambda e: e.sum((1, 2)), layers_of(model, "unused"))


def test_a_layer_that_no_gradient_reaches_is_told():
    class Cut(nn.Module):
        def __init__(self):
            super().__init__()
            self.cut = nn.Conv2d(1, 2, 3, padding=1)
            self.kept = nn.Conv2d(2, 2, 3, padding=1)

        def forward(self, batch):
            with torch.no_grad():
                x = self.cut(batch.inputs[0].flatten(0, 1).unsqueeze(1))
            return self.kept(x).mean((0, 3)).unsqueeze(0)

    model = Model(fixed(Cut()))
    found = explain(model, walk((2,)), lambda e: e.square().sum((1, 2)), layers_of(model))
    assert [layer.name for layer in found.unreached] == ["cut"]
    assert [layer.name for layer in found.walks[0]] == ["kept"]
    with pytest.raises(VisualAnalyseError, match="No gradient"):
        explain(model, walk((2,)), lambda e: e.square().sum((1, 2)), layers_of(model, "cut"))


def test_a_gradient_that_fails_is_a_sentence():
    """An operation that has no backward, in the middle of a model."""

    class OneWay(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x.clone()

        @staticmethod
        def backward(ctx, gradient):
            raise RuntimeError("derivative for one_way is not implemented")

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv = nn.Conv2d(1, 2, 3, padding=1)

        def forward(self, batch):
            return OneWay.apply(self.conv(batch.inputs[0].flatten(0, 1).unsqueeze(1))).mean((0, 3)).unsqueeze(0)

    model = Model(fixed(Net()))
    with pytest.raises(VisualAnalyseError, match="gradient could not be computed: derivative for one_way"):
        explain(model, walk((2,)), lambda e: e.square().sum((1, 2)), layers_of(model))
    assert not any(module._forward_hooks for module in model.module.modules())


@pytest.mark.parametrize("metric", ["euc", "cos"])
def test_a_part_that_agrees_exactly_leaves_the_gradient_finite(metric):
    probe = torch.rand(1, 4, 3, generator=torch.Generator().manual_seed(0)).requires_grad_()
    other = probe.detach().clone()
    other[:, :, 1:] += torch.rand(1, 4, 2, generator=torch.Generator().manual_seed(1))
    parts = part_distances(probe, other, metric)
    gradient = torch.autograd.grad(parts.sum(), probe)[0]
    assert parts[0, 0].item() == pytest.approx(0, abs=1e-7)
    assert gradient.isfinite().all()
    assert gradient[:, :, 0].abs().max() < 1e-6
    assert gradient[:, :, 1].abs().max() > 1e-3
