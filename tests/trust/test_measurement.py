"""Numbers of one probe, and of many."""

from __future__ import annotations

import json
from dataclasses import asdict, replace

import numpy as np
import pytest

from visual_analyse.trust.interval import Interval
from visual_analyse.trust.measurement import Measurement, Summary, summaries
from visual_analyse.trust.verdicts import compared, sentences

DELETION = Measurement(
    "p", "m", "1_conv", "grad_cam", "deletion", "distance", "erosion", 0.9, seeds=(0.5, 0.6, 0.7), edge=1.0,
    curve=(0.0, 1.0), edge_curve=(0.0, 2.0), random_curve=(0.0, 1.2),
)  # fmt: skip
SANITY = Measurement("p", "m", "1_conv", "grad_cam", "sanity", "spearman", "block1", 0.1, 3, (0.0, 0.2))


@pytest.mark.parametrize(
    "test, measure, better",
    [
        ("deletion", "distance", 1), ("deletion", "margin", -1), ("deletion", "rank", 1),
        ("insertion", "distance", -1), ("insertion", "margin", 1), ("insertion", "rank", -1),
    ],
)  # fmt: skip
def test_which_way_is_better(test, measure, better):
    one = replace(DELETION, test=test, measure=measure)
    assert one.over_random == pytest.approx(better * 0.3)
    assert one.over_edge == pytest.approx(better * -0.1)


def test_random_orders_leave_a_spread():
    """Student's t of two degrees of freedom, 4.3027, times the deviation 0.1, times the root of 1 + 1/3."""
    spread = DELETION.spread
    assert spread.mean == pytest.approx(0.6)
    assert spread.high - spread.mean == pytest.approx(4.302653 * 0.1 * (4 / 3) ** 0.5, rel=1e-5)
    assert SANITY.spread.mean == pytest.approx(0.1)
    assert 0 <= SANITY.spread.low < SANITY.spread.high <= 0.2
    assert replace(SANITY, seeds=()).spread is None


def test_correlations_have_no_gain():
    assert SANITY.over_random is None
    assert SANITY.over_edge is None
    assert SANITY.random is None


def test_there_and_back_through_json():
    for one in (DELETION, SANITY):
        assert Measurement.read(json.loads(json.dumps(asdict(one)))) == one


def test_rows_hold_intervals_where_they_belong():
    area, correlation = DELETION.row(), SANITY.row()
    assert area["low"] is None
    assert area["random_low"] == pytest.approx(DELETION.spread.low)
    assert correlation["random"] is None
    assert correlation["low"] == pytest.approx(SANITY.spread.low)
    assert list(area) == list(correlation)


def test_one_probe_has_the_spread_of_its_seeds():
    area, correlation = summaries([DELETION, SANITY])
    assert area.over_random.mean == pytest.approx(0.3)
    wide = DELETION.spread.high - DELETION.spread.mean
    assert area.over_random.low == pytest.approx(0.3 - wide)
    assert correlation.value == SANITY.spread
    assert correlation.order == 3


def test_many_probes_have_the_interval_of_their_mean():
    rng = np.random.default_rng(0)
    some = [replace(DELETION, probe=str(k), value=0.9 + x) for k, x in enumerate(rng.normal(0, 0.05, 30))]
    (found,) = summaries(some)
    values = np.array([one.value for one in some])
    assert found.probes == 30
    assert found.value == Interval.of(values)
    assert found.over_random == Interval.of(values - np.mean(DELETION.seeds))
    assert found.over_edge == Interval.of(values - 1.0)
    assert found.random_curve == pytest.approx((0.0, 1.2))


def test_kinds_are_summed_up_apart():
    some = [DELETION, replace(DELETION, probe="q"), replace(DELETION, by="mean silhouette"), SANITY]
    assert [(one.by, one.probes) for one in summaries(some)] == [("erosion", 2), ("mean silhouette", 1), ("block1", 1)]
    assert "over_edge" not in summaries([SANITY])[0].facts()


@pytest.mark.parametrize(
    "gain, word", [((0.2, 0.1, 0.3), "better"), ((0.2, -0.1, 0.5), "not better"), ((-2, -3, -1), "worse")]
)
def test_words_for_a_gain(gain, word):
    assert compared(Interval(*gain)) == word


def said(random, edge, sanity=0.1, wrong=0.1):
    one = Interval(0.5, 0.5, 0.5)

    def correlation(test, value, by="x"):
        return Summary("1_conv", "grad_cam", test, "spearman", by, 5, Interval(value, value, value))

    gains = [Interval(x, x, x) for x in (random, edge)]
    return sentences(
        [
            Summary("1_conv", "grad_cam", "deletion", "distance", "erosion", 5, one, 0, 0.1, 0.1, *gains),
            Summary("1_conv", "grad_cam", "deletion", "margin", "erosion", 5, one, 0, 0.1, 0.1, *gains),
            correlation("outline", 0.25, "evidence"),
            correlation("sanity", sanity),
            correlation("wrong gallery", wrong),
        ]
    )  # fmt: skip


@pytest.mark.parametrize(
    "random, edge, words",
    [
        (1, 1, "it finds what the match stands on."),
        (1, -1, "it finds what the match stands on, as any outline would."),
        (-1, 1, "it does not find what the match stands on."),
    ],
)
def test_a_sentence_of_faithfulness(random, edge, words):
    text = said(random, edge)[0]
    assert text.startswith("1_conv, grad_cam: ")
    assert f"in {int(random > 0)} of 1 and" in text
    assert text.endswith(words)


@pytest.mark.parametrize(
    "value, sane, matched",
    [
        (0.9, "most of the map is there without", "says little of whom"),
        (0.5, "a part of the map is there", "a part of the map is about"),
        (0.1, "stands on what the model learnt", "the map is about whom"),
    ],
)
def test_sentences_of_correlations(value, sane, matched):
    _, one, other = said(1, 1, value, value)
    assert sane in one
    assert "0.25" in one
    assert matched in other
