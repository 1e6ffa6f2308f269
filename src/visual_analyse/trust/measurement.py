"""What one test found of one map of one probe, and what many probes' add up to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from scipy.stats import t as student

from visual_analyse.trust.interval import Interval

# Which way a map that tells the truth moves a measure from that of a random order.
_BETTER = {("deletion", "distance"): 1, ("deletion", "margin"): -1, ("deletion", "rank"): 1,
           ("insertion", "distance"): -1, ("insertion", "margin"): 1, ("insertion", "rank"): -1}  # fmt: skip


@dataclass(frozen=True)
class Measurement:
    """One number of one probe's map: an area under a curve, or a rank correlation.

    `test`: "deletion" or "insertion" (areas of `measure`, "distance", "margin" or "rank", over the share of replaced
    or restored pixels; `by` is the replacement), "sanity" (the correlation with the map of drawn weights; `by` is the
    last stage drawn, `order` its number), "outline" (that with the nearness of the outline, `by` saying of what), or
    "wrong gallery" (`by` is who stands in the match's place). `seeds`: the value by seed, of `sanity`; of the areas
    that of each random order. `edge`: the area by the outline. `curve`s begin with nothing replaced, or restored.
    """

    probe: str
    match: str
    layer: str
    method: str
    test: str
    measure: str
    by: str
    value: float
    order: int = 0
    seeds: tuple[float, ...] = ()
    edge: float | None = None
    curve: tuple[float, ...] = ()
    edge_curve: tuple[float, ...] = ()
    random_curve: tuple[float, ...] = ()

    @property
    def random(self) -> float | None:
        """The mean area by random orders."""
        return float(np.mean(self.seeds)) if self.is_area and self.seeds else None

    @property
    def is_area(self) -> bool:
        """Whether it is an area under a curve, else a rank correlation."""
        return (self.test, self.measure) in _BETTER

    @property
    def spread(self) -> Interval | None:
        """Of the random orders, between which areas the next has its own 19 times of 20; else the mean over seeds."""
        if not self.seeds:
            return None
        if not self.is_area:
            return Interval.of(np.array(self.seeds))
        mean, count = float(np.mean(self.seeds)), len(self.seeds)
        if count < 2:
            return Interval(mean, mean, mean)
        wide = float(student.ppf(0.975, count - 1) * np.std(self.seeds, ddof=1) * np.sqrt(1 + 1 / count))
        return Interval(mean, mean - wide, mean + wide)

    @property
    def over_random(self) -> float | None:
        """By how much the map's area is better than a random order's mean; less than 0 is worse."""
        return None if self.random is None else _BETTER[self.test, self.measure] * (self.value - self.random)

    @property
    def over_edge(self) -> float | None:
        """By how much the map's area is better than the outline's."""
        return None if self.edge is None else _BETTER[self.test, self.measure] * (self.value - self.edge)

    def row(self) -> dict[str, Any]:
        """What a table has of it: all but the curves, with the interval of the seeds.

        >>> Measurement("a", "b", "1_conv", "grad_cam", "outline", "spearman", "evidence", 0.5).row()["value"]
        0.5
        """
        spread, area = self.spread, self.is_area
        low, high = (spread.low, spread.high) if spread else (None, None)
        return {
            **{name: getattr(self, name) for name in _NAMES},
            "low": None if area else low, "high": None if area else high, "random": self.random,
            "random_low": low if area else None, "random_high": high if area else None, "edge": self.edge,
        }  # fmt: skip

    @staticmethod
    def read(fields: Mapping[str, Any]) -> Measurement:
        """The measurement of the fields that `asdict` gives, as JSON has them.

        >>> one = Measurement("a", "b", "1_conv", "grad_cam", "outline", "spearman", "evidence", 0.5)
        >>> Measurement.read(asdict(one)) == one
        True
        """
        known: dict[str, Any] = {name: tuple(x) if isinstance(x, list) else x for name, x in fields.items()}
        return Measurement(**known)


_NAMES = ("probe", "match", "layer", "method", "test", "measure", "by", "value")


@dataclass(frozen=True)
class Summary:
    """What the probes' measurements of one kind say together, with 95 % intervals of the mean over probes.

    `value`: of one probe's correlations the interval is that over seeds. `over_random`, `over_edge`: how much better
    the areas are, probe by probe; of one probe the first has the spread of the random orders and the second none.
    """

    layer: str
    method: str
    test: str
    measure: str
    by: str
    probes: int
    value: Interval
    order: int = 0
    random: float | None = None
    edge: float | None = None
    over_random: Interval | None = None
    over_edge: Interval | None = None
    curve: tuple[float, ...] = ()
    edge_curve: tuple[float, ...] = ()
    random_curve: tuple[float, ...] = ()

    def facts(self) -> dict[str, Any]:
        """Its fields, for a JSON file, those left out that say nothing."""
        return {name: x for name, x in asdict(self).items() if x is not None and x != ()}


def summaries(measurements: Sequence[Measurement]) -> list[Summary]:
    """One summary for each kind of measurement, over all its probes, in the order in which they come.

    >>> summaries([])
    []
    """
    groups: dict[tuple[str, ...], list[Measurement]] = {}
    for one in measurements:
        groups.setdefault((one.layer, one.method, one.test, one.measure, one.by), []).append(one)
    return [_summary(group) for group in groups.values()]


def _summary(group: Sequence[Measurement]) -> Summary:
    first = group[0]
    value = Interval.of(np.array([one.value for one in group]))
    over_random, over_edge = (
        None if any(x is None for x in found) else Interval.of(np.array(found, dtype=np.float64))
        for found in ([one.over_random for one in group], [one.over_edge for one in group])
    )
    spread = first.spread
    if len(group) == 1 and spread is not None:
        if not first.is_area:
            value = spread
        elif over_random is not None:
            wide = spread.high - spread.mean
            over_random = Interval(over_random.mean, over_random.mean - wide, over_random.mean + wide)
    randoms = [one.random for one in group if one.random is not None]
    edges = [one.edge for one in group if one.edge is not None]
    return Summary(
        first.layer, first.method, first.test, first.measure, first.by, len(group), value, first.order,
        float(np.mean(randoms)) if randoms else None, float(np.mean(edges)) if edges else None, over_random, over_edge,
        *(_mean([getattr(one, name) for one in group]) for name in ("curve", "edge_curve", "random_curve")),
    )  # fmt: skip


def _mean(curves: Sequence[tuple[float, ...]]) -> tuple[float, ...]:
    return tuple(np.mean(curves, axis=0).tolist()) if curves and curves[0] else ()
