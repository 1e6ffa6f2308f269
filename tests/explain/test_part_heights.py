"""The height each part looks at, on nets whose strips are known, and copies of a walk in one forward."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from tests.explain.nets import Model, cloud, fixed, skeletons, two_walks, walk
from tests.six import FACTS, Six, grey, narrow
from visual_analyse.errors import VisualAnalyseError
from visual_analyse.explain.copies import Copies
from visual_analyse.explain.model import Batch, Source
from visual_analyse.explain.part_heights import part_heights


class Strips(nn.Module):
    """A part for every `high` rows of one input, `which`: the mean over their cells. The others count for nothing."""

    def __init__(self, which: int = 0, one_by_one: bool = False, high: int = 4) -> None:
        super().__init__()
        self.which, self.one_by_one, self.high = which, one_by_one, high
        self.seen: list[int] = []

    def forward(self, batch: Batch) -> torch.Tensor:
        x = batch.part(batch.told_apart[self.which])
        x = x.flatten(0, 1).reshape(len(batch), -1, *x.shape[-2:])
        self.seen.append(len(x))
        if self.one_by_one and len(x) > 1:
            x = x.mean(0, keepdim=True).expand_as(x)  # mixes its walks
        return x.mean((1, 3)).unflatten(1, (-1, self.high)).mean(2).unsqueeze(1)


def alike(length=3, height=16):
    """A walk whose rows are all alike."""
    batch = walk((length,))
    return Batch((batch.inputs[0][:, :, :1].expand(-1, -1, height, -1).contiguous(),), batch.axes, batch.lengths)


@pytest.mark.parametrize("one_by_one", [False, True])
def test_strict_strips_have_exact_bands(one_by_one):
    net = Strips(one_by_one=one_by_one)
    found = part_heights(Model(net), alike())
    assert found.dtype == np.float32
    assert found == pytest.approx(np.repeat(np.eye(4), 4, 1) / 4, abs=1e-6)
    assert max(net.seen[4:]) == (1 if one_by_one else 8)  # the first four try what it takes


def test_packed_is_the_same():
    batch = alike()
    packed = Batch(batch.inputs, batch.axes, batch.lengths, packed=True)
    assert (part_heights(Model(Strips()), packed) == part_heights(Model(Strips()), batch)).all()


def test_bands_of_fine_frames_are_changed_together():
    """Of 64 rows two at a time: 16 parts have four rows each still, and every part's rows sum to one."""
    found = part_heights(Model(Strips()), walk((7,), 64, 8))
    assert found.shape == (16, 64)
    assert found.sum(1) == pytest.approx(np.ones(16), abs=1e-5)
    assert ((found > 0) == np.repeat(np.eye(16, dtype=bool), 4, 1)).all()
    assert (found[:, 0::2] == found[:, 1::2]).all()


def test_a_row_counts_the_same_in_bands_of_any_size():
    """Of 40 rows eight bands have two and 24 have one."""
    found = part_heights(Model(Strips(high=20)), alike(height=40))
    assert found == pytest.approx(np.repeat(np.eye(2), 20, 1) / 20, abs=1e-6)


@pytest.mark.parametrize(
    "seen", [lambda x: (x > 0.55).float(), lambda x: (x - 0.5).abs()], ids=["no mind of darker", "nor of inside out"]
)
def test_what_a_model_does_not_mind_in_one_way_it_shows_in_the_other(seen):
    class Through(Strips):
        def forward(self, batch):
            return super().forward(Batch((seen(batch.inputs[0]),), batch.axes, batch.lengths))

    batch = walk((3,))
    silhouettes = Batch(((batch.inputs[0] > 0.5).float(),), batch.axes, batch.lengths)
    found = part_heights(Model(Through()), silhouettes)
    assert found.any(1).all()
    assert not found[~np.repeat(np.eye(4, dtype=bool), 4, 1)].any()


def test_gaitbase_parts_come_from_top_to_bottom():
    model = Six(narrow(FACTS["GaitBase"]["model_cfg"]))
    found = part_heights(model, grey((4,), (64, 44)))
    assert found.shape == (16, 64)
    centres = found @ np.arange(64)
    assert (np.diff(centres) > 0).all()
    assert (np.abs(centres - (np.arange(16) * 4 + 1.5)) < 12).all()


def test_joints():
    class Joints(nn.Module):
        def forward(self, batch):
            return batch.inputs[0].mean(1).transpose(1, 2)  # a part a joint

    found = part_heights(Model(Joints()), skeletons(3))
    assert found == pytest.approx(np.eye(6), abs=1e-6)


def test_of_several_inputs_the_one_asked_for():
    heights = [part_heights(Model(Strips(1)), two_walks(3), on) for on in (0, 1)]
    assert not heights[0].any()  # of parts that nothing moves
    assert ((heights[1] > 0) == np.repeat(np.eye(4, dtype=bool), 4, 1)).all()


def test_what_is_no_picture_has_no_heights():
    class Mean(nn.Module):
        def forward(self, batch):
            return batch.inputs[0].mean((1, 2))[:, :, None]

    assert part_heights(Model(Mean()), cloud(3)) is None


@pytest.mark.parametrize("channels", [False, True])
def test_copies_change_one_input_and_keep_the_others(channels):
    both = two_walks(2)
    if channels:
        joined = torch.stack(both.inputs, 2)
        both = Batch((joined,), ("n s c h w",), both.lengths, sources=(Source(0, 0, 1), Source(0, 1, 2)))

    class Sums(nn.Module):
        def forward(self, batch):
            return torch.stack([batch.part(s).flatten(1).sum(1) for s in batch.told_apart], 1).unsqueeze(2)

    model = Model(fixed(Sums()))
    copies = Copies(model, both, 1)
    assert copies.together == 8
    found = copies.embed(torch.cat([copies.original * k for k in range(10)]))
    own = model.embed(both)[0]
    assert torch.allclose(found[:, 0], own[0].expand(10, 1), rtol=1e-5)
    assert torch.allclose(found[:, 1], own[1] * torch.arange(10.0)[:, None], rtol=1e-5)


def test_a_batch_of_several_walks_is_told():
    with pytest.raises(VisualAnalyseError, match="2 walks"):
        Copies(Model(Strips()), walk((3, 3)))
