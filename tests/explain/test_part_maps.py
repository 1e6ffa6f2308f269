"""Maps of each part alone: they are those that `explain` gives for the part, and add up to the whole."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from tests.explain.nets import CopiesNet, Model, SetNet, StripNet, WindowNet, fixed, skeletons, walk
from tests.explain.test_explanation import close, layers_of
from tests.six import FACTS, LAYERS, Six, grey, narrow
from visual_analyse.errors import VisualAnalyseError
from visual_analyse.explain import part_maps
from visual_analyse.explain.explanation import explain
from visual_analyse.explain.layers import leaves, select
from visual_analyse.explain.methods import METHODS, IntegratedDeviation, method_named
from visual_analyse.explain.model import Batch
from visual_analyse.explain.part_heights import part_heights
from visual_analyse.explain.part_maps import explain_parts
from visual_analyse.explain.part_supports import part_supports, share
from visual_analyse.explain.resolving import resolve
from visual_analyse.explain.targets import distance_to, part_distances
from visual_analyse.models.load import load_model

# The numbers of the last convolutions of each pipeline.
LAST = {"GaitBase": [27], "GaitSet": [13, 22], "GaitGL": [10, 11], "GaitPart": [13]}


class Rows(nn.Module):
    """A layer that changes nothing, and a part for every `high` rows of it: the mean over its cells."""

    def __init__(self, high: int = 4) -> None:
        super().__init__()
        self.high = high
        self.keep = nn.Conv2d(1, 1, 1, bias=False)
        nn.init.ones_(self.keep.weight)

    def forward(self, batch: Batch) -> torch.Tensor:
        x = self.keep(batch.inputs[0].flatten(0, 1).unsqueeze(1)).reshape(batch.inputs[0].shape)
        return self.after(x).mean((1, 3)).unflatten(1, (-1, self.high)).mean(2).unsqueeze(1)

    def after(self, x: torch.Tensor) -> torch.Tensor:
        return x


class Mixed(Rows):
    """A second layer, after which every row is told of all others."""

    def __init__(self) -> None:
        super().__init__()
        self.later = nn.Conv2d(1, 1, 1)

    def after(self, x: torch.Tensor) -> torch.Tensor:
        return x + self.later(x.flatten(0, 1).unsqueeze(1)).reshape(x.shape).mean(2, keepdim=True)


def to_parts(match, metric="euc"):
    return lambda embeddings: part_distances(embeddings, match, metric)


def setting(name, length=3):
    model = Six(narrow(FACTS[name]["model_cfg"]))
    batch = grey((length,), (64, 44))
    with torch.no_grad():
        match = model.embed(grey((4,), (64, 44), seed=1))
    return model, batch, match, resolve(model, batch)


def numbered(model, numbers):
    return select([layer for layer, _ in leaves(model.module)], list(map(str, numbers)))


@pytest.fixture
def backwards(monkeypatch):
    """How often a gradient is asked for, and of how many values each time."""
    asked = []
    real = part_maps.gradients_of

    def counted(values, wanted, **options):
        asked.append(values.shape[1])
        return real(values, wanted, **options)

    monkeypatch.setattr(part_maps, "gradients_of", counted)
    return asked


def test_by_hand(backwards):
    """A part's embedding is the mean over its rows, all frames; against zero its distance is that mean by the number
    of parts, so the gradient to each of its cells is 1 / (cells * parts), and HiResCAM minus cell by gradient."""
    model, batch = Model(Rows()), walk((3,))
    layers, plan = layers_of(model, "keep"), resolve(model, batch)
    supports = part_supports(model, batch, layers, plan)
    rows = np.repeat(np.eye(4, dtype=bool), 4, 1)
    assert (supports[(1, 0)] == rows).all()
    target = to_parts(torch.zeros(1, 1, 4))
    found = explain_parts(model, batch, target, layers, plan=plan, method=method_named("hirescam"), supports=supports)
    assert backwards == [4]
    expected = -batch.inputs[0][0] / (3 * 4 * 8) / 4 * torch.from_numpy(rows)[:, None, :, None]
    assert close(found.walks[0][0].maps, expected)
    assert found.values == pytest.approx(batch.inputs[0].reshape(3, 4, 4, 8).mean((0, 2, 3))[None].numpy() / 4)


@pytest.mark.parametrize("name", [name for name, method in METHODS.items() if method.linear])
@pytest.mark.parametrize("net", ["GaitBase", "GaitSet", "GaitGL", "GaitPart"])
def test_parts_add_up_to_the_whole(net, name):
    model, batch, match, plan = setting(net)
    layers = numbered(model, LAYERS[net])
    method = method_named(name)
    whole = explain(model, batch, distance_to(match, "euc"), layers, plan=plan, method=method)
    last = numbered(model, LAST[net])
    supports = part_supports(model, batch, last, plan)
    for some, known in ((layers, None), (last, supports)):
        found = explain_parts(model, batch, to_parts(match), some, plan=plan, method=method, supports=known)
        expected = [layer for layer in whole.walks[0] if layer.number in [one.number for one in some]]
        assert len(found.walks[0]) == len(expected)
        for parts, layer in zip(found.walks[0], expected, strict=True):
            assert parts.maps.shape == (match.shape[2], *layer.maps.shape)
            assert close(parts.maps.sum(0), layer.maps, 1e-4), (layer.name, known is None)
            assert close(parts.layer.maps, layer.maps, 1e-4)
            assert (parts.layer.spans == layer.spans).all() and parts.layer.name == layer.name


@pytest.mark.parametrize("method", [name for name, method in METHODS.items() if not method.steps])
@pytest.mark.parametrize("net", ["GaitBase", "GaitSet"])
def test_each_is_what_explain_gives_for_the_part(net, method):
    model, batch, match, plan = setting(net)
    layers = numbered(model, LAST[net])
    supports = part_supports(model, batch, layers, plan)
    how = {"plan": plan, "method": method_named(method), "sign": "for"}
    found = explain_parts(model, batch, to_parts(match), layers, supports=supports, **how)
    assert len(found.groups) < match.shape[2]
    for part in range(0, match.shape[2], 5):
        alone = explain(model, batch, distance_to(match, "euc", [part]), layers, **how)
        known = {layer.name: layer.maps for layer in alone.walks[0]}
        for layer in found.walks[0]:
            if layer.layer.name in known:
                assert close(layer.of(part).maps, known[layer.layer.name], 1e-5)
            elif method != "eigen_cam":  # which asks no gradient whether it reaches the part
                assert not layer.maps[part].any()


@pytest.mark.parametrize(
    ("net", "numbers", "most"),
    [("GaitBase", [27], 1), ("GaitSet", [13, 22], 10), ("GaitSet", [22], 5), ("GaitGL", [10, 11], 22)],
)
def test_parts_on_rows_of_their_own_share_a_backward(backwards, net, numbers, most):
    """GaitSet: five scales of strips twice; its global pipeline is seen by half of the parts only."""
    model, batch, match, plan = setting(net)
    layers = numbered(model, numbers)
    supports = part_supports(model, batch, layers, plan)
    found = explain_parts(model, batch, to_parts(match), layers, plan=plan, supports=supports)
    assert len(backwards) == len(found.groups) <= most
    assert sum(backwards) == match.shape[2]
    assert sorted(part for group in found.groups for part in group) == list(range(match.shape[2]))


def test_without_supports_each_has_a_backward(backwards):
    model, batch, match, plan = setting("GaitBase")
    explain_parts(model, batch, to_parts(match), numbered(model, [27]), plan=plan)
    assert backwards == [1] * 16


def test_early_layers_are_not_asked_once_every_two_parts_share_rows(backwards):
    model, batch = Model(fixed(Mixed())), walk((3,))
    layers, plan = layers_of(model), resolve(model, batch)
    supports = part_supports(model, batch, layers, plan)
    assert list(supports) == [(2, 0)] and share(supports[(2, 0)]).all()
    explain_parts(model, batch, to_parts(torch.zeros(1, 1, 4)), layers, plan=plan, supports=supports)
    assert backwards == [1] * 4


def test_parts_far_apart_share_a_backward_in_early_layers_too():
    """What part 0 sees of the frames ends above what part 15 sees."""
    model, batch, match, plan = setting("GaitBase")
    layers = numbered(model, LAYERS["GaitBase"])
    supports = part_supports(model, batch, layers, plan)
    found = explain_parts(model, batch, to_parts(match), layers, plan=plan, supports=supports)
    assert 1 < len(found.groups) < 16
    alone = explain(model, batch, distance_to(match, "euc", [15]), layers, plan=plan)
    for parts, layer in zip(found.walks[0], alone.walks[0], strict=True):
        assert close(parts.of(15).maps, layer.maps, 1e-4), layer.name


def test_supports_of_frames_of_another_size_are_not_used(backwards):
    model, batch, match, plan = setting("GaitBase")
    layers = numbered(model, [27])
    supports = part_supports(model, batch, layers, plan)
    large = grey((3,), (128, 88))
    with torch.no_grad():
        match = model.embed(grey((3,), (128, 88), seed=1))
    found = explain_parts(model, large, to_parts(match), layers, plan=resolve(model, large), supports=supports)
    assert len(backwards) == 16
    assert found.walks[0][0].maps.shape[2] == 32


@pytest.mark.parametrize(
    ("net", "batch", "wanted"),
    [
        (SetNet(), walk((3, 5), packed=True), ["one", "two", "three"]),
        (SetNet(), walk((4, 4)), ["one", "two", "three"]),
        (StripNet(), walk((3,)), ["first", "local", "twice"]),
        (WindowNet(4, 1), walk((9,), 16, 16), "all"),
        (CopiesNet(), skeletons(9), ["mix", "stride"]),
    ],
)
def test_any_layout(net, batch, wanted):
    model = Model(fixed(net))
    plan = resolve(model, batch)
    layers = [layer for layer in layers_of(model, wanted) if not plan[layer.number].reason]
    with torch.no_grad():
        match = model.embed(batch) + 1
    supports = part_supports(model, batch, layers, plan)
    found = explain_parts(model, batch, to_parts(match), layers, plan=plan, supports=supports)
    whole = explain(model, batch, distance_to(match, "euc"), layers, plan=plan)
    for ours, theirs in zip(found.walks, whole.walks, strict=True):
        for parts, layer in zip(ours, theirs, strict=True):
            assert close(parts.maps.sum(0), layer.maps, 1e-4), layer.name
    for part in range(match.shape[2]):
        alone = explain(model, batch, distance_to(match, "euc", [part]), layers, plan=plan)
        for ours, theirs in zip(found.walks, alone.walks, strict=True):
            known = {layer.name: layer for layer in theirs}
            for parts in ours:
                if parts.layer.name in known:
                    assert close(parts.of(part).maps, known[parts.layer.name].maps, 1e-4), parts.layer.name


@pytest.mark.parametrize("seen", [lambda x: (-x).relu(), lambda x: (x - 2).relu()], ids=["below", "above"])
def test_rows_that_tell_only_by_values_beyond_those_of_the_walk(seen):
    class Through(Rows):
        def after(self, x):
            return seen(x)

    model, batch = Model(Through()), walk((3,))
    layers, plan = layers_of(model, "keep"), resolve(model, batch)
    made = (batch.inputs[0] * 2 - batch.inputs[0].mean()).clamp(0, 1.9)
    batch = Batch((made,), batch.axes, batch.lengths)
    assert (part_supports(model, batch, layers, plan)[(1, 0)] == np.repeat(np.eye(4, dtype=bool), 4, 1)).all()


def test_a_model_that_needs_more_frames_is_given_more():
    class Long(Rows):
        def forward(self, batch):
            if batch.inputs[0].shape[1] < 7:
                raise ValueError("seven frames at least")
            return super().forward(batch)

    model, batch = Model(Long()), walk((9,))
    layers, plan = layers_of(model, "keep"), resolve(model, batch)
    assert (part_supports(model, batch, layers, plan)[(1, 0)] == np.repeat(np.eye(4, dtype=bool), 4, 1)).all()
    assert part_heights(model, batch).shape == (4, 16)


def test_wrong_supports_give_wrong_maps():
    """That the parts' rows decide: shifted by one they cut off what is there."""
    model, batch = Model(Rows()), walk((3,))
    layers, plan = layers_of(model, "keep"), resolve(model, batch)
    supports = part_supports(model, batch, layers, plan)
    target = to_parts(torch.zeros(1, 1, 4))
    right = explain_parts(model, batch, target, layers, plan=plan, supports=supports, method=method_named("hirescam"))
    shifted = {slot: np.roll(rows, 1, 1) for slot, rows in supports.items()}
    wrong = explain_parts(model, batch, target, layers, plan=plan, supports=shifted, method=method_named("hirescam"))
    assert not close(wrong.walks[0][0].maps, right.walks[0][0].maps, 1e-2)


def test_what_no_gradient_reaches_is_told():
    class Cut(nn.Module):
        def __init__(self):
            super().__init__()
            self.cut, self.kept = nn.Conv2d(1, 2, 3, padding=1), nn.Conv2d(2, 2, 3, padding=1)

        def forward(self, batch):
            x = self.cut(batch.inputs[0].flatten(0, 1).unsqueeze(1)).detach()
            return self.kept(x).mean((0, 3)).unsqueeze(0)

    model, batch = Model(fixed(Cut())), walk((2,))
    target = to_parts(torch.zeros(1, 2, 16))
    found = explain_parts(model, batch, target, layers_of(model))
    assert [str(layer) for layer in found.unreached] == ["1 cut (Conv2d)"]
    assert [parts.layer.name for parts in found.walks[0]] == ["kept"]
    with pytest.raises(VisualAnalyseError, match="No gradient"):
        explain_parts(model, batch, target, layers_of(model, "cut"))
    assert not any(module._forward_hooks for module in model.module.modules())


@pytest.mark.opengait
@pytest.mark.parametrize(("name", "number", "groups"), [("GaitSet", 22, 5), ("GaitBase", 27, 1), ("GaitGL", 11, 1)])
def test_models_of_the_framework(opengait, name, number, groups):
    model = load_model(opengait / FACTS[name]["config"], checkout=opengait, checkpoint="none", device="cpu")
    batch = grey((4,), (64, 44))
    plan = resolve(model, batch)
    with torch.no_grad():
        match = model.embed(grey((5,), (64, 44), seed=1))
    layers = numbered(model, [number])
    supports = part_supports(model, batch, layers, plan)
    found = explain_parts(model, batch, to_parts(match), layers, plan=plan, supports=supports)
    whole = explain(model, batch, distance_to(match, "euc"), layers, plan=plan)
    assert len(found.groups) == groups
    assert close(found.walks[0][0].maps.sum(0), whole.walks[0][0].maps)
    alone = explain(model, batch, distance_to(match, "euc", [40 if name != "GaitBase" else 7]), layers, plan=plan)
    assert close(found.walks[0][0].of(40 if name != "GaitBase" else 7).maps, alone.walks[0][0].maps)


def test_a_method_that_looks_along_a_way_is_told_what_to_take():
    model, batch, match, plan = setting("GaitBase")
    with pytest.raises(VisualAnalyseError, match="Take deviation"):
        explain_parts(model, batch, to_parts(match), numbered(model, LAST["GaitBase"]), plan=plan,
                      method=IntegratedDeviation())  # fmt: skip
