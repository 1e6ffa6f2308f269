from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from visual_analyse.draw.figures.words import (
    about,
    frame_words,
    nothing,
    on_what,
    outcome,
    shares,
    sighted,
    whereabouts,
)
from visual_analyse.draw.style import POLARITIES
from visual_analyse.draw.walk import Walk
from visual_analyse.results import Evidence, InputKind, LayerEvidence

Make = Callable[..., Evidence]
MakeLayer = Callable[..., LayerEvidence]


def test_one_input_is_not_worth_a_word(evidence_of: Make) -> None:
    walk = Walk(evidence_of())
    assert whereabouts(walk, walk.views[0]) == "" and sighted(walk, walk.views[0]) == "silhouette"


@pytest.mark.parametrize(
    ("on", "sees", "said"),
    [
        (0, (0,), "on silhouette"), (1, (1,), "on map"), (0, (0, 1), "on silhouette, sees both"),
        (1, (0,), "on map, sees silhouette"), (0, (), "on silhouette"), (0, (0, 7), "on silhouette, sees input 7 too"),
        (1, (0, 1, 2), "on map, sees both"),
    ],
)  # fmt: skip
def test_layers_of_two_inputs(
    on: int, sees: tuple[int, ...], said: str, evidence_of: Make, layer_of: MakeLayer
) -> None:
    layer = layer_of(np.ones((4, 2, 2)), on=on, sees=sees)
    walk = Walk(evidence_of(layer, inputs={"1": np.zeros((4, 8, 8), np.uint8)}, kinds={"1": InputKind("map")}))
    assert whereabouts(walk, walk.views[0]) == said


def test_what_pictures_are_drawn_on(evidence_of: Make, joints_evidence_of: Make, layer_of: MakeLayer) -> None:
    def said(make: Make, grid: tuple[int, ...]) -> list[str]:
        layers = [layer_of(np.ones((4, *grid))), layer_of(np.ones((1, *grid)), [[0, 3]], number=2),
                  layer_of(np.ones((1, *grid)), [[0, 4]], number=3, pooled=True)]  # fmt: skip
        walk = Walk(make(*layers))
        return [on_what(walk, view) for view in walk.views]

    assert said(evidence_of, (2, 2)) == ["each frame", "the means of its windows", "the whole walk"]
    assert said(joints_evidence_of, (3,)) == ["each frame", "the middle frames of its windows", "the whole walk"]


@pytest.mark.parametrize(
    ("found", "said"),
    [
        ({"silhouette": 0.7, "SMPL": 0.3}, "evidence by input: silhouette 70.0 %, SMPL 30.0 %"),
        (None, ""), ({}, ""), ("all", ""), ({"a": "x", "b": float("nan"), "c": 1}, "evidence by input: c 100 %"),
    ],
)  # fmt: skip
def test_shares_are_said_where_they_are_known(found: Any, said: str, evidence_of: Make) -> None:
    evidence = evidence_of()
    assert shares(Evidence(evidence.frames, (), evidence.parts, {"shares": found})) == said


def of_a_class(evidence: Evidence, score: float) -> Evidence:
    """The same as a classifier's result: what stands in the place of a distance is minus the logit."""
    facts = {**evidence.manifest, "metric": "logit", "match": {"name": "class neutral"}}
    return Evidence(evidence.frames, evidence.layers, np.full(4, -score / 4), facts)


def test_a_match_has_a_distance_and_a_class_has_a_score(evidence_of: Make) -> None:
    matched = evidence_of(distance=2.5)
    assert outcome(matched) == ["match 001-nm-01-090", "distance 2.5"]
    assert outcome(of_a_class(matched, 0.01948)) == ["answer class neutral", "score 0.0195"]
    assert outcome(of_a_class(matched, -1.5)) == ["answer class neutral", "score −1.5"]
    nameless = Evidence(matched.frames, (), matched.parts, {"metric": "logit"})
    assert outcome(nameless)[0].startswith("score ") and len(outcome(nameless)) == 1


def test_evidence_is_about_the_match_or_the_answer(evidence_of: Make) -> None:
    for polarity, said in POLARITIES.items():
        assert about(evidence_of(), polarity) == said
        assert about(of_a_class(evidence_of(), 1.0), polarity) == said.replace("the match", "the answer")


@pytest.mark.parametrize(
    ("shown", "said"),
    [
        ([5, 8, 30, 31], "frame 2 of 4 (the walk's 9)"), (None, "frame 2 of 4"), ([5, 8, 30], "frame 2 of 4"),
        ("all", "frame 2 of 4"), ([5, "8", 30, 31], "frame 2 of 4"), ([5, True, 2, 1], "frame 2 of 4"),
    ],
)  # fmt: skip
def test_a_frame_is_named_by_its_place_in_the_walk_too(shown: Any, said: str, evidence_of: Make) -> None:
    evidence = evidence_of()
    probe = {"name": "001-nm-05-090", **({"shown": shown} if shown is not None else {})}
    walk = Walk(Evidence(evidence.frames, (), evidence.parts, {"probe": probe}))
    assert frame_words(walk, 1)[0] == said
    assert len(frame_words(walk, 1)) == (3 if "walk" in said else 1)  # shorter ones, for narrow panels
    assert frame_words(Walk(Evidence(evidence.frames, (), evidence.parts, {"probe": "x"})), 1) == ["frame 2 of 4"]


@pytest.mark.parametrize(
    ("values", "polarity", "said"),
    [
        ([-1, -0.5], "for", "nothing for the match"), ([-1, 0.019], "for", "nothing for the match"),
        ([-1, 0.021], "for", ""), ([1, 0], "for", ""), ([1, 0], "against", "nothing against the match"),
        ([-1, 1], "against", ""), ([1, -0.019], "against", "nothing against the match"), ([-1, -1], "both", ""),
        ([-1, -1], "abs", ""), ([0, 0], "for", "nothing for the match"),
    ],
)  # fmt: skip
def test_layers_that_come_out_blank_say_so(
    values: list[float], polarity: str, said: str, evidence_of: Make, layer_of: MakeLayer
) -> None:
    layer = layer_of(np.array(values).reshape(2, 1, 1))
    evidence = evidence_of(layer, frames=np.zeros((2, 4, 4), np.uint8))
    assert nothing(evidence, layer, polarity) == said
    assert nothing(of_a_class(evidence, 1.0), layer, polarity) == said.replace("match", "answer")
