"""Copies of a walk, stacked only where that changes nothing."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from tests.explain.nets import Model, SetNet, fixed, two_walks, walk
from visual_analyse.explain.model import Source
from visual_analyse.trust.variants import Variants


def copies(batch, count, place=0):
    rng = np.random.default_rng(0)
    shape = batch.inputs[place].shape[1:]
    return [rng.random(shape).astype(np.float32) for _ in range(count)]


class Counted(Model):
    def __init__(self, module):
        super().__init__(module)
        self.sizes = []

    def embed(self, batch):
        self.sizes.append(len(batch))
        return self.module(batch)


def test_stacked_copies_have_the_embeddings_that_they_have_alone():
    model, batch = Counted(fixed(SetNet())), walk((30,))
    some = copies(batch, 9)
    found = Variants(model, batch, Source(0)).embed(iter(some))
    assert 4 in model.sizes  # 120 frames at once
    for frames, embedding in zip(some, found, strict=True):
        with torch.no_grad():
            alone = model.embed(type(batch)((torch.from_numpy(frames[None]),), batch.axes, batch.lengths))
        assert np.allclose(alone[0], embedding, atol=1e-5)


def test_a_model_that_mixes_walks_gets_them_one_by_one():
    class Mixing(nn.Module):
        def forward(self, batch):
            x = batch.inputs[0]
            return (x - x.mean()).square().mean((1, 2, 3)).reshape(-1, 1, 1)

    model, batch = Counted(Mixing()), walk((4,))
    some = copies(batch, 5)
    found = Variants(model, batch, Source(0)).embed(some)
    assert found[:, 0, 0] == pytest.approx([np.square(x - x.mean()).mean() for x in some], rel=1e-5)
    assert model.sizes[-5:] == [1] * 5


def test_other_inputs_stay_what_they_are():
    class Both(nn.Module):
        def forward(self, batch):
            return torch.stack([x.flatten(1).sum(1) for x in batch.inputs], 1).unsqueeze(2)

    batch = two_walks(4)
    some = copies(batch, 3, 1)
    found = Variants(Model(Both()), batch, Source(1)).embed(some)
    assert found[:, 0, 0] == pytest.approx([float(batch.inputs[0].sum())] * 3, rel=1e-5)
    assert found[:, 1, 0] == pytest.approx([x.sum() for x in some], rel=1e-4)
