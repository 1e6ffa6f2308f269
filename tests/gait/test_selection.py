"""Names with hyphens find the walks that exist, and are never cut apart by guess."""

from __future__ import annotations

import pytest

from visual_analyse.errors import VisualAnalyseError
from visual_analyse.gait.selection import select
from visual_analyse.gait.sequences import Sequence

WALKS = [
    Sequence(identity, kind, view, ())
    for identity in ("001", "002", "a-b")
    for kind in ("bg-01", "nm-05", "H-scene1-nm-1")
    for view in ("000", "090", "seq_00_new")
]


def _names(*patterns: str) -> list[str]:
    return [f"{walk.id}/{walk.type}/{walk.view}" for walk in select(WALKS, patterns)]


def test_plain_names() -> None:
    assert _names("001-nm-05-090") == _names("001/nm-05/090") == _names("001/nm-05/090/") == ["001/nm-05/090"]
    assert _names("a-b-H-scene1-nm-1-seq_00_new") == ["a-b/H-scene1-nm-1/seq_00_new"]


def test_globs_and_order() -> None:
    assert _names("002/nm-05/090", "00?/nm-*/090") == ["002/nm-05/090", "001/nm-05/090"]
    assert _names("001-*-090") == ["001/bg-01/090", "001/nm-05/090", "001/H-scene1-nm-1/090"]
    assert len(_names("*/*/*")) == len(WALKS) == len(_names("*"))
    assert _names("a-b/[bn]*/000") == ["a-b/bg-01/000", "a-b/nm-05/000"]
    assert _names() == []


def test_a_name_that_fits_as_it_stands_is_no_pattern() -> None:
    walks = [Sequence("x[1]", "nm", "0", ()), Sequence("x1", "nm", "0", ())]
    assert [walk.id for walk in select(walks, ["x[1]-nm-0"])] == ["x[1]"]
    assert [walk.id for walk in select(walks[1:], ["x[1]-nm-0"])] == ["x1"]


def test_one_name_of_two_walks() -> None:
    walks = [Sequence("a", "b-c", "d", ()), Sequence("a-b", "c", "d", ())]
    with pytest.raises(
        VisualAnalyseError, match=r"a-b-c-d is the name of 2 walks: a/b-c/d, a-b/c/d. Write it with slash"
    ):
        select(walks, ["a-b-c-d"])
    assert select(walks, ["a-b/c/d"]) == walks[1:]
    assert select(walks, ["a*d"]) == walks


@pytest.mark.parametrize(
    ("pattern", "said"),
    [
        ("001-nm-06-090", "The nearest: 001/nm-05/090"),
        ("a-b/nm-05/180", "The nearest: a-b/nm-05/0"),
        ("003/nm-05/090", "The nearest: 00"),
        ("001/nm-05", "has 2 parts; ID/TYPE/VIEW was expected"),
        ("set/001/nm-05/090", "has 4 parts"),
        ("NM", "among 27 found"),
        ("", "among 27 found"),
        ("\x1b[2J", r"\x1b[2J"),
    ],
)
def test_patterns_that_fit_nothing(pattern: str, said: str) -> None:
    with pytest.raises(VisualAnalyseError) as caught:
        select(WALKS, [pattern])
    assert said in str(caught.value)
