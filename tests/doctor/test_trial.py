"""One walk through the model, and what explaining it would take."""

from __future__ import annotations

import re

import numpy as np
import pytest
import torch

from tests.doctor.asking import about, case, of, one
from tests.workshop import write_config, write_walk
from visual_analyse.doctor.model.built import built
from visual_analyse.doctor.trial import explained, trial
from visual_analyse.explain.description import cost
from visual_analyse.explain.layers import leaves
from visual_analyse.explain.resolving import resolve


def full(workshop, **options):
    settings = {"checkpoint": str(workshop.checkpoint), "dataset_dir": workshop.dataset, **options}
    return about(workshop.config, **settings)


def test_a_walk_goes_through(workshop):
    found = full(workshop)
    text = one(found, "forward", "ok").text
    assert "one walk of 6 frames (" in text
    assert "each 64x44 to the model" in text
    assert text.endswith("embedding 8 x 62")
    assert "all 10 convolutions of a walk of 6 frames" in one(found, "memory", "ok").text
    assert not any(item.stops for item in found)


def test_the_bound_is_the_one_that_is_printed_before_explaining(workshop):
    asked = case(workshop.config, checkpoint="none", dataset_dir=workshop.dataset)
    model, _ = built(asked)
    done = trial(asked)
    plan = resolve(model, done.batch)
    layers, what = explained(plan, [layer for layer, _ in leaves(model.module)])
    assert what == "all 10 convolutions"
    (said,) = re.findall(r"keeps (.*) for walks", cost(plan, layers, done.batch.lengths[0]))
    assert one(full(workshop, checkpoint="none"), "memory").text.startswith(
        f"explaining {what} of a walk of {done.batch.lengths[0]} frames keeps {said}"
    )


def test_the_longest_walk_that_was_read_is_bounded_too(workshop):
    write_walk(workshop.dataset, "009/nm-01/000", np.zeros((40, 64, 64), np.uint8))
    assert re.search(r"of the longest read \(40 frames\) (up to \d+|under 1) MB", one(full(workshop), "memory").text)


def test_little_memory_is_a_note(workshop, monkeypatch):
    monkeypatch.setattr("visual_analyse.doctor.trial.free_memory", lambda place: 1000)
    found = one(full(workshop), "memory")
    assert (found.mark, "--layers" in found.remedy) == ("note", True)


def test_weights_that_are_not_finite(workshop):
    found = torch.load(workshop.checkpoint, weights_only=True)
    next(iter(found["model"].values())).fill_(float("nan"))
    torch.save(found, workshop.checkpoint)
    assert "not finite" in one(full(workshop), "forward", "wrong").text


def test_walks_that_the_model_cannot_take(workshop):
    for place in workshop.dataset.glob("*/*/*"):
        name = place.relative_to(workshop.dataset).as_posix()
        write_walk(workshop.dataset, name, np.zeros((3, 12, 20), np.uint8))
    found = full(workshop)
    assert "rows" in one(found, "forward", "wrong").text
    assert one(found, "memory").mark == "skipped"


def test_without_a_dataset_the_model_is_built_all_the_same(workshop):
    found = full(workshop, dataset_dir=None)
    assert "built in" in of(found, "model", "ok")[-1].text
    assert one(found, "forward").text == "not looked at: the dataset was not found"


def test_quick_builds_and_runs_nothing(workshop, monkeypatch):
    def never(*args, **kwargs):
        raise AssertionError("something was built")

    monkeypatch.setattr("visual_analyse.doctor.model.built.load_model", never)
    found = full(workshop, quick=True)
    assert {item.mark for item in of(found, "forward") + of(found, "memory")} == {"skipped"}
    assert not any(item.stops for item in found)


@pytest.mark.parametrize("model", ["GaitBase", "GaitPart", "GaitGL"])
def test_other_built_in_models(workshop, model):
    write_config(workshop.config, model)
    found = full(workshop, checkpoint="none")
    assert not any(item.stops for item in found)
    assert of(found, "forward", "ok")
