"""A torchvision that fits no torch, and the one operator of it that gait models call."""

from __future__ import annotations

import inspect
import sys

import pytest
import torch

from visual_analyse.models.torchvision_repair import align_regions, repair_torchvision

REGIONS = torch.tensor([[0, 1.3, 2.1, 9.7, 12.4], [1, 0.0, 0.0, 11.0, 14.0], [1, 4.2, 3.0, 4.9, 3.2]])


@pytest.mark.parametrize("samples", [-1, 1, 2])
@pytest.mark.parametrize("aligned", [True, False])
@pytest.mark.parametrize(("scale", "height", "width"), [(1.0, 4, 3), (0.5, 2, 5), (1.0, 20, 17)])
def test_regions_are_those_of_torchvision(samples, aligned, scale, height, width):
    repair_torchvision()
    pytest.importorskip("torchvision")
    theirs = inspect.unwrap(sys.modules["torchvision.ops.roi_align"]._roi_align)
    pictures = torch.rand(2, 3, 15, 12, generator=torch.Generator().manual_seed(0), requires_grad=True)
    found = align_regions(pictures, REGIONS, scale, height, width, samples, aligned)
    expected = theirs(pictures, REGIONS, scale, height, width, samples, aligned)
    assert found.shape == expected.shape == (3, 3, height, width)
    assert torch.allclose(found, expected, atol=1e-5)
    seed = torch.rand_like(found)
    (ours,), (other,) = (torch.autograd.grad((x * seed).sum(), pictures) for x in (found, expected))
    assert torch.allclose(ours, other, atol=1e-5)


def test_a_region_of_whole_pixels_is_a_crop():
    picture = torch.arange(30.0).reshape(1, 1, 5, 6)
    found = align_regions(picture, torch.tensor([[0.0, 1, 2, 4, 5]]), 1.0, 3, 3, 1, True)
    assert torch.equal(found[0, 0], picture[0, 0, 2:5, 1:4])


def test_far_outside_and_in_no_area_there_is_nothing():
    nowhere = torch.tensor([[0.0, 8, 8, 12, 12], [0.0, 2, 2, 2, 2]])
    assert not align_regions(torch.ones(1, 1, 4, 4), nowhere, 1.0, 2, 2, -1, True).any()
    assert align_regions(torch.ones(1, 2, 4, 4), torch.zeros(0, 5), 1.0, 2, 2, -1, True).shape == (0, 2, 2, 2)


def test_it_can_be_imported_afterwards():
    repair_torchvision()
    torchvision = pytest.importorskip("torchvision")
    assert (
        torchvision.ops.RoIAlign((2, 2), 1.0, -1)(torch.ones(1, 1, 9, 9), torch.tensor([[0.0, 1, 1, 7, 7]])).mean() == 1
    )
