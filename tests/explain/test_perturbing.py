"""Maps without a gradient: by hand on linear nets, by changing reference nets themselves, and where parts lie."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
import torch
from torch import nn

from tests.explain.nets import CopiesNet, Model, PointsNet, SetNet, StripNet, WindowNet, cloud, fixed, skeletons, walk
from tests.explain.test_explanation import close, layers_of, target_of
from tests.six import FACTS, NAMES, Six, convolutions, grey, narrow
from visual_analyse.errors import VisualAnalyseError
from visual_analyse.explain.explanation import explain
from visual_analyse.explain.layers import leaves, select
from visual_analyse.explain.methods import HiResCam
from visual_analyse.explain.model import Batch
from visual_analyse.explain.part_supports import part_supports
from visual_analyse.explain.perturbing import _blocks, perturbing
from visual_analyse.explain.resolving import resolve
from visual_analyse.explain.targets import distance_to


def plain(embeddings):
    return embeddings.sum((1, 2))


class Linear(nn.Module):
    """A layer that doubles its input, then the sum over all cells, each weighed by its place."""

    def __init__(self, cut: bool = False) -> None:
        super().__init__()
        self.cut = cut
        self.twice = nn.Conv2d(1, 1, 1, bias=False)
        nn.init.constant_(self.twice.weight, 2.0)
        self.runs = 0

    def forward(self, batch: Batch) -> torch.Tensor:
        self.runs += 1
        x = self.twice(batch.inputs[0].flatten(0, 1).unsqueeze(1)).flatten()
        return (x.detach() if self.cut else x).mul(torch.arange(float(len(x)))).sum().reshape(1, 1, 1)


def growth_by_hand(batch):
    """What the weighed sum grows by where a cell is its frame's mean: [s, h, w]."""
    x = 2 * batch.inputs[0][0]
    return torch.arange(float(x.numel())).reshape(x.shape) * (x.mean((1, 2), keepdim=True) - x)


@pytest.mark.parametrize("cut", [False, True])
def test_by_hand(cut):
    """Blocks of two by two cells, as eight are allowed on 8 x 4; behind a cut, where no gradient is, the same."""
    model, batch = Model(Linear(cut)), walk((3,), 8, 4)
    growth = growth_by_hand(batch)
    blocks = growth.reshape(3, 4, 2, 2, 2).sum((2, 4))
    spread = blocks.repeat_interleave(2, 1).repeat_interleave(2, 2)
    plan, layers = resolve(model, batch), layers_of(model)
    model.module.runs = 0
    found = perturbing(model, batch, plain, layers, plan, cells=8, steps=True)[0]
    assert close(found.maps, spread / 4, 1e-3)
    assert model.module.runs == 1 + 3 * 8
    over_time = perturbing(model, batch, plain, layers, plan, cells=8)[0]
    assert close(over_time.maps, (spread.sum(0) / 12).expand(3, -1, -1), 1e-3)
    assert model.module.runs == 1 + 3 * 8 + 1 + 8
    assert (found.kind, found.name, found.number) == ("Conv2d", "twice", 1)
    assert found.spans.tolist() == [[0, 1], [1, 2], [2, 3]]
    if cut:
        with pytest.raises(VisualAnalyseError, match="No gradient"):
            explain(model, batch, plain, layers, plan=plan)


def test_maps_keep_one_scale():
    """Of a linear model a map adds up to the same in blocks of any size."""
    model, batch = Model(Linear()), walk((3,), 8, 4)
    total = float(growth_by_hand(batch).sum())
    for cells, steps in ((1, False), (5, True), (32, False), (64, True)):
        found = perturbing(model, batch, plain, layers_of(model), cells=cells, steps=steps)[0]
        assert found.maps.shape == (3, 8, 4)
        assert float(found.maps.sum()) == pytest.approx(total, rel=1e-3)


def test_of_a_linear_head_each_cell_is_what_hirescam_has_over_the_mean():
    model, batch = Model(Linear()), walk((2,), 4, 2)
    found = perturbing(model, batch, plain, layers_of(model), cells=8, steps=True)[0].maps
    whole = explain(model, batch, plain, layers_of(model), method=HiResCam()).walks[0][0].maps
    x = 2 * batch.inputs[0][0]
    mean = x.mean((1, 2), keepdim=True)
    assert close(found, torch.from_numpy(whole) * (x - mean) / x, 1e-3)


@pytest.mark.parametrize("backwards", [False, True])
@pytest.mark.parametrize("steps", [False, True])
def test_strips_equal_a_net_that_changes_itself(backwards, steps):
    """No hook and no plan: the reference writes into its own joined strips."""

    class Changed(StripNet):
        block = None

        def forward(self, batch):
            x = batch.inputs[0].unsqueeze(1)
            n = x.shape[0]
            x = self.first(x.transpose(1, 2).flatten(0, 1))
            x = torch.cat([self.local(part) for part in x.chunk(self.strips, 2)], 2)
            if self.block is not None:
                time, rows, columns = self.block
                mean = x.mean((2, 3), keepdim=True).expand_as(x)[time, :, rows, columns]
                x = x.clone()
                x[time, :, rows, columns] = mean
            x = self.twice(self.twice(x).relu())
            return x.reshape(n, -1, *x.shape[1:]).transpose(1, 2).max(2)[0].mean(-1)

    batch = walk((3,))
    reference, model = fixed(Changed()), Model(fixed(StripNet(backwards=backwards)))
    target = target_of(model, batch)
    found = perturbing(model, batch, target, layers_of(model, "local"), cells=32, steps=steps)[0]
    with torch.no_grad():
        before = target(reference(batch))
        expected = torch.zeros(3, 16, 8)
        for block in _blocks((3, 16, 8), False, 32, steps):
            reference.block = block
            expected[block] = (target(reference(batch)) - before) / expected[block].numel()
    assert found.maps.shape == (3, 16, 8)
    assert expected.abs().max() > 0
    assert close(found.maps, expected, 1e-3)
    assert found.calls == 4


@pytest.mark.parametrize(
    ("name", "numbers", "part"),
    [("GaitSet", [11, 13], 4), ("GaitPart", [11, 13], 5), ("GaitGL", [10, 11], 20), ("GaitBase", [24, 27], 3)],
)
def test_only_the_rows_of_a_part_move_it(name, numbers, part):
    """Of a part's own distance, on folded frames, strips and clips: nothing outside the rows that it depends on."""
    model, batch = Six(narrow(FACTS[name]["model_cfg"])), grey((3,), (64, 44))
    plan = resolve(model, batch)
    layers = select([layer for layer, _ in leaves(model.module)], list(map(str, numbers)))
    supports = part_supports(model, batch, layers, plan)
    with torch.no_grad():
        match = model.embed(grey((4,), (64, 44), seed=1))
    target = distance_to(match, "euc", [part])
    for layer in perturbing(model, batch, target, layers, plan, cells=128):
        rows = supports[(layer.number, 0)][part]
        assert not rows.all()
        assert (layer.strength > 0) == rows.any(), (
            layer.name
        )  # half of GaitGL's parts see the one layer, half the other
        for block in _blocks(layer.maps.shape, False, 128, False):
            rows[block[1]] |= rows[block[1]].any()
        assert not layer.maps[:, ~rows].any(), layer.name


@pytest.mark.parametrize("name", NAMES)
def test_all_convolutions_of_the_six(name):
    model, batch = Six(narrow(FACTS[name]["model_cfg"])), grey((3,), (64, 44))
    plan = resolve(model, batch)
    layers = convolutions(model, plan)
    target = target_of(model, batch)
    found = perturbing(model, batch, target, layers, plan, cells=4)
    expected = explain(model, batch, target, layers, plan=plan).walks[0]
    assert [layer.key for layer in found] == [layer.key for layer in expected]
    for ours, theirs in zip(found, expected, strict=True):
        assert ours.maps.shape == theirs.maps.shape
        assert np.isfinite(ours.maps).all()
        assert ours.strength > 0 or ours.maps[0].size == 1


@pytest.mark.parametrize(
    ("net", "batch", "wanted"),
    [
        (SetNet(), walk((4,)), ["one", "act", "pool", "two", "three"]),
        (SetNet(), walk((4,), packed=True), ["one", "two", "three"]),
        (WindowNet(4, 1), walk((9,), 20, 20), "all"),
        (CopiesNet(), skeletons(9), "all"),
        (PointsNet(), cloud(9), "all"),
    ],
)
def test_any_layout_has_the_records_of_explain(net, batch, wanted):
    model = Model(fixed(net))
    plan = resolve(model, batch)
    layers = [layer for layer in layers_of(model, wanted) if not plan[layer.number].reason]
    target = target_of(model, batch) if batch.axes == ("n s h w",) else plain
    found = perturbing(model, batch, target, layers, plan)
    expected = explain(model, batch, target, layers, plan=plan).walks[0]
    assert len(found) == len(expected)
    for ours, theirs in zip(found, expected, strict=True):
        assert (ours.key, ours.kind, ours.calls, ours.pooled) == (theirs.key, theirs.kind, theirs.calls, theirs.pooled)
        assert ours.maps.shape == theirs.maps.shape and ours.maps.dtype == np.float32
        assert (ours.spans == theirs.spans).all()
        assert (ours.cells is None) == (theirs.cells is None)
        assert np.isfinite(ours.maps).all() and ours.strength > 0, ours.name
    assert not any(module._forward_hooks for module in model.module.modules())


def test_a_layer_without_a_grid_is_its_mean_over_time():
    class Line(nn.Module):
        def __init__(self):
            super().__init__()
            self.keep = nn.Conv1d(1, 1, 1, bias=False)
            nn.init.ones_(self.keep.weight)

        def forward(self, batch):
            x = self.keep(batch.inputs[0].mean((2, 3))[:, None])
            return (x * torch.arange(float(x.shape[2]))).sum(2)[:, :, None]

    batch = walk((5,))
    found = perturbing(Model(Line()), batch, plain, layers_of(Model(Line())), steps=True)[0]
    x = batch.inputs[0].mean((2, 3))[0]
    assert close(found.maps[:, 0, 0], torch.arange(5.0) * (x.mean() - x), 1e-3)


@pytest.mark.parametrize("shape", [(3, 16, 11), (2, 64, 44), (1, 1, 9), (4, 7, 1)])
@pytest.mark.parametrize("cells", [1, 10, 64])
@pytest.mark.parametrize("flat", [False, True])
@pytest.mark.parametrize("steps", [False, True])
def test_blocks_hold_every_cell_once(shape, cells, flat, steps):
    counted = np.zeros(shape)
    blocks = list(_blocks(shape, flat, cells, steps))
    for block in blocks:
        counted[block] += 1
    assert (counted == 1).all()
    assert len(blocks) <= cells * (shape[0] if steps else 1)


def test_more_cells_are_finer():
    sizes = [len(list(_blocks((3, 16, 11), False, cells, False))) for cells in (1, 10, 64, 176)]
    assert sizes[-1] == 176 and all(a < b for a, b in pairwise(sizes))


def test_hooks_are_gone_after_an_error():
    model, batch = Model(fixed(SetNet()).train()), walk((2,))
    asked = []

    def broken(embeddings):
        asked.append(1)
        if len(asked) > 1:  # while a layer is changed
            raise RuntimeError("no")
        return plain(embeddings)

    with pytest.raises(RuntimeError, match="no"):
        perturbing(model, batch, broken, layers_of(model, "one"))
    assert not any(module._forward_hooks for module in model.module.modules())
    assert all(module.training for module in model.module.modules())
    assert all(parameter.requires_grad for parameter in model.module.parameters())


def test_what_cannot_be_is_told():
    model = Model(fixed(SetNet()))
    with pytest.raises(VisualAnalyseError, match="2 walks"):
        perturbing(model, walk((3, 3)), plain, layers_of(model, "one"))
    with pytest.raises(VisualAnalyseError, match="0 blocks"):
        perturbing(model, walk((3,)), plain, layers_of(model, "one"), cells=0)
    with pytest.raises(VisualAnalyseError, match="never called"):
        perturbing(model, walk((3,)), plain, layers_of(model, "unused"))
