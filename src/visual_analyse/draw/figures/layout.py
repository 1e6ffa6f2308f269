"""Where everything stands in a figure: panels in lines, titles above them, colour bars below."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from visual_analyse.draw.colours import Paint, Scene, worded
from visual_analyse.draw.figures.rows import Row, named
from visual_analyse.draw.figures.text import BLACK, GREY, ascent, cut, elided, fitting, label, line_height, measure
from visual_analyse.draw.figures.words import about, nothing, outcome, shares, subtitles, whereabouts
from visual_analyse.draw.style import Style
from visual_analyse.draw.walk import View, Walk

_PANEL = 256  # pixels of a panel's height at resize_ratio 1: frames of 64 rows fourfold
_ACROSS = 7  # panels side by side at most; then the figure goes on below


@dataclass(frozen=True)
class Cell:
    """One panel: its row, its layer (None: the frame itself), its place and size in pixels.

    `note`: where its changing second title stands, None where it has none; `room`, the width it may take; `on`, the
    input that is drawn; `layer`, which of the row's layers it is, from 0.
    """

    row: int
    view: View | None
    y: int
    x: int
    height: int
    width: int
    note: tuple[int, int] | None
    room: int
    on: int = 0
    layer: int = -1


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
        height = walks[0].size()[0]
        self._tall = height * max(1.0, _PANEL / height) * style.resize_ratio
        self._height = max(1, round(self._tall))
        # Inputs of a model come first; a row whose model has fewer leaves their columns empty.
        self._heads = max(len(walk.inputs) for walk in walks)
        self._panels = [_panels(walk, self._heads) for walk in walks]
        self._widths = self._columns()
        self._several = any(walk.several for walk in walks)
        self._gap = round(0.8 * self.title)
        self._bar = max(4, round(0.8 * self.title))
        self._names = [_short_names(walk) for walk in walks]
        self._name_size = self._fitting()
        self.cells: list[Cell] = []
        self.canvas = self._draw()

    def _fitting(self) -> int:
        """The largest size, the title's or somewhat less, at which the names of all layers fit over their panels."""
        rooms = self._widths[self._heads :]
        names = [(name, room) for names in self._names for name, room in zip(names, rooms, strict=False)]
        for size in range(self.title, self.small, -1):
            if all(measure(f"{n} ", self.title, True) + measure(name, size, True) <= room for (n, name), room in names):
                return size
        return self.small

    def _columns(self) -> list[int]:
        """The width of every column: that of its widest panel at the height of all."""
        count = max(len(panels) for panels in self._panels)
        widths = [1] * count
        for walk, panels in zip(self._walks, self._panels, strict=True):
            for column, panel in enumerate(panels):
                if panel is not None:
                    widths[column] = max(widths[column], self._size(walk, panel)[1])
        return widths

    def _size(self, walk: Walk, panel: View | int) -> tuple[int, int]:
        """Height and width of a panel in pixels."""
        height, width = walk.size(panel if isinstance(panel, int) else panel.on)
        return self._height, max(1, round(width * self._tall / height))

    def _draw(self) -> Scene:
        count = len(self._widths)
        lines = -(-count // _ACROSS)
        across = -(-count // lines)
        side = line_height(self.title) + line_height(self.small) + self._gap if len(self._rows) > 1 else 0
        inner = side + max(sum(self._widths[k : k + across]) for k in range(0, count, across))
        inner += (across - 1) * self._gap
        # Taller than any figure can be: cut to its height in the end.
        line = self._height + 3 * line_height(self.title) + 5 * line_height(self.small) + 4 * self._gap
        room = (lines * len(self._rows) + 1) * line + 20 * line_height(self.title)
        canvas = np.full((room, inner + 2 * self.title, 3), 255, np.uint8)
        y = self._header(canvas, inner)
        for first in range(0, count, across):
            columns = range(first, min(first + across, count))
            titles = [self._titles(row, columns) for row in range(len(self._rows))]
            places = [self._places(row, columns) for row in range(len(self._rows))]
            strided = any(view.strided for row in range(len(titles)) for view in self._views(row, columns))
            once = not strided and all(line == titles[0] for line in titles) and all(x == places[0] for x in places)
            for row, above in enumerate(titles):
                if not any(self._in(row, columns)):
                    continue
                titled = not (once and row)
                y = self._line(canvas, y + self._gap, self.title + side, row, columns, above if titled else [],
                               places[row] if titled and self._several else [])  # fmt: skip
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
        notes = [about(rows[0].evidence, style.polarity), scale]
        notes += ["in percent of each model's distance"] if len(rows) > 1 else []
        notes += ["columns pair layers by their order"] if any(names != self._names[0] for names in self._names) else []
        over_both = any(not walk.inputs[view.on].solid for walk in self._walks for view in walk.views)
        notes += ["bars: over black, over white"] if over_both and 0 < style.opacity < 1 else []
        named_shares = [(row.model, shares(row.evidence)) for row in rows if shares(row.evidence)]
        notes += [said if len(rows) == 1 else f"{model}: {said}" for model, said in named_shares]
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
        self, canvas: Scene, y: int, x: int, row: int, columns: range, titles: list[tuple[tuple[str, str], str]],
        places: list[str],
    ) -> int:  # fmt: skip
        """One line of panels of one row; returns the first free pixel row below it."""
        head, note_line = line_height(self.title), line_height(self.small)
        said = [_broken(text, self.small, self._widths[column]) for text, column in zip(places, columns, strict=False)]
        further = max((len(lines) for lines in said), default=0)
        top = y + (head + note_line * (1 + further) + self._gap // 4 if titles else 0)
        below, left = top + self._height, x - self._gap
        if len(self._rows) > 1:
            self._row_name(canvas, top, row)
        for place, column in enumerate(columns):
            room = self._widths[column]
            left += self._gap + (self._widths[column - 1] if place else 0)
            panel = self._panels[row][column] if column < len(self._panels[row]) else None
            if panel is None:
                continue
            view, on = (None, panel) if isinstance(panel, int) else (panel, panel.on)
            moving = view is None or view.strided
            if titles:
                heading, kind = titles[place]
                self._heading(canvas, y, left, heading)
                if not moving:
                    paste(canvas, label(kind, self.small, colour=GREY, width=room), y + head, left)
            for k, text in enumerate(said[place] if said else []):
                paste(canvas, label(text, self.small, colour=GREY), y + head + (1 + k) * note_line, left)
            note = (y + head, left) if titles and moving else None
            height, width = self._size(self._walks[row], panel)
            self.cells.append(Cell(row, view, top, left, height, width, note, room, on, column - self._heads))
            if view and not any(column < len(panels) for panels in self._panels[row + 1 :]):
                bar = top + self._height + self._gap // 3
                below = max(below, self._colour_bar(canvas, bar, left, row, column - self._heads))
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
        width = self._widths[self._heads + layer]
        percent = len(self._rows) > 1
        end = self._ends[row][layer] / (self._rows[row].evidence.distance if percent else 1)
        walk = self._walks[row]
        paste(canvas, self._paint.bar(width, self._bar, walk.inputs[walk.views[layer].on].solid), y, x)
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
        height = self._height
        facts = label(" · ".join(_facts(self._rows[row])), self.small, colour=GREY, width=height)
        x = self.title
        for patch in (label(self._rows[row].model, self.title, True, width=height), facts):
            upright = np.rot90(patch)
            paste(canvas, upright, y + (height - upright.shape[0]) // 2, x)
            x += upright.shape[1]

    def _titles(self, row: int, columns: range) -> list[tuple[tuple[str, str], str]]:
        """Of each panel of a line: number and name of its layer, and its kind; of none, nothing."""
        titles: list[tuple[tuple[str, str], str]] = []
        walk = self._walks[row]
        for column, panel in zip(columns, self._in(row, columns), strict=True):
            if panel is None:
                titles.append((("", ""), ""))
            elif isinstance(panel, int):
                titles.append((("", walk.names[panel] if self._several else "input"), ""))
            else:
                number, name = self._names[row][column - self._heads]
                room = self._widths[column] - measure(f"{number} ", self.title, True)
                kind = panel.layer.kind + (" · whole walk" if panel.pooled else "")
                words = subtitles(kind, nothing(walk.evidence, panel.layer, self._style.polarity))
                kind = words[0] if len(words) == 1 else fitting(words, self.small, self._widths[column])
                titles.append(((str(number), elided(name, self._name_size, True, room)), kind))
        return titles

    def _places(self, row: int, columns: range) -> list[str]:
        """Of each panel of a line: which input its layer lies on and which it sees, where there are several."""
        walk = self._walks[row]
        return [whereabouts(walk, panel) if isinstance(panel, View) else "" for panel in self._in(row, columns)]

    def _views(self, row: int, columns: range) -> list[View]:
        return [panel for panel in self._in(row, columns) if isinstance(panel, View)]

    def _in(self, row: int, columns: range) -> list[View | int | None]:
        panels = self._panels[row]
        return [panels[column] if column < len(panels) else None for column in columns]


def _panels(walk: Walk, heads: int) -> list[View | int | None]:
    """What stands in each column of a row: the numbers of inputs, None where it has no more, then layers."""
    inputs = list(walk.inputs)
    return [*inputs, *[None] * (heads - len(inputs)), *walk.views]


def paste(canvas: Scene, patch: Scene, y: int, x: int) -> None:
    """Put a patch on a canvas, cut where it leaves it."""
    height, width = max(0, canvas.shape[0] - y), max(0, canvas.shape[1] - x)
    patch = patch[max(0, -y) : height, max(0, -x) : width]
    y, x = max(0, y), max(0, x)
    canvas[y : y + patch.shape[0], x : x + patch.shape[1]] = patch


def _broken(text: str, size: int, width: int) -> list[str]:
    """A place in one line, or in two where it is too long: which input a layer lies on, and which it sees."""
    parts = [text] if measure(text, size) <= width else text.split(", ")
    return [cut(part, size, width) for part in parts if part]


def _facts(row: Row) -> list[str]:
    return outcome(row.evidence) + (["RANDOM WEIGHTS"] if row.evidence.of_random_weights else [])


def _short_names(walk: Walk) -> list[tuple[int, str]]:
    """Number and name of each layer, without what all names begin with."""
    names = [view.layer.name.split(".") for view in walk.views]
    shared = 0
    while len(names) > 1 and all(len(name) > shared + 1 and name[shared] == names[0][shared] for name in names):
        shared += 1
    return [(view.layer.number, ".".join(name[shared:])) for view, name in zip(walk.views, names, strict=True)]
