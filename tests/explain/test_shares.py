"""How much of a target each input has, and which inputs a layer sees."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from tests.explain.nets import Model, fixed, two_walks, walk
from tests.explain.test_explanation import close, layers_of
from visual_analyse.errors import VisualAnalyseError
from visual_analyse.explain.explanation import explain
from visual_analyse.explain.model import Batch, Source
from visual_analyse.explain.resolving import resolve, separable
from visual_analyse.explain.shares import shares


def plain(embeddings):
    return embeddings.sum((1, 2))


class Weighed(nn.Module):
    """Two pictures, one weighed twice and one three times, each through a layer that changes nothing."""

    def __init__(self, cut: int | None = None) -> None:
        super().__init__()
        self.cut = cut
        self.one, self.two, self.both = (nn.Conv2d(k, 1, 1, bias=False) for k in (1, 1, 2))
        for layer, weight in ((self.one, [1.0]), (self.two, [1.0]), (self.both, [2.0, -3.0])):
            layer.weight.data.copy_(torch.tensor(weight).reshape(1, -1, 1, 1))

    def forward(self, batch: Batch) -> torch.Tensor:
        x = [batch.part(source) for source in batch.told_apart]
        x = [part.reshape(len(batch) * batch.lengths[0], 1, *part.shape[-2:]) for part in x]
        if self.cut is not None:
            x[self.cut] = x[self.cut].detach()
        joined = self.both(torch.cat([self.one(x[0]), self.two(x[1])], 1))
        return joined.reshape(len(batch), -1).mean(1)[:, None, None]


def channels(length: int) -> Batch:
    """The same two pictures as channels of one tensor."""
    both = two_walks(length)
    joined = torch.stack(both.inputs, 2)
    return Batch((joined,), ("n s c h w",), both.lengths, sources=(Source(0, 0, 1), Source(0, 1, 2)))


@pytest.mark.parametrize("make", [two_walks, channels])
def test_shares_by_gradient_by_hand(make):
    """The target is the mean of 2a - 3b, so a has 2 * mean(a) of it and b 3 * mean(b)."""
    batch = make(4)
    a, b = (2 * float(two_walks(4).inputs[0].mean()), 3 * float(two_walks(4).inputs[1].mean()))
    model = Model(Weighed())
    found = explain(model, batch, plain, layers_of(model))
    assert found.shares == pytest.approx(np.array([[a, b]]) / (a + b), rel=1e-5)


@pytest.mark.parametrize("make", [two_walks, channels])
@pytest.mark.parametrize("cut", [0, 1])
def test_shares_by_standing_still_by_hand(make, cut):
    """The mean of what stands still at its mean is the same: so the target is one that its spread moves."""
    batch = make(4)
    inputs = [x.double() for x in two_walks(4).inputs]

    class Spread(Weighed):
        def forward(self, batch):
            x = [batch.part(source).reshape(-1, 1, 16, 8) for source in batch.told_apart]
            x[self.cut] = x[self.cut].detach()
            return self.both(torch.cat([self.one(x[0]), self.two(x[1])], 1)).square().mean()[None, None, None]

    def target(a, b):
        return float((2 * a - 3 * b).square().mean())

    still = [x.mean(1, keepdim=True).expand_as(x) for x in inputs]
    whole = target(*inputs)
    moved = [abs(target(still[0], inputs[1]) - whole), abs(target(inputs[0], still[1]) - whole)]
    model = Model(Spread(cut))
    found = explain(model, batch, plain, layers_of(model, "both"))
    assert found.shares == pytest.approx(np.array([moved]) / sum(moved), rel=1e-4)


def test_shares_add_up_to_one_for_each_walk_of_a_batch():
    a, b = walk((4, 4)), walk((4, 4), seed=5)
    batch = Batch((a.inputs[0], b.inputs[0]), a.axes * 2, (4, 4))
    model = Model(Weighed())
    found = explain(model, batch, plain, layers_of(model)).shares
    assert found.shape == (2, 2)
    assert found.sum(1) == pytest.approx([1, 1])
    for k in range(2):
        alone = Batch((a.inputs[0][k : k + 1], b.inputs[0][k : k + 1]), a.axes * 2, (4,))
        assert found[k] == pytest.approx(explain(model, alone, plain, layers_of(model)).shares[0], rel=1e-5)


def test_nothing_moves_the_target():
    model = Model(Weighed())
    batch = two_walks(3)
    blank = replace(batch, inputs=tuple(torch.zeros_like(x) for x in batch.inputs))
    assert shares(model, blank, plain, [torch.ones_like(x) for x in blank.inputs]).tolist() == [[0, 0]]


def test_an_input_without_frames_stands_still_as_it_is():
    """A number a walk: nothing of it can stand still, and the other input has all of the target."""

    class Numbered(nn.Module):
        def __init__(self):
            super().__init__()
            self.one = nn.Conv2d(1, 1, 1)

        def forward(self, batch):
            frames, number = batch.inputs
            return (self.one(frames.flatten(0, 1)[:, None]).square().mean() + number.detach().sum())[None, None, None]

    batch = Batch((*walk((3,)).inputs, torch.ones(1, 2)), ("n s h w", "n c"), (3,))
    model = Model(Numbered())
    assert explain(model, batch, plain, layers_of(model)).shares.tolist() == [[1, 0]]


def test_a_model_of_one_input_has_no_shares():
    model = Model(fixed(nn.Module()))
    assert shares(model, walk((3, 3), packed=True), plain, [None]).tolist() == [[0], [0]]


@pytest.mark.parametrize("make", [two_walks, channels])
def test_what_each_layer_sees(make):
    plan = resolve(Model(Weighed()), make(4))
    assert [plan[number].sees for number in (1, 2, 3)] == [(0,), (1,), (0, 1)]


def test_channels_are_inputs_only_where_a_layer_sees_one_alone():
    apart = replace(channels(4), sources=())

    class Together(nn.Module):
        def __init__(self):
            super().__init__()
            self.both = nn.Conv2d(2, 3, 1)

        def forward(self, batch):
            return self.both(batch.inputs[0][0]).mean((0, 2, 3))[None, :, None]

    class Apart(Together):
        def __init__(self):
            super().__init__()
            self.one = nn.Conv2d(1, 3, 1)

        def forward(self, batch):
            return super().forward(batch) + self.one(batch.inputs[0][0, :, :1]).mean((0, 2, 3))[None, :, None]

    assert not separable(Model(fixed(Together())), apart, 0)
    assert separable(Model(fixed(Apart())), apart, 0)


def test_a_model_that_writes_into_its_input():
    class Writes(Weighed):
        def forward(self, batch):
            for x in batch.inputs:
                x *= 2
            return super().forward(batch)

    model, batch = Model(Writes()), two_walks(4)
    before = [x.clone() for x in batch.inputs]
    found = explain(model, batch, plain, layers_of(model, "both"), plan=resolve(Model(Weighed()), two_walks(4)))
    assert found.shares.sum() == pytest.approx(1)
    assert all(torch.equal(a, b) for a, b in zip(before, batch.inputs, strict=True))


class Sees(Weighed):
    """Two pictures, then a layer that is given both."""

    def __init__(self, layer: nn.Module, mask: bool = False) -> None:
        super().__init__()
        self.layer, self.mask = layer, mask

    def forward(self, batch: Batch) -> torch.Tensor:
        a, b = (x[0, :, None] for x in batch.inputs)
        b = (b > 0.5).float() if self.mask else b
        x = self.layer(torch.cat([self.one(a), self.two(b)], 1))
        return self.both(x).mean((0, 2, 3))[None, :, None]


def test_a_softmax_over_inputs_sees_them_all():
    """What it gives adds up to one in every cell, whatever its inputs are."""
    model = Model(Sees(nn.Softmax(1)))
    batch = two_walks(4)
    round_numbers = replace(batch, inputs=tuple((x * 2).round() for x in batch.inputs))
    plan = resolve(model, round_numbers)
    assert plan[4].sees == (0, 1)


def test_a_mask_behind_a_threshold_is_seen():
    """A mask of zeros and ones: half of it plus a tenth is the same mask to a model that asks what is above a half."""
    model = Model(Sees(nn.Identity(), mask=True))
    batch = two_walks(4)
    masked = replace(batch, inputs=(batch.inputs[0], batch.inputs[1].round()))
    plan = resolve(model, masked)
    assert plan[2].sees == (1,)
    assert plan[3].sees == (0, 1)


def test_an_input_of_labels_is_seen_by_a_model_that_takes_no_others():
    class Labels(Weighed):
        def forward(self, batch):
            if not torch.equal(batch.inputs[1], batch.inputs[1].round()):
                raise VisualAnalyseError("Labels are whole numbers.")
            return super().forward(batch)

    batch = two_walks(4)
    labels = replace(batch, inputs=(batch.inputs[0], (batch.inputs[1] * 3).round()))
    plan = resolve(Model(Labels()), labels)
    assert [plan[number].sees for number in (1, 2, 3)] == [(0,), (1,), (0, 1)]


def test_maps_of_channels_equal_those_of_tensors():
    model = Model(Weighed())
    found, expected = (explain(model, make(4), plain, layers_of(model)).walks[0] for make in (channels, two_walks))
    for a, b in zip(found, expected, strict=True):
        assert close(a.maps, b.maps)
        assert (a.on, a.sees) == (b.on, b.sees)
