"""Copies of a walk inside a model, and nodes of several joints."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from tests.explain.nets import TURN, CopiesNet, Model, PairsNet, fixed, skeletons, walk
from tests.explain.test_explanation import close, layers_of
from visual_analyse.errors import VisualAnalyseError
from visual_analyse.explain.explanation import explain
from visual_analyse.explain.model import Batch
from visual_analyse.explain.recording import Fold
from visual_analyse.explain.resolving import resolve

ALL = ((0,), (1,), (2,), (3,), (4,), (5,))
SAME = tuple(range(6))


def square(embeddings):
    return embeddings.square().sum((1, 2))


def turned_back(maps):
    """Three maps, `[3, t, v]`, on the walk as it came."""
    back = torch.empty_like(maps[2])
    for here, joint in enumerate(TURN):
        back[:, joint] = maps[2][:, here]
    return maps[0] + maps[1].flip(0) + back


def test_what_the_copies_are_is_found_exactly():
    model = Model(fixed(CopiesNet()))
    plan = resolve(model, skeletons(5))
    inverse = tuple(TURN.index(joint) for joint in range(6))
    fold = Fold((False, True, False), (SAME, SAME, inverse), ALL)
    assert [plan[number].fold for number in (1, 2)] == [fold, fold]
    assert plan[3].fold == fold  # without joints its copies still are those of time
    assert [plan[number].flat for number in (1, 2, 3)] == ["joints"] * 3


@pytest.mark.parametrize("length", [1, 2, 7, 9, 31])
def test_maps_are_the_sum_of_three_turned_back(length):
    """Odd lengths: steps two frames apart then fall on the same frames from either end."""
    net = fixed(CopiesNet())
    batch = skeletons(length)
    kept = {}
    x = kept["mix"] = net.mix(net.copies(batch))
    x = kept["stride"] = net.stride(x.tanh())
    x = (x.tanh() * torch.arange(1.0, 7.0)).mean(3)
    x = kept["line"] = net.line(x)
    target = square(x.tanh().mean(2).reshape(1, -1, 1)).sum()
    hand = {
        name: -(torch.autograd.grad(target, a, retain_graph=True)[0].reshape(*a.shape[:3], -1).mean(3, keepdim=True)
                * a.reshape(*a.shape[:3], -1)).sum(1).detach()
        for name, a in kept.items()
    }  # fmt: skip
    found = {layer.name: layer for layer in explain(Model(net), batch, square, layers_of(Model(net))).walks[0]}
    assert close(found["mix"].maps, turned_back(hand["mix"]))
    if length % 2:
        assert close(found["stride"].maps, turned_back(hand["stride"]))
    line = hand["line"][0] + hand["line"][1].flip(0) + hand["line"][2]
    assert close(torch.as_tensor(found["line"].maps), line)
    assert found["mix"].cells is None
    assert found["stride"].spans[0].tolist() == [0, min(2, length)]


def test_a_copy_that_only_looks_like_one_is_left_as_it_is():
    """Two channels of the batch that are no turned copies: a walk and the same scaled."""

    class Scaled(CopiesNet):
        def copies(self, batch):
            x = batch.inputs[0].permute(0, 3, 1, 2)
            return torch.cat([x, 2 * x])

    plan = resolve(Model(fixed(Scaled())), skeletons(5))
    assert plan[1].fold == Fold((False, False), (SAME, SAME), ALL)


def test_nodes_of_two_joints():
    model = Model(fixed(PairsNet()))
    batch = skeletons(4)
    plan = resolve(model, batch)
    assert plan[1].fold is None
    assert plan[2].fold == Fold((False,), ((0, 1, 2),), ((0, 1), (2, 3), (4, 5)))
    one, two = explain(model, batch, square, layers_of(model), plan=plan).walks[0]
    assert one.cells is None
    assert two.cells.tolist() == [[0, 1], [2, 3], [4, 5]]
    assert (one.maps.shape, two.maps.shape) == ((4, 6), (4, 3))


def test_nodes_of_unequally_many_joints_in_any_order():
    model = Model(fixed(PairsNet(((5, 0, 3), (1,), (2, 4)))))
    batch = skeletons(4)
    layer = explain(model, batch, square, layers_of(model, "two")).walks[0][0]
    assert layer.cells.tolist() == [[0, 3, 5], [1, -1, -1], [2, 4, -1]]


def test_joints_that_a_model_leaves_out_belong_to_no_node():
    model = Model(fixed(PairsNet(((1,), (3,), (5,)))))
    assert resolve(model, skeletons(4))[2].fold.members == ((1,), (3,), (5,))


def test_pooled_nodes_of_turned_copies():
    """Pairs of joints turned as pairs are, and backwards at once."""

    class Both(nn.Module):
        def __init__(self):
            super().__init__()
            self.two = nn.Conv2d(3, 4, 1)

        def forward(self, batch):
            x = batch.inputs[0].permute(0, 3, 1, 2)
            x = torch.cat([x, x.flip(2)[..., [4, 5, 0, 1, 2, 3]]]).unflatten(3, (3, 2)).mean(4)
            return (self.two(x).tanh() * torch.tensor([1.0, 2.0, 3.0])).mean((2, 3)).reshape(1, -1, 1)

    net = fixed(Both())
    batch = skeletons(5)
    model = Model(net)
    plan = resolve(model, batch)
    # pair g of the copy is pair (g + 2) % 3 of the walk
    assert plan[1].fold == Fold((False, True), ((0, 1, 2), (1, 2, 0)), ((0, 1), (2, 3), (4, 5)))
    x = batch.inputs[0].permute(0, 3, 1, 2)
    a = net.two(torch.cat([x, x.flip(2)[..., [4, 5, 0, 1, 2, 3]]]).unflatten(3, (3, 2)).mean(4))
    target = square((a.tanh() * torch.tensor([1.0, 2.0, 3.0])).mean((2, 3)).reshape(1, -1, 1)).sum()
    maps = -(torch.autograd.grad(target, a)[0].mean(3, keepdim=True) * a).sum(1).detach()
    expected = maps[0] + maps[1].flip(0)[:, [1, 2, 0]]
    assert close(explain(model, batch, square, layers_of(model)).walks[0][0].maps, expected)


@pytest.mark.parametrize(
    ("kernel", "padding"),
    [
        pytest.param(3, 1, id="centres on every other frame"),
        pytest.param(2, 0, id="pairs of frames"),
        pytest.param(1, 0, id="every other frame"),
        pytest.param(3, 0, id="as many steps as have a middle"),
    ],
)
def test_backwards_is_found_where_the_first_layer_strides(kernel, padding):
    class Strides(CopiesNet):
        def __init__(self):
            super().__init__()
            self.mix = nn.Conv2d(3, 4, (kernel, 1), stride=(2, 1), padding=(padding, 0))

    plan = resolve(Model(fixed(Strides())), skeletons(9))
    assert plan[1].fold.backwards == (False, True, False)


def test_joints_that_a_model_turns_without_copies():
    class Turned(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv = nn.Conv2d(3, 4, 1)

        def forward(self, batch):
            x = self.conv(batch.inputs[0].permute(0, 3, 1, 2)[..., list(TURN)])
            return (x.tanh() * torch.arange(1.0, 7.0)).mean((2, 3)).unsqueeze(2)

    model = Model(fixed(Turned()))
    batch = skeletons(4)
    layer = explain(model, batch, square, layers_of(model)).walks[0][0]
    assert layer.cells is not None
    assert layer.cells[:, 0].tolist() == list(TURN)


def test_frames_and_copies_on_one_axis_have_no_place_or_the_right_one():
    """Each frame of each copy is looked at by itself: one axis holds three times the frames."""

    class Folded(CopiesNet):
        def __init__(self):
            super().__init__()
            self.one = nn.Conv1d(3, 4, 1)

        def forward(self, batch):
            x = self.copies(batch).transpose(1, 2).flatten(0, 1)  # [3 * s, c, v]
            return (self.one(x).tanh() * torch.arange(1.0, 7.0)).mean((0, 2)).reshape(1, -1, 1)

    model = Model(fixed(Folded()))
    batch = skeletons(5)
    plan = resolve(model, batch)
    place = next(place for place in plan.places.values() if place.layer.name == "one")
    assert place.reason or plan.steps(place.layer.number, 5) == 5


def test_a_second_pose_is_looked_at_by_its_own_joints():
    class Two(nn.Module):
        def __init__(self):
            super().__init__()
            self.one, self.two = nn.Conv2d(3, 4, 1), nn.Conv2d(3, 4, 1)

        def forward(self, batch):
            a, b = (x.permute(0, 3, 1, 2) for x in batch.inputs)
            b = torch.cat([b, b.flip(2)])
            x = self.one(a).tanh().mean((2, 3)) + (self.two(b).tanh() * torch.arange(1.0, 7.0)).mean((0, 2, 3))
            return x.unsqueeze(2)

    first, second = skeletons(5), skeletons(5, seed=3)
    batch = Batch((*first.inputs, *second.inputs), first.axes * 2, first.lengths)
    plan = resolve(Model(fixed(Two())), batch)
    assert plan[2].sees == (1,)
    assert plan[2].fold == Fold((False, True), (SAME, SAME), ALL)


def test_two_poses_of_equally_many_copies_are_turned_each_as_it_is():
    class Two(nn.Module):
        def __init__(self):
            super().__init__()
            self.one, self.two = nn.Conv2d(3, 4, 1), nn.Conv2d(3, 4, 1)

        def forward(self, batch):
            a, b = (x.permute(0, 3, 1, 2) for x in batch.inputs)
            a, b = torch.cat([a, a.flip(2)]), torch.cat([b, b[..., list(TURN)]])
            x = [layer(y).tanh() * torch.arange(1.0, 7.0) for layer, y in ((self.one, a), (self.two, b))]
            return sum(y.mean((0, 2, 3)) for y in x).reshape(1, -1, 1)

    first, second = skeletons(5), skeletons(5, seed=3)
    batch = Batch((*first.inputs, *second.inputs), first.axes * 2, first.lengths)
    plan = resolve(Model(fixed(Two())), batch)
    assert plan[1].fold == Fold((False, True), (SAME, SAME), ALL)
    assert plan[2].fold == Fold((False, False), (SAME, tuple(TURN.index(joint) for joint in range(6))), ALL)


def test_copies_are_explained_one_walk_at_a_time():
    class Each(CopiesNet):
        def forward(self, batch):
            x = self.mix(self.copies(batch)).tanh()
            return torch.stack(x.mean((2, 3)).chunk(3), 2)

    model = Model(fixed(Each()))
    one, two = skeletons(5), skeletons(5, seed=2)
    batch = Batch((torch.cat([*one.inputs, *two.inputs]),), one.axes, (5, 5))
    with pytest.raises(VisualAnalyseError, match="one by one"):
        explain(model, batch, square, layers_of(model, "mix"))


def test_mirrored_copies_of_pictures_have_no_place_or_the_right_one():
    """Silhouettes and their mirror images along the batch: a poke on the left shows on the left, or not at all."""

    class Mirrored(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv = nn.Conv3d(1, 3, 3, padding=1)

        def forward(self, batch):
            x = batch.inputs[0].unsqueeze(1)
            return self.conv(torch.cat([x, x.flip(4)])).tanh().amax(2).mean(3).flatten(0, 1).unsqueeze(0)

    model = Model(fixed(Mirrored()))
    batch = walk((5,))
    plan = resolve(model, batch)
    if plan[1].reason:
        return
    left = batch.inputs[0].clone()
    left[..., :2] += 1
    with torch.no_grad():
        before, after = (
            model.module.conv(torch.cat([x[:, None], x[:, None].flip(4)])) for x in (batch.inputs[0], left)
        )
    moved = (plan.restore(1, [after], (5,))[0] - plan.restore(1, [before], (5,))[0]).abs().sum((0, 1, 2))
    assert moved[4:].max() < 1e-6
