"""Maps of the methods: by hand, by equalities between them, and by what their papers promise."""

from __future__ import annotations

import pytest
import torch

from visual_analyse.errors import VisualAnalyseError
from visual_analyse.explain.grad_cam import grad_cam
from visual_analyse.explain.methods import (
    METHODS,
    Deviation,
    EigenCam,
    ElementWise,
    GradCam,
    GradCamPlusPlus,
    HiResCam,
    LayerCam,
    XGradCam,
    method_named,
)

# Two channels, one step, a grid of one row and two columns.
A = torch.tensor([[[[1.0, 2.0]]], [[[3.0, -1.0]]]], dtype=torch.float64)
# The gradient of a distance: the score's is its opposite, (2, 0) and (-1, 1).
D = torch.tensor([[[[-2.0, 0.0]]], [[[1.0, -1.0]]]], dtype=torch.float64)


def rand(*shape, seed=0):
    return torch.rand(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64) * 2 - 1


@pytest.mark.parametrize(
    ("method", "signed", "evidence_for", "against"),
    [
        # weights: means of (2, 0) and (-1, 1): 1 and 0
        (GradCam(), [1, 2], [1, 2], [1, 2]),
        # g A: (2, 0) + (-3, -1)
        (HiResCam(), [-1, -1], [-1, -1], [-1, -1]),
        # relu(g) A: (2, 0) + (0, -1); of the opposite score: (0, 0) + (3, 0)
        (LayerCam(), [-1, -1], [2, -1], [-3, 0]),
        # relu(g A): (2, 0) + (0, 0); of the opposite score: (0, 0) + (3, 1)
        (ElementWise(), [-1, -1], [2, 0], [-3, -1]),
        # sums of g A: 2 and -4; of A: 3 and 2; weights 2/3 and -2
        (XGradCam(), [2 / 3 - 6, 4 / 3 + 2], [2 / 3 - 6, 4 / 3 + 2], [2 / 3 - 6, 4 / 3 + 2]),
    ],
)
def test_by_hand(method, signed, evidence_for, against):
    for sign, expected in (("signed", signed), ("for", evidence_for), ("against", against)):
        assert torch.allclose(method.map(A, D, sign), torch.tensor([[expected]], dtype=torch.float64)), sign


def test_how_much_is_said_whichever_way():
    # g A: (2, 0) and (-3, -1): of a linear method the absolute sum, of the element-wise one the sum of absolutes.
    assert HiResCam().map(A, D, "abs").flatten().tolist() == [1, 1]
    assert ElementWise().map(A, D, "abs").flatten().tolist() == [5, 1]
    assert (EigenCam().map(A, D, "abs") >= 0).all()


def test_grad_cam_plus_plus_by_hand():
    """Channel 1: g = (2, 0), sum A = 3, a = 4 / (8 + 3 * 8), weight 1/8 * 2. Channel 2: g = (-1, 1), sum A = 2, of the
    positive gradient a = 1 / (2 + 2 * 1), weight 1/4 * 1."""
    expected = 0.25 * A[0] + 0.25 * A[1]
    assert torch.allclose(GradCamPlusPlus().map(A, D, "for"), expected)


@pytest.mark.parametrize("name", METHODS)
def test_for_and_against_add_up_to_the_signed_map(name):
    method = method_named(name)
    activation, distance = rand(5, 3, 4, 6), rand(5, 3, 4, 6, seed=1)
    signed, evidence, against = (method.map(activation, distance, sign) for sign in ("signed", "for", "against"))
    assert signed.shape == (3, 4, 6)
    if method.linear:
        assert torch.allclose(evidence, signed)
        assert torch.allclose(against, signed)
    elif not isinstance(method, EigenCam):
        assert torch.allclose(evidence + against, signed)
        assert not torch.allclose(evidence, signed)


@pytest.mark.parametrize("name", [name for name, method in METHODS.items() if method.linear])
def test_of_linear_methods_the_maps_of_parts_add_up(name):
    activation, one, two = rand(5, 3, 4, 6), rand(5, 3, 4, 6, seed=1), rand(5, 3, 4, 6, seed=2)
    method = method_named(name)
    assert torch.allclose(method.map(activation, one) + method.map(activation, two), method.map(activation, one + two))


def test_others_do_not_add_up():
    activation, one, two = rand(5, 3, 4, 6), rand(5, 3, 4, 6, seed=1), rand(5, 3, 4, 6, seed=2)
    for method in (LayerCam(), ElementWise(), GradCamPlusPlus()):
        together = method.map(activation, one, "for") + method.map(activation, two, "for")
        assert not torch.allclose(together, method.map(activation, one + two, "for"))


def test_what_the_papers_promise():
    activation, distance = rand(5, 3, 4, 6).abs(), rand(5, 3, 4, 6, seed=1)
    effect = -(activation * distance).sum((0, 2, 3))
    assert torch.allclose(HiResCam().map(activation, distance).sum((1, 2)), effect)  # completeness of a linear head
    assert torch.allclose(XGradCam().map(activation, distance).sum((1, 2)), effect)  # conservation
    even = distance.mean((2, 3), keepdim=True).expand_as(distance)  # a head after average pooling
    for method in (HiResCam(), XGradCam()):
        assert torch.allclose(method.map(activation, even), grad_cam(activation, even))
    assert torch.allclose(GradCam("clip").map(activation, distance), grad_cam(activation, distance, "clip"))


def test_steps_stand_alone():
    activation, distance = rand(5, 3, 4, 6), rand(5, 3, 4, 6, seed=1)
    for name in METHODS:
        method = method_named(name)
        whole = method.map(activation, distance, "for")
        for step in range(3):
            alone = method.map(activation[:, step : step + 1], distance[:, step : step + 1], "for")
            assert torch.allclose(whole[step], alone[0]), name


def test_eigen_cam_finds_the_one_direction():
    pattern = torch.tensor([[0.0, 0.0, 1.0], [0.0, 2.0, 0.0]], dtype=torch.float64)
    activation = torch.tensor([2.0, 1.0], dtype=torch.float64)[:, None, None, None] * pattern
    found = EigenCam().map(activation, torch.zeros_like(activation))
    expected = (pattern - pattern.mean()) * 5**0.5
    assert torch.allclose(found[0], expected)
    assert torch.allclose(EigenCam().map(-activation, torch.zeros_like(activation))[0], expected)


@pytest.mark.parametrize("name", METHODS)
def test_nothing_gives_nothing(name):
    zero = torch.zeros(3, 2, 4, 4)
    assert torch.equal(method_named(name).map(zero, zero, "for"), torch.zeros(2, 4, 4))
    assert torch.isfinite(method_named(name).map(zero, torch.ones_like(zero))).all()


def test_a_wrong_name_is_told():
    with pytest.raises(VisualAnalyseError, match="Did you mean 'layercam'"):
        method_named("layer_cam")


def test_deviation_is_the_element_wise_method_from_what_is_usual():
    # A - U: (0, 1) and (4, -1); with the score's gradient (2, 0), (-1, 1): (0, 0) and (-4, -1).
    usual = torch.tensor([[[[1.0, 1.0]]], [[[-1.0, 0.0]]]], dtype=torch.float64)
    method = Deviation(usual={7: usual})
    assert method.at(7).map(A, D, "abs").flatten().tolist() == [4, 1]
    assert method.at(7).map(A, D, "signed").flatten().tolist() == [-4, -1]
    assert method.at(7).name == "deviation"
    assert torch.equal(method.at(8).map(A, D, "for"), ElementWise().map(A, D, "for"))  # what is usual there is unknown
