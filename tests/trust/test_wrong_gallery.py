"""Somebody else in the place of the match."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from tests.explain.nets import SetNet, fixed, walk
from tests.trust.nets import Block, case_of, person
from visual_analyse.explain.layers import leaves, select
from visual_analyse.explain.methods import EigenCam, GradCam
from visual_analyse.explain.resolving import resolve
from visual_analyse.trust.case import maps_of
from visual_analyse.trust.wrong_gallery import NEAREST, RANDOM, wrong_gallery, wrong_walks

KNOWN = np.array([1.1, 1.5, 1.2, 4.0, 5.0, 6.0]).reshape(6, 1, 1)  # the probe is at 1


def test_who_stands_in():
    case = case_of(Block(), person(), KNOWN, ["a", "b", "a", "c", "d", "b"])
    assert case.match == 0
    found = wrong_walks(case)
    assert found[NEAREST] == 1
    assert found[RANDOM] in (3, 4)  # of a third person
    drawn = {wrong_walks(case, seed)[RANDOM] for seed in range(20)}
    assert drawn == {3, 4}


def test_of_a_contrast_the_impostor_stays():
    case = case_of(Block(), person(), KNOWN, ["a", "b", "a", "c", "d", "b"], explained="contrast")
    assert case.ends == (0, 1)
    found = wrong_walks(case)
    assert found == {NEAREST: 3, RANDOM: 4}


def test_of_a_crowd_whoever_stands_in_leaves_it():
    case = case_of(Block(), person(), KNOWN, ["a", "b", "a", "c", "d", "b"], explained="crowd")
    assert case.ends == (0, 1, 3, 4)
    assert wrong_walks(case)[NEAREST] == 1
    alone = case_of(Block(), person(), KNOWN, ["a", "b", "a", "b", "b", "b"], explained="crowd")
    assert alone.ends == (0, 1) and wrong_walks(alone) == {}


@pytest.mark.parametrize("people, expected", [(["a"] * 6, {}), (["a"] * 5 + ["b"], {NEAREST: 5})])
def test_where_nobody_else_is(people, expected):
    assert wrong_walks(case_of(Block(), person(), KNOWN, people)) == expected


def measured(methods):
    module = fixed(SetNet())
    batch = walk((5,))
    with torch.no_grad():
        known = torch.cat([module(walk((5,), seed=k)) for k in range(1, 5)]).numpy()
    case = case_of(module, batch, known, ["a", "b", "c", "d"])
    plan = resolve(case.model, batch)
    layers = select([layer for layer, _ in leaves(module)], "three")
    return wrong_gallery(case, maps_of(case, layers, plan, methods), layers, plan, methods)


def test_a_map_of_no_match_is_the_same_whoever_is_matched():
    (found,) = measured([EigenCam()]).values()
    assert list(found.values()) == pytest.approx([1, 1])


def test_a_map_of_the_match_is_another():
    (found,) = measured([GradCam()]).values()
    assert list(found) == [NEAREST, RANDOM]
    assert all(abs(value) < 0.999 for value in found.values())
