"""Ways to make maps scored on walks whose evidence is known."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from visual_analyse.errors import VisualAnalyseError
from visual_analyse.explain.layers import leaves, select
from visual_analyse.explain.methods import GradCam, HiResCam, IntegratedDeviation
from visual_analyse.explain.resolving import resolve
from visual_analyse.models.load import load_model
from visual_analyse.synthetic.planted import planted_walks
from visual_analyse.synthetic.small import checkpoint_of, config_of
from visual_analyse.trust.planted import PlantedWalk, score_ways

HOWS = [(GradCam(), "abs"), (HiResCam(), "for"), (IntegratedDeviation(), "abs")]


def people(condition):
    made = planted_walks("legs", condition, "090", identities=4, frames=6, seed=5)
    return [
        PlantedWalk(n, walk.silhouettes, walk.silhouettes[..., 10:54] > 127, made.mask[..., 10:54])
        for n, walk in enumerate(made.walks)
    ]


@pytest.fixture(scope="module")
def setting():
    model = load_model(config_of("gaitset"), checkpoint=checkpoint_of("gaitset"), device="cpu")
    probes, gallery = people("nm-01"), people("nm-02")
    plan = resolve(model, model.batch([[probes[0].data]]))
    layers = select([layer for layer, _ in leaves(model.module)], ["1", "22"])
    return model, probes, gallery, layers, plan


@pytest.fixture(scope="module")
def scored(setting):
    model, probes, gallery, layers, plan = setting
    return score_ways(model, probes, gallery, layers, plan, HOWS, some=layers[1:])


def test_every_layer_target_and_way_is_scored(scored):
    scores, rank1 = scored
    found = {(score.layer.number, score.target, score.way) for score in scores}
    ways = [(number, way) for number in (1, 22) for way in ("grad_cam-abs", "hirescam-for")]
    ways += [(22, "integrated_deviation-abs")]
    ways += [(22, f"perturbing{sign}") for sign in ("-for", "-against", "-abs", "")]
    assert found == {(number, target, way) for number, way in ways for target in ("match", "contrast", "crowd")}
    assert 0 < rank1 <= 1


def test_what_is_dear_is_told_by_every_third_probe(scored):
    scores, rank1 = scored
    right = round(4 * rank1)
    for score in scores:
        assert score.probes == (math.ceil(right / 3) if score.way.startswith("perturbing") else right)


def test_scores_are_shares_and_ceilings_are_above_them(scored):
    for score in scored[0]:
        for one in (score.where, score.when):
            assert 0 <= one.found <= one.ceiling + 1e-9 <= 1 + 2e-9
            assert 0 < one.chance <= one.ceiling + 1e-9


def test_a_layer_pooled_over_the_walk_knows_no_time(scored):
    for score in scored[0]:
        assert score.pooled == (score.layer.number == 22)
        assert score.grid == ((1, 16, 11) if score.pooled else (6, 64, 44))
        if score.pooled:
            assert score.when.found == score.when.chance


def test_where_nobody_is_recognised_there_is_nothing_to_score(setting):
    model, probes, gallery, layers, plan = setting
    others = [replace(walk, identity=(walk.identity + 1) % 4) for walk in probes]
    right = {n for n, walk in enumerate(probes) if recognised(model, walk, gallery)}
    wrong = [others[n] for n in sorted(right)]
    with pytest.raises(VisualAnalyseError, match=f"recognises none of {len(wrong)} probes"):
        score_ways(model, wrong, gallery, layers, plan, HOWS)


def recognised(model, walk, gallery):
    import torch

    with torch.no_grad():
        own, *known = (model.embed(model.batch([[one.data]])).numpy() for one in (walk, *gallery))
    apart = [np.linalg.norm(own - one, axis=1).mean() for one in known]
    return gallery[int(np.argmin(apart))].identity == walk.identity
