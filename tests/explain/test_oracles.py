"""Agreement with other people's programs, wherever the same thing is computed.

captum is there wherever tests run; pytorch-grad-cam (`grad-cam`) only where somebody installed it: marker `oracle`.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from captum.attr import InputXGradient, LayerGradCam, LayerGradientXActivation
from captum.attr import IntegratedGradients as CaptumIntegratedGradients
from torch import nn

from tests.explain.nets import Model, SetNet, TimeNet, fixed, fold, walk
from tests.explain.test_explanation import close, layers_of, target_of
from visual_analyse.explain.explanation import explain
from visual_analyse.explain.input_methods import IntegratedGradients, mean_frame
from visual_analyse.explain.methods import (
    EigenCam,
    ElementWise,
    GradCam,
    GradCamPlusPlus,
    HiResCam,
    LayerCam,
    XGradCam,
)
from visual_analyse.explain.model import Batch
from visual_analyse.models.torchvision_repair import repair_torchvision


class Frames(nn.Module):
    """Convolutions on folded frames, then means: of each frame and channel, or each weighed by its place (`bent`)."""

    def __init__(self, bent: bool = True) -> None:
        super().__init__()
        self.bent = bent
        self.same = nn.Conv2d(1, 1, 1, bias=False)
        self.one = nn.Conv2d(1, 4, 3, padding=1)
        self.act = nn.ReLU()
        self.two = nn.Conv2d(4, 5, 3, padding=1)

    def forward(self, batch: Batch) -> torch.Tensor:
        x = self.two(self.act(self.one(self.same(fold(batch.inputs[0].unsqueeze(1))))))
        if self.bent:
            x = x.tanh() * torch.cos(torch.arange(float(x[0, 0].numel()))).reshape(x.shape[2:])
        return x.mean((2, 3)).amax(0)[None, :, None]


def frames(bent: bool = True) -> Model:
    """Weights that make gradients large: eps in the denominators of others then matters less."""
    net = Frames(bent)
    fixed(net, 3.0)
    nn.init.ones_(net.same.weight)
    return Model(net)


def distance_of(model: Model, batch: Batch, target: Any) -> Any:
    """From the input tensor to the distance, `[n]`."""
    return lambda x: target(model.module(Batch((x,), batch.axes, batch.lengths, batch.packed)))


def input_of(batch: Batch) -> torch.Tensor:
    return batch.inputs[0].clone().requires_grad_()


@pytest.mark.parametrize("layer", ["same", "one", "act", "two"])
def test_captum_layer_grad_cam_weighs_frame_by_frame(layer):
    """Captum takes folded frames for examples, whose weights are means over rows and columns; and it attributes the
    distance itself, so the sign is the opposite."""
    model, batch = frames(), walk((5,))
    target = target_of(model, batch)
    theirs = LayerGradCam(distance_of(model, batch, target), getattr(model.module, layer)).attribute(input_of(batch))
    ours = explain(model, batch, target, layers_of(model, layer), method=GradCam("frame")).walks[0][0].maps
    assert close(ours, -theirs[:, 0].detach())


@pytest.mark.parametrize("layer", ["wide", "stride", "deep"])
def test_captum_layer_grad_cam_weighs_a_clip_where_time_is_an_axis(layer):
    """Of `[n, c, t, h, w]` it takes the mean over time as well."""
    model, batch = Model(fixed(TimeNet())), walk((9,))
    target = target_of(model, batch)
    theirs = LayerGradCam(distance_of(model, batch, target), getattr(model.module, layer)).attribute(input_of(batch))
    clip, frame = (
        explain(model, batch, target, layers_of(model, layer), method=GradCam(weights)).walks[0][0].maps
        for weights in ("clip", "frame")
    )
    assert close(clip, -theirs[0, 0].detach())
    assert not close(frame, -theirs[0, 0].detach(), 1e-2)


@pytest.mark.parametrize("layer", ["one", "act", "two"])
def test_captum_gradient_times_activation_is_hirescam(layer):
    model, batch = frames(), walk((5,))
    target = target_of(model, batch)
    attribution = LayerGradientXActivation(distance_of(model, batch, target), getattr(model.module, layer))
    ours = explain(model, batch, target, layers_of(model, layer), method=HiResCam()).walks[0][0].maps
    assert close(ours, -attribution.attribute(input_of(batch)).sum(1).detach())


def test_captum_gradient_times_input_is_hirescam_of_a_layer_that_changes_nothing():
    model, batch = frames(), walk((5,))
    target = target_of(model, batch)
    theirs = InputXGradient(distance_of(model, batch, target)).attribute(input_of(batch))
    ours = explain(model, batch, target, layers_of(model, "same"), method=HiResCam()).walks[0][0].maps
    assert close(ours, -theirs[0].detach())


@pytest.mark.parametrize("net", [SetNet, TimeNet])
def test_integrated_gradients_equal_captum_asked_directly_and_a_sum_of_its_own(net):
    """By Gauss-Legendre's rule, whose points and weights numpy knows too; here with no batches and no copies."""
    model, batch = Model(fixed(net())), walk((9,))
    target = target_of(model, batch)
    x, start = batch.inputs[0], mean_frame(batch).expand_as(batch.inputs[0])
    ours = IntegratedGradients(steps=6).explain(model, batch, target).maps
    distance = distance_of(model, batch, target)
    direct = CaptumIntegratedGradients(distance).attribute(input_of(batch), start, n_steps=6)
    assert close(ours, -direct[0].detach(), 1e-4)
    total = torch.zeros_like(x)
    for point, weight in zip(*np.polynomial.legendre.leggauss(6), strict=True):
        between = (start + (1 + point) / 2 * (x - start)).float().requires_grad_()
        total += weight / 2 * torch.autograd.grad(distance(between).sum(), between)[0]
    assert close(ours, -(total * (x - start))[0], 1e-4)


@pytest.fixture(scope="module")
def grad_cam_package() -> Any:
    """pytorch-grad-cam, with a torchvision whose compiled half need not fit the torch beside it."""
    try:
        repair_torchvision()
        import pytorch_grad_cam
    except Exception as error:
        pytest.skip(f"needs pytorch-grad-cam (pip install grad-cam), and importing it ends with: {error}")
    return pytorch_grad_cam


class Tensors(nn.Module):
    """A model as pytorch-grad-cam wants it: from frames `[s, 1, h, w]` to one answer, minus the distance."""

    def __init__(self, model: Model, target: Any) -> None:
        super().__init__()
        self.module, self.target = model.module, target

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        batch = Batch((x.transpose(0, 1),), ("n s h w",), (len(x),))
        return -self.target(self.module(batch))


def theirs_and_ours(package, name, method, layer, model, times=1.0):
    """Raw maps before pytorch-grad-cam cuts off what is negative and scales every picture, and the pictures it gives:
    `[s, h, w]` three times. `times`: of what the distance is multiplied by."""
    batch = walk((5,))
    distance = target_of(model, batch)

    def target(embeddings):
        return times * distance(embeddings)

    module = getattr(model.module, layer)
    raw = {}
    cam = getattr(package, name)(Tensors(model, target), [module])
    inner = cam.get_cam_image

    def kept(*args):
        raw["maps"] = inner(*args)
        return raw["maps"]

    cam.get_cam_image = kept
    pictures = cam(batch.inputs[0].transpose(0, 1).requires_grad_(), [lambda output: output])
    cam.activations_and_grads.release()
    ours = explain(model, batch, target, layers_of(model, layer), method=method, sign="for").walks[0][0].maps
    return torch.as_tensor(np.asarray(raw["maps"])), torch.from_numpy(ours), pictures


EQUAL = {
    "GradCAM": GradCam(),
    "HiResCAM": HiResCam(),
    "LayerCAM": LayerCam(),
    "XGradCAM": XGradCam(),
    "GradCAMElementWise": ElementWise(),
}


@pytest.mark.oracle
@pytest.mark.parametrize("layer", ["one", "act", "two"])
@pytest.mark.parametrize("name", EQUAL)
def test_pytorch_grad_cam_has_the_same_raw_maps(grad_cam_package, name, layer):
    """It keeps evidence for the answer only, which is our sign "for"; its XGradCAM adds 1e-7 to what it divides by."""
    theirs, ours, _ = theirs_and_ours(grad_cam_package, name, EQUAL[name], layer, frames())
    assert theirs.abs().max() > 0
    assert close(ours, theirs, 1e-4)


@pytest.mark.oracle
@pytest.mark.parametrize("name", EQUAL)
def test_pytorch_grad_cam_draws_what_is_positive_each_picture_on_its_own_scale(grad_cam_package, name):
    """Which is where it differs on purpose: negative values are cut off, and every frame is scaled by its own smallest
    and largest value, once more after the mean over its one layer, so what it draws says nothing of one frame beside
    another. `two` is as large as the frames, so nothing is resized."""
    _, ours, pictures = theirs_and_ours(grad_cam_package, name, EQUAL[name], "two", frames())
    scaled = ours.clamp(min=0)
    scaled = scaled - scaled.amin((1, 2), keepdim=True)
    scaled = scaled / scaled.amax((1, 2), keepdim=True).clamp(min=1e-7)
    assert close(torch.as_tensor(np.asarray(pictures)), scaled, 1e-3)


@pytest.mark.oracle
def test_pytorch_grad_cam_plus_plus_where_gradients_are_even(grad_cam_package):
    """Their denominator has a small number added, which counts where gradients are as small as those of a distance, so
    the distance is taken a million times. The weights have a pole at g sum(A) = -2, near which single precision
    decides, and cells near it are met where gradients are uneven: there the two agree to a tenth."""
    theirs, ours, _ = theirs_and_ours(
        grad_cam_package, "GradCAMPlusPlus", GradCamPlusPlus(), "two", frames(bent=False), 1e6
    )
    assert theirs.abs().max() > 0
    assert close(ours, theirs, 1e-3)


@pytest.mark.oracle
@pytest.mark.parametrize("layer", ["one", "act", "two"])
def test_pytorch_grad_cam_has_the_same_principal_component_up_to_its_sign(grad_cam_package, layer):
    """A component has no sign: theirs is what the decomposition happens to give, ours is positive where the layer is
    strong. Both are of activations whose mean over the grid is taken off."""
    theirs, ours, _ = theirs_and_ours(grad_cam_package, "EigenCAM", EigenCam(), layer, frames())
    for one, other in zip(ours, theirs, strict=True):
        assert close(one, other, 1e-3) or close(one, -other, 1e-3)
