"""Weights drawn anew, from the output to the input, and put back."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from tests.explain.nets import Model, SetNet, fixed, walk
from tests.trust.nets import case_of
from visual_analyse.errors import VisualAnalyseError
from visual_analyse.explain.layers import leaves, select
from visual_analyse.explain.methods import EigenCam, GradCam
from visual_analyse.explain.resolving import resolve
from visual_analyse.trust.case import maps_of
from visual_analyse.trust.sanity import cascade, redraw, restored, stages


class Deep(nn.Module):
    """Named from the output to the input, with a bare parameter in a head that knows no reset_parameters."""

    def __init__(self) -> None:
        super().__init__()
        self.head = nn.Module()
        self.head.bins = nn.Parameter(torch.randn(5, 3))
        self.late = nn.Conv2d(4, 5, 3, padding=1)
        self.norm = nn.BatchNorm2d(4)
        self.early = nn.Conv2d(1, 4, 3, padding=1)
        self.show = nn.Identity()

    def forward(self, batch):
        x = batch.inputs[0]
        y = self.show(x.flatten(0, 1).unsqueeze(1))
        y = self.late(self.norm(self.early(y)).tanh())
        return (y.mean((2, 3)).reshape(*x.shape[:2], -1).mean(1) @ self.head.bins).unsqueeze(2)


def deep():
    torch.manual_seed(0)
    return Deep().eval()


def setting(module, methods, wanted):
    batch, other = walk((4,)), walk((4,), seed=1)
    with torch.no_grad():
        known = module(other).numpy()
    case = case_of(module, batch, known, ["a"])
    plan = resolve(case.model, batch)
    layers = select([layer for layer, _ in leaves(module)], wanted)
    return case, {0: other}, layers, plan, methods


def test_stages_go_from_the_output_to_the_input():
    """Though they are named the other way, and the head's parameter is used without a call of the head."""
    found = stages(Model(deep()), walk((4,)))
    assert [stage.name for stage in found] == ["head", "late", "norm", "early"]
    assert list(found[0].parameters) == ["head.bins"]


def test_every_parameter_is_in_one_stage():
    for module in (deep(), fixed(SetNet())):
        for most in (1, 2, 8):
            found = stages(Model(module), walk((4,)), most)
            names = [name for stage in found for name in stage.parameters]
            assert sorted(names) == sorted(name for name, _ in module.named_parameters())
            assert len(found) <= most


def test_what_runs_without_gradients_comes_last():
    class Cut(Deep):
        def forward(self, batch):
            with torch.no_grad():
                y = self.early(batch.inputs[0].flatten(0, 1).unsqueeze(1))
            y = self.late(self.norm(y)).mean((2, 3))
            return (y.mean(0, keepdim=True) @ self.head.bins).unsqueeze(2)

    module = Cut().eval().requires_grad_(False)
    assert [stage.name for stage in stages(Model(module), walk((4,)))] == ["head", "late", "norm", "early"]
    assert not any(parameter.requires_grad for parameter in module.parameters())


def test_few_modules_at_the_top_are_looked_into():
    class Wrapped(nn.Module):
        def __init__(self):
            super().__init__()
            self.inner = deep()

        def forward(self, batch):
            return self.inner(batch)

    assert [stage.name for stage in stages(Model(Wrapped()), walk((4,)))]== [
        "inner.head", "inner.late", "inner.norm", "inner.early",
    ]  # fmt: skip


def test_many_modules_become_few_stages():
    module = nn.Sequential(*[nn.Linear(3, 3) for _ in range(20)])

    class Chain(nn.Module):
        def __init__(self):
            super().__init__()
            self.chain = module

        def forward(self, batch):
            return self.chain(batch.inputs[0][..., :3]).mean((1, 2)).unsqueeze(2)

    found = stages(Model(Chain()), walk((4,)))
    assert len(found) == 8
    assert found[0].name == "chain.19 to chain.17"
    assert sum(len(stage.parameters) for stage in found) == 40


def test_drawn_parameters_keep_their_mean_and_deviation():
    parameter = nn.Parameter(torch.linspace(1, 3, 10_000))
    before = parameter.detach().clone()
    redraw(parameter, np.random.default_rng(0))
    assert abs(parameter.mean().item() - before.mean().item()) < 0.03
    assert abs(parameter.std().item() - before.std().item()) < 0.03
    assert np.corrcoef(parameter.detach(), before)[0, 1] < 0.05
    single = nn.Parameter(torch.tensor(2.0))
    redraw(single, np.random.default_rng(0))
    assert single.item() != 2.0


def test_a_map_that_no_weight_makes_stays_the_same():
    """Eigen-CAM of a layer that only passes the frames on sees the frames, whatever the weights."""
    found = cascade(*setting(deep(), [EigenCam()], "show"), seeds=3)
    values = np.array(list(found["5_show", "eigen_cam"].values()))
    assert values.shape == (4, 3)
    assert values == pytest.approx(np.ones((4, 3)))


def test_a_map_that_weights_make_does_not():
    found = cascade(*setting(deep(), [GradCam()], "late"), seeds=5)
    by_stage = found["2_late", "grad_cam"]
    assert list(by_stage) == ["head", "late", "norm", "early"]
    assert abs(by_stage["early"].mean()) < 0.9
    assert len(np.unique(by_stage["early"])) == 5


def test_stages_before_a_map_leave_its_activation():
    """Drawing the last convolution anew changes the gradient alone; drawing all changes the activation as well."""
    found = cascade(*setting(deep(), [EigenCam()], "early"), seeds=3)["4_early", "eigen_cam"]
    assert found["late"] == pytest.approx(np.ones(3))
    assert found["norm"] == pytest.approx(np.ones(3))
    assert (np.abs(found["early"]) < 1 - 1e-6).all()


def bits(module):
    return {name: x.clone() for name, x in module.state_dict().items()}


def same(module, before):
    return all(torch.equal(x, before[name]) for name, x in module.state_dict().items())


def test_weights_are_what_they_were_bit_for_bit():
    module = deep()
    before = bits(module)
    asked = [parameter.requires_grad for parameter in module.parameters()]
    cascade(*setting(module, [GradCam()], "conv"), seeds=2)
    assert same(module, before)
    assert [parameter.requires_grad for parameter in module.parameters()] == asked


def test_weights_are_what_they_were_after_an_error():
    module = deep()
    before = bits(module)

    def fail(layer):
        fail.calls += 1
        if fail.calls > 3:
            assert not same(module, before)
            raise KeyboardInterrupt
        return layer.maps.ravel().astype(float)

    fail.calls = 0
    with pytest.raises(KeyboardInterrupt):
        cascade(*setting(module, [GradCam()], "conv"), fail, seeds=2)
    assert same(module, before)


def test_buffers_are_put_back_too():
    module = deep()
    before = bits(module)
    with pytest.raises(ValueError), restored(module):
        module.norm.running_mean += 1
        raise ValueError
    assert same(module, before)


def test_a_drawn_model_without_a_gradient_is_left_out(monkeypatch):
    words = setting(deep(), [GradCam()], "late")

    calls = []

    def once(*args, **more):
        calls.append(args)
        if len(calls) > 1:
            raise VisualAnalyseError("No gradient.")
        return maps_of(*args, **more)

    monkeypatch.setattr("visual_analyse.trust.sanity.maps_of", once)
    found = cascade(*words, seeds=2)
    assert all(np.isnan(values).all() for values in found["2_late", "grad_cam"].values())
