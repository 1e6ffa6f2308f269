"""The figure of one walk: its frames and the maps of all layers side by side, a row a model."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from visual_analyse.draw.colours import Paint, Scene, as_rgb
from visual_analyse.draw.figures.layout import Cell, Layout, paste
from visual_analyse.draw.figures.rows import Row, ends
from visual_analyse.draw.figures.text import GREY, fitting, label
from visual_analyse.draw.figures.words import frame_words, nothing, subtitles
from visual_analyse.draw.inputs.face import Shades
from visual_analyse.draw.style import Style
from visual_analyse.draw.walk import View, Walk
from visual_analyse.errors import VisualAnalyseError


class Figure:
    """The frame and all layers in one figure a frame, laid out once and then only pasted into.

    Raises VisualAnalyseError where a result cannot be drawn, and where rows are not of one walk.

    >>> Figure([Row("GaitSet", Evidence.load(Path("GaitSet_001-nm-05-090.npz")))]).scene(0).shape  # doctest: +SKIP
    """

    def __init__(self, rows: Sequence[Row], style: Style | None = None) -> None:
        self.rows, self.style = tuple(rows), style or Style()
        if any(not np.array_equal(row.evidence.frames, rows[0].evidence.frames) for row in rows[1:]):
            raise VisualAnalyseError("Rows of one figure must be results of one walk, but their frames differ.")
        self.ends = ends(self.rows, self.style)
        self.walks = [Walk(row.evidence) for row in self.rows]
        self._paint = Paint(self.style)
        self._layout = Layout(self.rows, self.walks, self.ends, self.style)
        self._kept: dict[int, tuple[int, Shades]] = {}

    def __len__(self) -> int:
        """How many frames, and so scenes, it has."""
        return len(self.walks[0])

    def scene(self, frame: int) -> Scene:
        """The figure at one frame, from 0: uint8 `[height, width, 3]`."""
        canvas = self._layout.canvas.copy()
        for place, cell in enumerate(self._layout.cells):
            panel, note = (
                self._bare(cell, frame) if cell.view is None else self._coloured(place, cell, cell.view, frame)
            )
            canvas[cell.y : cell.y + cell.height, cell.x : cell.x + cell.width] = panel
            if cell.note:
                paste(canvas, label(note, self._layout.small, colour=GREY, width=cell.room), *cell.note)
        return canvas

    def _bare(self, cell: Cell, frame: int) -> tuple[Scene, str]:
        scene = self.walks[cell.row].scene(cell.on, frame, frame + 1, cell.height, cell.width, self.style.pixelated)
        return as_rgb(scene), fitting(frame_words(self.walks[cell.row], frame), self._layout.small, cell.room)

    def _coloured(self, place: int, cell: Cell, view: View, frame: int) -> tuple[Scene, str]:
        walk, step = self.walks[cell.row], int(view.step_of[frame])
        if step < 0:
            return self._bare(cell, frame)[0], f"{view.layer.kind} · seen by no step"
        kept = self._kept.get(place)
        if kept is None or kept[0] != step:  # a pooled or strided layer shows one map for many frames
            end = self.ends[cell.row][cell.layer]
            kept = step, walk.shades(view, step, end, self._paint, cell.height, cell.width)
            self._kept[place] = kept
        first, last = view.window(step)
        window = f"frames {first}–{last}" if last > first else f"frame {first}"
        index = step if view.strided else frame
        scene = walk.coloured(view, index, kept[1], self._paint, cell.height, cell.width)
        empty = nothing(walk.evidence, view.layer, self.style.polarity)
        words = subtitles(f"{view.layer.kind} · {window}", empty)
        return scene, words[0] if len(words) == 1 else fitting(words, self._layout.small, cell.room)
