from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.draw.evidence.records import layer_of
from visual_analyse.draw.evidence.facts import (
    alarm,
    coloured,
    distance,
    either_way,
    ledgers,
    made_how,
    right,
    spoken_of,
    title,
)
from visual_analyse.draw.style import Style
from visual_analyse.results import Evidence, Ledger


def test_the_title_says_who_was_matched_and_whether_rightly(plain: Evidence, full: Evidence) -> None:
    assert title(plain) == "Net matched 001-nm-05-090 with 001-nm-01-090"
    assert title(full).endswith(": the right person")
    wrong = replace(full, ledgers=(Ledger("002", "true match", full.parts),))
    assert title(wrong).endswith(": the WRONG person")


@pytest.mark.parametrize("known", [True, False, None])
def test_the_record_tells_whether_the_match_is_right(plain: Evidence, known: bool | None) -> None:
    manifest = {**plain.manifest, "match": {"name": "x", **({} if known is None else {"right": known})}}
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
    asked = replace(plain, manifest={**plain.manifest, "asked": "part 3"})
    assert made_how(asked, further)[2] == "explained: distance to the match"
    own = replace(plain, manifest={**plain.manifest, "method": "layercam", "sign": "against"})
    assert made_how(own, first)[1] == "method LayerCAM (against alone)"


def test_random_weights_are_told(plain: Evidence) -> None:
    assert not alarm(plain)
    assert "RANDOM WEIGHTS" in alarm(replace(plain, manifest={**plain.manifest, "checkpoint": None}))


def test_a_contrast_names_both_walks_and_which_is_nearer(plain: Evidence) -> None:
    true, impostor = Ledger("001-nm-01-090", "true match", plain.parts), Ledger("002-nm", "impostor", 2 * plain.parts)
    asked = replace(plain, ledgers=(true, impostor), manifest={**plain.manifest, "asked": "contrast"})
    assert title(asked) == "Net: 001-nm-05-090 is nearer to 001-nm-01-090, the right person, than to 002-nm"
    assert distance(asked).startswith("distance 1.00 to the true match, 2.00 to the impostor")
    assert spoken_of(asked) == "true match"
    assert [ledger.walk for ledger in ledgers(asked)] == ["001-nm-01-090", "002-nm"]
    wrong = replace(asked, ledgers=(true, replace(impostor, parts=plain.parts / 2)))
    assert title(wrong) == "Net: 001-nm-05-090 is nearer to 002-nm, the WRONG person, than to 001-nm-01-090"


def test_a_walk_that_was_asked_for_is_no_match(plain: Evidence) -> None:
    manifest = {**plain.manifest, "asked": "given", "match": {"name": "002-nm-01-090", "right": False}}
    assert title(replace(plain, manifest=manifest)) == "Net compared 001-nm-05-090 with 002-nm-01-090: two persons"


def test_maps_without_a_sign_are_told_from_those_that_have_one(plain: Evidence) -> None:
    base = layer_of(np.zeros((1, 1, 1)))
    unsigned = replace(plain, manifest={**plain.manifest, "sign": "abs", "method": "deviation"})
    assert either_way(unsigned, base) and not either_way(plain, base)
    assert all(either_way(plain, replace(base, method=method)) for method in ("deviation-abs", "eigen_cam"))
    assert not either_way(unsigned, replace(base, method="deviation"))
    both = Style(polarity="both")
    assert coloured(unsigned, base, both).polarity == "abs" and coloured(plain, base, both) is both
