"""What the measurements say, one sentence a test, for a person who will not read the numbers."""

from __future__ import annotations

from collections.abc import Sequence

from visual_analyse.trust.interval import Interval
from visual_analyse.trust.measurement import Summary

# A rank correlation above which most of a map is the same, and under which little of it is.
MUCH, LITTLE = 0.7, 0.3


def compared(gain: Interval | None) -> str:
    """Whether a map's curves are better than others, where the interval of the gain leaves no doubt; else not better.

    >>> compared(Interval(0.2, 0.1, 0.3)), compared(Interval(0.2, -0.1, 0.5)), compared(None)
    ('better', 'not better', '')
    """
    if gain is None:
        return ""
    return "better" if gain.low > 0 else "worse" if gain.high < 0 else "not better"


def main_measure(explained: str) -> str:
    """The measure that a target is about: of a match its distance, of a contrast and of a crowd the margin.

    >>> main_measure("contrast")
    'margin'
    """
    return "distance" if explained == "match" else "margin"


def sentences(summaries: Sequence[Summary], explained: str = "match") -> list[str]:
    """One sentence for each layer and method and each test that was made of them.

    >>> sentences([])
    []
    """
    pairs = list(dict.fromkeys((one.layer, one.method) for one in summaries))
    found = []
    for layer, method in pairs:
        mine = [one for one in summaries if (one.layer, one.method) == (layer, method)]
        said = [_faithful(mine, main_measure(explained)), _sane(mine), _matched(mine)]
        found += [f"{layer}, {method}: {text}" for text in said if text]
    return found


def _faithful(summaries: Sequence[Summary], measure: str) -> str:
    areas = [one for one in summaries if one.over_random is not None and one.measure == measure]
    if not areas:
        return ""
    told = {
        what: sum(gain.low > 0 for one in areas if (gain := getattr(one, name)) is not None)
        for name, what in (("over_random", "a random order"), ("over_edge", "the outline alone"))
    }
    counts = " and ".join(f"better than {what} in {count} of {len(areas)}" for what, count in told.items())
    meaning = (
        "it finds what the match stands on"
        if told["a random order"] == len(areas)
        else "it does not find what the match stands on"
        if not told["a random order"]
        else "it finds some of what the match stands on"
    )
    if told["a random order"] and not told["the outline alone"]:
        meaning += ", as any outline would"
    return f"removing and restoring pixels by this map is {counts} curves: {meaning}."


def _sane(summaries: Sequence[Summary]) -> str:
    stages = [one for one in summaries if one.test == "sanity"]
    if not stages:
        return ""
    last = max(stages, key=lambda one: one.order)
    outline = [one for one in summaries if one.test == "outline" and one.by == "evidence"]
    beside = f" (the plain outline: {outline[0].value.mean:.2f})" if outline else ""
    meaning = _amount(
        abs(last.value.mean),
        "most of the map is there without anything learnt",
        "a part of the map is there without anything learnt",
        "the map stands on what the model learnt",
    )
    return f"with all weights drawn anew the map correlates {_shown(last.value)} with the model's{beside}: {meaning}."


def _matched(summaries: Sequence[Summary]) -> str:
    wrong = [one for one in summaries if one.test == "wrong gallery"]
    if not wrong:
        return ""
    meaning = _amount(
        max(one.value.mean for one in wrong),
        "the map says little of whom the probe matched",
        "a part of the map is about whom the probe matched",
        "the map is about whom the probe matched",
    )
    names = " and ".join(f"{_shown(one.value)} ({one.by})" for one in wrong)
    return f"with somebody else in the match's place the map correlates {names} with the match's: {meaning}."


def _amount(correlation: float, much: str, some: str, little: str) -> str:
    return much if correlation > MUCH else little if correlation < LITTLE else some


def _shown(value: Interval) -> str:
    if value.low == value.high:
        return f"{value.mean:.2f}"
    return f"{value.mean:.2f} [{value.low:.2f}, {value.high:.2f}]"
