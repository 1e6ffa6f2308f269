"""The table of planted evidence: what it says is what the defaults do, and what the tool tells its users."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from docs.planted_page import write_page
from docs.planted_scores import (
    LEAST,
    MOMENT,
    ORDERED,
    PAGE,
    REGIONS,
    RULES,
    USUAL_WAY,
    candidates,
    in_time,
    layer_by,
    reached,
    read_rows,
    way_of,
    winner,
)
from tests.six import FACTS, Six, grey, narrow
from visual_analyse.cli.proved import PROVED
from visual_analyse.explain.defaults import LAYERS, LAYERS_OF_TIME, METHOD, SIGN, TARGET, default_layers, eligible
from visual_analyse.explain.layers import leaves
from visual_analyse.explain.reach import reaches
from visual_analyse.explain.resolving import resolve

MODELS = {"gaitset": "GaitSet", "gaitbase": "Baseline"}


@pytest.fixture(scope="module")
def rows():
    return read_rows()


def test_the_default_is_what_wins(rows):
    assert winner(candidates(rows)) == (way_of(METHOD, SIGN), LAYERS, TARGET)


def test_the_default_in_time_is_what_wins_on_layers_of_single_frames(rows):
    scores = in_time(rows)
    assert {way[1] for way in scores} > {LAYERS_OF_TIME}
    assert winner(scores) == (METHOD, LAYERS_OF_TIME, TARGET)
    assert all(len(values) == len(ORDERED) for values in scores.values())  # every model that sees order has learned it


def test_the_page_is_made_of_the_scores(rows):
    assert PAGE.read_text(encoding="utf-8") == write_page(rows)


@pytest.mark.parametrize("name", ["GaitSet", "GaitBase", "GaitGL"])
def test_the_rules_of_the_table_are_those_of_the_tool(rows, name):
    model, batch = Six(narrow(FACTS[name]["model_cfg"])), grey((12,), (64, 44))
    layers, plan = [layer for layer, _ in leaves(model.module)], resolve(model, batch)
    plan = replace(plan, reach=reaches(model, batch, plan, eligible(layers, plan)))
    where, *when = default_layers(layers, plan)
    assert where.number == layer_by(LAYERS, rows, name.lower())
    assert [layer.number for layer in when or [where]] == [layer_by(LAYERS_OF_TIME, rows, name.lower())]


@pytest.mark.parametrize("model", MODELS)
def test_what_users_are_told_was_measured(rows, model):
    plants = sorted(
        {row["plant"] for row in rows if row["model"] == model and row["plant"] in REGIONS and row["rank1"] >= LEAST}
    )
    last, layer = (layer_by(rule, rows, model) for rule in (USUAL_WAY[1], LAYERS))
    usual = min(reached(rows, model, plant, last, USUAL_WAY[0], USUAL_WAY[2]) for plant in plants)
    default = min(reached(rows, model, plant, layer, way_of(METHOD, SIGN), TARGET) for plant in plants)
    assert PROVED[MODELS[model]] == (round(usual, 2), round(default, 2))


@pytest.mark.parametrize("page", ["README.md", "README.zh-CN.md"])
def test_what_readers_are_told_was_measured(rows, page):
    text = (PAGE.parents[1] / page).read_text(encoding="utf-8")
    (line,) = [line for line in text.splitlines() if "(docs/planted.md)" in line and "%" in line]
    said = [int(number) for number in re.findall(r"(\d+) ?%", line)]
    expected = []
    for way in ((way_of(METHOD, SIGN), LAYERS, TARGET), USUAL_WAY):
        for model in MODELS:
            shares = [
                100 * reached(rows, model, plant, layer_by(way[1], rows, model), way[0], way[2]) for plant in REGIONS
            ]
            expected += [round(min(shares)), round(max(shares))]
    assert said == expected


@pytest.mark.parametrize("page", ["README.md", "README.zh-CN.md"])
def test_what_readers_are_told_of_time_was_measured(rows, page):
    text = (PAGE.parents[1] / page).read_text(encoding="utf-8")
    (line,) = [line for line in text.splitlines() if "GaitGraph2" in line and "GaitGL" in line and "%" in line]
    said = [int(number) for number in re.findall(r"(\d+) ?%", line)]
    default = [reached(rows, model, MOMENT, layer_by(LAYERS_OF_TIME, rows, model), METHOD, TARGET) for model in ORDERED]
    usual = [
        reached(rows, model, MOMENT, layer_by("last of frames", rows, model), USUAL_WAY[0], USUAL_WAY[2])
        for model in ORDERED
    ]
    chance = [row["when_chance"] for row in rows if row["model"] in ORDERED]
    assert said == [round(100 * end(some)) for some in (default, chance, usual) for end in (min, max)]


def test_every_method_stands_in_the_table(rows):
    ways = {row["way"] for row in rows}
    for name in ("grad_cam", "grad_cam++", "hirescam", "layercam", "xgrad_cam", "element_wise", "deviation",
                 "integrated_deviation", "perturbing", "integrated_gradients", "occlusion"):  # fmt: skip
        assert f"{name}-abs" in ways
    assert {row["plant"] for row in rows} == {"head", "trunk", "arms", "legs", "swing"}
    assert set(RULES) >= {LAYERS, USUAL_WAY[1]}


def test_a_winner_is_the_best_where_it_is_worst():
    scores = {("a", "x", "t"): [0.5, 0.9], ("b", "x", "t"): [0.6, 0.6], ("c", "x", "t"): [0.6, 0.7]}
    assert winner(scores)[0] == "c"
