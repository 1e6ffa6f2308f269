"""What is written beside pictures: scales, windows, and the names of layers."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from visual_analyse.draw.colours import Paint, Scene, worded
from visual_analyse.draw.figures.figure import Figure
from visual_analyse.draw.figures.layout import paste
from visual_analyse.draw.figures.text import label
from visual_analyse.draw.figures.words import on_what, shares, shown, sighted, whereabouts
from visual_analyse.draw.style import Style
from visual_analyse.draw.walk import View, Walk
from visual_analyse.files import write_whole

Rows = Sequence[Sequence[object]]
# A layer of a merge: its folder, its view, the folder of what it is drawn on, the end of its colour scale.
Drawn = tuple[str, View, str, float]


def windows(walk: Walk, view: View) -> Rows:
    """Which frames each step of a layer saw, and which one it is drawn on where that is not their mean."""
    steps = [(step + 1, *view.window(step)) for step in range(view.pictures)]
    if not walk.inputs[view.on].still:
        return [("step", "first_frame", "last_frame"), *steps]
    head = ("step", "first_frame", "last_frame", "drawn_on_frame")
    return [head, *((step, first, last, (first + last) // 2) for step, first, last in steps)]


def scales(walk: Walk, layers: Sequence[Drawn], style: Style) -> Rows:
    """What the colours of each layer mean, what it is drawn on, and which inputs it lies on and sees."""
    head = ("folder", "number", "name", "kind", "calls", "pictures", "drawn_on", "polarity", "colormap", "scale_from",
            "scale_to", "input", "sees")  # fmt: skip
    lines: list[Sequence[object]] = [head]
    for name, view, drawn_on, end in layers:
        layer, low = view.layer, -end if style.diverging else 0.0
        lines.append((name, layer.number, layer.name, layer.kind, layer.calls, view.pictures, drawn_on, style.polarity,
                      style.colours, low, end, walk.called(layer.on), sighted(walk, view)))  # fmt: skip
    return lines


def strip_chart(walk: Walk, layers: Sequence[Drawn], paint: Paint) -> Scene:
    """A line a layer: name, smallest value, colour bar, largest value, and its input where there are several."""
    if not layers:
        return np.full((1, 1, 3), 255, np.uint8)
    strips = []
    for name, view, _, end in layers:
        words = name, f"−{worded(end)}" if paint.style.diverging else "0", worded(end), whereabouts(walk, view)
        strips.append([label(text, 14) for text in words])
    high = strips[0][0].shape[0]
    widths = [max(strip[k].shape[1] for strip in strips) for k in range(4)]
    middle = 12 + widths[0] + 12 + widths[1] + 12
    right = middle + 200 + 12
    beyond = right + widths[2] + 12
    width = beyond + (widths[3] + 12 if walk.several else 0)
    chart = np.full(((high + 6) * len(strips) + 12, width, 3), 255, np.uint8)
    for k, ((_, view, _, _), (title, low, top, place)) in enumerate(zip(layers, strips, strict=True)):
        bar = paint.bar(200, high - 3, walk.inputs[view.on].solid)
        left = middle - 12 - low.shape[1]
        for patch, x in ((title, 12), (low, left), (bar, middle), (top, right), (place, beyond)):
            paste(chart, patch, 9 + k * (high + 6), x)
    return chart


def layer_names(figure: Figure) -> str:
    """The text beside figures: number, name and kind of each layer, its scale, what it is drawn on."""
    several = any(walk.several for walk in figure.walks)
    lines = ["Frames are counted from 1. Columns: number, name, kind, end of the colour scale, what it is drawn on"
             + (", its input." if several else ".")]  # fmt: skip
    for row, walk, row_ends in zip(figure.rows, figure.walks, figure.ends, strict=True):
        lines += ["", row.model]
        lines += [said[0].upper() + said[1:] + "."] if (said := shares(row.evidence)) else []
        if numbers := shown(row.evidence):
            lines.append(f"Frames 1 to {len(walk)} are the walk's {', '.join(map(str, numbers))}.")
        for view, end in zip(walk.views, row_ends, strict=True):
            share = (
                f"{worded(end / row.evidence.distance, True)} of the distance" if len(figure.rows) > 1 else worded(end)
            )
            layer = view.layer
            place = f"\t{whereabouts(walk, view)}" if several else ""
            lines.append(f"{layer.number}\t{layer.name}\t{layer.kind}\t{share}\t{on_what(walk, view)}{place}")
    return "\n".join(lines) + "\n"


def write_csv(path: Path, rows: Rows) -> None:
    """Write a table, whole or not at all."""
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\n").writerows(rows)
    data = text.getvalue().encode("utf-8", "backslashreplace")
    write_whole(path, lambda stream: stream.write(data))
