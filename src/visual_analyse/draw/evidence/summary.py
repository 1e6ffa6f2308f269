"""The mean evidence of many probes, a row a group: on the body, by region, by part, by phase."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from visual_analyse.draw.colours import Paint, as_rgb, worded
from visual_analyse.draw.evidence.facts import short
from visual_analyse.draw.evidence.heights import places
from visual_analyse.draw.evidence.laid import Laid
from visual_analyse.draw.evidence.sheet import (
    AGAINST,
    BAR,
    EDGE,
    FAINT,
    FOR,
    LINE,
    PAGE,
    SMALL,
    TEXT,
    Sheet,
    colour_bar,
    on_a_sheet,
    points,
)  # fmt: skip
from visual_analyse.draw.figures.rows import named
from visual_analyse.draw.maps.page import INK, PALE
from visual_analyse.draw.stretch import stretch
from visual_analyse.draw.style import Style
from visual_analyse.results import Evidence, Group, LayerEvidence, Summary

_MANY = 7  # groups; with more, rows are low and their names stand beside them
_HEADS = {"all": "", "condition": "condition ", "view": "view ", "outcome": ""}
_OUTCOMES = {"right": "right person", "wrong": "wrong person"}


@on_a_sheet
def draw_summary(summary: Summary) -> Figure:
    """Each group of probes in a row, all on the same scales: the mean body under the mean evidence, what each region
    and each part adds, and when in the step it lies, with 95 % intervals over probes.

    >>> draw_summary(Summary.load(Path("GaitSet_CASIA-B_summary.npz"))).savefig("summary.png")  # doctest: +SKIP
    """
    sheet = Sheet()
    model = short(named(summary.manifest, "model") or "the model")
    y = sheet.heading(f"{model}: mean evidence of {_count(summary.groups)}", [f"layer {summary.layer}", *_shares()])
    end = max((float(np.abs(group.maps).max()) for group in summary.groups if group.maps.size), default=0.0)
    paint = Paint(Style(polarity="both"))
    form = _Form.of(len(summary.groups))
    columns = _columns(summary, form)
    y += 0.05
    for x, wide, head, _ in columns:
        sheet.text(x, y, head, TEXT, bold=True, room=wide + 0.2)
    y += LINE * TEXT + 0.04
    for group in summary.groups:
        sheet.line((EDGE, PAGE - EDGE), (y, y), FAINT, 0.5)
        y = form.name(sheet, y, group)
        _body(sheet, summary, group, (EDGE + form.beside, y, form.high), end, paint)
        for x, wide, head, fill in columns:
            axes = sheet.axes(x, y, wide, form.high, f"{group.by} {group.name} {head}")
            fill(axes, group)
            if form.low and group is not summary.groups[-1]:
                axes.tick_params(labelbottom=False)
        for place, name in enumerate(summary.region_names):
            sheet.text(columns[0][0] - 0.06, y + (place + 0.5) / len(summary.region_names) * form.high, name, SMALL,
                       across="right", down="center", room=1.0)  # fmt: skip
        y += form.high + form.between
    y += 0.3 if form.low else 0
    ends = f"against the match  −{worded(end, True)}", f"+{worded(end, True)}  for the match"
    y = colour_bar(sheet, EDGE, y - 0.05, paint.bar(512, 24), ends)
    said = [
        f"Colours: mean evidence of a {'joint' if summary.kind.picture == 'joints' else 'pixel'}, one scale for all "
        "groups.",
        "Bars and whiskers: mean over probes and its 95 % interval; a region's black mark is for and against together.",
    ]
    if not any(np.isfinite(group.phases).any() for group in summary.groups):
        said.append("The phase of the step is known of no probe, or the layer has one map for the whole walk.")
    elif (when := summary.manifest.get("phases_of", summary.layer)) != summary.layer:
        said.append(f"Phases are those of layer {when}, which tells when, in shares of its own evidence.")
    return sheet.finish(sheet.prose(y + 0.04, said) + EDGE)


def pages(summary: Summary) -> dict[str, Summary]:
    """A summary as one page, or, where it has more groups than fit on one, as a page for each kind of group.

    Every page begins with the group of all probes.
    """
    if len(summary.groups) <= 6:
        return {"": summary}
    whole = [group for group in summary.groups if group.by == "all"]
    kinds = dict.fromkeys(group.by for group in summary.groups if group.by != "all")
    return {
        kind: replace(summary, groups=(*whole, *(group for group in summary.groups if group.by == kind)))
        for kind in kinds
    }


Fill = Callable[[Axes, Group], None]


@dataclass(frozen=True)
class _Form:
    """How rows stand, in inches: their height, what lies between them, and the room for names beside the body."""

    high: float
    between: float
    beside: float

    @staticmethod
    def of(groups: int) -> _Form:
        return _Form(1.12, 0.34, 0.0) if groups <= _MANY else _Form(0.64, 0.08, 0.72)

    @property
    def low(self) -> bool:
        return self.beside > 0

    def name(self, sheet: Sheet, y: float, group: Group) -> float:
        """Whose row it is, and how many probes it is the mean of; returns where its charts begin."""
        sheet.text(EDGE, y + 0.03, _called(group), TEXT, bold=True, room=self.beside or 4.0)
        if self.low:
            sheet.text(EDGE, y + 0.05 + LINE * TEXT, _probes(group.probes), SMALL, colour=PALE)
            return y + 0.06
        sheet.text(PAGE - EDGE, y + 0.03, _probes(group.probes), TEXT, colour=PALE, across="right")
        return y + LINE * TEXT + 0.09


def _columns(summary: Summary, form: _Form) -> list[tuple[float, float, str, Fill]]:
    """What stands in each row beside the body: left edge, width, head, and what fills it."""
    names = max((points(name, SMALL) for name in summary.region_names), default=0.0)
    x = EDGE + form.beside + 0.95 * form.high / 1.12 + min(names, 1.0) + 0.1
    room = PAGE - EDGE - x
    regions, parts = room * 0.3, room * 0.3
    made: list[tuple[float, float, str, Fill]] = [(x, regions, "regions of the body", _regions_of(summary))]
    x += regions + 0.5
    made.append((x, parts, "parts by height" if summary.heights is not None else "parts", _parts_of(summary)))
    x += parts + 0.5
    made.append((x, PAGE - EDGE - x, "phase of the step", _phases_of(summary)))
    return made


def _body(
    sheet: Sheet, summary: Summary, group: Group, box: tuple[float, float, float], end: float, paint: Paint
) -> None:  # fmt: skip
    """The mean body under the mean evidence; `box`: left, top and height."""
    if group.body.ndim != 2 or not group.body.size:
        return
    x, y, high = box
    if summary.kind.picture == "joints":
        posed = Laid(*_pose(summary, group), end, paint)
        scene, aspect = posed.picture(0, 320), posed.aspect
    else:
        height = 320
        width = round(height * group.body.shape[1] / group.body.shape[0])
        body = np.clip(stretch(group.body.astype(np.float32), height, width, False), 0, 1)
        maps = stretch(np.nan_to_num(group.maps).astype(np.float32), height, width, False)
        scene, aspect = paint.over(np.asarray((255 * body).round(), np.uint8), paint.shades(maps, end)), width / height
    sheet.picture(as_rgb(scene), x, y, min(0.8 * high, high * aspect), high, f"{group.by} {group.name} body")


def _pose(summary: Summary, group: Group) -> tuple[Evidence, LayerEvidence]:
    """The mean pose as a walk of one frame, with a map of its joints."""
    known = np.isfinite(group.body).all(1, keepdims=True)
    # Far from 0, 0, where a joint would be taken for missing.
    frames = np.where(known, np.concatenate([group.body + 1, np.ones_like(known)], 1), 0)[None].astype(np.float32)
    maps = np.nan_to_num(group.maps)[None].astype(np.float32)
    layer = LayerEvidence(0, "mean", "mean", maps, np.array([[0, 1]]))
    return Evidence(frames, (layer,), group.parts[:, 0], kind=summary.kind), layer


def _regions_of(summary: Summary) -> Fill:
    values = [group.regions for group in summary.groups]
    limits = _limits(values)

    def fill(axes: Axes, group: Group) -> None:
        count = len(group.regions)
        for k in range(count):
            for side, colour in ((0, FOR), (1, AGAINST)):
                mean, low, high = group.regions[k, side]
                axes.barh(k, mean, 0.72, color=colour, linewidth=0, zorder=2)
                axes.plot((low, high), (k, k), color=INK, linewidth=0.8, zorder=4)
            net = group.regions[k, :, 0].sum()
            axes.plot((net, net), (k - 0.36, k + 0.36), color=INK, linewidth=1.2, zorder=3)
        axes.set(ylim=(max(count, 1) - 0.5, -0.5), yticks=[])
        _across(axes, limits, True)

    return fill


def _parts_of(summary: Summary) -> Fill:
    limits = _limits([group.parts for group in summary.groups])

    def fill(axes: Axes, group: Group) -> None:
        count = len(group.parts)
        known, order = _order(summary, count)
        mean, low, high = group.parts[:, 0], group.parts[:, 1], group.parts[:, 2]
        axes.hlines(order, low, high, color=BAR, linewidth=0.7, zorder=2)
        axes.scatter(mean, order, s=6 if count <= 32 else 3.5, color=INK, linewidths=0, zorder=3)
        if known:
            axes.set(ylim=(1, 0), yticks=[0, 0.5, 1], yticklabels=["100 %", "50 %", "0 %"])
        else:
            axes.set(ylim=(count - 0.5, -0.5), yticks=[0, count - 1])
        _across(axes, limits, False)

    return fill


def _order(summary: Summary, count: int) -> tuple[bool, Any]:
    """Whether the heights of all parts are known, and where each part stands, those of one place just apart."""
    rows = summary.groups[0].body[:, 1] if summary.kind.picture == "joints" else None
    found = places(summary.heights, count, rows)
    if any(place.middle is None for place in found):
        return False, np.arange(count)
    order = np.zeros(count)
    for place in found:
        for k, part in enumerate(place.parts):
            order[part] = (place.middle or 0.0) + 0.01 * (k - (len(place.parts) - 1) / 2)
    return True, order


def _phases_of(summary: Summary) -> Fill:
    found = [group.phases for group in summary.groups if np.isfinite(group.phases).any()]
    limits = _limits(found)

    def fill(axes: Axes, group: Group) -> None:
        bins = len(group.phases)
        known = np.isfinite(group.phases).all(-1) if bins else np.zeros(0, bool)
        if not known.any():
            axes.set_axis_off()
            axes.text(0, 0.5, "not known", fontsize=SMALL, color=PALE, transform=axes.transAxes)
            return
        places = (np.arange(bins) + 0.5) / bins
        mean, low, high = (group.phases[known, k] for k in range(3))
        colours = [FOR if value >= 0 else AGAINST for value in mean]
        axes.bar(places[known], mean, 0.85 / bins, color=colours, linewidth=0, zorder=2)
        axes.vlines(places[known], low, high, color=INK, linewidth=0.8, zorder=3)
        axes.axhline(0, color=PALE, linewidth=0.6, zorder=4)
        down, up = limits
        axes.spines["bottom"].set_visible(False)
        ends = [end for end in limits if abs(end) > 0.2 * (up - down)]
        axes.set(xlim=(0, 1), ylim=limits, xticks=[0, 0.5, 1], yticks=[0, *ends])
        axes.set_xticklabels(["heel strike", "", "next"])
        first, _, last = axes.get_xticklabels()
        first.set_horizontalalignment("left")
        last.set_horizontalalignment("right")
        axes.set_yticklabels(["0", *(_percent(end, True) for end in ends)])

    return fill


def _across(axes: Axes, limits: tuple[float, float], with_sign: bool) -> None:
    low, high = limits
    ends = [end for end in limits if abs(end) > 0.2 * (high - low)]
    axes.set_xlim(low, high)
    axes.set_xticks([0.0, *ends])
    axes.set_xticklabels(["0", *(_percent(end, with_sign) for end in ends)])
    for label, end in zip(axes.get_xticklabels()[1:], ends, strict=True):
        label.set_horizontalalignment("right" if end > 0 else "left")
    axes.axvline(0, color=PALE, linewidth=0.6, zorder=4)
    axes.spines["left"].set_visible(not with_sign)


def _limits(some: Sequence[Any]) -> tuple[float, float]:
    """The one scale of a column: all means and intervals of all groups."""
    flat = np.concatenate([np.ravel(values) for values in some] or [np.zeros(1)])
    flat = flat[np.isfinite(flat)]
    low, high = min(0.0, float(flat.min(initial=0.0))), max(0.0, float(flat.max(initial=0.0)))
    return (1.03 * low, 1.03 * high) if high > low else (0.0, 1.0)


def _shares() -> list[str]:
    return ["evidence as a share of each probe's total (|for| + |against|)", "parts as shares of the distance"]


def _percent(value: float, with_sign: bool) -> str:
    sign = ("−" if value < 0 else "+") if with_sign and value else ""
    share = 100 * abs(value)
    return f"{sign}{share:.0f} %" if share >= 10 else f"{sign}{share:.2g} %"


def _called(group: Group) -> str:
    if group.by == "all":
        return "all probes"
    name = _OUTCOMES.get(group.name, group.name) if group.by == "outcome" else group.name
    return f"{_HEADS.get(group.by, f'{group.by} ')}{name}"


def _probes(count: int) -> str:
    return f"{count} probe{'s' * (count != 1)}"


def _count(groups: Sequence[Group]) -> str:
    whole = [group.probes for group in groups if group.by == "all"]
    return _probes(whole[0] if whole else sum(group.probes for group in groups))
