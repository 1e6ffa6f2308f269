"""Maps on the input: by hand, and what their papers promise."""

from __future__ import annotations

import importlib

import numpy as np
import pytest
import torch
from torch import nn

from tests.explain.nets import Model, SetNet, cloud, fixed, skeletons, two_walks, walk
from tests.explain.test_explanation import close, target_of
from tests.six import FACTS, Six, grey, narrow
from visual_analyse.errors import VisualAnalyseError
from visual_analyse.explain.input_methods import INPUT_METHODS, IntegratedGradients, Occlusion, mean_frame
from visual_analyse.explain.model import Batch, Source


def plain(embeddings):
    return embeddings.sum((1, 2))


class Weighed(nn.Module):
    """The sum of all inputs, each cell weighed by its place, the second input ten times."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[int] = []

    def forward(self, batch: Batch) -> torch.Tensor:
        parts = [batch.part(source).flatten(1) for source in batch.told_apart]
        self.seen.append(len(parts[0]))
        sums = [(10**k) * (x * torch.arange(x.shape[1])).sum(1) for k, x in enumerate(parts)]
        return torch.stack(sums).sum(0)[:, None, None]


class Mixing(Weighed):
    """The same, but a forward of several walks mixes them."""

    def forward(self, batch: Batch) -> torch.Tensor:
        found = super().forward(batch)
        return found.mean(0, keepdim=True).expand_as(found)


@pytest.mark.parametrize("net", [Weighed, Mixing])
def test_integrated_gradients_of_a_linear_model_by_hand(net):
    """The score is minus the weighed sum, so each cell has minus its weight by what it has over the baseline."""
    batch, model = walk((3,), 4, 2), Model(net())
    found = IntegratedGradients(steps=4, at_once=3).explain(model, batch, plain)
    x = batch.inputs[0][0]
    expected = -torch.arange(24.0).reshape(3, 4, 2) * (x - x.mean(0))
    assert close(found.maps, expected)
    assert max(model.module.seen[3:]) == (3 if net is Weighed else 1)
    assert (found.number, found.name, found.kind, found.on) == (0, "input", "integrated_gradients", 0)
    assert found.spans.tolist() == [[0, 1], [1, 2], [2, 3]]
    assert found.maps.dtype == np.float32


@pytest.mark.parametrize("net", [Weighed, Mixing])
def test_occlusion_of_a_linear_model_by_hand(net):
    """A window of 2 x 2 through all frames: what the weighed sum grows by when it is the mean silhouette; a cell that
    lies in several windows has their mean."""
    batch, model = walk((3,), 4, 4), Model(net())
    found = Occlusion(size=2, stride=2).explain(model, batch, plain)
    x = batch.inputs[0][0]
    growth = torch.arange(48.0).reshape(3, 4, 4) * (x.mean(0) - x)
    windows = growth.sum(0).reshape(2, 2, 2, 2).sum((1, 3))
    assert close(found.maps, windows.repeat_interleave(2, 0).repeat_interleave(2, 1).expand(3, 4, 4), 1e-4)
    assert found.kind == "occlusion"


def test_occlusion_of_windows_that_overlap_is_their_mean():
    batch = walk((1,), 3, 2)
    black = torch.zeros(3, 2)  # its own mean is the frame itself
    found = Occlusion(size=2, stride=1).explain(Model(Weighed()), batch, plain, baseline=black)
    rows = -(torch.arange(6.0).reshape(3, 2) * batch.inputs[0][0, 0]).sum(1)
    one, two = rows[:2].sum(), rows[1:].sum()
    assert close(found.maps[0], torch.stack([one, (one + two) / 2, two])[:, None].expand(3, 2), 1e-4)


@pytest.mark.parametrize(("frames", "expected"), [(None, 1), (1, 3), (2, 2)])
def test_forwards_of_occlusion_are_counted(frames, expected):
    """Windows of 8 x 8, moved by 4, on 16 x 8: three, for every window of frames; and the walk as it is, twice."""
    method = Occlusion(frames=frames)
    model = Model(Mixing())  # one by one, so that all are seen
    method.explain(model, walk((3,)), plain)
    after_trial = model.module.seen[3:]
    assert len(after_trial) == method.forwards((1, 3, 16, 8), ("n", "s", "h", "w")) == 2 + 3 * expected


def test_occlusion_frame_by_frame():
    batch = walk((3,), 4, 4)
    found = Occlusion(size=4, frames=1).explain(Model(Weighed()), batch, plain)
    growth = torch.arange(48.0).reshape(3, 4, 4) * (batch.inputs[0][0].mean(0) - batch.inputs[0][0])
    assert close(found.maps, growth.sum((1, 2), keepdim=True).expand(3, 4, 4), 1e-4)


@pytest.mark.parametrize("name", ["GaitSet", "GaitBase", "GaitGL"])
def test_integrated_gradients_are_complete(name):
    """The map adds up to how much further the baseline is from the match than the walk: with more steps, closer."""
    model, batch = Six(narrow(FACTS[name]["model_cfg"])), grey((3,), (64, 44))
    target = target_of(model, batch)
    baseline = mean_frame(grey((5,), (64, 44), seed=7))
    with torch.no_grad():
        walked = target(model.embed(batch))
        start = target(model.embed(Batch((baseline.expand(1, 3, 64, 44).contiguous(),), batch.axes, (3,))))
    growth = float(start - walked)
    errors = [
        abs(float(IntegratedGradients(steps).explain(model, batch, target, baseline=baseline).maps.sum()) - growth)
        for steps in (2, 48)
    ]
    assert errors[1] < 0.02 * max(abs(growth), float(walked))
    assert errors[1] < errors[0]


@pytest.mark.parametrize("name", INPUT_METHODS)
def test_one_of_several_inputs(name):
    """The second is weighed ten times, whether a tensor of its own or channels of one; the other stays as it is."""
    both = two_walks(3, 8, 8)
    joined = Batch((torch.stack(both.inputs, 2),), ("n s c h w",), (3,), sources=(Source(0, 0, 1), Source(0, 1, 2)))
    method = INPUT_METHODS[name]()
    for batch in (both, joined):
        maps = [method.explain(Model(Weighed()), batch, plain, on) for on in (0, 1)]
        assert [layer.on for layer in maps] == [0, 1]
        assert [layer.sees for layer in maps] == [(0,), (1,)]
        own = Batch((both.inputs[1],), ("n s h w",), (3,))
        assert maps[1].maps.shape == (3, 8, 8)
        assert close(maps[1].maps, 10 * method.explain(Model(Weighed()), own, plain).maps, 1e-4)


def test_joints_and_points():
    """Channels of a joint are one cell: summed, and replaced together."""
    for batch in (skeletons(3), cloud(3)):
        x = batch.inputs[0][0]
        growth = torch.arange(float(x.numel())).reshape(x.shape) * (x.mean(0) - x)
        found = IntegratedGradients(steps=4).explain(Model(Weighed()), batch, plain)
        assert close(found.maps, growth.sum(2), 1e-4)
        found = Occlusion().explain(Model(Weighed()), batch, plain)
        assert close(found.maps, growth.sum((0, 2)).expand(3, -1), 1e-4)


def test_a_target_is_first_asked_of_the_walk_as_it_is():
    """A target may choose the nearest walk by the first embedding that it sees, and stay with it."""
    model, batch = Model(fixed(SetNet())), walk((3,))
    with torch.no_grad():
        own = model.embed(batch)
    for method in (IntegratedGradients(2), Occlusion()):
        seen = []

        def target(embeddings, seen=seen):
            seen.append(embeddings.detach())
            return plain(embeddings)

        method.explain(model, batch, target)
        assert torch.allclose(seen[0], own)


def test_another_walks_mean_silhouette_is_a_baseline():
    batch, other = walk((3,), 4, 2), mean_frame(walk((5,), 4, 2, seed=3))
    found = IntegratedGradients(steps=2).explain(Model(Weighed()), batch, plain, baseline=other[0, 0])
    assert close(found.maps, -torch.arange(24.0).reshape(3, 4, 2) * (batch.inputs[0][0] - other[0]))
    with pytest.raises(VisualAnalyseError, match=r"\[5, 2\] and the input \[1, 3, 4, 2\]"):
        IntegratedGradients().explain(Model(Weighed()), batch, plain, baseline=torch.zeros(5, 2))


def test_what_has_no_grid_is_told():
    batch = Batch((torch.rand(1, 3, 5),), ("n s c",), (3,))
    with pytest.raises(VisualAnalyseError, match="axes n s c"):
        Occlusion().explain(Model(Weighed()), batch, plain)


def test_an_input_that_no_gradient_reaches_is_told():
    class Cut(Weighed):
        def forward(self, batch):
            return super().forward(batch).detach()

    with pytest.raises(VisualAnalyseError, match="Occlusion needs none"):
        IntegratedGradients().explain(Model(Cut()), walk((3,)), plain)
    assert Occlusion().explain(Model(Cut()), walk((3,)), plain).strength > 0


@pytest.mark.parametrize("name", INPUT_METHODS)
def test_where_captum_is_missing_the_command_is_told(name, monkeypatch):
    def missing(package):
        raise ModuleNotFoundError(f"No module named {package!r}")

    monkeypatch.setattr(importlib, "import_module", missing)
    with pytest.raises(VisualAnalyseError, match=r'pip install "visual-analyse\[captum\]"'):
        INPUT_METHODS[name]().explain(Model(Weighed()), walk((3,)), plain)


def test_parameters_are_left_as_they_were():
    model = Model(fixed(SetNet()).train())
    IntegratedGradients(2).explain(model, walk((3,)), plain)
    assert all(parameter.requires_grad and parameter.grad is None for parameter in model.module.parameters())
    assert all(module.training and not module._forward_hooks for module in model.module.modules())
