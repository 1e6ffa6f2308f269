"""Where the dataset is, who is in it, how it is laid out."""

from __future__ import annotations

import json
from types import SimpleNamespace

import numpy as np
import pytest
import yaml

from tests.doctor.asking import about, case, of, one
from tests.workshop import silhouettes, write_walk
from visual_analyse.cli.dataset import find_walks
from visual_analyse.doctor.data.places import partition, root, wanted_ids
from visual_analyse.gait.config import read_config


def rewrite(workshop, section="data_cfg", **changes):
    """Change keys of the workshop's config."""
    sections = yaml.safe_load(workshop.config.read_text(encoding="utf-8"))
    sections.setdefault(section, {}).update(changes)
    workshop.config.write_text(yaml.safe_dump(sections, allow_unicode=True), encoding="utf-8")


def divide(workshop, train, test):
    """Give the workshop's dataset a partition."""
    file = workshop.root / "split.json"
    file.write_text(json.dumps({"TRAIN_SET": train, "TEST_SET": test}))
    rewrite(workshop, dataset_root=str(workshop.dataset.name), dataset_partition="split.json")


def quick(workshop, **options):
    return about(workshop.config, checkpoint="none", quick=True, **options)


def test_a_dataset_that_is_nowhere(workshop):
    for root_named in ("your_path", ""):
        rewrite(workshop, dataset_root=root_named)
        found = one(quick(workshop), "dataset")
        assert (found.mark, found.remedy[:6]) == ("missing", "-d DIR")
    assert "nowhere" in one(quick(workshop, dataset_dir=workshop.root / "nowhere"), "dataset", "missing").text
    assert "is a file" in one(quick(workshop, dataset_dir=workshop.config), "dataset", "missing").text


def test_a_dataset_as_it_should_be(workshop):
    divide(workshop, ["001"], ["002", "003"])
    found = quick(workshop)
    assert "12 walks of 3 identities" in one(found, "dataset").text
    assert "2 of 2 test ids and 1 of 1 train ids" in one(found, "partition").text
    assert not [item for item in of(found, "dataset") + of(found, "partition") if item.mark != "ok"]


@pytest.mark.parametrize("split", [None, "train", "test", "all"])
@pytest.mark.parametrize("named", [True, False])
@pytest.mark.parametrize("divided", [True, False])
def test_the_same_walks_are_meant_as_the_commands_take(workshop, split, named, divided):
    """The folder, the partition and the ids are those of `find_walks`, which prints as it goes."""
    if divided:
        divide(workshop, ["001"], ["002", "009"])
    else:
        rewrite(workshop, dataset_root=str(workshop.dataset))
        split = None if split in ("train", "test") else split
    folder = workshop.dataset if named else None
    options = SimpleNamespace(opengait=None, config_path=workshop.config, dataset_dir=folder, split=split)
    walks, protocol, place = find_walks(read_config(workshop.config), options)
    asked = case(workshop.config, dataset_dir=folder, split=split)
    known = partition(asked)
    assert root(asked).samefile(place)
    assert (None if known is None else known[1]) == protocol.partition
    assert wanted_ids(asked, ["001", "002", "003"]) == sorted({walk.id for walk in walks})


def test_a_partition_beside_the_data(workshop, tmp_path):
    far = tmp_path / "far" / "away"
    far.mkdir(parents=True)
    workshop.dataset.rename(far / "town")
    (far / "town.json").write_text(json.dumps({"TRAIN_SET": [], "TEST_SET": ["001"]}))
    rewrite(workshop, dataset_partition="town.json")
    assert "1 of 1 test ids" in one(quick(workshop, dataset_dir=far / "town"), "partition", "ok").text


def test_a_partition_of_other_people(workshop):
    divide(workshop, ["aa"], ["bb"])
    found = one(quick(workshop), "partition")
    assert (found.mark, "0 of 1 test ids" in found.text, "bb" in found.text) == ("wrong", True, True)
    assert "--split all" in found.remedy
    every = quick(workshop, split="all")
    assert not any(item.stops for item in of(every, "partition"))
    assert "names no folder" in one(every, "partition", "note").text
    assert "0 of 1 test ids" in one(every, "partition", "note").text
    assert not of(every, "partition", "ok")


@pytest.mark.parametrize("split", ["train", "all"])
def test_a_dataset_without_anybody_for_tests_is_not_well_divided(workshop, split):
    divide(workshop, ["001", "002", "003"], ["bb"])
    found = of(quick(workshop, split=split), "partition")
    assert "ok" not in {item.mark for item in found}
    assert "0 of 1 test ids and 3 of 3 train ids are on disk" in found[0].text


def test_people_who_are_absent_or_in_no_set(workshop):
    divide(workshop, ["001"], ["002", "004"])
    notes = [item.text for item in of(quick(workshop), "partition", "note")]
    assert notes == ["1 test ids have no folder: 004", "1 folders are in no set: 003"]


def test_a_partition_that_is_not_there(workshop):
    rewrite(workshop, dataset_root=str(workshop.dataset), dataset_partition="nowhere.json")
    assert one(quick(workshop), "partition").mark == "note"
    assert one(quick(workshop, split="test"), "partition").mark == "missing"
    (workshop.root / "nowhere.json").write_text("{}")
    assert "TRAIN_SET" in one(quick(workshop), "partition", "wrong").text


def test_folders_that_are_no_dataset(workshop):
    above = quick(workshop, dataset_dir=workshop.root)
    assert "001" in one(above, "dataset", "wrong").text
    below = one(quick(workshop, dataset_dir=workshop.dataset / "001"), "dataset", "wrong")
    assert "two folders deep" in below.text
    (workshop.root / "none").mkdir()
    assert "empty" in one(quick(workshop, dataset_dir=workshop.root / "none"), "dataset", "wrong").text


def test_empty_files_and_walks_with_other_files_than_the_rest(workshop):
    (workshop.dataset / "001" / "nm-01" / "000" / "0.pkl").write_bytes(b"")
    write_walk(workshop.dataset, "002/nm-01/000", silhouettes(1), "1.pkl")
    found = quick(workshop, dataset_dir=workshop.dataset)
    hollow = one(found, "dataset", "wrong")
    assert "1 of 13 pkls are empty" in hollow.text
    assert "001/nm-01/000/0.pkl" in hollow.text
    assert "002/nm-01/000 (2)" in one(found, "dataset", "note").text
    assert not of(found, "walks", "wrong")  # being the smallest, the empty one would be read, and told of again
    rewrite(workshop, data_in_use=[True])
    assert len(of(quick(workshop, dataset_dir=workshop.dataset), "dataset", "wrong")) == 2


def test_a_file_that_was_cut_short_is_found_being_the_smallest(workshop):
    for k in range(30):
        write_walk(workshop.dataset, f"1{k:02d}/nm-01/000", np.zeros((5, 64, 64), np.uint8))
    cut = workshop.dataset / "117" / "nm-01" / "000" / "0.pkl"
    cut.write_bytes(cut.read_bytes()[:900])
    found = quick(workshop, dataset_dir=workshop.dataset)
    assert "cut short" in one(found, "walks", "wrong").text
    assert of(found, "walks", "ok")
