"""Curves whose right order is known."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.integrate import trapezoid

from tests.explain.nets import Model
from tests.trust.nets import Black, Block, block_map, person
from visual_analyse.explain.model import Source
from visual_analyse.gait.kinds import SILHOUETTE
from visual_analyse.results import InputKind
from visual_analyse.trust.faithfulness import area, faithfulness
from visual_analyse.trust.replacements import Erosion, Replacement
from visual_analyse.trust.variants import Variants


def lost(embeddings):
    """How far the block's mean is from what it was, 1."""
    return {"distance": np.abs(embeddings[:, 0, 0] - 1.0).astype(np.float64)}


def curves_of(maps, steps=10, seeds=5, replacement=None, batch=None):
    batch = batch or person()
    variants = Variants(Model(Block()), batch, Source(0))
    return faithfulness(variants, SILHOUETTE, lost, maps, replacement or Black(), steps=steps, seeds=seeds)


def test_the_true_map_by_hand():
    """210 pixels of ones, of which 36 decide, in 10 steps of 21: after one step 21 of 36 are gone, after two all."""
    found = curves_of({"true": block_map()})
    assert found.pixels == 3 * 10 * 7
    expected = np.array([0, 21 / 36, *[1.0] * 9])
    assert found.own["true", "deletion", "distance"] == pytest.approx(expected, abs=1e-6)
    assert found.own["true", "insertion", "distance"] == pytest.approx(1 - expected, abs=1e-6)


def test_the_true_map_is_best_and_its_reverse_worst():
    found = curves_of({"true": block_map(), "reversed": -block_map()})
    areas = {key[:2]: area(curve) for key, curve in found.own.items()}
    random = [area(curve) for curve in found.random["deletion", "distance"]]
    assert areas["true", "deletion"] > max(random) > min(random) > areas["reversed", "deletion"]
    assert areas["true", "insertion"] < min(random) < max(random) < areas["reversed", "insertion"]


def test_all_orders_begin_and_end_alike():
    rng = np.random.default_rng(0)
    found = curves_of({"one": rng.random((3, 12, 9)), "other": rng.random((3, 12, 9)), "flat": np.zeros((3, 12, 9))})
    for test, ends in (("deletion", [0, 1]), ("insertion", [1, 0])):
        curves = [curve for key, curve in found.own.items() if key[1] == test]
        curves += [found.edge[test, "distance"], *found.random[test, "distance"]]
        assert len(curves) == 3 + 1 + 5
        for curve in curves:
            assert curve[[0, -1]].tolist() == pytest.approx(ends, abs=1e-6)


def test_a_random_order_takes_the_block_evenly():
    """Whatever is replaced at random takes of the block as much as of the rest: an area of one half."""
    found = curves_of({}, seeds=40)
    for test in ("deletion", "insertion"):
        areas = np.array([area(curve) for curve in found.random[test, "distance"]])
        assert abs(areas.mean() - 0.5) < 4 * areas.std() / len(areas) ** 0.5
        assert areas.std() > 0


def test_an_edge_map_comes_late_to_what_lies_inside():
    found = curves_of({})
    assert area(found.edge["deletion", "distance"]) < 0.45


def test_only_what_a_replacement_changes_is_in_play():
    """Of a rectangle of 10 by 7 erosion takes the rim: two frames' rims of 30 pixels, of which none is the block's."""
    found = curves_of({"true": block_map(2)}, replacement=Erosion(), batch=person(2))
    assert found.pixels == 2 * (10 * 7 - 8 * 5)
    assert found.own["true", "deletion", "distance"] == pytest.approx(np.zeros(11), abs=1e-6)


def test_the_area_is_scipys():
    curve = np.random.default_rng(0).random(11)
    assert area(curve) == pytest.approx(trapezoid(curve, np.linspace(0, 1, 11)))


class Nothing(Replacement):
    name = what = "nothing"

    def __init__(self, answer):
        self.answer = answer

    def whole(self, frames, kind: InputKind):
        return frames if self.answer else None


@pytest.mark.parametrize("answer", [True, False])
def test_a_replacement_that_changes_nothing_is_left_out(answer):
    assert curves_of({"true": block_map()}, replacement=Nothing(answer)) is None


def test_equal_evidence_is_taken_in_no_order():
    """A flat map must not be taken from the top of the first frame on, which would be an order of its own."""
    found = curves_of({"flat": np.zeros((3, 12, 9))})
    curve = found.own["flat", "deletion", "distance"]
    assert 0 < curve[1] < 0.4
    assert 0.6 < curve[-2] < 1


@pytest.mark.parametrize("steps", [3, 7, 10])
def test_steps_that_do_not_divide_the_pixels(steps):
    found = curves_of({"true": block_map()}, steps=steps)
    assert len(found.own["true", "deletion", "distance"]) == steps + 1
    deleted, inserted = (found.random[test, "distance"][0] for test in ("deletion", "insertion"))
    assert deleted.tolist() == inserted[::-1].tolist()
