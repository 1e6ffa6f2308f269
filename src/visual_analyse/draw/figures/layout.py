"""Where everything stands in a figure: panels in lines, titles above them, colour bars below."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from visual_analyse.draw.colours import Paint, Scene, worded
from visual_analyse.draw.figures.rows import Row, named
from visual_analyse.draw.figures.text import BLACK, GREY, ascent, elided, label, line_height, measure
from visual_analyse.draw.style import POLARITIES, Style
from visual_analyse.draw.walk import View, Walk

_PANEL = 256  # pixels of a panel's height at resize_ratio 1: frames of 64 rows fourfold
_ACROSS = 7  # panels side by side at most; then the figure goes on below


@dataclass(frozen=True)
class Cell:
    """One panel: its row, its layer (None: the frame itself), its place and size in pixels.

    `note`: where its changing second title stands, None where it has none.
    """

    row: int
    view: View | None
    y: int
    x: int
    height: int
    width: int
    note: tuple[int, int] | None


class Layout:
    """The still parts of a figure, drawn once, and the cells that change.

    `ends[r][k]`: the end of the colour scale of layer k in row r.
    """

    def __init__(
        self, rows: Sequence[Row], walks: Sequence[Walk], ends: Sequence[Sequence[float]], style: Style
    ) -> None:
        self._rows, self._walks, self._ends, self._style = rows, walks, ends, style
        self._paint = Paint(style)
        self.title = max(8, round(5.6 * style.font_scale * style.resize_ratio))
        self.small = max(8, round(0.8 * self.title))
        height, width = walks[0].size()
        zoom = max(1.0, _PANEL / height) * style.resize_ratio
        self._box = max(1, round(height * zoom)), max(1, round(width * zoom))
        self.width = self._box[1]
        self._gap = round(0.8 * self.title)
        self._bar = max(4, round(0.8 * self.title))
        self._names = [_short_names(walk) for walk in walks]
        self._name_size = self._fitting()
        self.cells: list[Cell] = []
        self.canvas = self._draw()

    def _fitting(self) -> int:
        """The largest size, the title's or somewhat less, at which the names of all layers fit over their panels."""
        names = [name for names in self._names for name in names]
        for size in range(self.title, self.small, -1):
            if all(measure(f"{n} ", self.title, True) + measure(name, size, True) <= self._box[1] for n, name in names):
                return size
        return self.small

    def _draw(self) -> Scene:
        count = 1 + max(len(walk.views) for walk in self._walks)
        lines = -(-count // _ACROSS)
        across = -(-count // lines)
        side = line_height(self.title) + line_height(self.small) + self._gap if len(self._rows) > 1 else 0
        inner = side + across * self._box[1] + (across - 1) * self._gap
        # Taller than any figure can be: cut to its height in the end.
        line = self._box[0] + 3 * line_height(self.title) + 3 * line_height(self.small) + 4 * self._gap
        room = (lines * len(self._rows) + 1) * line + 20 * line_height(self.title)
        canvas = np.full((room, inner + 2 * self.title, 3), 255, np.uint8)
        y = self._header(canvas, inner)
        for first in range(0, count, across):
            columns = range(first, min(first + across, count))
            titles = [self._titles(row, columns) for row in range(len(self._rows))]
            strided = any(view.strided for row in range(len(titles)) for view in self._views(row, columns))
            once = not strided and all(line == titles[0] for line in titles)
            for row, above in enumerate(titles):
                y = self._line(canvas, y + self._gap, self.title + side, row, columns, [] if once and row else above)
        return canvas[: y + self.title].copy()

    def _header(self, canvas: Scene, width: int) -> int:
        rows, style = self._rows, self._style
        pieces = [(rows[0].model, True)] if len(rows) == 1 else []
        probe = named(rows[0].evidence.manifest, "probe")
        pieces += [(f"probe {probe}", len(rows) > 1)] if probe else []
        pieces += [(fact, False) for fact in _facts(rows[0])] if len(rows) == 1 else []
        y = self._flow(canvas, self.title, width, pieces, self.title, BLACK)
        if style.scale == "clip":
            scale = "one colour scale per layer and walk" + (", the same for all models" if len(rows) > 1 else "")
        else:
            scale = "one colour scale for all layers and results"
        notes = [POLARITIES[style.polarity], scale]
        notes += ["in percent of each model's distance"] if len(rows) > 1 else []
        notes += ["columns pair layers by their order"] if any(names != self._names[0] for names in self._names) else []
        notes += ["bars: over black, over white"] if 0 < style.opacity < 1 else []
        return self._flow(canvas, y, width, [(note, False) for note in notes], self.small, GREY)

    def _flow(
        self, canvas: Scene, y: int, width: int, pieces: list[tuple[str, bool]], size: int, colour: tuple[int, int, int]
    ) -> int:
        """Pieces of text one after another, on further lines where one is full; returns where the next line goes."""
        x = 0
        for text, bold in pieces:
            patch = label(text, size, bold, colour, width)
            if x and x + patch.shape[1] > width:
                x, y = 0, y + patch.shape[0]
            paste(canvas, patch, y, self.title + x)
            x += patch.shape[1] + round(1.2 * size)
        return y + (line_height(size) if pieces else 0)

    def _line(
        self, canvas: Scene, y: int, x: int, row: int, columns: range, titles: list[tuple[tuple[str, str], str]]
    ) -> int:
        """One line of panels of one row; returns the first free pixel row below it."""
        top = y + (line_height(self.title) + line_height(self.small) + self._gap // 4 if titles else 0)
        height, width = self._box
        below = top + height
        if len(self._rows) > 1:
            self._row_name(canvas, top, row)
        for place, column in enumerate(columns):
            if column > len(self._walks[row].views):
                continue
            view = self._walks[row].views[column - 1] if column else None
            left = x + place * (self._box[1] + self._gap)
            moving = view is None or view.strided
            if titles:
                heading, kind = titles[place]
                self._heading(canvas, y, left, heading)
                if not moving:
                    paste(
                        canvas,
                        label(kind, self.small, colour=GREY, width=self._box[1]),
                        y + line_height(self.title),
                        left,
                    )
            note = (y + line_height(self.title), left) if titles and moving else None
            h, w = self._walks[row].size(view.layer.on if view else 0)
            zoom = min(height / h, width / w)
            h, w = max(1, round(h * zoom)), max(1, round(w * zoom))
            self.cells.append(Cell(row, view, top + (height - h) // 2, left + (width - w) // 2, h, w, note))
            if view and not any(column <= len(walk.views) for walk in self._walks[row + 1 :]):
                below = max(below, self._colour_bar(canvas, top + height + self._gap // 3, left, row, column - 1))
        return below

    def _heading(self, canvas: Scene, y: int, x: int, heading: tuple[str, str]) -> None:
        """A layer's number and its name, which may be smaller, on one baseline."""
        number, name = heading
        if number:
            patch = label(f"{number} ", self.title, True)
            paste(canvas, patch, y, x)
            x += patch.shape[1]
        size = self._name_size if number else self.title
        paste(canvas, label(name, size, True), y + ascent(self.title) - ascent(size), x)

    def _colour_bar(self, canvas: Scene, y: int, x: int, row: int, layer: int) -> int:
        width = self._box[1]
        percent = len(self._rows) > 1
        end = self._ends[row][layer] / (self._rows[row].evidence.distance if percent else 1)
        paste(canvas, self._paint.bar(width, self._bar), y, x)
        y += self._bar + 1
        # A scale the user has set may end before the strongest value: then its end stands for all beyond.
        views = [(walk.views[layer].layer, line[layer]) for walk, line in zip(self._walks, self._ends, strict=True)
                 if layer < len(walk.views)]  # fmt: skip
        beyond = any(shown.strength > top * (1 + 1e-6) for shown, top in views)
        right = label(("≥ " if beyond else "") + worded(end, percent), self.small, width=width)
        low = f"{'≤ ' if beyond else ''}−{worded(end, percent)}" if self._style.diverging else "0"
        left = label(low, self.small)
        paste(canvas, right, y, x + width - right.shape[1])
        if left.shape[1] + right.shape[1] + self.small <= width:
            paste(canvas, left, y, x)
        return y + line_height(self.small)

    def _row_name(self, canvas: Scene, y: int, row: int) -> None:
        height = self._box[0]
        facts = label(" · ".join(_facts(self._rows[row])), self.small, colour=GREY, width=height)
        x = self.title
        for patch in (label(self._rows[row].model, self.title, True, width=height), facts):
            upright = np.rot90(patch)
            paste(canvas, upright, y + (height - upright.shape[0]) // 2, x)
            x += upright.shape[1]

    def _titles(self, row: int, columns: range) -> list[tuple[tuple[str, str], str]]:
        """Of each panel of a line: number and name of its layer, and its kind."""
        titles: list[tuple[tuple[str, str], str]] = []
        for column in columns:
            if column == 0:
                titles.append((("", "input"), ""))
            elif column <= len(self._walks[row].views):
                view = self._walks[row].views[column - 1]
                number, name = self._names[row][column - 1]
                room = self._box[1] - measure(f"{number} ", self.title, True)
                kind = view.layer.kind + (" · whole walk" if view.pooled else "")
                titles.append(((str(number), elided(name, self._name_size, True, room)), kind))
        return titles

    def _views(self, row: int, columns: range) -> list[View]:
        views = self._walks[row].views
        return [views[column - 1] for column in columns if 0 < column <= len(views)]


def paste(canvas: Scene, patch: Scene, y: int, x: int) -> None:
    """Put a patch on a canvas, cut where it leaves it."""
    height, width = max(0, canvas.shape[0] - y), max(0, canvas.shape[1] - x)
    patch = patch[:height, :width]
    canvas[y : y + patch.shape[0], x : x + patch.shape[1]] = patch


def _facts(row: Row) -> list[str]:
    match = named(row.evidence.manifest, "match")
    facts = ([f"match {match}"] if match else []) + [f"distance {row.evidence.distance:.4g}"]
    return facts + (["RANDOM WEIGHTS"] if row.evidence.of_random_weights else [])


def _short_names(walk: Walk) -> list[tuple[int, str]]:
    """Number and name of each layer, without what all names begin with."""
    names = [view.layer.name.split(".") for view in walk.views]
    shared = 0
    while len(names) > 1 and all(len(name) > shared + 1 and name[shared] == names[0][shared] for name in names):
        shared += 1
    return [(view.layer.number, ".".join(name[shared:])) for view, name in zip(walk.views, names, strict=True)]
