"""Decisions about a probe: which walks they are between, by hand on embeddings of one number a part."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from visual_analyse.decisions import Contrast, Crowd, Given, Nearest, Own, Told, decision_named, ranges
from visual_analyse.encode.gallery import Gallery
from visual_analyse.errors import VisualAnalyseError
from visual_analyse.lineup import Lineup


def lineup(
    own: str | None = "a", ids: tuple[str, ...] = ("b", "a", "a", "c"), rows: tuple[int, ...] = (0, 1, 2, 3)
) -> Lineup:
    """A probe at (0, 0) of two parts, and walks at distances 1, 2, 3 and 4 (means over both parts)."""
    walks = np.array([[[1, 1]], [[0, 4]], [[3, 3]], [[4, 4]]], np.float32)
    names = tuple(f"{who}-nm-{k}" for k, who in enumerate(("b", "a", "a", "c")))
    return Lineup("a-x-y", np.zeros((1, 2), np.float32), Gallery(names, walks, "", ids), np.array(rows), "euc", own)


LIKE = torch.zeros(1)
PROBE = torch.zeros(1, 1, 2)


def test_the_nearest_walk_and_beside_it_the_best_true_match():
    decided = Nearest().decide(lineup(), LIKE)
    assert decided.match == 0 and decided.target(PROBE).tolist() == [1.0]
    assert [(ledger.walk, ledger.role, ledger.parts.tolist()) for ledger in decided.ledgers] == [
        ("b-nm-0", "match", [0.5, 0.5]),
        ("a-nm-1", "true match", [0.0, 2.0]),
    ]


def test_a_right_match_stands_beside_the_nearest_impostor():
    decided = Nearest().decide(lineup(rows=(1, 2, 3)), LIKE)
    assert [(ledger.walk, ledger.role) for ledger in decided.ledgers] == [("a-nm-1", "match"), ("c-nm-3", "impostor")]


@pytest.mark.parametrize(("own", "ids"), [(None, ("b", "a", "a", "c")), ("a", ())])
def test_where_nobody_knows_who_is_who_the_match_stands_alone(own, ids):
    assert len(Nearest().decide(lineup(own, ids), LIKE).ledgers) == 1
    with pytest.raises(VisualAnalyseError, match="no walk of its own identity"):
        Contrast().decide(lineup(own, ids), LIKE)


def test_parts_are_what_they_add():
    assert Nearest((1,)).decide(lineup(rows=(1,)), LIKE).target(PROBE).tolist() == [2.0]
    assert "part 1 adds" in Nearest((1,)).decide(lineup(), LIKE).what
    for wrong in ((2,), (), (-1,)):
        with pytest.raises(VisualAnalyseError, match="numbered from 0 to 1"):
            Nearest(wrong).decide(lineup(), LIKE)
        with pytest.raises(VisualAnalyseError, match="numbered from 0 to 1"):
            Contrast(wrong).decide(lineup(), LIKE)


def test_a_walk_that_is_named():
    decided = Given("c-nm-3").decide(lineup(), LIKE)
    assert decided.match == 3 and decided.target(PROBE).tolist() == [4.0]
    with pytest.raises(VisualAnalyseError, match=r"no walk c-nm-4 .*Near it are c-nm-3"):
        Given("c-nm-4").decide(lineup(), LIKE)
    with pytest.raises(VisualAnalyseError, match="holds no walk b-nm-0"):
        Given("b-nm-0").decide(lineup(rows=(1, 2)), LIKE)  # it is the probe itself to the model


def test_a_contrast_is_minus_the_margin():
    decided = Contrast().decide(lineup(), LIKE)
    assert decided.match == 1 and decided.target(PROBE).tolist() == [2.0 - 1.0]
    assert Contrast((0,)).decide(lineup(), LIKE).target(PROBE).tolist() == [0.0 - 0.5]
    assert [(ledger.walk, ledger.role) for ledger in decided.ledgers] == [
        ("a-nm-1", "true match"),
        ("b-nm-0", "impostor"),
    ]
    for ids in (("b", "b", "b", "c"), ("a", "a", "a", "a")):
        with pytest.raises(VisualAnalyseError, match="no true match and impostor"):
            Contrast().decide(lineup(ids=ids), LIKE)


def test_a_crowd_is_the_mean_of_everybody_else():
    decided = Crowd().decide(lineup(), LIKE)
    assert decided.match == 1 and decided.target(PROBE).tolist() == [2.0 - (1.0 + 4.0) / 2]
    assert Crowd((0,)).decide(lineup(), LIKE).target(PROBE).tolist() == [0.0 - (0.5 + 2.0) / 2]
    assert [ledger.role for ledger in decided.ledgers] == ["true match", "impostor"]
    assert "the nearest walks of 2 others" in decided.what
    # Of a person the nearest walk alone counts, and the nearest people come first.
    assert lineup(ids=("b", "a", "b", "c")).crowd() == [0, 3] and lineup().crowd(1) == [0]
    assert "the nearest walk of 1 other," in Crowd().decide(lineup(ids=("b", "a", "b", "b")), LIKE).what
    with pytest.raises(VisualAnalyseError, match="no true match and impostor"):
        Crowd().decide(lineup(ids=("a", "a", "a", "a")), LIKE)


def test_a_decision_seen_from_the_match_has_the_two_in_each_others_place():
    """The probe's embedding is told, and the target is asked of the match's."""
    match = torch.tensor([[[0.0, 4.0]]])
    for decision, expected in (
        (Nearest(), 2.0), (Contrast(), 2.0 - (0.5 * 1 + 0.5 * 3)), (Crowd(), 2.0 - (2.0 + 2.0) / 2),
    ):  # fmt: skip
        decided = decision.decide(lineup(), LIKE)
        assert decided.seen_from_match is not None
        assert decided.seen_from_match(PROBE)(match).tolist() == pytest.approx([expected])


def test_left_to_itself_it_is_a_crowd_where_that_can_be():
    assert Told().decide(lineup(), LIKE).name == "crowd"
    assert Told((1,)).decide(lineup(), LIKE).name == "crowd-parts-1"
    for other in (lineup(None), lineup(rows=(0, 3)), lineup(rows=(1, 2))):
        assert Told().decide(other, LIKE).name == "match"


def test_parts_of_a_target_sum_to_it():
    for decision in (Nearest(), Contrast(), Crowd()):
        decided = decision.decide(lineup(), LIKE)
        assert decided.by_part is not None
        assert decided.by_part(PROBE).sum(1).tolist() == decided.target(PROBE).tolist()


def test_a_function_of_a_users_own():
    decided = Own(lambda embeddings: embeddings[:, 0, 0] + 7).decide(lineup(), LIKE)
    assert decided.target(PROBE).tolist() == [7.0] and decided.match == 0
    for wrong in (lambda e: e, lambda e: 1.0, lambda e: e.sum()):
        with pytest.raises(VisualAnalyseError, match="one value a walk"):
            Own(wrong).decide(lineup(), LIKE).target(PROBE)


def test_what_a_user_asks_for():
    assert [decision_named("match", parts=[0, 1, 2, 5]).name, decision_named("contrast").name] == [
        "match-parts-0-2_5", "contrast",
    ]  # fmt: skip
    assert decision_named("match", "c-nm-3") == decision_named("auto", "c-nm-3") == Given("c-nm-3")
    assert decision_named("auto") == Told()
    for wrong, said in (
        ({"target": "margin"}, "no target 'margin'"),
        ({"target": "contrast", "match": "x"}, "takes no match"),
        ({"target": "crowd", "match": "x"}, "takes no match"),
        ({"target": len, "parts": [1]}, "no parts beside it"),
    ):
        with pytest.raises(VisualAnalyseError, match=said):
            decision_named(**wrong)
    assert ranges([3, 1, 2, 7]) == "1-3_7"
