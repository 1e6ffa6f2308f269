"""Probe above, match below, at the same moments of the step, on one scale of colours."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure

from visual_analyse.draw.colours import Paint, Scene, worded
from visual_analyse.draw.evidence.facts import (
    EXPLAIN,
    alarm,
    coloured,
    contrasted,
    distance,
    made_how,
    match_name,
    probe_name,
    signed,
    spoken_of,
    title,
)
from visual_analyse.draw.evidence.laid import Laid, scale_of
from visual_analyse.draw.evidence.pairs import Pairs, paired
from visual_analyse.draw.evidence.sheet import EDGE, LINE, PAGE, SMALL, TEXT, Sheet, colour_bar, on_a_sheet
from visual_analyse.draw.maps.page import PALE
from visual_analyse.draw.style import POLARITIES, Style
from visual_analyse.errors import VisualAnalyseError
from visual_analyse.results import Evidence, LayerEvidence
from visual_analyse.results.sums import by_frame

UNKNOWN = "phase unknown: frames by time"
_GAP, _TALLEST = 0.06, 2.1  # inches


@on_a_sheet
def draw_match(evidence: Evidence, layer: LayerEvidence, style: Style | None = None) -> Figure:
    """The probe and the walk it matched, a column a moment of the step, with the evidence of one layer on both.

    `style` as for single pictures, by default with evidence both for and against. Raises VisualAnalyseError where the
    record does not hold the matched walk, or not this layer of it.

    >>> evidence = Evidence.load(Path("GaitSet_001-nm-05-090.npz"))  # doctest: +SKIP
    >>> draw_match(evidence, evidence.layers[0]).savefig("match.png")  # doctest: +SKIP
    """
    style = coloured(evidence, layer, style or Style(polarity="both"))
    if evidence.matched is None:
        raise VisualAnalyseError(
            f"This result holds the maps of the probe alone; those of the walk it matched are made by {EXPLAIN}."
        )
    theirs = _same_layer(evidence.matched, layer)
    end = scale_of(layer, theirs) if isinstance(style.scale, str) else style.scale
    paint = Paint(style)
    walks = Laid(evidence, layer, end, paint), Laid(evidence.matched, theirs, end, paint)
    pairs = paired(evidence.phase, evidence.matched.phase, (len(walks[0]), len(walks[1])))
    sheet = Sheet()
    opposite = contrasted(evidence) is not None
    facts = [distance(evidence), *made_how(evidence, layer)]
    facts += ["one map for the whole walk lies on every frame"] if walks[0].view.pooled else []
    facts += ["on the match: the same, with the two in each other's place"] if opposite else []
    y = sheet.heading(title(evidence), facts, alarm(evidence))
    across = (PAGE - 2 * EDGE - (len(pairs) - 1) * _GAP) / len(pairs)
    widest = max(walk.aspect for walk in walks)
    high = min(across / widest, _TALLEST)
    step = min(across, high * widest) + _GAP
    names = f"probe {probe_name(evidence)}", f"match {match_name(evidence)}"
    for walk, name, frames in zip(walks, names, (pairs.probe, pairs.match), strict=True):
        y = _row(sheet, y, walk, name, frames, (step, high), style)
        if walk is walks[0]:
            y = _moments(sheet, y, pairs, step)
    said = ["%: the share of its walk's evidence that a frame holds"] if len(layer.maps) > 1 else []
    beyond = max(layer.strength, theirs.strength) > end * (1 + 1e-6)
    bar = paint.bar(512, 24, walks[0].solid)
    sheet_end = _scale(sheet, y + 0.03, style, bar, _ends(end, style, beyond), spoken_of(evidence), said)
    return sheet.finish(sheet_end + EDGE)


def _same_layer(matched: Evidence, layer: LayerEvidence) -> LayerEvidence:
    for other in (*matched.layers, *matched.further):
        if other.key == layer.key:
            return other
    raise VisualAnalyseError(
        f"The matched walk has no maps of {layer.key}. Name another layer with --layer, or run {EXPLAIN} again."
    )


def _row(
    sheet: Sheet, y: float, walk: Laid, name: str, frames: tuple[int, ...], size: tuple[float, float], style: Style
) -> float:
    step, high = size
    sheet.text(EDGE, y, name, TEXT, bold=True, room=PAGE - 2 * EDGE)
    y += LINE * TEXT + 0.02
    for column, frame in enumerate(frames):
        scene = walk.picture(frame, max(64, round(256 * style.resize_ratio)))
        wide = high * walk.aspect
        left = EDGE + column * step + (step - _GAP - wide) / 2
        sheet.picture(scene, left, y, wide, high, f"{name.split(' ')[0]} {frame}")
        note = f"frame {frame + 1}" + _held(walk, frame)
        sheet.text(left + wide / 2, y + high + 0.02, note, SMALL, colour=PALE, across="center")
    return y + high + LINE * SMALL + 0.05


def _held(walk: Laid, frame: int) -> str:
    """How much of all evidence on its walk a frame holds, where that differs from frame to frame."""
    if walk.view.step_of[frame] < 0:
        return " · seen by no step"
    held = np.abs(by_frame(walk.view.layer, len(walk))).sum(0)
    return f" · {100 * held[frame] / held.sum():.0f} %" if len(walk.view.layer.maps) > 1 and held.sum() > 0 else ""


def _moments(sheet: Sheet, y: float, pairs: Pairs, step: float) -> float:
    """Which moment of the step each column shows, between the two walks."""
    if not pairs.by_phase:
        sheet.text(EDGE, y, f"{UNKNOWN}, evenly over both walks", SMALL, colour=PALE)
        return y + LINE * SMALL + 0.05
    for column, moment in enumerate(pairs.moments):
        middle = EDGE + column * step + (step - _GAP) / 2
        share = round(100 * moment) % 100
        words = "heel strike" if share < 3 or share > 97 else f"{share} % of the step"
        sheet.text(middle, y, f"↕ {words}", SMALL, across="center")
    return y + LINE * SMALL + 0.07


def _ends(end: float, style: Style, beyond: bool) -> tuple[str, str]:
    """The numbers at the ends of the scale; `beyond`, whether some values lie outside it."""
    more, less = ("≥ ", "≤ ") if beyond else ("", "")
    return (f"{less}{signed(-end)}", f"{more}{signed(end)}") if style.diverging else ("0", f"{more}{worded(end)}")


def _scale(
    sheet: Sheet, y: float, style: Style, bar: Scene, ends: tuple[str, str], what: str, said: list[str]
) -> float:  # fmt: skip
    """The bar of colours, and what they show; `what`, the thing that evidence is for or against."""
    low, high = (f"against the {what}  {ends[0]}", f"{ends[1]}  for the {what}") if style.diverging else ends
    y = colour_bar(sheet, EDGE, y, bar, (low, high))
    shown = POLARITIES[style.polarity].replace("the match", f"the {what}")
    flat = "no evidence at all: the maps are flat"
    facts = [flat if ends[1] == "0" else shown, "one scale for both walks and all frames"]
    return sheet.lines(y + 0.02, [*facts, *said], SMALL)
