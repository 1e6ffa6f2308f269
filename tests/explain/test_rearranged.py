"""Cells in another order: windows of attention, tokens of transformers, all frames' cells on one axis."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from tests.explain.nets import FlatNet, Model, TokenNet, WindowNet, fixed, walk
from tests.explain.test_explanation import close, layers_of
from visual_analyse.errors import VisualAnalyseError
from visual_analyse.explain.explanation import explain
from visual_analyse.explain.layers import leaves
from visual_analyse.explain.resolving import resolve

CUTS = {"windows": (4, 0, 8), "rolled": (4, 2, 8), "padded": (3, 0, 8), "rolled and padded": (3, 1, 8),
        "padded to the right alone": (4, 2, 6)}  # window, shift, width in tokens  # fmt: skip


def square(embeddings):
    return embeddings.square().sum((1, 2))


def made(window, shift, heads=0):
    return Model(fixed(WindowNet(window, shift, heads)))


def names(model):
    return {layer.name: layer.number for layer, _ in leaves(model.module)}


@pytest.mark.parametrize("length", [1, 3, 8, 31])
@pytest.mark.parametrize("cut", CUTS)
def test_maps_equal_those_without_windows(cut, length):
    """Nothing is mixed within a window, so with and without windows the same is computed."""
    window, shift, columns = CUTS[cut]
    batch = walk((length,), 16, 2 * columns)
    model, plain = made(window, shift), made(0, 0)
    with torch.no_grad():
        assert torch.allclose(model.embed(batch), plain.embed(batch), atol=1e-5)
    wanted = ["embed", "norm", "attn.qkv", "attn.proj", "last"]
    found = explain(model, batch, square, layers_of(model, wanted)).walks[0]
    expected = explain(plain, batch, square, layers_of(plain, wanted)).walks[0]
    # Weights are means over a frame's grid in both: where cells are padded, those have gradient zero.
    for here, there in zip(found, expected, strict=True):
        assert here.maps.shape == (length, 8, columns), here.name
        assert close(here.maps, there.maps, 1e-4), here.name
        assert np.array_equal(here.spans, there.spans)


def test_windows_lie_as_the_layer_whose_cells_they_hold():
    model = made(4, 2)
    plan = resolve(model, walk((5,), 16, 16))
    number = names(model)
    assert plan[number["attn.qkv"]].like == number["norm"]
    assert plan[number["norm"]].like is None
    assert plan[number["last"]].like is None


@pytest.mark.parametrize("cut", ["windows", "rolled", "rolled and padded"])
@pytest.mark.parametrize("length", [3, 12])
def test_attention_over_windows_lies_as_its_qkv(cut, length):
    window, shift, columns = CUTS[cut]
    model = made(window, shift, heads=2)
    batch = walk((length,), 16, 2 * columns)
    plan = resolve(model, batch)
    number = names(model)
    assert plan[number["attn.proj"]].like == number["attn.qkv"]
    assert plan[number["attn.soft"]].reason
    kept = {}
    net = model.module
    handles = [getattr(net.attn, name).register_forward_hook(lambda m, i, o, name=name: kept.update({name: o}))
               for name in ("qkv", "proj")]  # fmt: skip
    target = square(net(batch)).sum()
    for handle in handles:
        handle.remove()
    gradients = torch.autograd.grad(target, [kept["qkv"], kept["proj"]])
    found = {layer.name: layer for layer in explain(model, batch, square, layers_of(model, "Linear")).walks[0]}
    for name, gradient in zip(("qkv", "proj"), gradients, strict=True):
        a, g = (net.together(x, length, 8, columns).detach() for x in (kept[name], gradient))
        expected = -(g.mean((1, 2), keepdim=True) * a).sum(3)
        assert close(found[f"attn.{name}"].maps, expected), name


def test_attention_of_one_head_has_no_place():
    model = made(4, 0, heads=1)
    plan = resolve(model, walk((3,), 16, 16))
    number = names(model)
    assert plan[number["attn.soft"]].reason
    assert plan[number["attn.proj"]].like == number["attn.qkv"]


def test_layers_that_run_in_another_order_than_they_are_numbered():
    class Backwards(WindowNet):
        def __init__(self):
            super().__init__(4, 2, heads=2)
            first = nn.Module()
            first.proj, first.qkv, first.soft = self.attn.proj, self.attn.qkv, self.attn.soft
            self.attn = first

    model, usual = Model(Backwards().eval()), made(4, 2, heads=2)
    model.module.load_state_dict(usual.module.state_dict())
    batch = walk((3,), 16, 16)
    found, expected = [explain(m, batch, square, layers_of(m, "attn.proj")).walks[0][0] for m in (model, usual)]
    assert close(found.maps, expected.maps)


def test_a_window_as_large_as_the_picture_is_no_window():
    model, plain = made(8, 0), made(0, 0)
    batch = walk((3,), 16, 16)
    found, expected = (explain(m, batch, square, layers_of(m, "attn.qkv")).walks[0][0] for m in (model, plain))
    assert close(found.maps, expected.maps, 1e-4)


def test_a_batch_of_windows_is_refused():
    model = made(4, 2)
    with pytest.raises(VisualAnalyseError, match="one by one"):
        explain(model, walk((5, 5), 16, 16), square, layers_of(model, "attn.qkv"))


def test_a_wrong_order_is_seen(monkeypatch):
    """The equality above is no accident of these weights: with the cells in window order the map is another."""
    import visual_analyse.explain.resolving as resolving

    model, plain = made(4, 2), made(0, 0)
    batch = walk((3,), 16, 16)
    expected = explain(plain, batch, square, layers_of(plain, "attn.qkv")).walks[0][0].maps
    real = resolving.orders
    monkeypatch.setattr(resolving, "orders", lambda *a: {k: x.flatten().sort()[0].reshape(x.shape)
                                                         for k, x in real(*a).items()})  # fmt: skip
    found = explain(model, batch, square, layers_of(model, "attn.qkv")).walks[0][0].maps
    assert not close(found, expected, 1e-2)


def test_what_a_shift_leaves_of_the_padding_counts_as_nothing():
    """Cells that a model pads are in no place of a map; a place without a cell is zero."""
    from visual_analyse.explain.plan import _ordered

    cells = torch.arange(1.0, 9.0).reshape(1, 4, 2)  # four cells of two channels
    order = torch.tensor([[[3, 0]], [[-1, 2]]])
    assert _ordered(cells, 2, order).tolist() == [[[[7, 1]], [[0, 5]]], [[[8, 2]], [[0, 6]]]]


@pytest.mark.parametrize("length", [1, 3, 31])
def test_cells_of_all_frames_on_one_axis(length):
    model, usual = Model(fixed(FlatNet())), Model(fixed(FlatNet(flat=False)))
    batch = walk((length,), 16, 12)
    plan = resolve(model, batch)
    number = names(model)["lin"]
    assert plan.extent(number) == (8, 6)
    assert plan.shape(number, length) == (length * 48, 5)
    found = explain(model, batch, square, layers_of(model, "lin"), plan=plan).walks[0][0]
    expected = explain(usual, batch, square, layers_of(usual, "conv")).walks[0][0]
    assert found.maps.shape == expected.maps.shape == (length, 8, 6)
    net = usual.module
    a = net.lin(net.conv(batch.inputs[0][0, :, None]).movedim(1, -1))
    target = square(a.tanh().amax(0).mean(1).T.unsqueeze(0)).sum()
    hand = -(torch.autograd.grad(target, a)[0].mean((1, 2), keepdim=True) * a).sum(3).detach()
    assert close(found.maps, hand)
    assert found.spans.tolist() == [[k, k + 1] for k in range(length)]


@pytest.mark.parametrize("more", [0, 1, 5])
@pytest.mark.parametrize("length", [1, 3, 31])
def test_tokens_with_some_that_are_no_place(more, length):
    model = Model(fixed(TokenNet(more)))
    batch = walk((length,), 16, 12)
    plan = resolve(model, batch)
    net = model.module
    x = net.embed(batch.inputs[0][0, :, None]).flatten(2).transpose(1, 2)
    a = net.lin(torch.cat([torch.ones(length, more, 6), x], 1))
    b = net.after(a)
    target = square(b.amax(0).T.unsqueeze(0)).sum()
    found = {
        layer.name: layer for layer in explain(model, batch, square, layers_of(model, "Linear"), plan=plan).walks[0]
    }
    for name, activation in (("lin", a), ("out", b)):
        gradient = torch.autograd.grad(target, activation, retain_graph=True)[0]
        a_, g_ = (x[:, more:].reshape(length, 4, 3, -1) for x in (activation.detach(), gradient))
        expected = -(g_.mean((1, 2), keepdim=True) * a_).sum(3)
        assert close(found[name].maps, expected), name


@pytest.mark.parametrize("heads", [1, 2])
@pytest.mark.parametrize("more", [0, 1, 5])
def test_what_tokens_make_of_each_other_has_no_place(more, heads):
    model = Model(fixed(TokenNet(more, heads)))
    batch = walk((3,), 16, 12)
    number = names(model)["soft"]
    place = resolve(model, batch)[number]
    assert "no place in the frames" in place.reason
    with pytest.raises(VisualAnalyseError, match="no place"):
        explain(model, batch, square, layers_of(model, "soft"))


def test_tokens_of_as_many_channels_as_there_are_tokens_have_their_place():
    """Twelve channels of twelve tokens, channels last and channels first: a square that is no attention."""

    class Twelve(nn.Module):
        def __init__(self):
            super().__init__()
            self.embed = nn.Conv2d(1, 6, 4, stride=4)
            self.lin = nn.Linear(6, 12)
            self.line, self.norm = nn.Conv1d(12, 12, 1), nn.BatchNorm1d(12)

        def forward(self, batch):
            x = self.embed(batch.inputs[0].flatten(0, 1).unsqueeze(1)).flatten(2).transpose(1, 2)
            return self.norm(self.line(self.lin(x).transpose(1, 2))).amax(0).unsqueeze(0)

    plan = resolve(Model(fixed(Twelve())), walk((3,), 16, 12))
    assert [plan[number].shape for number in (2, 3, 4)] == [(8, 12, 12)] * 3
    assert [plan[number].reason for number in (2, 3, 4)] == [""] * 3
    assert [plan.extent(number) for number in (2, 3, 4)] == [(4, 3)] * 3
    assert [plan[number].axes.channel for number in (2, 3, 4)] == [2, 1, 1]


class Upwards(nn.Module):
    """Down to a picture of few cells, then up to one as high and as wide as those are many: a small U-net."""

    def __init__(self):
        super().__init__()
        self.down = nn.Conv2d(1, 4, 3, padding=1)
        self.deep = nn.Conv2d(4, 4, 1)
        self.up = nn.Conv2d(4, 4, 3, padding=1)

    def forward(self, batch):
        x = self.down(batch.inputs[0].flatten(0, 1).unsqueeze(1))
        x = self.deep(nn.functional.adaptive_avg_pool2d(x, 2))
        x = self.up(nn.functional.interpolate(x, scale_factor=2))
        return x.amax(0).mean(2).unsqueeze(0)


def test_a_square_picture_after_a_small_one_is_a_picture():
    plan = resolve(Model(fixed(Upwards())), walk((3,), 16, 16))
    assert [plan[number].reason for number in (1, 2, 3)] == ["", "", ""]
    assert plan.extent(3) == (4, 4)


def test_parts_of_a_pyramid_are_no_tokens():
    """Bins of 1, 2, 4 and 8 of a picture of eight cells are fifteen parts a frame, and no place is theirs."""

    class Pyramid(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv = nn.Conv2d(1, 4, 3, padding=1)
            self.deep = nn.Conv2d(4, 4, 1)
            self.norm = nn.BatchNorm1d(4)

        def forward(self, batch):
            x = self.conv(batch.inputs[0].flatten(0, 1).unsqueeze(1))
            x = self.deep(nn.functional.adaptive_avg_pool2d(x, (4, 2)))
            x = torch.cat([x.flatten(2).unflatten(2, (bins, -1)).mean(3) for bins in (1, 2, 4, 8)], 2)
            return self.norm(x).amax(0).unsqueeze(0)

    plan = resolve(Model(fixed(Pyramid())), walk((3,), 16, 8))
    assert plan.extent(3) == () or plan[3].reason


def test_cells_of_which_nothing_is_known_have_no_place():
    """New values in a new order, in no block with cells that are known: a map would be a guess."""

    class Lost(WindowNet):
        def __init__(self):
            super().__init__(4)
            self.lonely = nn.Linear(6, 6)

        def forward(self, batch):
            x = self.embed(batch.inputs[0].flatten(0, 1).unsqueeze(1)).movedim(1, -1)
            cells = self.lonely(self.windows(x.square()))
            return self.together(cells, *x.shape[:3]).amax(0).mean(1).T.unsqueeze(0)

    model = Model(fixed(Lost()))
    place = resolve(model, walk((3,), 16, 16))[names(model)["lonely"]]
    assert "nothing tells the place" in place.reason
