"""When each joint mattered: a layer's evidence with a row a joint and a column a frame."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from visual_analyse.draw.colours import Paint, Scene, worded
from visual_analyse.draw.figures.layout import paste
from visual_analyse.draw.figures.rows import Row, named
from visual_analyse.draw.figures.text import GREY, label, line_height, measure
from visual_analyse.draw.figures.words import about, nothing, outcome, whereabouts
from visual_analyse.draw.inputs.joints import Joints
from visual_analyse.draw.walk import View, Walk
from visual_analyse.results import InputKind

_BAR = np.array((150, 150, 150), np.uint8)
_EVERY = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)  # frames from one number on the axis to the next


def charted(walk: Walk) -> list[int]:
    """The layers, by their places, that have a chart: those with values for several joints, or groups of them."""
    return [place for place, view in enumerate(walk.views)
            if isinstance(walk.inputs[view.on], Joints) and view.layer.maps.shape[1] > 1]  # fmt: skip


def joint_chart(row: Row, walk: Walk, view: View, end: float, paint: Paint) -> Scene:
    """Joints down, frames across, in the colours of one scale that ends at `end`; uint8 `[height, width, 3]`.

    Rows are in the order of the layer's own graph. Bars above are the sums over joints of what is coloured, bars at the
    right the sums over time.

    >>> joint_chart(row, walk, walk.views[0], 1.0, Paint(Style())).shape  # doctest: +SKIP
    """
    return _Chart(row, walk, view, end, paint).drawn()


def cell_names(kind: InputKind, cells: NDArray[Any] | None, count: int) -> list[str]:
    """What each cell of a layer is called: its joint, or the joints that it stands for, shortened.

    >>> kind = InputKind("pose", "joints", joints=("nose", "left hip", "left knee"))
    >>> cell_names(kind, np.array([[0, -1], [1, 2]]), 3)
    ['nose', 'left hip, knee']
    """
    names = list(kind.joints) or [f"joint {number}" for number in range(count)]
    if cells is None:
        return names
    return [_joined([names[joint] for joint in cell if joint >= 0]) for cell in cells]


class _Chart:
    def __init__(self, row: Row, walk: Walk, view: View, end: float, paint: Paint) -> None:
        self.row, self.walk, self.view, self.end, self.paint = row, walk, view, end, paint
        self.zoom = max(0.7, paint.style.resize_ratio)  # smaller, nobody could read it
        self.title, self.small = max(8, self.px(14)), max(8, self.px(11))
        on = walk.inputs[view.on]
        assert isinstance(on, Joints)
        self.names = cell_names(on.kind, view.layer.cells, on.count)
        steps, groups = view.layer.maps.shape
        self.across = min(self.px(40), max(self.px(4), self.px(640) // steps))
        self.down = max(self.px(18 if groups <= 30 else 14), line_height(self.small))
        self.pad, self.gap = self.px(14), self.px(6)
        self.grid = groups * self.down, steps * self.across
        widest = max(measure(name, self.small) for name in (*self.names, "sum over joints"))
        shown = self._shown(view.layer.maps.T)
        self.sums = shown.sum(0), shown.sum(1)  # over joints, over time
        extents = [measure(_extent(sums), self.small) for sums in self.sums]
        self.left = self.pad + max(min(widest, self.px(240)), extents[0]) + self.gap
        self.beside, self.above = self.px(100), self.px(48)
        self.right = max(self.beside, extents[1], measure("sum over time", self.small))

    def px(self, size: float) -> int:
        """Pixels at the chosen size of pictures."""
        return max(1, round(size * self.zoom))

    def drawn(self) -> Scene:
        values = self.view.layer.maps.T
        head = self._head()
        width = max(self.left + self.grid[1] + self.gap + self.right + self.pad, self.left + self.px(320))
        width = max(width, *(self.pad * 2 + patch.shape[1] for patch in head))
        height = sum(patch.shape[0] for patch in head) + self.grid[0] + self.above + 8 * line_height(self.small)
        canvas = np.full((height + 2 * self.pad, width, 3), 255, np.uint8)
        y = self.pad
        for patch in head:
            paste(canvas, patch, y, self.pad)
            y += patch.shape[0]
        top = y + 3 * self.gap + self.above
        shades = self.paint.shades(values, self.end)
        cells = self.paint.table[shades].repeat(self.down, 0).repeat(self.across, 1)
        cells[self.down - 1 :: self.down] = 255  # a line between joints, for the eye to go along
        paste(canvas, cells, top, self.left)
        for place, name in enumerate(self.names):
            patch = label(name, self.small, width=self.left - self.gap - self.pad)
            paste(canvas, patch, top + place * self.down + (self.down - patch.shape[0]) // 2,
                  self.left - self.gap - patch.shape[1])  # fmt: skip
        self._sums(canvas, top)
        y = self._axis(canvas, top + self.grid[0] + self.gap // 2)
        y = self._colours(canvas, y + self.gap)
        return canvas[: y + self.pad].copy()

    def _head(self) -> list[Scene]:
        layer, evidence = self.view.layer, self.row.evidence
        probe = named(evidence.manifest, "probe")
        walks = ([f"probe {probe}"] if probe else []) + outcome(evidence)
        place = whereabouts(self.walk, self.view)
        facts = [self.row.model, *walks, *([place] if place else [])]
        empty = nothing(evidence, layer, self.paint.style.polarity)
        facts += ["RANDOM WEIGHTS"] if evidence.of_random_weights else []
        lines = [f"{layer.number} {layer.name}", f"{layer.kind} · {' · '.join(facts)}",
                 f"{about(evidence, self.paint.style.polarity)} · {empty or 'when each joint mattered'}"]  # fmt: skip
        return [label(lines[0], self.title, True), *(label(line, self.small, colour=GREY) for line in lines[1:])]

    def _sums(self, canvas: Scene, top: int) -> None:
        """Bars of what is coloured: over joints above the grid, over time beside it, each with its largest value."""
        over_joints, over_time = self.sums
        bars = self._bars(over_joints, self.above, self.across)
        paste(canvas, bars, top - self.gap - bars.shape[0], self.left)
        bars = np.rot90(self._bars(over_time, self.beside, self.down, self.px(3)), -1)
        right = self.left + self.grid[1] + self.gap
        paste(canvas, bars, top, right)
        line = line_height(self.small)
        for at, words, sums in ((None, "sum over joints", over_joints), (right, "sum over time", over_time)):
            texts = label(words, self.small, colour=GREY), label(_extent(sums), self.small, colour=GREY)
            for k, patch in enumerate(texts):
                x = self.left - self.gap - patch.shape[1] if at is None else at
                paste(canvas, patch, top - self.gap - (2 - k) * line, x)

    def _shown(self, values: NDArray[Any]) -> NDArray[Any]:
        polarity = self.paint.style.polarity
        if polarity == "both":
            return values
        signed = np.abs(values) if polarity == "abs" else -values if polarity == "against" else values
        return np.asarray(np.maximum(signed, 0))

    def _bars(self, sums: NDArray[Any], height: int, width: int, gap: int = 0) -> Scene:
        """Upright bars side by side, those of negative sums below the line."""
        low, high = min(0.0, float(sums.min())), max(0.0, float(sums.max()))
        rows = (np.arange(height)[::-1] + 0.5) / height * ((high - low) or 1.0) + low
        full = np.where(sums >= 0, (rows[:, None] >= 0) & (rows[:, None] <= sums),
                        (rows[:, None] <= 0) & (rows[:, None] >= sums))  # fmt: skip
        both = self.paint.style.diverging
        colours = np.where((sums >= 0)[:, None], *(self.paint.table[shade] if both else _BAR for shade in (208, 47)))
        bars = np.where(full[..., None], colours, np.uint8(255)).astype(np.uint8).repeat(width, 1)
        if gap:
            bars[:, np.arange(bars.shape[1]) % width >= width - gap] = 255
        bars[np.abs(rows).argmin()] = 120
        return bars

    def _axis(self, canvas: Scene, y: int) -> int:
        """Numbers of frames below the columns; returns the first free row of pixels."""
        view, steps = self.view, len(self.view.layer.maps)
        middles = [sum(view.window(step)) // 2 for step in range(steps)]
        if view.pooled or steps == 1:
            words, marked = ("the whole walk" if view.pooled else "one step"), []
        else:
            words = "steps, by the middle frame of each one's window" if view.strided else "frames"
            room = measure(str(max(middles)), self.small) + self.px(10)
            apart = next((n for n in _EVERY if n * self.across >= room), _EVERY[-1])
            marked = [step for step in range(steps) if (step + 1) % apart == 0 or step == 0]
            marked = [step for step in marked if step == 0 or step * self.across >= room]
        for step in marked:
            patch = label(str(middles[step]), self.small)
            paste(canvas, patch, y, self.left + step * self.across + (self.across - patch.shape[1]) // 2)
        y += line_height(self.small) if marked else 0
        paste(canvas, label(words, self.small, colour=GREY), y, self.left)
        return y + line_height(self.small)

    def _colours(self, canvas: Scene, y: int) -> int:
        """The colour bar and its ends; returns the first free row of pixels."""
        width, height = self.px(200), self.px(10)
        shades = np.arange(width) * 256 // width
        paste(canvas, np.broadcast_to(self.paint.table[shades], (height, width, 3)), y, self.left)
        y += height + 1
        beyond = "≥ " if self.view.layer.strength > self.end * (1 + 1e-6) else ""
        low = f"{'≤ ' if beyond else ''}−{worded(self.end)}" if self.paint.style.diverging else "0"
        right = label(beyond + worded(self.end), self.small)
        paste(canvas, label(low, self.small), y, self.left)
        paste(canvas, right, y, self.left + width - right.shape[1])
        return y + line_height(self.small)


def _joined(names: Sequence[str]) -> str:
    """Names of joints as one, what all begin with said once, and of many the first two."""
    if len(names) > 1:
        first = names[0].split(" ")[0]
        if all(name.startswith(f"{first} ") for name in names):
            names = [names[0], *(name[len(first) + 1 :] for name in names[1:])]
    if len(names) > 3:
        return f"{', '.join(names[:2])} + {len(names) - 2} more"
    return ", ".join(names) or "no joint"


def _extent(sums: NDArray[Any]) -> str:
    low, high = float(sums.min()), float(sums.max())
    if low >= 0:
        return f"up to {worded(high)}"
    return f"−{worded(-low)} to {'−' if high < 0 else ''}{worded(abs(high))}"
