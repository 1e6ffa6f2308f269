"""Who would be compared with whom, and which frames are shown."""

from __future__ import annotations

import shutil

import pytest

from tests.doctor.asking import about, of, one
from tests.doctor.test_dataset import divide, rewrite
from visual_analyse.gait.protocols import Protocol
from visual_analyse.gait.sequences import scan


def quick(workshop, **options):
    return about(workshop.config, checkpoint="none", quick=True, dataset_dir=workshop.dataset, **options)


def test_probes_and_gallery_are_counted(workshop):
    walks, rule = scan(workshop.dataset), Protocol("CASIA-B")
    probes = rule.probes(walks)
    gallery = {walk.name for probe in probes for walk in rule.gallery_for(probe, walks)}
    found = one(quick(workshop), "protocol")
    assert found.mark == "ok"
    assert found.text.startswith(f"{len(probes)} probes, {len(gallery)} gallery walks: ")
    assert "nm-01" in found.text


def test_a_dataset_without_an_evaluation_is_left_one_out(workshop):
    rewrite(workshop, dataset_name="Village")
    found = one(quick(workshop), "protocol")
    assert (found.mark, "12 probes, 12 gallery" in found.text) == ("ok", True)
    assert "no evaluation of its own" in found.text


def test_types_that_the_evaluation_does_not_know(workshop):
    rewrite(workshop, dataset_name="OUMVLP")
    found = one(quick(workshop), "protocol")
    assert (found.mark, "nm-01, nm-05" in found.text, "no gallery" in found.text) == ("wrong", True, True)


def test_walks_that_are_no_probes_and_have_a_gallery_all_the_same(workshop):
    for place in workshop.dataset.glob("*/nm-05"):
        shutil.rmtree(place)
    found = one(quick(workshop), "protocol")
    assert (found.mark, "3 walks" in found.text) == ("note", True)


def test_people_of_another_split_are_no_probes(workshop):
    divide(workshop, ["001", "002", "003"], ["007"])
    found = one(quick(workshop), "protocol")
    assert found.mark == "note"
    assert "no test ids of the partition" in found.text
    assert "dataset_partition" in found.remedy


def test_a_single_view_leaves_no_gallery(workshop):
    for place in workshop.dataset.glob("*/*/090"):
        shutil.rmtree(place)
    found = one(quick(workshop), "protocol")
    assert (found.mark, "3 of 3 probes" in found.text) == ("wrong", True)


def test_people_without_a_gallery_walk_of_their_own(workshop):
    shutil.rmtree(workshop.dataset / "002" / "nm-01")
    found = of(quick(workshop), "protocol")
    assert [item.mark for item in found] == ["ok", "note"]
    assert found[1].text.startswith("2 of 6 probes")


def test_an_evaluation_that_needs_a_set_of_its_partition(workshop):
    rewrite(workshop, dataset_name="Gait3D")
    assert "PROBE_SET" in one(quick(workshop), "protocol", "wrong").text


def test_a_classifier_compares_with_nobody(workshop):
    rewrite(workshop, dataset_name="OUMVLP")
    rewrite(workshop, "evaluator_cfg", eval_func="evaluate_scoliosis")
    found = one(quick(workshop), "protocol")
    assert (found.mark, "compares with no walk" in found.text) == ("ok", True)


@pytest.mark.parametrize(
    ("sampler", "marks"),
    [
        ({"sample_type": "all_ordered"}, ["ok"]),
        ({"sample_type": "all_ordered", "frames_all_limit": 5}, ["ok", "note"]),
        ({"sample_type": "all_ordered", "frames_all_limit": 6}, ["ok"]),
        ({"sample_type": "fixed_unordered", "frames_num_fixed": 3}, ["note"]),
        ({"sample_type": "some"}, ["wrong"]),
    ],
)
def test_which_frames_are_shown(workshop, sampler, marks):
    rewrite(workshop, "evaluator_cfg", sampler=sampler)
    found = of(quick(workshop), "sampler")
    assert [item.mark for item in found] == marks
    if marks == ["note"]:
        assert "--seed" in found[0].remedy
    if len(marks) == 2:
        assert "6 frames" in found[1].text
