"""How layers lie: pictures of a model's own, and the rules on networks drawn at random."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from tests.explain.nets import Model, StripNet, fixed, skeletons, walk
from tests.explain.test_explanation import layers_of
from visual_analyse.explain.capture import Capture
from visual_analyse.explain.explanation import explain
from visual_analyse.explain.layers import leaves
from visual_analyse.explain.model import Batch
from visual_analyse.explain.resolving import resolve


def square(embeddings):
    return embeddings.square().sum((1, 2))


def colours(length: int, height: int = 16, width: int = 12) -> Batch:
    """A random walk in colours."""
    made = torch.Generator().manual_seed(0)
    return Batch((torch.rand(1, length, 3, height, width, generator=made),), ("n s c h w",), (length,))


class Crop(nn.Module):
    """Colours, of which the model makes a silhouette by itself, crops it and goes on with that."""

    def __init__(self, whole: str = "") -> None:
        super().__init__()
        self.whole = whole
        self.segment = nn.Conv2d(3, 1, 3, padding=1)
        self.conv = nn.Conv2d(1, 4, 3, padding=1)
        self.deep = nn.Conv2d(4, 4, 3, padding=1)
        self.colour = nn.Conv2d(3, 4, 3, padding=1)

    def forward(self, batch: Batch) -> Tensor:
        frames = batch.inputs[0].flatten(0, 1)
        x = self.deep(self.conv(self.segment(frames)[:, :, 2:14, 3:11]))
        y = self.colour(frames).amax((2, 3), keepdim=True) if self.whole else 0
        return (x + y).amax(0).mean(2).unsqueeze(0)


def test_layers_behind_a_crop_lie_on_it():
    model, batch = Model(fixed(Crop())), colours(5)
    plan = resolve(model, batch)
    names = {plan[number].layer.name: plan[number] for number in plan.places}
    assert names["segment"].inner is None
    assert [names[name].inner for name in ("conv", "deep")] == [2, 2]
    found = explain(model, batch, square, layers_of(model, [1, 2, 3]), plan=plan)
    expected = model.module.segment(batch.inputs[0][0])[:, :, 2:14, 3:11].detach().numpy()
    assert list(found.pictures) == [2]
    assert found.pictures[2] == pytest.approx(expected)


def test_without_layers_behind_it_no_crop_is_shown():
    model, batch = Model(fixed(Crop())), colours(5)
    assert explain(model, batch, square, layers_of(model, "segment")).pictures == {}


def test_a_layer_on_the_frames_after_a_crop_lies_on_the_frames():
    plan = resolve(Model(fixed(Crop("too"))), colours(5))
    names = {place.layer.name: place.inner for place in plan.places.values()}
    assert names == {"segment": None, "conv": 2, "deep": 2, "colour": None}


def test_grey_models_have_no_picture_of_their_own():
    class Cut(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv = nn.Conv2d(1, 4, 3, padding=1)

        def forward(self, batch):
            return self.conv(batch.inputs[0].flatten(0, 1)[:, None, 2:14]).amax(0).mean(2).unsqueeze(0)

    assert resolve(Model(fixed(Cut())), walk((5,)))[1].inner is None


@pytest.mark.parametrize(
    "channels",
    [1, 3],
)
def test_a_crop_that_a_convolution_over_time_takes(channels):
    """`[n, c, s, h, w]`: its frames are those of the crop, colours included."""

    class Film(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv = nn.Conv3d(channels, 4, 3, padding=1)

        def crop(self, batch):
            return batch.inputs[0].transpose(1, 2)[:, :channels, :, 2:14, 3:11]

        def forward(self, batch):
            return self.conv(self.crop(batch)).amax(2).mean(3)

    model, batch = Model(fixed(Film())), colours(5)
    found = explain(model, batch, square, layers_of(model))
    expected = model.module.crop(batch)[0].transpose(0, 1).numpy()
    assert found.pictures[1].shape == expected.shape == (5, channels, 12, 8)
    assert (found.pictures[1] == expected).all()


def test_axes_of_a_pose_do_not_matter():
    """`[n, c, v, s]`: time is the last axis, joints the one before."""

    class Last(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv = nn.Conv2d(3, 4, (1, 3), padding=(0, 1))

        def forward(self, batch):
            return self.conv(batch.inputs[0].permute(0, 3, 2, 1)).tanh().mean(3).mean(2)[..., None]

    plan = resolve(Model(fixed(Last())), skeletons(5))
    assert (plan[1].axes.time, plan[1].axes.grid) == (3, (2,))
    out = torch.arange(4 * 6 * 5.0).reshape(1, 4, 6, 5)
    restored = plan.restore(1, [out], (5,))[0]
    assert restored.shape == (4, 5, 1, 6)
    assert torch.equal(restored[:, :, 0], out[0].transpose(1, 2))


def test_strips_of_unequal_height():
    """Nine rows in two strips are five and four."""
    plan = resolve(Model(fixed(StripNet(2))), walk((3,), 9, 8))
    assert plan[2].strips is not None
    assert plan.extent(2) == (9, 8)


# --- networks drawn at random ---


@dataclass(frozen=True)
class Step:
    """One operation of a network: what it does, and a number for it."""

    what: str
    size: int = 2


FRAMEWISE = ["conv", "pool", "act", "tall", "norm", "lin"]
ANYWHERE = ["time", "stride", "strips", "gather", "set", "bins"]
STEPS = st.lists(
    st.builds(Step, st.sampled_from(FRAMEWISE + ANYWHERE), st.integers(1, 3)), min_size=1, max_size=6
).filter(lambda steps: sum(step.what == "pool" for step in steps) < 3)


class Drawn(nn.Module):
    """Operations one after another on `[n, c, s, h, w]`, whatever shape they need in between."""

    def __init__(self, steps: list[Step]) -> None:
        super().__init__()
        self.steps = steps
        makers = {
            "conv": lambda k: nn.Conv2d(3, 3, 2 * k - 1, padding=k - 1),
            "pool": lambda k: nn.MaxPool2d(2, ceil_mode=True),
            "act": lambda k: nn.LeakyReLU(inplace=True),
            "tall": lambda k: nn.Conv2d(3, 3, (3, 1), padding=(k, 0)),
            "norm": lambda k: nn.BatchNorm2d(3),
            "lin": lambda k: nn.Linear(3, 3),
            "time": lambda k: nn.Conv3d(3, 3, (3, 1, 1), padding=(1, 0, 0)),
            "stride": lambda k: nn.Conv3d(3, 3, (k, 1, 1), stride=(k, 1, 1)),
            "strips": lambda k: nn.Conv2d(3, 3, 3, padding=1),
            "gather": lambda k: nn.Conv1d(3, 3, 3, padding=1),
            "set": lambda k: nn.Conv2d(3, 3, 1),
            "bins": lambda k: nn.Linear(3, 3),
        }
        self.first = nn.Conv2d(1, 3, 3, padding=1)
        self.layers = nn.ModuleList(makers[step.what](step.size) for step in steps)

    def forward(self, batch: Batch) -> Tensor:
        n = len(batch)
        x = self.first(batch.inputs[0].flatten(0, 1).unsqueeze(1)).unflatten(0, (n, -1)).transpose(1, 2)
        found = 0
        for step, layer in zip(self.steps, self.layers, strict=True):
            if step.what == "lin":
                x = layer(x.movedim(1, -1)).movedim(-1, 1)
            elif step.what in FRAMEWISE:
                x = layer(x.transpose(1, 2).flatten(0, 1)).unflatten(0, (n, -1)).transpose(1, 2)
            elif step.what in ("time", "stride"):
                x = layer(x)
            elif step.what == "strips":
                parts = x.transpose(1, 2).flatten(0, 1).chunk(step.size, 2)
                x = torch.cat([layer(part) for part in parts], 2).unflatten(0, (n, -1)).transpose(1, 2)
            elif step.what == "gather":
                found = found + layer(x.mean((3, 4))).mean()
            elif step.what == "set":
                found = found + layer(x.amax(2)).mean()
            else:
                found = found + layer(x.mean(4).movedim(1, -1)).mean()
        return (x.amax((2, 3)).mean(2) + found).unsqueeze(2)


@given(
    steps=STEPS, length=st.integers(1, 13), height=st.integers(8, 17), width=st.integers(5, 11), walks=st.integers(1, 2)
)
@settings(max_examples=60, deadline=None)
def test_whatever_is_laid_can_be_put_back(steps, length, height, width, walks):
    """The right shape for every layer that has a place: its steps, its grid, each walk by itself."""
    least = 1
    for step in steps:
        least *= step.size if step.what == "stride" else 1
    if least > 6:  # of more frames a step the dry runs of 8 and of 12 have equally many
        return
    length = max(length, least)
    net = fixed(Drawn(steps))
    model, batch = Model(net), walk((length,) * walks, height, width)
    plan = resolve(model, batch)
    modules = {layer.number: module for layer, module in leaves(net)}
    with torch.no_grad(), Capture(list(modules.items()), plan.overwritten) as capture:
        model.embed(batch)
    for number, outputs in capture.outputs.items():
        place = plan[number]
        assert not place.reason, place
        for track in place.tracks:
            parts = plan.restore(number, [outputs[call] for call in track], batch.lengths)
            assert len(parts) == walks
            whole = sum(outputs[call].numel() for call in track)
            assert sum(part.numel() for part in parts) == whole  # nothing is lost, nothing twice
            for part in parts:
                extent = plan.extent(number)
                assert part.shape[1] == plan.steps(number, length)
                if len({outputs[call].shape for call in track}) == 1:  # see test_strips_of_unequal_height
                    assert part.shape[2:] == {0: (1, 1), 1: (1, *extent), 2: extent}[len(extent)]
                spans = plan.spans(number, length, part.shape[1])
                assert (spans[:, 0] < spans[:, 1]).all()
                assert 0 <= spans.min() <= spans.max() <= length
