"""The distance as the sum of its parts, each beside the place of the body that it looks at."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from visual_analyse.draw.colours import worded
from visual_analyse.draw.evidence import facts
from visual_analyse.draw.evidence.body import body_beside, joint_rows
from visual_analyse.draw.evidence.facts import EXPLAIN, alarm, distance, signed, title
from visual_analyse.draw.evidence.heights import Place, places
from visual_analyse.draw.evidence.sheet import (
    AGAINST,
    BAR,
    EDGE,
    FOR,
    LINE,
    PAGE,
    SMALL,
    TEXT,
    Sheet,
    on_a_sheet,
    points,
)  # fmt: skip
from visual_analyse.draw.figures.rows import answers
from visual_analyse.draw.maps.page import INK, PALE
from visual_analyse.results import Evidence, Ledger

_BODY = 3.3, 3.9  # inches: the height of the body, which many rows of parts exceed
_THICKEST = 0.3  # inches: of a bar
_NUMBER = 5.5  # points
_FEW = 20  # rows; with more, there is no room for a number at each


@on_a_sheet
def draw_ledger(evidence: Evidence) -> Figure:
    """What each part adds to the distance to the match, and to each other walk that the record holds, side by side.

    Parts stand in the order of the heights that they look at; those that look at the same place share a row, one bar
    after another. Bars of a walk add up to its distance; the difference to the match tells which parts decide.

    >>> draw_ledger(Evidence.load(Path("GaitSet_001-nm-05-090.npz"))).savefig("ledger.png")  # doctest: +SKIP
    """
    sheet, ledgers = Sheet(), facts.ledgers(evidence)
    rows = places(evidence.heights, len(evidence.parts), joint_rows(evidence))
    y = sheet.heading(title(evidence), _facts(evidence, ledgers), alarm(evidence))
    top = y + 2 * LINE * TEXT + LINE * SMALL + 0.06
    each = 0.17 if len(rows) <= _FEW else float(np.clip(5.6 / len(rows), 0.09, 0.115))
    tall = each * len(rows) if rows[0].middle is None else max(each * len(rows), _BODY[0])
    middles = top + (np.arange(len(rows)) + 0.5) * tall / len(rows)
    x = EDGE
    if rows[0].middle is not None:
        high = min(tall, _BODY[1])
        x = body_beside(sheet, evidence, rows, (x, top + (tall - high) / 2, high), middles)
    x = _numbers(sheet, x, middles, rows, set(_deciding(ledgers)), tall / len(rows))
    panels: list[tuple[Ledger, Ledger | None]] = [(ledger, None) for ledger in ledgers[:1]]
    panels += [pair for other in ledgers[1:] for pair in ((other, None), (other, ledgers[0]))]
    wide = (PAGE - EDGE - x - 0.12 * (len(panels) - 1)) / len(panels)
    most = _reach([ledger.parts for ledger in ledgers], rows)
    for ledger, match in panels:
        _panel(sheet, (x, top, wide, tall), rows, ledger, match, most)
        x += wide + 0.12
    y = top + tall + LINE * SMALL + 0.1
    y = sheet.prose(y, _sentences(evidence, rows, ledgers))
    return sheet.finish(y + EDGE)


def _facts(evidence: Evidence, ledgers: Sequence[Ledger]) -> list[str]:
    count = len(evidence.parts)
    summed = f"the sum of {count} part{'s' * (count > 1)}"
    if facts.contrasted(evidence):
        return [distance(evidence), f"each of them {summed}"]
    others = [f"{ledger.role} {ledger.walk} at {worded(ledger.distance)}" for ledger in ledgers[1:]]
    return [f"{distance(evidence)} = {summed}", *others]


def _numbers(
    sheet: Sheet, x: float, middles: NDArray[np.float64], rows: Sequence[Place], deciding: set[int], each: float
) -> float:
    """The numbers of the parts, those that decide in bold; returns where the bars may begin."""
    size = min(SMALL, 72 * each * 0.82)
    texts = [", ".join(map(str, row.parts)) for row in rows]
    wide = max(points(text, size, True) for text in texts)
    wide = min(max(wide, points("part", SMALL)), 0.9)
    sheet.text(x + wide, middles[0] - each / 2 - 0.03, "part", SMALL, colour=PALE, across="right", down="bottom")
    for text, row, middle in zip(texts, rows, middles, strict=True):
        bold = bool(deciding & set(row.parts))
        sheet.text(x + wide, middle, text, size, bold=bold, colour=INK if bold else PALE, across="right", down="center",
                   room=wide)  # fmt: skip
    return x + wide + 0.05


def _panel(
    sheet: Sheet, box: tuple[float, float, float, float], rows: Sequence[Place], ledger: Ledger, match: Ledger | None,
    most: tuple[float, float],
) -> None:  # fmt: skip
    """The bars of one walk, or what it is further away by than the match."""
    x, top, wide, tall = box
    values = ledger.parts if match is None else ledger.parts - match.parts
    role = ledger.role
    less = match.role if match else ""
    name = f"{role} − {less}" if match else role
    axes = sheet.axes(x, top, wide, tall, name)
    low, high = most if match is None else _reach([values], rows)
    shown = low - 0.02 * (high - low) * (low < 0), high + 0.02 * (high - low) * (high > 0)
    axes.set(ylim=(len(rows) - 0.5, -0.5), xlim=shown, yticks=[])
    _ticks(axes, (low, high), wide / (shown[1] - shown[0]), match is not None)
    axes.spines["left"].set(position=("data", 0), color=PALE)
    for k in range(0, len(rows), 2):
        axes.axhspan(k - 0.5, k + 0.5, color="#f4f4f4", linewidth=0, zorder=0)
    for k, row in enumerate(rows):
        thick = min(0.78, _THICKEST * len(rows) / tall)
        _bars(axes, k, [float(values[part]) for part in row.parts], match is not None, thick)
        if len(rows) <= _FEW:
            _value(axes, k, float(values[list(row.parts)].sum()), (shown, wide), match is not None)
    line = LINE * TEXT
    sheet.text(x, top - 0.05 - line - LINE * SMALL, role if match is None else "difference", TEXT, bold=True,
               down="bottom", room=wide)  # fmt: skip
    sheet.text(x, top - 0.05 - line, ledger.walk if match is None else name, SMALL, colour=PALE,
               down="bottom", room=wide)  # fmt: skip
    total = signed(ledger.distance - match.distance) if match else worded(ledger.distance)
    sheet.text(x, top - 0.05, f"sum {total}", TEXT, down="bottom")


def _bars(axes: Any, row: int, values: Sequence[float], signed_colours: bool, thick: float) -> None:
    """The parts of one row, one after another, those below zero to the left."""
    ends = [0.0, 0.0]
    for value in values:
        side = int(value < 0)
        colour = BAR if not signed_colours else (FOR, AGAINST)[side]
        axes.barh(row, value, thick, left=ends[side], color=colour, edgecolor="white", linewidth=0.4, zorder=2)
        ends[side] += value


def _ticks(axes: Any, ends: tuple[float, float], inches: float, with_sign: bool) -> None:
    """Zero, and the ends of the scale where their numbers have room beside it; `inches`, what one is long."""
    words = {end: signed(end) if with_sign or end < 0 else worded(end) for end in ends}
    ends = tuple(end for end in ends if abs(end) * inches > points(words[end], SMALL) + 0.1)  # type: ignore[assignment]
    axes.set_xticks([0.0, *ends])
    axes.set_xticklabels(["0", *(words[end] for end in ends)])
    for label, end in zip(axes.get_xticklabels()[1:], ends, strict=True):
        label.set_horizontalalignment("right" if end > 0 else "left")


def _value(axes: Any, row: int, value: float, scale: tuple[tuple[float, float], float], with_sign: bool) -> None:
    """The number of a row: beyond the end of its bar, else in it, else beyond its beginning; `scale`: limits, width."""
    (low, high), wide = scale
    words = signed(value) if with_sign else worded(value)
    need = (points(words, _NUMBER) + 0.06) * (high - low) / wide
    beyond = value + need <= high if value >= 0 else value - need >= low
    within = not beyond and abs(value) >= need
    at = value if beyond or within else 0.0
    rightwards = (value >= 0) == beyond
    side, away = ("left", 2) if rightwards else ("right", -2)
    axes.annotate(words, (at, row), (away, 0), textcoords="offset points", fontsize=_NUMBER, va="center", ha=side,
                  color="white" if within else PALE, zorder=4)  # fmt: skip


def _reach(some: Sequence[NDArray[Any]], rows: Sequence[Place]) -> tuple[float, float]:
    """How far the bars of rows reach to both sides, over all of some walks: their one scale."""
    low = high = 0.0
    for values in some:
        for row in rows:
            own = np.asarray(values)[list(row.parts)]
            low, high = min(low, float(own[own < 0].sum())), max(high, float(own[own > 0].sum()))
    return (low, high) if high > low else (0.0, 1.0)


def _deciding(ledgers: Sequence[Ledger]) -> list[int]:
    """The fewest parts that make up half of what speaks for the match against the first other walk, largest first."""
    if len(ledgers) < 2:
        return []
    more = ledgers[1].parts - ledgers[0].parts
    order = np.argsort(-more, kind="stable")
    gains = np.maximum(more[order], 0)
    if not gains.sum() > 0:
        return []
    return [int(part) for part in order[: int(np.searchsorted(gains.cumsum(), gains.sum() / 2)) + 1]]


def _sentences(evidence: Evidence, rows: Sequence[Place], ledgers: Sequence[Ledger]) -> list[str]:
    what = "score, times minus one" if answers(evidence) else "distance"
    said = [f"Bars: what each part adds to the {what}; together they are the {what}."]
    if chosen := _deciding(ledgers):
        listed = ", ".join(map(str, chosen[:8])) + (", ..." if len(chosen) > 8 else "")
        said.append(f"Bold: {len(chosen)} of {len(evidence.parts)} parts ({listed}) make up half of what speaks for "
                    f"the {ledgers[0].role} against the {ledgers[1].role}.")  # fmt: skip
    if len(ledgers) > 1:
        said.append(f"The difference, on a scale of its own: red speaks for the {ledgers[0].role}, blue against it.")
    if any(len(row.parts) > 1 for row in rows):
        said.append("Parts that look at the same place share a row, one bar after another.")
    single = len(evidence.parts) == 1
    said.append("The model has one part alone." if single else "Parts are numbered from 0, as the model has them.")
    lacking = [
        what
        for what, there in (
            ("the other walks", len(ledgers) > 1),
            ("where each part looks", evidence.heights is not None),
        )
        if not there
    ]
    if lacking and not answers(evidence):
        said.append(f"This record does not hold {' nor '.join(lacking)}: {EXPLAIN} adds what lacks.")
    return said
