"""When in the walk a layer's evidence lies, for and against, over all the body and region by region."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from visual_analyse.draw.colours import Paint, worded
from visual_analyse.draw.evidence.facts import (
    EXPLAIN,
    alarm,
    coloured,
    distance,
    either_way,
    made_how,
    signed,
    spoken_of,
    title,
)
from visual_analyse.draw.evidence.laid import Laid, scale_of
from visual_analyse.draw.evidence.pairs import strikes
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
from visual_analyse.draw.maps.page import INK, PALE
from visual_analyse.draw.style import Style
from visual_analyse.results import Evidence, LayerEvidence
from visual_analyse.results.sums import by_frame, by_region

Floats = NDArray[np.float64]
NO_TIME = "one map for the whole walk: no time to show"
OUTSIDE = "outside the body"
_TALL, _SMALL = 1.5, 0.5  # inches: of all the body, and of a region
_THUMBS = 9


@on_a_sheet
def draw_time(evidence: Evidence, layer: LayerEvidence, style: Style | None = None) -> Figure:
    """The evidence of one layer in each frame, that for the match upwards and that against it downwards.

    Heel strikes are marked where the phase is known, some frames are shown below, and each region of the body has a
    chart of its own on one scale for all. A layer with one map for the whole walk has none over time.

    >>> evidence = Evidence.load(Path("GaitSet_001-nm-05-090.npz"))  # doctest: +SKIP
    >>> draw_time(evidence, evidence.layers[0]).savefig("time.png")  # doctest: +SKIP
    """
    sheet, style = Sheet(), coloured(evidence, layer, style or Style(polarity="both"))
    end = scale_of(layer) if isinstance(style.scale, str) else style.scale
    laid = Laid(evidence, layer, end, Paint(style))
    y = sheet.heading(title(evidence), [distance(evidence), *made_how(evidence, layer)], alarm(evidence))
    regions = _by_region(evidence, laid.view.layer)
    timeless = len(layer.maps) == 1 and len(laid) > 1
    y = _whole(sheet, y, evidence, laid, regions) if timeless else _over_time(sheet, y, evidence, laid, regions)
    return sheet.finish(sheet.prose(y, _sentences(evidence, laid, timeless, regions is not None)) + EDGE)


def _by_region(evidence: Evidence, layer: LayerEvidence) -> dict[str, tuple[Floats, Floats]] | None:
    """For and against in each frame of each region; None where the record does not tell, or the layer cannot."""
    regions, grid = evidence.regions, layer.maps.ndim == 3
    if regions is None or layer.on != 0 or not evidence.region_names or len(regions) != len(evidence.frames):
        return None
    if regions.ndim != (3 if grid else 2) or regions.shape != evidence.frames.shape[: regions.ndim]:
        return None
    more, less = by_region(layer, regions, len(evidence.region_names))
    # What lies beside the body comes last; no joint lies there.
    found = {name: (more[:, k], less[:, k]) for k, name in enumerate(evidence.region_names, 1)}
    if grid or more[:, 0].any() or less[:, 0].any():
        found[OUTSIDE] = more[:, 0], less[:, 0]
    return found


def _over_time(
    sheet: Sheet, y: float, evidence: Evidence, laid: Laid, regions: dict[str, tuple[Floats, Floats]] | None
) -> float:
    frames = len(laid)
    more, less = by_frame(laid.view.layer, frames)
    steps = strikes(evidence.phase, frames)
    left = EDGE + _margin(regions or {}, [(more, less)])
    wide = PAGE - EDGE - left
    y = _key(sheet, y, left, bool(steps), _colours(evidence, laid.view.layer))
    colours = tuple(colour for colour, _ in _colours(evidence, laid.view.layer))
    _chart(sheet, (left, y, wide, _TALL), "all", (more, less), _limits([(more, less)]), steps, colours)
    y += _TALL
    for frame in _ticks(frames):
        sheet.text(left + (frame + 0.5) / frames * wide, y + 0.03, str(frame + 1), SMALL, colour=PALE, across="center")
    sheet.text(left - 0.08, y + 0.03, "frame", SMALL, colour=PALE, across="right")
    y = _thumbs(sheet, y + LINE * SMALL + 0.06, laid, (left, wide))
    if regions:
        limits = _limits(list(regions.values()))
        y += 0.06
        for name, sums in regions.items():
            _chart(sheet, (left, y, wide, _SMALL), name, sums, limits, steps, colours)
            y += _SMALL + 0.07
    return y + 0.03


def _margin(regions: dict[str, tuple[Floats, Floats]], more: Sequence[tuple[Floats, Floats]]) -> float:
    """Inches at the left for names and numbers."""
    texts = [*regions, "whole frame", *(f"{signed(low)}" for low, _ in map(_limits, [more, list(regions.values())]))]
    return min(1.4, max(points(text, SMALL) for text in texts) + 0.14)


def _colours(evidence: Evidence, layer: LayerEvidence) -> list[tuple[str, str]]:
    """The colours of bars and of their sum, and what they mean."""
    if either_way(evidence, layer):
        return [(BAR, "evidence, for or against alike")]
    return [(FOR, f"for the {spoken_of(evidence)}"), (AGAINST, "against it"), (INK, "sum of both")]


def _key(sheet: Sheet, y: float, left: float, steps: bool, colours: Sequence[tuple[str, str]]) -> float:
    """What the colours and lines are."""
    x = left
    for colour, words in colours:
        thick = 4.0 if colour != INK else 1.0
        sheet.line((x, x + 0.18), (y + 0.055, y + 0.055), colour, thick)
        sheet.text(x + 0.23, y, words, SMALL)
        x += 0.23 + points(words, SMALL) + 0.25
    if steps:
        sheet.page.plot((x + 0.09, x + 0.09), (y, y + 0.12), color=PALE, linewidth=0.8, linestyle=(0, (2, 1.5)))
        sheet.text(x + 0.2, y, "heel strike", SMALL)
    return y + LINE * SMALL + 0.06


def _chart(
    sheet: Sheet, box: tuple[float, float, float, float], name: str, sums: tuple[Floats, Floats],
    limits: tuple[float, float], steps: Sequence[int], colours: Sequence[str],
) -> None:  # fmt: skip
    """A bar upwards and one downwards for each frame, and the line of their sum."""
    x, y, wide, tall = box
    axes = sheet.axes(x, y, wide, tall, name)
    more, less = sums
    places = np.arange(len(more)) + 1
    for values, colour in zip(sums, colours, strict=False):
        # One shape, not a bar each: a walk of minutes has thousands.
        axes.stairs(values, np.arange(len(values) + 1) + 0.5, fill=True, color=colour, linewidth=0, zorder=2)
    if len(colours) > 1:
        axes.plot(places, more + less, color=INK, linewidth=0.7, zorder=3)
    for frame in steps:
        axes.axvline(frame + 0.5, color=PALE, linewidth=0.8, linestyle=(0, (2, 1.5)), zorder=1)
    axes.axhline(0, color=PALE, linewidth=0.5, zorder=4)
    low, high = limits
    axes.set(xlim=(0.5, len(more) + 0.5), ylim=limits, xticks=[])
    axes.spines["bottom"].set_visible(False)
    large = tall > _SMALL
    rise = tall / (high - low)
    ends = [end for end in (high, low) if abs(end) * rise > LINE * SMALL] if large else []
    axes.set_yticks([0.0, *ends] if large else [0.0])
    axes.set_yticklabels(["0", *map(signed, ends)] if large else [""])
    for label, end in zip(axes.get_yticklabels()[1:], ends, strict=False):
        label.set_verticalalignment("top" if end > 0 else "bottom")
    axes.get_yticklabels()[0].set_verticalalignment("bottom" if low == 0 else "center")
    if not large:
        sheet.text(x - 0.08, y + tall / 2, name, SMALL, across="right", down="center", room=1.25)


def _thumbs(sheet: Sheet, y: float, laid: Laid, span: tuple[float, float]) -> float:
    """Some frames in the layer's colours, each below its place on the axis."""
    left, wide = span
    frames = len(laid)
    count = min(_THUMBS, frames)
    each = wide / count - 0.05
    high = min(0.95, each / laid.aspect)
    for k in range(count):
        frame = int((k + 0.5) * frames / count)
        at, middle = left + (frame + 0.5) / frames * wide, left + (k + 0.5) / count * wide
        across = high * laid.aspect
        sheet.line((at, at, middle), (y - 0.03, y, y + 0.05), PALE, 0.5)
        sheet.picture(laid.picture(frame, 160), middle - across / 2, y + 0.06, across, high, f"frame {frame}")
    return y + 0.1 + high


def _whole(
    sheet: Sheet, y: float, evidence: Evidence, laid: Laid, regions: dict[str, tuple[Floats, Floats]] | None
) -> float:
    """Of one map for the whole walk: the map, and what lies on each region."""
    high = 1.5
    across = high * laid.aspect
    sheet.picture(laid.picture(evidence.strongest if evidence.layers else 0, 320), EDGE, y, across, high, "the map")
    x = EDGE + across + 0.25
    sheet.text(x, y, NO_TIME, TEXT, bold=True)
    top = y + LINE * TEXT + 0.08
    if regions is None:
        return y + high + 0.1
    totals = {name: (float(more.sum()), float(less.sum())) for name, (more, less) in regions.items()}
    wide_of_names = max(points(name, SMALL) for name in totals)
    sheet.text(x, top, "on the frames it lies on, all together:", SMALL, colour=PALE)
    top += LINE * SMALL + 0.05
    box = (x + wide_of_names + 0.08, top, PAGE - EDGE - x - wide_of_names - 0.08, high - (top - y) - 0.2)
    axes = sheet.axes(*box, "regions")
    low, high_end = min(less for _, less in totals.values()), max(more for more, _ in totals.values())
    axes.set(
        ylim=(len(totals) - 0.5, -0.5), yticks=[], xlim=(low * 1.02, high_end * 1.02) if high_end > low else (0, 1)
    )
    ends = [end for end in (low, high_end) if abs(end) > 0.15 * (high_end - low)]
    axes.set_xticks([0.0, *ends])
    axes.set_xticklabels(["0", *map(signed, ends)])
    for label, end in zip(axes.get_xticklabels()[1:], ends, strict=True):
        label.set_horizontalalignment("right" if end > 0 else "left")
    axes.spines["left"].set(position=("data", 0))
    for k, (name, (more, less)) in enumerate(totals.items()):
        for value, (colour, _) in zip((more, less), _colours(evidence, laid.view.layer), strict=False):
            axes.barh(k, value, 0.75, color=colour, linewidth=0)
        sheet.text(box[0] - 0.06, top + (k + 0.5) / len(totals) * box[3], name, SMALL, across="right", down="center")
    return y + high + 0.1


def _sentences(evidence: Evidence, laid: Laid, timeless: bool, regions: bool) -> list[str]:
    said = []
    plus_minus = "" if either_way(evidence, laid.view.layer) else "±"
    if laid.view.strided and not timeless:
        said.append("The layer has fewer steps than the walk has frames: a step's evidence is spread over its frames.")
    unseen = int((laid.view.step_of < 0).sum())
    if unseen:
        said.append(f"{unseen} frame{'s were' if unseen > 1 else ' was'} seen by no step.")
    said.append(f"One scale for all frames; thumbnails to {plus_minus}{worded(laid.end)} a cell." if not timeless else
                f"Colours to {plus_minus}{worded(laid.end)} a cell.")  # fmt: skip
    if regions and not timeless:
        low, high = _limits(list((_by_region(evidence, laid.view.layer) or {}).values()))
        said.append(f"Regions: one scale for all of them, from {signed(low)} to {signed(high)} in a frame.")
    if laid.view.layer.strength > laid.end * (1 + 1e-6):
        said.append("Cells beyond the ends of the colours have those of the ends.")
    lacking = [
        what
        for what, there in (
            ("the phase of the step", evidence.phase is not None or timeless),
            ("regions of the body", evidence.regions is not None),
        )
        if not there
    ]
    if lacking:
        said.append(f"This record does not hold {' nor '.join(lacking)}: {EXPLAIN} adds what can be known.")
    elif evidence.phase is not None and not np.isfinite(np.asarray(evidence.phase, np.float64)).any() and not timeless:
        said.append("The phase of the step cannot be told on this walk.")
    return said


def _limits(some: Sequence[tuple[Floats, Floats]]) -> tuple[float, float]:
    """The one scale of some charts."""
    high = max((float(more.max(initial=0.0)) for more, _ in some), default=0.0)
    low = min((float(less.min(initial=0.0)) for _, less in some), default=0.0)
    return (low, high) if high > low else (0.0, 1.0)


def _ticks(frames: int) -> list[int]:
    """The frames, from 0, that are numbered on the axis: the first, and round numbers."""
    apart = next((step for step in (1, 2, 5, 10, 20, 50, 100, 200, 500) if frames / step <= 12), 1000)
    return [0, *range(apart - 1 if apart > 1 else 1, frames, apart)]
