from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.draw.evidence.records import layer_of
from visual_analyse.draw.evidence.facts import alarm, distance, made_how, right, title
from visual_analyse.results import Evidence, Ledger


def test_the_title_says_who_was_matched_and_whether_rightly(plain: Evidence, full: Evidence) -> None:
    assert title(plain) == "Net matched 001-nm-05-090 with 001-nm-01-090"
    assert title(full).endswith(": the right person")
    wrong = replace(full, ledgers=(Ledger("002", "true match", full.parts),))
    assert title(wrong).endswith(": the WRONG person")


@pytest.mark.parametrize(("id", "known"), [("001", True), ("002", False), (None, None)])
def test_identities_tell_where_no_other_walk_does(plain: Evidence, id: str | None, known: bool | None) -> None:
    manifest = {**plain.manifest, "match": {"name": "x", **({"id": id} if id else {})}}
    assert right(replace(plain, manifest=manifest)) is known


def test_an_answer_has_a_score_and_no_match(plain: Evidence) -> None:
    manifest = {**plain.manifest, "metric": "logit", "match": {"name": "class a"}}
    answer = replace(plain, manifest=manifest, parts=np.array([-2.0]))
    assert title(answer) == "Net answered class a for 001-nm-05-090" and distance(answer) == "score +2.00"


def test_a_further_map_names_its_own_method_and_target(plain: Evidence) -> None:
    first, further = (
        layer_of(np.zeros((1, 1, 1))),
        layer_of(np.zeros((1, 1, 1)), method="layercam-for", target="part 3"),
    )
    assert made_how(plain, first)[1:] == ["method Grad-CAM", "explained: distance to the match"]
    assert made_how(plain, further)[1:] == ["method LayerCAM (for alone)", "explained: part 3"]


def test_random_weights_are_told(plain: Evidence) -> None:
    assert not alarm(plain)
    assert "RANDOM WEIGHTS" in alarm(replace(plain, manifest={**plain.manifest, "checkpoint": None}))
