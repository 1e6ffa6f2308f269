"""Strips are blind to each other, are cut as views, and are put back where they were."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from visual_analyse.errors import VisualAnalyseError
from visual_analyse.models.builtin.convolutions import FlatConv, GLConv, SolidConv, by_strips


def changed_rows(layer: nn.Module, shape: tuple[int, ...], row: int, axis: int) -> list[int]:
    x = torch.rand(shape)
    y = x.clone()
    y.select(axis, row).add_(1)
    difference = (layer(x) - layer(y)).abs()
    return sorted(set(difference.nonzero()[:, axis].tolist()))


def test_a_strip_does_not_see_its_neighbour() -> None:
    torch.manual_seed(0)
    whole, halves = FlatConv(1, 2, 3), FlatConv(1, 2, 3, halving=1)
    assert changed_rows(whole, (1, 1, 8, 6), 3, 2) == [2, 3, 4]
    assert changed_rows(halves, (1, 1, 8, 6), 3, 2) == [2, 3]
    assert changed_rows(halves, (1, 1, 8, 6), 4, 2) == [4, 5]


def test_strips_are_views_of_one_tensor_in_order() -> None:
    layer, x = nn.Conv2d(1, 1, 3, padding=1), torch.rand(1, 1, 8, 6)
    seen: list[Tensor] = []
    layer.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))
    by_strips(layer, x, 2, 2)
    assert [strip.data_ptr() - x.data_ptr() for strip in seen] == [k * 2 * 6 * 4 for k in range(4)]


def test_rows_left_over_make_a_strip_of_their_own() -> None:
    assert by_strips(nn.Identity(), torch.rand(1, 1, 7, 2), 2, 1).shape == (1, 1, 7, 2)


def test_fewer_rows_than_strips() -> None:
    with pytest.raises(VisualAnalyseError, match="3 rows cannot be cut into 8 strips"):
        by_strips(nn.Identity(), torch.rand(1, 1, 3, 2), 2, 3)


def test_global_and_local_are_added_or_stacked() -> None:
    torch.manual_seed(0)
    added, x = GLConv(1, 2, halving=1), torch.rand(1, 1, 3, 8, 6)
    stacked = GLConv(1, 2, halving=1, stacked=True)
    stacked.load_state_dict(added.state_dict())
    whole, local = stacked(x).chunk(2, 3)
    assert torch.allclose(added(x), whole + local)
    # The halves meet between rows 3 and 4: away from there both look at the same neighbourhood.
    strip_free = SolidConv(1, 2)
    strip_free.load_state_dict(added.local_conv3d.state_dict())
    alike = nn.functional.leaky_relu(strip_free(x)) - local
    assert alike[..., :3, :].abs().max() < 1e-6 < 1e-3 < alike[..., 3, :].abs().max()


def test_local_temporal_aggregation_takes_three_frames_a_step() -> None:
    layer, x = SolidConv(1, 1, time_only=True), torch.rand(1, 1, 11, 4, 4)
    assert layer(x).shape == (1, 1, 3, 4, 4)
    y = x.clone()
    y[:, :, 9:] += 1  # two frames that no step sees
    assert torch.equal(layer(x), layer(y))
