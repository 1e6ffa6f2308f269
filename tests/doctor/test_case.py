"""What is found out once."""

from __future__ import annotations

from pathlib import Path

import pytest

from visual_analyse.doctor.case import Case, Question, fact
from visual_analyse.doctor.finding import NotLookedAt
from visual_analyse.errors import VisualAnalyseError


def test_a_fact_is_found_out_once_for_a_case_and_anew_for_another():
    asked = []

    @fact("unknown")
    def name(case: Case) -> str:
        asked.append(case)
        return case.question.config.name

    first, second = (Case(Question(Path(text))) for text in ("a/x.yaml", "b/y.yaml"))
    assert [name(first), name(first), name(second)] == ["x.yaml", "x.yaml", "y.yaml"]
    assert len(asked) == 2


def test_a_fact_that_fails_says_why_to_one_and_that_it_lacks_to_the_others():
    asked = []

    @fact("the thing is not there")
    def thing(case: Case) -> str:
        asked.append(case)
        raise VisualAnalyseError("It is broken. Mend it.")

    @fact("the part is not there")
    def part(case: Case) -> str:
        return thing(case)[:1]

    case = Case(Question(Path("a.yaml")))
    with pytest.raises(VisualAnalyseError, match="Mend it"):
        thing.demand(case)
    for ask in (thing, part, part.demand):  # what depends on it names the root of the trouble
        with pytest.raises(NotLookedAt, match="the thing is not there"):
            ask(case)
    assert thing.get(case) is None
    assert len(asked) == 1
