"""Every model of OpenGait, from its config to figures: `OPENGAIT_ROOT=... python -m pytest -m opengait tests/zoo`."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from tests.zoo.check import Result, check
from tests.zoo.rows import ROWS
from tests.zoo.table import HEAD, lines, outcome, row

ROOT = Path(__file__).parents[2]
# What is so of a model and not of the tool; all others are explained on every convolution that they run.
WITHOUT_EMBEDDING = {"GaitEdge, phase 1, segmentation"}  # it answers with masks
WITHOUT_GRADIENT = {"GaitSSB, fine-tuned"}  # its backbone runs without gradients
WITHOUT_SOME = {"GaitEdge, phase 2", "GaitEdge, end to end", "BigGait", "BiggerGait"}  # so does a part of these
MIXING = {"GaitTR", "SwinGait", "BigGait", "BiggerGait"}  # attention may give all tokens a share of each


@pytest.mark.opengait
@pytest.mark.parametrize("model", ROWS, ids=lambda row: row.name)
def test_model(model, opengait, tmp_path, record_property):
    result = check(model, opengait, tmp_path)
    record_property("zoo", json.dumps(asdict(result)))
    if not result.built and "pip install" in result.reason:
        pytest.skip(result.reason)
    assert result.built, result.reason
    if model.name in WITHOUT_EMBEDDING:
        assert "answers without embeddings" in result.reason
        return
    assert result.embedded[0] == 1
    assert result.mapped == 6
    assert result.complaints == ()
    assert result.frames[0] == result.frames[1] > 0
    assert result.places[0] == result.places[1] > 0
    assert not result.spread or model.name in MIXING
    if model.name in WITHOUT_GRADIENT:
        assert result.reached == 0
        assert "No gradient" in result.reason
        return
    assert result.reason == ""
    assert not result.cut or model.name in WITHOUT_SOME
    assert result.missing == ()
    assert result.drawn == result.explained == result.reached - result.placeless > 0
    assert result.pictures > 0


def test_a_result_survives_the_way_to_the_summary():
    result = Result("A", ("pose 17",), True, (1, 2, 3), 4, 3, 1, 0, 2, ("3 x (Conv2d)",), (2, 2), (1, 2))
    assert Result.read(json.loads(json.dumps(asdict(result)))) == result


def test_the_table_has_a_line_for_each_model_and_all_that_is_said():
    works = Result("Works", embedded=(1, 256, 16), built=True, layers=9, reached=9, drawn=9, frames=(9, 9))
    fails = Result("Fails", reason="kornia is missing. pip install kornia")
    head, first, second, *rest = lines([works, fails])
    assert head.split() == list(HEAD)
    assert first.split() == list(row(works)) == ["Works", "1x256x16", "9", "9", "9", "9/9", "0/0", "0", "0"]
    assert second.split()[0] == "Fails"
    assert rest == ["", "Fails: kornia is missing. pip install kornia"]


@pytest.mark.parametrize("page", ["README.md", "README.zh-CN.md", "docs/models.md"])
def test_the_pages_have_every_model_once(page):
    table = [line for line in (ROOT / page).read_text(encoding="utf-8").splitlines() if line.startswith("| ")]
    found = [
        [row.name for row in ROWS if line.startswith(f"| {row.name} |") and row.inputs[0] in line] for line in table
    ]
    assert [name for names in found for name in names] == [row.name for row in ROWS]


def test_what_became_of_a_model_is_said_in_few_words():
    works = Result("A", built=True, embedded=(1, 2, 3), layers=2, reached=2, drawn=2, pictures=6)
    assert outcome(works) == ""
    changes = [
        {"built": False}, {"embedded": ()}, {"reached": 0}, {"complaints": ("1 a: off",)}, {"missing": ("1 a",)},
        {"pictures": 0},
    ]  # fmt: skip
    assert len({outcome(replace(works, **change)) for change in changes}) == 5
    assert all(outcome(replace(works, **change)) for change in changes)
