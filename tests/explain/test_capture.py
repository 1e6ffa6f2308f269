"""What is kept of a forward: outputs, also where checkpointing runs it again, and pictures of the model's own."""

from __future__ import annotations

import gc
import weakref

import pytest
import torch
from torch import nn
from torch.utils.checkpoint import checkpoint

from tests.explain.nets import Model, fixed, pooled, unfold, walk
from tests.explain.test_explanation import close, layers_of
from visual_analyse.explain.capture import Capture, Pictures, frozen
from visual_analyse.explain.explanation import explain
from visual_analyse.explain.model import Batch
from visual_analyse.explain.resolving import resolve
from visual_analyse.explain.targets import class_score


def square(embeddings):
    return embeddings.square().sum((1, 2))


class Saved(nn.Module):
    """In-place activations and a layer that runs twice, in a part that is run again on the way back."""

    def __init__(self, again: bool, reentrant: bool = False) -> None:
        super().__init__()
        self.again, self.reentrant = again, reentrant
        self.before = nn.Conv2d(1, 3, 3, padding=1)
        self.first = nn.Conv2d(3, 4, 3, padding=1)
        self.act = nn.LeakyReLU(inplace=True)
        self.twice = nn.Conv2d(4, 4, 3, padding=1)
        self.after = nn.Conv2d(4, 5, 3, padding=1)
        self.runs = 0

    def part(self, x: torch.Tensor) -> torch.Tensor:
        self.runs += 1
        return self.twice(self.act(self.twice(self.act(self.first(x)))).tanh())

    def forward(self, batch: Batch) -> torch.Tensor:
        x = self.before(batch.inputs[0].flatten(0, 1).unsqueeze(1))
        x = checkpoint(self.part, x, use_reentrant=self.reentrant) if self.again else self.part(x)
        return pooled(unfold(self.after(x), len(batch)), batch).mean(2)


@pytest.mark.parametrize("wanted", ["all", "before", "first", "act", "twice", "after", ["first", "after"]])
def test_checkpointing_changes_no_map(wanted):
    plain, saved = Model(fixed(Saved(False))), Model(fixed(Saved(True)))
    batch = walk((3,))
    expected = explain(plain, batch, square, layers_of(plain, wanted))
    plan = resolve(saved, batch)
    saved.module.runs = 0
    found = explain(saved, batch, square, layers_of(saved, wanted), plan=plan)
    assert saved.module.runs == (1 if wanted == "after" else 2)  # else this test would show nothing
    assert found.values == pytest.approx(expected.values)
    assert [layer.name for layer in found.walks[0]] == [layer.name for layer in expected.walks[0]]
    for a, b in zip(found.walks[0], expected.walks[0], strict=True):
        assert close(a.maps, b.maps), a.name
    assert not any(module._forward_hooks for module in saved.module.modules())


def test_what_runs_again_is_not_kept():
    net = fixed(Saved(True))
    with Capture([(2, net.first)], overwritten=()) as capture, torch.enable_grad():
        values = square(net(walk((2,))))
        capture.close()
        torch.autograd.grad(values.sum(), [capture.outputs[2][0]])
        assert len(capture.outputs[2]) == 1


def test_an_output_that_is_written_into_is_kept_as_it_was():
    conv, act = nn.Conv2d(1, 2, 1), nn.ReLU(inplace=True)
    x = torch.randn(1, 1, 4, 4, generator=torch.Generator().manual_seed(0))
    with Capture([(1, conv)], overwritten=[(1, 0)]) as capture:
        act(conv(x))
    assert torch.equal(capture.outputs[1][0], conv(x))
    assert (capture.outputs[1][0] < 0).any()


def test_roots_are_where_the_graph_starts():
    one, two = nn.Conv2d(1, 2, 1), nn.Conv2d(2, 2, 1)
    with frozen(nn.ModuleList([one, two])), Capture([(1, one), (2, two)], ()) as capture:
        two(one(torch.ones(1, 1, 2, 2)))
    assert capture.roots == [(1, 0)]
    assert capture.outputs[1][0].is_leaf
    assert not capture.outputs[2][0].is_leaf


def test_what_a_layer_only_passes_on_is_not_made_to_want_gradients():
    x, layer = torch.ones(1, 1, 2, 2), nn.Identity()
    with torch.enable_grad(), Capture([(1, layer)], ()) as capture:
        layer(x)
    assert capture.outputs[1][0].requires_grad
    assert not x.requires_grad


def test_without_gradients_nothing_starts():
    one = nn.Conv2d(1, 2, 1)
    with frozen(one), torch.no_grad(), Capture([(1, one)], ()) as capture:
        one(torch.ones(1, 1, 2, 2))
    assert capture.roots == []
    assert not capture.outputs[1][0].requires_grad


def test_pictures_are_those_of_the_first_call_and_stay_as_they_were():
    layer = nn.ReLU(inplace=True)
    first = -torch.ones(1, 1, 2, 2)
    with Pictures({3: layer}) as pictures:
        layer(first)
        layer(torch.ones(1, 1, 2, 2))
    assert pictures.taken[3].tolist() == (-torch.ones(1, 1, 2, 2)).tolist()
    assert not layer._forward_pre_hooks


def test_hooks_are_gone_after_an_error_in_the_forward():
    layer = nn.ReLU()
    with pytest.raises(KeyError), Capture([(1, layer)], ()), Pictures({1: layer}):
        raise KeyError
    assert not layer._forward_hooks
    assert not layer._forward_pre_hooks


def test_frozen_puts_each_module_back_as_it_was():
    net = nn.Sequential(nn.Linear(1, 1), nn.BatchNorm1d(1), nn.Dropout())
    net.train()
    net[1].eval()
    net[0].bias.requires_grad_(False)
    with pytest.raises(KeyError), frozen(net):
        assert not any(module.training for module in net.modules())
        assert not any(parameter.requires_grad for parameter in net.parameters())
        raise KeyError
    assert [module.training for module in net] == [True, False, True]
    assert [parameter.requires_grad for parameter in net.parameters()] == [True, False, True, True]


@pytest.mark.parametrize("answer", [0, 1, 2])
def test_a_map_of_a_class_by_hand(answer):
    """Logits are the means of three channels in two halves: of the class's own channel, its share; of others, none."""

    class Classes(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv = nn.Conv2d(1, 3, 1, bias=False)
            self.conv.weight.data[:, 0, 0, 0] = torch.tensor([2.0, -1.0, 4.0])

        def forward(self, batch):
            x = self.conv(batch.inputs[0].flatten(0, 1).unsqueeze(1))
            return x.unflatten(2, (2, -1)).mean((3, 4)).mean(0, keepdim=True)

    model, batch = Model(Classes()), walk((3,), 4, 2)
    found = explain(model, batch, class_score(answer), layers_of(model))
    weight = (2.0, -1.0, 4.0)[answer]
    x = batch.inputs[0][0]
    # each value has 1 / (3 frames * 8 cells) of the logit, and what is explained is minus it: the map is plus it
    assert found.values == pytest.approx([-weight * float(x.mean())])
    assert torch.allclose(torch.as_tensor(found.walks[0][0].maps), weight * x / 24, atol=1e-6)


@pytest.mark.parametrize("kind", [Capture, Pictures])
def test_what_was_kept_is_freed_at_once(kind):
    """Outputs are large: none waits for the collector of circles to be let go."""
    layer = nn.Conv2d(1, 2, 1)
    gc.disable()
    try:
        made = Capture([(1, layer)], ()) if kind is Capture else Pictures({1: layer})
        with made, pytest.raises(ZeroDivisionError):
            layer(torch.ones(1, 1, 4, 4))
            1 / 0  # noqa: B018
        assert made.outputs[1] if kind is Capture else made.taken
        left = weakref.ref(made)
        del made
        assert left() is None
    finally:
        gc.enable()
    assert not layer._forward_hooks and not layer._forward_pre_hooks
