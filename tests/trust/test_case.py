"""Who is compared with whom, and what is measured of changed walks."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from tests.trust.nets import Block, block_map, case_of, person
from tests.trust.test_faithfulness import lost
from visual_analyse.errors import VisualAnalyseError
from visual_analyse.explain.layers import leaves
from visual_analyse.explain.methods import GradCam, HiResCam
from visual_analyse.explain.resolving import resolve
from visual_analyse.trust.case import maps_of

# The probe's embedding is 1, so that walks are as far from it as these say.
FAR = np.array([3.0, 1.5, 2.0, 1.75]).reshape(4, 1, 1)
WHO = ["a", "b", "a", "c"]


def test_the_match_and_the_contrast():
    nearest = case_of(Block(), person(), FAR, WHO)
    assert (nearest.match, nearest.impostor, nearest.ends) == (1, 3, (1,))
    contrast = case_of(Block(), person(), FAR, WHO, explained="contrast")
    assert (contrast.match, contrast.impostor, contrast.ends) == (2, 1, (2, 1))
    embeddings = torch.tensor([[[1.0]], [[0.0]]])
    assert nearest.target()(embeddings).tolist() == pytest.approx([0.5, 1.5])
    assert contrast.target()(embeddings).tolist() == pytest.approx([1 - 0.5, 2 - 1.5])


def test_a_crowd_is_the_nearest_walk_of_everybody_else():
    case = case_of(Block(), person(), np.concatenate([FAR, FAR + 0.1]), WHO * 2, explained="crowd")
    assert case.ends == (2, 1, 3)  # the nearest of the probe's identity, then of b and of c
    found = case.target()(torch.tensor([[[1.0]], [[0.0]]])).tolist()
    assert found == pytest.approx([1 - (0.5 + 0.75) / 2, 2 - (1.5 + 1.75) / 2])


def test_ends_may_be_others_and_embedded_anew():
    case = case_of(Block(), person(), FAR, WHO)
    embeddings = torch.ones(1, 1, 1)
    assert case.target((0,))(embeddings).tolist() == [2.0]
    assert case.target(known={1: torch.full((1, 1, 1), 9.0)})(embeddings).tolist() == [8.0]


def test_what_is_measured_of_changed_walks():
    case = case_of(Block(), person(), FAR, WHO)
    found = case.measured(np.array([1.0, 2.0, 3.0]).reshape(3, 1, 1))
    assert found["distance"].tolist() == pytest.approx([0.5, 0.5, 1.5])
    assert found["margin"].tolist() == pytest.approx([0.5 - 1, 0.25 - 0, 1.25 - 0])
    assert found["rank"].tolist() == [3, 1, 1]  # by people: at first both others are nearer


def test_many_walks_of_one_other_person_are_one_rank():
    case = case_of(Block(), person(), np.array([3.0, 1.5, 1.6]).reshape(3, 1, 1), ["a", "b", "b"])
    assert case.measured(np.ones((1, 1, 1)))["rank"].tolist() == [2]


def test_the_probe_itself_is_left_out():
    case = case_of(Block(), person(), np.array([1.0, 2.0]).reshape(2, 1, 1), ["a", "b"])
    assert case.match == 1
    assert not case.decided
    assert list(case.measured(np.ones((1, 1, 1)))) == ["distance"]
    with pytest.raises(VisualAnalyseError, match="not the probe itself"):
        case_of(Block(), person(), np.ones((1, 1, 1)), ["a"])


@pytest.mark.parametrize("people", [["b", "c"], ["a", "a"]])
@pytest.mark.parametrize("explained", ["contrast", "crowd"])
def test_a_comparison_needs_both(people, explained):
    with pytest.raises(VisualAnalyseError, match=f"no {explained} to explain.*--target match"):
        case_of(Block(), person(), np.array([2.0, 3.0]).reshape(2, 1, 1), people, explained=explained)


def test_maps_of_several_methods_come_of_one_gradient():
    case = case_of(Block(), person(), FAR, WHO)
    plan = resolve(case.model, case.batch)
    layers = [layer for layer, _ in leaves(case.model.module)]
    found = maps_of(case, layers, plan, [GradCam(), HiResCam()])
    assert list(found) == [("1_conv", "grad_cam"), ("1_conv", "hirescam")]
    # The gradient of the distance is -1/36 on the block and nothing elsewhere, so HiResCAM is the true map.
    assert np.allclose(found["1_conv", "hirescam"].maps, block_map() / 36, atol=1e-6)
    assert lost(case.own[None])["distance"] == 0
