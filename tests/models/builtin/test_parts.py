"""Parts of the body against sums done by hand."""

from __future__ import annotations

import math

import pytest
import torch

from visual_analyse.errors import VisualAnalyseError
from visual_analyse.models.builtin.parts import GeMHPP, HorizontalPoolingPyramid, SeparateBNNecks, SeparateFCs, strips


def test_pyramid_is_mean_plus_maximum_from_head_to_foot() -> None:
    x = torch.arange(8.0).view(1, 1, 4, 2)
    found = HorizontalPoolingPyramid((4, 2, 1))(x)
    assert found.flatten().tolist() == [1.5, 5.5, 9.5, 13.5, 1.5 + 3, 5.5 + 7, 3.5 + 7]


def test_generalised_mean_by_hand_and_at_its_limits() -> None:
    x = torch.tensor([[[[1.0, 3.0], [2.0, 2.0]]]])
    pool = GeMHPP(2, exponent=3.0)
    assert pool(x).flatten().tolist() == pytest.approx([((1 + 27) / 2) ** (1 / 3), 2.0])
    assert GeMHPP(1, exponent=1.0)(x).item() == pytest.approx(2.0)  # the mean
    assert GeMHPP(1, exponent=60.0)(x).item() == pytest.approx(3.0, rel=0.03)  # towards the maximum
    blank = GeMHPP(1)(-x).requires_grad_()
    assert blank.item() == pytest.approx(1e-6, rel=1e-3)


def test_each_part_has_a_layer_of_its_own() -> None:
    torch.manual_seed(0)
    layer, x = SeparateFCs(3, 4, 2), torch.rand(5, 4, 3)
    by_hand = torch.stack([x[:, :, p] @ layer.fc_bin[p] for p in range(3)], -1)
    assert torch.allclose(layer(x), by_hand, atol=1e-7)


def test_necks_answer_cosines_of_even_features() -> None:
    torch.manual_seed(0)
    necks, x = SeparateBNNecks(3, 4, 5).eval(), torch.rand(6, 4, 3)
    mean, variance = necks.bn1d.running_mean, necks.bn1d.running_var
    assert mean is not None and variance is not None
    mean.uniform_()
    features, logits = necks(x)
    even = ((x.flatten(1) - mean) / (variance + 1e-5).sqrt()).view(6, 4, 3)
    for p in range(3):
        cosines = torch.cosine_similarity(even[:, :, p, None], necks.fc_bin[p][None], dim=1)
        assert torch.allclose(logits[:, :, p], cosines, atol=1e-6)
    assert torch.allclose(features.norm(dim=1), torch.ones(6, 3), atol=1e-6)


def test_strips_that_cannot_be_equal() -> None:
    with pytest.raises(VisualAnalyseError, match="8 x 5 cells cannot be cut into 16"):
        strips(torch.zeros(1, 1, 8, 5), 16)


def test_weights_of_parts_begin_within_xavier_of_the_stack() -> None:
    bound = math.sqrt(6 / (128 * 256 + 62 * 256))
    weights = SeparateFCs(62, 128, 256).fc_bin
    assert 0.99 * bound < weights.abs().max().item() <= bound
