"""All measurements of a probe, on a small trained model."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from visual_analyse.encode.encoder import Encoder
from visual_analyse.encode.gallery import Galleries
from visual_analyse.explain.layers import leaves, select
from visual_analyse.explain.methods import Deviation, EigenCam, GradCam
from visual_analyse.explain.resolving import resolve
from visual_analyse.gait.protocols import Protocol
from visual_analyse.gait.sequences import scan
from visual_analyse.models.load import load_model
from visual_analyse.probe import read_probe
from visual_analyse.synthetic.dataset import write_dataset
from visual_analyse.synthetic.small import checkpoint_of, config_of
from visual_analyse.trust.assessment import Settings, trust_of
from visual_analyse.trust.faithfulness import area
from visual_analyse.trust.sanity import cascade

FEW = Settings(steps=4, orders=2, draws=2)


@pytest.fixture(scope="module")
def crowd(tmp_path_factory):
    root = tmp_path_factory.mktemp("trust") / "crowd"
    write_dataset(root, identities=3, conditions=("nm-01", "nm-05"), views=("072", "090"), frames=10, seed=77)
    return root


def measured(name, root, words, methods=None, explained="match", people=None, few=FEW):
    model = load_model(config_of(name), checkpoint=checkpoint_of(name), device="cpu")
    encoder = Encoder(model)
    walks = scan(root)
    protocol = Protocol("CASIA-B")
    probe = protocol.probes(walks)[0]
    gallery = [walk for walk in protocol.gallery_for(probe, walks) if people is None or walk.id in people]
    plan = resolve(model, read_probe(model, probe).batch)
    layers = select([layer for layer, _ in leaves(model.module)], words)
    before = {key: x.clone() for key, x in model.module.state_dict().items()}
    found = trust_of(
        encoder, probe, gallery, Galleries(encoder).of(gallery), layers, plan, methods or [GradCam()], explained, few
    )
    assert all(torch.equal(x, before[key]) for key, x in model.module.state_dict().items())
    return found


@pytest.fixture(scope="module")
def of_gaitset(crowd):
    return measured("gaitset", crowd, ["1", "22"], [GradCam(), EigenCam()])


def kinds(measurements):
    return {(one.test, one.measure, one.by) for one in measurements}


def test_every_layer_and_method_is_measured_alike(of_gaitset):
    groups = {}
    for one in of_gaitset:
        groups.setdefault((one.layer.split("_")[0], one.method), []).append(one)
    assert list(groups) == [(layer, method) for layer in ("1", "22") for method in ("grad_cam", "eigen_cam")]
    first, *others = (kinds(some) for some in groups.values())
    assert all(some == first for some in others)
    tests = {(test, measure) for test, measure, _ in first}
    assert tests == {
        *((test, measure) for test in ("deletion", "insertion") for measure in ("distance", "margin", "rank")),
        *((test, "spearman") for test in ("outline", "sanity", "wrong gallery")),
    }
    assert {by for test, _, by in first if test == "deletion"} == {"mean silhouette", "half a step on", "erosion"}


def test_curves_have_the_areas_that_are_told_and_common_ends(of_gaitset):
    for one in of_gaitset:
        if not one.curve:
            continue
        assert one.value == pytest.approx(area(np.array(one.curve)))
        assert one.edge == pytest.approx(area(np.array(one.edge_curve)))
        assert one.random == pytest.approx(area(np.array(one.random_curve)))
        for end in (0, -1):
            assert one.curve[end] == pytest.approx(one.edge_curve[end])
            assert one.curve[end] == pytest.approx(one.random_curve[end])
        assert len(one.curve) == FEW.steps + 1


def test_a_map_of_no_match_is_told(of_gaitset):
    wrong = {one.method: one.value for one in of_gaitset if one.test == "wrong gallery" and one.layer.startswith("22_")}
    assert wrong["eigen_cam"] == pytest.approx(1)
    assert wrong["grad_cam"] < 0.999


def test_stages_are_in_order_of_what_was_drawn(of_gaitset):
    stages = [one for one in of_gaitset if one.test == "sanity" and one.layer.startswith("22_")][:6]
    assert [one.order for one in stages] == list(range(6))
    assert stages[0].by.lower().startswith("head")
    assert all(len(one.seeds) == FEW.draws for one in stages)


def test_without_others_only_the_distance_is_measured(crowd):
    found = measured("gaitset", crowd, ["22"], people={"001"})
    assert {one.measure for one in found if one.test == "deletion"} == {"distance"}
    assert not [one for one in found if one.test == "wrong gallery"]


def test_the_contrast_is_another_map(crowd, of_gaitset):
    found = measured("gaitset", crowd, ["22"], explained="contrast")
    (mine,) = (one for one in found if one.test == "outline" and one.by == "evidence")
    (other,) = (
        one for one in of_gaitset
        if (one.layer, one.method, one.test, one.by) == (mine.layer, "grad_cam", "outline", "evidence")
    )  # fmt: skip
    assert mine.value != pytest.approx(other.value, abs=1e-4)


def test_skeletons_have_no_pixels_to_replace(crowd):
    found = measured("gaittr", crowd.with_name("crowd-poses"), ["2", "17"])
    assert {one.test for one in found} == {"sanity", "wrong gallery"}
    assert all(-1 <= one.value <= 1 for one in found)


def test_drawn_models_look_at_the_first_frames_of_each_walk(crowd, monkeypatch):
    """A walk of minutes would take hours; the tests of the model as it is look at all of it."""
    seen = []

    def look(case, rivals, *words, **more):
        seen.append((case.batch.lengths, {batch.lengths for batch in rivals.values()}, len(case.usual)))
        return cascade(case, rivals, *words, **more)

    monkeypatch.setattr("visual_analyse.trust.assessment.cascade", look)
    few = replace(FEW, frames=6)
    found = measured("gaitset", crowd, ["22"], [Deviation()], few=few)
    assert seen == [((6,), {(6,)}, 3)]
    assert {one.by for one in found if one.test == "sanity"}
    assert all(np.isfinite(one.value) for one in found if one.test == "sanity")
