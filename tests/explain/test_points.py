"""Points that a model chooses: which they are, and what each stands for."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from tests.explain.nets import Model, PointsNet, cloud, fixed, walk
from tests.explain.test_explanation import close, layers_of
from visual_analyse.explain.explanation import explain
from visual_analyse.explain.points import choices, clouds, nearest_cells
from visual_analyse.explain.resolving import resolve


def square(embeddings):
    return embeddings.square().sum((1, 2))


def test_nearest_cells_by_hand():
    line = torch.tensor([[0.0, 1.0, 4.0, 5.0, 9.0]])[..., None] * torch.tensor([1.0, 0.0, 0.0])
    found = nearest_cells(line, torch.tensor([[3, 0]]))  # at 5 and at 0
    assert found.dtype == np.int32
    assert found.tolist() == [[[2, 3, 4], [0, 1, -1]]]


def test_nearest_cells_of_each_frame_of_its_own():
    line = torch.tensor([[0.0, 1.0, 9.0], [0.0, 8.0, 9.0]])[..., None].expand(-1, -1, 3)
    found = nearest_cells(line, torch.tensor([[0, 2], [1, 0]]))
    assert found.tolist() == [[[0, 1], [2, -1]], [[1, 2], [0, -1]]]


def test_nearest_cells_share_out_every_point_once():
    batch = cloud(3)
    found = nearest_cells(clouds(batch), torch.tensor([[1, 5, 9], [0, 2, 4], [15, 14, 13]]))
    for frame in found:
        assert sorted(frame[frame >= 0].tolist()) == list(range(16))
        assert (np.diff((frame < 0).astype(int), axis=1) >= 0).all()  # what there are no more of comes last


def test_duplicates_are_somebodys():
    """Two points in one place, one of them chosen; and one point chosen twice."""
    here = torch.tensor([[0.0, 0.0, 7.0, 8.0]])[..., None].expand(-1, -1, 3)
    found = nearest_cells(here, torch.tensor([[1, 2, 2]]))
    assert sorted(found[found >= 0].tolist()) == [0, 1, 2, 3]
    assert found[0, 0].tolist() == [0, 1]


def test_the_cloud_of_a_batch_in_any_order_of_axes():
    batch = cloud(3)
    turned = replace(batch, inputs=(batch.inputs[0].permute(0, 3, 2, 1),), axes=("n c q s",))
    assert torch.equal(clouds(batch), batch.inputs[0][0])
    assert torch.equal(clouds(turned), batch.inputs[0][0])
    assert clouds(walk((3,))) is None


def test_choices_before_each_layer():
    net = PointsNet()
    found = choices(Model(fixed(net)), cloud(3))
    assert 1 not in found
    first = torch.tensor(net.first)
    assert [x.tolist() for x in found[2]] == [[net.first] * 3]
    assert [x.tolist() for x in found[3]] == [[first[net.second].tolist()] * 3, [net.first] * 3]


@pytest.mark.parametrize("how", ["gather", "index_select", "take_along_dim", "advanced"])
def test_however_they_are_taken(how):
    """By whatever operation points come out of the cloud; each frame chooses its own."""
    index = torch.tensor([[3, 0, 9, 5], [1, 2, 15, 6], [7, 7, 4, 11]])

    class Takes(nn.Module):
        def __init__(self):
            super().__init__()
            self.line = nn.Conv1d(3, 4, 1)

        def forward(self, batch):
            points, wide = batch.inputs[0][0], index[:, :, None].expand(-1, -1, 3)
            chosen = {
                "gather": lambda: torch.gather(points, 1, wide),
                "index_select": lambda: (
                    points.flatten(0, 1)
                    .index_select(0, (index + torch.arange(3)[:, None] * 16).flatten())
                    .reshape(3, 4, 3)
                ),
                "take_along_dim": lambda: torch.take_along_dim(points, wide, 1),
                "advanced": lambda: points[torch.arange(3)[:, None], index],
            }[how]()
            return self.line(chosen.transpose(1, 2)).amax((0, 2))[None, :, None]

    found = choices(Model(fixed(Takes())), cloud(3))
    assert found[1][0].tolist() == index.tolist()


def test_points_that_are_taken_with_their_channels_first():
    """`[s, 3, p]` all the way: no function ever gives them the other way round."""

    class Takes(nn.Module):
        def __init__(self):
            super().__init__()
            self.line = nn.Conv1d(3, 4, 1)

        def forward(self, batch):
            return self.line(batch.inputs[0][0].transpose(1, 2)[:, :, [3, 0, 9, 5]]).amax((0, 2))[None, :, None]

    found = choices(Model(fixed(Takes())), cloud(5))
    assert found[1][0].tolist() == [[3, 0, 9, 5]] * 5


def test_points_that_are_none_of_the_cloud_are_no_choice():
    class Means(nn.Module):
        def __init__(self):
            super().__init__()
            self.line = nn.Conv1d(3, 4, 1)

        def forward(self, batch):
            x = batch.inputs[0][0].unflatten(1, (8, 2)).mean(2)
            return self.line(x.transpose(1, 2)).amax((0, 2))[None, :, None]

    assert choices(Model(fixed(Means())), cloud(3)) == {}


def test_a_point_that_is_there_twice_can_be_chosen():
    batch = cloud(3)
    batch.inputs[0][:, :, 4] = batch.inputs[0][:, :, 12]
    net = PointsNet()
    model = Model(fixed(net))
    found = choices(model, batch)[2][0]
    points = batch.inputs[0][0]
    assert torch.equal(torch.take_along_dim(points, found[..., None], 1), points[:, net.first])
    layer = explain(model, batch, square, layers_of(model, "near")).walks[0][0]
    for frame in layer.cells:
        assert sorted(frame[frame >= 0].tolist()) == list(range(16))


@pytest.mark.parametrize("before", [True, False])
@pytest.mark.parametrize("length", [1, 5, 12])
def test_maps_and_cells_of_chosen_points(before, length):
    net = fixed(PointsNet(before=before))
    model, batch = Model(net), cloud(length)
    plan = resolve(model, batch)
    assert [plan[k].chosen for k in (1, 2, 3)] == [False, True, True]
    assert [plan.extent(k) for k in (1, 2, 3)] == [(16,), (8,), (4,)]
    kept = {}
    handles = [layer.register_forward_hook(lambda m, i, o, name=name: kept.update({name: o}))
               for name, layer in net.named_children()]  # fmt: skip
    target = square(net(batch)).sum()
    for handle in handles:
        handle.remove()
    gradients = dict(zip(kept, torch.autograd.grad(target, list(kept.values())), strict=True))
    found = {layer.name: layer for layer in explain(model, batch, square, layers_of(model), plan=plan).walks[0]}
    for name in ("every", "near", "few"):
        a, g = kept[name].detach(), gradients[name]
        weight = g.flatten(2).mean(2)
        expected = -torch.einsum("tc,tc...->t...", weight, a)
        if name == "near":
            expected = expected.sum(1 if before else 2)
        assert close(found[name].maps, expected), name
    first = torch.tensor(net.first)
    assert found["every"].cells is None
    for name, chosen in (("near", first), ("few", first[net.second])):
        assert np.array_equal(found[name].cells, nearest_cells(batch.inputs[0][0], chosen.expand(length, -1))), name


def test_cells_are_those_of_the_walk_not_of_the_dry_run():
    """Which points are chosen depends on where they are: the five highest."""

    class Highest(nn.Module):
        def __init__(self):
            super().__init__()
            self.line = nn.Conv1d(3, 4, 1)

        def forward(self, batch):
            points = batch.inputs[0].flatten(0, 1)
            top = points[..., 2].topk(5)[1]
            chosen = torch.gather(points, 1, top[..., None].expand(-1, -1, 3))
            return self.line(chosen.transpose(1, 2)).tanh().amax(2).amax(0)[None, :, None]

    model = Model(fixed(Highest()))
    plan = resolve(model, cloud(4))
    batch = cloud(7, seed=8)
    layer = explain(model, batch, square, layers_of(model), plan=plan).walks[0][0]
    top = batch.inputs[0][0][..., 2].topk(5)[1]
    assert np.array_equal(layer.cells, nearest_cells(batch.inputs[0][0], top))


def test_neighbours_gathered_on_one_axis_are_no_later_choice():
    """Four points and three neighbours of each: twelve points of the cloud, of which the layer after has four."""

    class Grouped(nn.Module):
        def __init__(self):
            super().__init__()
            self.near = nn.Conv2d(3, 4, 1)
            self.deep = nn.Conv1d(4, 5, 1)

        def forward(self, batch):
            points = batch.inputs[0].flatten(0, 1)
            chosen = points[:, [2, 5, 11, 14]]
            near = torch.cdist(chosen, points).topk(3, largest=False)[1].flatten(1)
            around = torch.gather(points, 1, near[..., None].expand(-1, -1, 3)).unflatten(1, (4, 3))
            x = self.near(around.permute(0, 3, 2, 1)).tanh().amax(2)
            return self.deep(x).tanh().amax(2).amax(0)[None, :, None]

    model = Model(fixed(Grouped()))
    batch = cloud(4)
    plan = resolve(model, batch)
    for number in (1, 2):
        assert plan.extent(number) == (4,)
        assert plan[number].chosen
    layer = explain(model, batch, square, layers_of(model, "deep"), plan=plan).walks[0][0]
    expected = nearest_cells(batch.inputs[0][0], torch.tensor([2, 5, 11, 14]).expand(4, -1))
    assert np.array_equal(layer.cells, expected)


def test_as_many_neighbours_as_chosen_points():
    """Sizes say nothing; the neighbours stand before the points, as in `[s, c, k, p]`."""

    class Square(PointsNet):
        NEAR = 8

    model = Model(fixed(Square()))
    batch = cloud(3)
    layer = explain(model, batch, square, layers_of(model, "near")).walks[0][0]
    plain = fixed(Square())
    kept = []
    handle = plain.near.register_forward_hook(lambda m, i, o: kept.append(o))
    target = square(plain(batch)).sum()
    handle.remove()
    gradient = torch.autograd.grad(target, kept[0])[0]
    expected = -(gradient.mean((2, 3), keepdim=True) * kept[0]).sum(1).sum(1).detach()
    assert close(layer.maps, expected)
