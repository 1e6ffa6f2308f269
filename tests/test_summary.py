"""Means over probes: by hand on two of them, and what has no mean."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from visual_analyse.errors import VisualAnalyseError
from visual_analyse.results import Evidence, InputKind, LayerEvidence, Summary
from visual_analyse.summary import family, summarise


def probe(
    up: float, down: float, kind: str = "nm-05", view: str = "090", right: bool = True, method: str = "hirescam"
) -> Evidence:
    """Two frames of 2x2; evidence `up` on the upper row of the first frame, -`down` on the lower of the second."""
    maps = np.zeros((2, 2, 1), np.float32)
    maps[0, 0], maps[1, 1] = up, -down
    layer = LayerEvidence(3, "conv", "Conv2d", maps, np.array([[0, 1], [1, 2]]))
    regions = np.array([[[1, 1], [2, 2]]] * 2, np.uint8)
    manifest = {
        "model": "M", "asked": "match", "method": method, "match": {"name": "g", "right": right},
        "probe": {"name": f"a-{kind}-{view}", "type": kind, "view": view},
    }  # fmt: skip
    return Evidence(
        np.full((2, 2, 2), 255, np.uint8), (layer,), np.array([1.0, 3.0]), manifest,
        phase=np.array([0.05, 0.95]), regions=regions, region_names=("top", "bottom"),
    )  # fmt: skip


def test_probes_count_alike_however_strong_they_are():
    found = summarise([probe(3, 1), probe(20, 20)])
    (group,) = found.groups
    assert (group.by, group.name, group.probes, found.layer) == ("all", "all", 2, "3_conv")
    # shares of for and against: 3/4 and 1/4, 1/2 and 1/2
    assert group.regions[:, :, 0].tolist() == [[0.625, 0.0], [0.0, -0.375]]
    assert group.regions[0, 0, 1] >= 0.5 and group.regions[0, 0, 2] <= 0.75
    assert group.parts[:, 0].tolist() == [0.25, 0.75]
    assert group.maps.tolist() == [[0.3125] * 2, [-0.1875] * 2]
    assert group.body.tolist() == [[1, 1], [1, 1]]
    assert group.phases[[0, 9], 0].tolist() == [0.625, -0.375] and np.isnan(group.phases[1:9]).all()


def test_the_phase_is_of_the_layer_that_was_chosen_for_when():
    one = probe(3, 1)
    whole = replace(one.layers[0], maps=np.ones((1, 2, 1), np.float32), spans=np.array([[0, 2]]), pooled=True)
    when = replace(one.layers[0], number=2, name="early")
    both = replace(one, layers=(whole, when))
    (group,) = summarise([both]).groups
    assert np.isnan(group.phases).all()
    found = summarise([replace(both, manifest={**both.manifest, "chosen": {"where": 3, "when": 2}})])
    assert (found.layer, found.manifest["phases_of"]) == ("3_conv", "2_early")
    assert found.groups[0].phases[[0, 9], 0].tolist() == [0.75, -0.25]  # in shares of its own
    named = summarise([replace(both, manifest={**both.manifest, "chosen": {"where": 3, "when": 2}})], "3_conv")
    assert np.isnan(named.groups[0].phases).all()


def test_groups_are_conditions_views_and_outcomes():
    found = summarise([probe(1, 1), probe(1, 1, "nm-06"), probe(1, 1, "bg-01", "000", right=False)])
    assert [(group.by, group.name, group.probes) for group in found.groups] == [
        ("all", "all", 3), ("condition", "bg", 1), ("condition", "nm", 2), ("view", "000", 1), ("view", "090", 2),
        ("outcome", "right", 2), ("outcome", "wrong", 1),
    ]  # fmt: skip
    assert [family(name) for name in ("cl-02", "01", "H-scene1-nm-1", "positive", "U0_D0")] == [
        "cl", "01", "H-scene1-nm", "positive", "U0_D0",
    ]  # fmt: skip


def test_maps_that_know_no_sign_are_read_by_those_that_do():
    one = probe(1, 1, method="deviation")
    layer = one.layers[0]
    beside = tuple(
        replace(layer, maps=maps.astype(np.float32), method=f"deviation-{sign}", target="match")
        for sign, maps in (("for", np.full((2, 2, 1), 3.0)), ("against", np.full((2, 2, 1), -1.0)))
    )
    one = replace(one, layers=(replace(layer, maps=np.abs(layer.maps)),), further=beside)
    assert summarise([one]).groups[0].regions[:, :, 0].tolist() == [[0.375, -0.125]] * 2


def test_a_map_of_one_side_has_the_other_beside_it():
    """What a cell says for and against at once is not lost, as it would be in the sum of both."""
    one = probe(1, 1, method="deviation")
    layer = one.layers[0]
    speaks, against = np.full((2, 2, 1), 3, np.float32), np.full((2, 2, 1), -1, np.float32)
    beside = tuple(
        replace(layer, maps=maps, method=name, target="match")
        for name, maps in (("deviation", speaks + against), ("deviation-against", against))
    )
    manifest = {**one.manifest, "sign": "for"}
    one = replace(one, layers=(replace(layer, maps=speaks),), further=beside, manifest=manifest)
    assert summarise([one]).groups[0].regions[:, :, 0].tolist() == [[0.375, -0.125]] * 2


def of_joints(up: float, down: float) -> Evidence:
    """Two frames of a head, a hand and a foot; evidence `up` on the head of the first, -`down` on the feet."""
    frames = np.array([[[3, 10, 1], [5, 20, 1], [4, 30, 1]], [[13, 10, 1], [0, 0, 0], [15, 30, 1]]], np.float32)
    maps = np.array([[up, 0, -down / 2], [0, 0, -down / 2]], np.float32)
    layer = LayerEvidence(3, "conv", "Conv2d", maps, np.array([[0, 1], [1, 2]]))
    kind = InputKind("pose", "joints", edges=((0, 1), (1, 2)), joints=("nose", "left wrist", "left ankle"))
    return replace(
        probe(1, 1), frames=frames, layers=(layer,), kind=kind, regions=np.array([[1, 3, 4], [1, 0, 4]], np.uint8),
        region_names=("head", "trunk", "arms", "legs"),
    )  # fmt: skip


def test_joints_have_a_mean_body_too(tmp_path):
    found = summarise([of_joints(3, 1), of_joints(1, 1)])
    (group,) = found.groups
    assert group.body == pytest.approx(np.array([[-0.05, 0.0], [0.05, 0.5], [0.025, 1.0]]))
    assert group.maps == pytest.approx([0.625, 0, -0.375])
    assert group.regions[:, :, 0] == pytest.approx(np.array([[0.625, 0], [0, 0], [0, 0], [0, -0.375]]))
    again = Summary.load(found.save(tmp_path / "x_summary.npz"))
    assert again.kind == found.kind and again.groups[0].body == pytest.approx(group.body)


def test_one_probe_has_no_interval():
    regions = summarise([probe(3, 1)]).groups[0].regions
    assert regions[0, 0, 0] == 0.75 and np.isnan(regions[..., 1:]).all()


def test_what_has_no_mean():
    for other, said in (
        (replace(probe(1, 1), manifest={**probe(1, 1).manifest, "model": "N"}), "several models"),
        (probe(1, 1, method="layercam"), "several methods"),
        (replace(probe(1, 1), kind=InputKind("pose", "joints")), "several kinds of input"),
    ):
        with pytest.raises(VisualAnalyseError, match=said):
            summarise([probe(1, 1), other])
    rgb = replace(probe(1, 1), kind=InputKind("rgb", "rgb"))
    with pytest.raises(VisualAnalyseError, match="lies on rgb; a mean body is of silhouettes or of joints"):
        summarise([rgb, rgb])
    with pytest.raises(VisualAnalyseError, match="has no layer 9_x"):
        summarise([probe(1, 1)], "9_x")
    with pytest.raises(VisualAnalyseError, match="no probe"):
        summarise([])


def test_it_comes_back_from_its_file(tmp_path):
    found = summarise([probe(3, 1), probe(1, 1, "bg-01")])
    again = Summary.load(found.save(tmp_path / "x_summary.npz"))
    assert again.layer == found.layer and again.region_names == ("top", "bottom")
    for one, two in zip(found.groups, again.groups, strict=True):
        assert (
            one.name == two.name
            and np.array_equal(one.regions, two.regions, equal_nan=True)
            and np.array_equal(one.maps, two.maps)
        )
    (tmp_path / "no.npz").write_bytes(b"x")
    with pytest.raises(VisualAnalyseError):
        Summary.load(tmp_path / "no.npz")
