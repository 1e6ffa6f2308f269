"""What walks hold against what the config takes."""

from __future__ import annotations

import numpy as np
import pytest

from tests.doctor.asking import about, of, one
from tests.doctor.test_dataset import rewrite
from tests.models.fake_checkout import write_checkout, write_config
from tests.workshop import silhouettes, write_walk
from visual_analyse.doctor.data.modalities import choice_for

RNG = np.random.default_rng(3)


def walks(workshop, **options):
    return of(about(workshop.config, checkpoint="none", quick=True, dataset_dir=workshop.dataset, **options), "walks")


def add(workshop, file, make):
    """Give every walk of the dataset another file."""
    for place in workshop.dataset.glob("*/*/*"):
        write_walk(workshop.dataset, place.relative_to(workshop.dataset).as_posix(), make(6), file)


def test_what_was_found_is_said(workshop):
    (found,) = walks(workshop)
    assert found.mark == "ok"
    assert found.text.startswith("0.pkl: silhouette, uint8 64x64; 6 frames (")


def test_several_files_and_nothing_that_picks_one(workshop):
    add(workshop, "-pose.pkl", lambda n: RNG.random((n, 17, 3)))
    add(workshop, "1-ratio.pkl", lambda n: RNG.random(n))
    (found,) = (item for item in walks(workshop) if item.stops)
    assert "-pose.pkl (pose), 0.pkl (silhouette), 1-ratio.pkl (ratio)" in found.text
    assert found.remedy == "data_in_use: [false, true, false] below data_cfg in the config"
    rewrite(workshop, data_in_use=[False, True, False])
    assert [item.mark for item in walks(workshop)] == ["ok"]
    assert "1 of 3 by data_in_use" in walks(workshop)[0].text


@pytest.mark.parametrize(("method", "marks"), [("inputs_pretreament", ["ok"]), ("forward", ["ok", "wrong"])])
def test_a_model_that_prepares_its_inputs_takes_as_many_files_as_it_likes(workshop, method, marks):
    code = f"""
        from .walker import Walker


        class Joining(Walker):
            def {method}(self, inputs):
                return inputs


        class Heir(Joining): ...
    """
    root = write_checkout(workshop.root / "fork", extra={"opengait/modeling/models/joining.py": code})
    write_config(workshop.config, "Heir")
    add(workshop, "1.pkl", lambda n: silhouettes(2, n))
    assert [item.mark for item in walks(workshop, opengait=root)] == marks


def test_a_file_that_is_asked_for_and_not_there_is_said_once(workshop):
    rewrite(workshop, data_in_use=[False, True])
    found = one(walks(workshop), "walks")
    assert (found.mark, "pkl number 1" in found.text) == ("wrong", True)
    assert found.remedy == "data_in_use: [true] below data_cfg in the config"
    rewrite(workshop, "evaluator_cfg", transform=[{"type": "BaseSilTransform"}, {"type": "BaseRgbTransform"}])
    assert "BaseRgbTransform" in one(walks(workshop), "walks").remedy


def test_files_of_unequal_length(workshop):
    add(workshop, "1.pkl", lambda n: silhouettes(2, frames=n - 1))
    rewrite(workshop, "evaluator_cfg", transform=[{"type": "BaseSilTransform"}] * 2)
    found = walks(workshop)
    assert "6 frames in 0.pkl and 5 in 1.pkl" in found[0].text
    assert {item.mark for item in found} == {"wrong", "skipped"}
    assert len(found) == 5  # three of them told, one that counts the others, and what follows from it


@pytest.mark.parametrize(
    ("make", "mark", "word"),
    [
        (lambda n: RNG.random((n, 17, 3)), "wrong", "pose"),
        (lambda n: RNG.integers(0, 11, (n, 64, 64), np.uint8), "note", "parsing"),
        (lambda n: (silhouettes(1, n) > 99).astype(np.uint8), "wrong", "black"),
        (lambda n: silhouettes(1, n).astype(np.float32) / 255, "wrong", "black"),
    ],
)
def test_what_the_transform_is_not_for(workshop, make, mark, word):
    add(workshop, "0.pkl", make)
    found = [item for item in walks(workshop) if item.mark != "ok"]
    assert [(item.mark, word in item.text) for item in found] == [(mark, True)]


def test_values_up_to_one_with_a_divisor_of_one(workshop):
    add(workshop, "0.pkl", lambda n: (silhouettes(1, n) > 99).astype(np.uint8))
    rewrite(workshop, "evaluator_cfg", transform=[{"type": "BaseSilCuttingTransform", "divsor": 1.0}])
    assert [item.mark for item in walks(workshop)] == ["ok"]


def test_columns_that_nobody_cuts_off(workshop):
    rewrite(workshop, "evaluator_cfg", transform=[{"type": "BaseSilTransform"}])
    assert "44" in next(item for item in walks(workshop) if item.mark == "note").text
    add(workshop, "0.pkl", lambda n: silhouettes(1, n, width=44))
    assert [item.mark for item in walks(workshop)] == ["ok"]


@pytest.mark.parametrize(
    ("kinds", "names", "choice"),
    [
        (["silhouette"], ["BaseSilTransform"], [True]),
        (["pose", "silhouette"], ["BaseSilTransform", "MSGGTransform"], [1, 0]),
        (["skeleton map", "silhouette"], ["BaseSilCuttingTransform"] * 2, [True, True]),
        (["skeleton map", "silhouette"], ["BaseSilCuttingTransform"], [False, True]),
        (["skeleton map", "pose"], ["BaseSilCuttingTransform"], [True, False]),
        (["parsing", "silhouette"], ["BaseSilCuttingTransform", "BaseParsingCuttingTransform"], [1, 0]),
        (["ratio", "RGB"], ["BaseRgbTransform", "NoOperation"], [1, 0]),
        (["pose"], ["BaseSilTransform"], None),
        (["silhouette"], ["BaseSilTransform"] * 2, None),
        (["silhouette"] * 9, ["BaseSilTransform"] * 9, None),
    ],
)
def test_the_choice_that_gives_every_transform_a_file(kinds, names, choice):
    assert choice_for(kinds, names) == choice


def test_poses_of_zeros_are_told(workshop):
    transforms = [{"type": "GaitTRMultiInput"}]
    rewrite(workshop, "evaluator_cfg", transform=transforms)
    rewrite(workshop, data_in_use=[True, False])
    poses = RNG.random((6, 17, 3)) + 1
    add(workshop, "-pose.pkl", lambda n: poses)
    assert [item.mark for item in walks(workshop)] == ["ok"]
    poses[3, :16] = 0
    assert [item.mark for item in walks(workshop)] == ["ok"]
    poses[[1, 4]] = 0
    write_walk(workshop.dataset, "001/nm-01/000", poses, "-pose.pkl")
    found = walks(workshop)
    assert [item.mark for item in found] == ["ok", "note"]
    assert "missed, in 001-nm-01-000 (2): " in found[1].text
