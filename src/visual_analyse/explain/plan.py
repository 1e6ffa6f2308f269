"""How every layer lies on the inputs, and how what it puts out is put back to where it came from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from visual_analyse.errors import VisualAnalyseError
from visual_analyse.explain.capture import Slot
from visual_analyse.explain.layers import Layer
from visual_analyse.explain.recording import Fold
from visual_analyse.explain.strips import Strips
from visual_analyse.explain.windows import Grid, TimeOp, windows


@dataclass(frozen=True)
class Axes:
    """What the axes of a layer's output are: positions of channel, time and grid; `shared` where the time axis holds
    the sequences one after another; `batch` where an axis of its own counts the sequences. Others count as channels.

    `tokens`: rows and columns of the tokens that the grid's one axis holds, after some that are no place; or the time
    axis, without a grid, frame by frame.
    """

    channel: int
    time: int | None = None
    shared: bool = True
    batch: int | None = None
    grid: tuple[int, ...] = ()
    tokens: tuple[int, int] | None = None


@dataclass(frozen=True)
class Place:
    """Where a layer lies in the frames: its calls, the strips they are, its axes; or the `reason` why it does not.

    `joined`: the size of all its strips along the axis that they were cut along.
    `sees`: the inputs that it depends on; `on`, the first of them. `flat`: "joints" or "points", where it lies on
    these and not on a picture. `chosen`: its cells are points that the model chooses of each frame. `like`: its cells
    are those of an earlier layer, by number, in another order. `fold`: the copies of a walk that it sees, and the
    joints of its nodes. `inner`: the layer, by number, that takes the picture it lies on, where a model cuts or
    stretches one out of its frames.
    """

    layer: Layer
    calls: int = 0
    strips: Strips | None = None
    axes: Axes | None = None
    steps: Grid | None = None
    shape: tuple[int, ...] = ()
    joined: int = 0
    sees: tuple[int, ...] = (0,)
    flat: str = ""
    chosen: bool = False
    like: int | None = None
    fold: Fold | None = None
    inner: int | None = None
    reason: str = ""

    @property
    def on(self) -> int:
        """The first input of the model that it depends on."""
        return self.sees[0] if self.sees else 0

    @property
    def tracks(self) -> list[tuple[int, ...]]:
        """The calls that make one map each: all of them for strips, else one by one."""
        if self.strips is not None:
            return [self.strips.order]
        return [(call,) for call in range(self.calls)]

    @property
    def pooled(self) -> bool:
        """Whether one map stands for the whole walk."""
        return self.axes is not None and self.axes.time is None and self.like is None


@dataclass(frozen=True)
class Fit:
    """What holds for the walks of one batch only.

    `order`: for a layer whose cells lie in another order, where each is found among them, int64 `[t, gh, gw]`, -1 for
    none. `cells`: for a layer on chosen points, the points that each cell stands for, int32 `[t, g, k]`.
    """

    order: Mapping[int, Tensor] = field(default_factory=dict)
    cells: Mapping[int, NDArray[np.int32]] = field(default_factory=dict)


@dataclass(frozen=True)
class Plan:
    """The places of all layers of a model, resolved once, for walks of any length.

    `overwritten` lists the calls whose output is written into further down; `reach`, where it was measured
    (`reaches`), says over how many frames each layer sees. Made by `resolve`.
    """

    places: dict[int, Place]
    overwritten: frozenset[Slot]
    frames: Grid
    operations: dict[Grid, tuple[TimeOp, ...]] = field(default_factory=dict)
    reach: Mapping[int, int] = field(default_factory=dict)

    def __getitem__(self, number: int) -> Place:
        return self.places[number]

    def spans(self, number: int, length: int, steps: int) -> NDArray[np.int64]:
        """The frames `first:end` of each step of a layer on a walk of `length` frames: int64 `[steps, 2]`."""
        grid = self._grid(number)
        if grid is None:
            return np.array([[0, length]], np.int64)
        return windows(grid, self.frames, self.operations, length, steps)

    def steps(self, number: int, length: int) -> int:
        """How many steps a layer has for a walk of `length` frames."""
        grid = self._grid(number)
        return 1 if grid is None else self._steps(grid, length)

    def _grid(self, number: int) -> Grid | None:
        place = self.places[number]
        return place.steps if place.like is None else self._grid(place.like)

    def _steps(self, grid: Grid, length: int) -> int:
        if grid == self.frames:
            return length
        for operation in self.operations.get(grid, ()):
            return operation.gives(self._steps(operation.source, length))
        low, high = grid
        return max(1, low + (high - low) * (length - self.frames[0]) // (self.frames[1] - self.frames[0]))

    def shape(self, number: int, length: int) -> tuple[int, ...]:
        """The shape of one call's output for one walk of `length` frames."""
        place = self.places[number]
        shape = list(place.shape)
        if place.axes is not None and place.axes.time is not None:
            grown = place.steps or self.frames
            rows, columns = place.axes.tokens if place.axes.tokens and not place.axes.grid else (1, 1)
            shape[place.axes.time] = self._steps(grown, length) * rows * columns
        return tuple(shape)

    def values(self, number: int, length: int) -> int:
        """How many values all calls of a layer put out for one walk of `length` frames."""
        return int(np.prod(self.shape(number, length), dtype=np.int64)) * self.places[number].calls

    def extent(self, number: int) -> tuple[int, ...]:
        """The size of a layer's grid: rows and columns on a picture, cells on joints or points, none without a grid."""
        place = self.places[number]
        if place.like is not None:
            return self.extent(place.like)
        if place.axes is None:
            return ()
        if place.axes.tokens is not None:
            return place.axes.tokens
        shape = list(place.shape)
        if place.strips is not None:
            shape[place.strips.axis] = place.joined
        sizes = tuple(shape[k] for k in place.axes.grid)
        return sizes[-1:] if place.flat else sizes

    def picture(self, number: int, taken: Tensor) -> Tensor:
        """What a layer on a picture takes, of one walk, as frames: `[t, c, h, w]`."""
        axes = self.places[number].axes
        time = 0 if axes is None or axes.time is None else axes.time
        others = [k for k in range(taken.ndim - 2) if k != time]
        return taken.permute(time, *others, -2, -1).reshape(taken.shape[time], -1, *taken.shape[-2:])

    def members(self, number: int, fit: Fit) -> NDArray[np.int32] | None:
        """The joints or points that each cell of a layer stands for, -1 for no more; None where cell i stands for i."""
        place = self.places[number]
        if place.chosen:
            return fit.cells.get(number)
        if place.fold is None or not place.axes or not place.axes.grid:
            return None
        members = place.fold.members
        if members == tuple((k,) for k in range(len(members))):
            return None
        most = max(map(len, members))
        return np.array([[*some, *[-1] * (most - len(some))] for some in members], np.int32).reshape(len(members), most)

    def restore(
        self, number: int, outputs: Sequence[Tensor], lengths: Sequence[int], fit: Fit | None = None
    ) -> list[Tensor]:
        """Put one track's outputs (in the order of its calls) back to where they came from.

        Strips are joined, folded frames unfolded, sequences parted, cells put in order; copies of a walk are turned as
        the walk is and become channels. Returns `[c, t, gh, gw]` for each sequence, `[c, t, ..., g]` on joints or
        points. Raises VisualAnalyseError where the outputs do not fit the dry runs.
        """
        place = self.places[number]
        axes = place.axes
        if axes is None:
            raise VisualAnalyseError(f"Layer {place.layer} {place.reason}: it cannot be drawn.")
        whole = torch.cat(tuple(outputs), place.strips.axis) if place.strips is not None else outputs[0]
        count = len(lengths)
        copied = axes.batch is not None and place.shape[axes.batch] > 1
        if count > 1 and (place.like is not None or place.fold is not None or copied):
            raise VisualAnalyseError(
                f"Layer {place.layer} can be drawn for one walk at a time: explain them one by one."
            )
        if axes.time is not None and axes.shared and count > 1:
            steps = self._shares(number, whole.shape[axes.time], lengths)
            parts = list(torch.split(whole, steps, axes.time))
        elif axes.batch is not None and count > 1:
            parts = list(torch.chunk(whole, count, axes.batch))
        else:
            parts = [whole]
        if len(parts) != count:
            raise VisualAnalyseError(
                f"Layer {place.layer} gave {tuple(whole.shape)} for {count} walks, which does not part into one for "
                "each. Explain one walk at a time."
            )
        if place.like is not None:
            order = None if fit is None else fit.order.get(number)
            if order is None:
                raise VisualAnalyseError(f"Layer {place.layer} was not fitted to the walk. Call fit() first.")
            return [_ordered(part, axes.channel, order) for part in parts]
        if place.fold is not None:
            return [_turned(part, axes, place.fold) for part in parts]
        return [_unfolded(part, axes) for part in parts]

    def _shares(self, number: int, total: int, lengths: Sequence[int]) -> list[int]:
        steps = [self.steps(number, length) for length in lengths]
        if sum(steps) != total:
            raise VisualAnalyseError(
                f"Layer {self.places[number].layer} has {total} steps for walks of {list(lengths)} frames, and "
                f"{steps} were expected. Explain one walk at a time."
            )
        return steps


def _unfolded(part: Tensor, axes: Axes) -> Tensor:
    """One sequence's output as `[c, t, gh, gw]`; axes that are neither time nor grid count as channels."""
    others = [k for k in range(part.ndim) if k not in (axes.channel, axes.time, *axes.grid)]
    time = [] if axes.time is None else [axes.time]
    moved = part.permute(axes.channel, *others, *time, *axes.grid)
    steps = 1 if axes.time is None else part.shape[axes.time]
    if axes.tokens is not None and not axes.grid:  # those of all frames on one axis
        return moved.reshape(len(moved), -1, *axes.tokens)
    if axes.tokens is not None:
        rows, columns = axes.tokens
        return moved.reshape(-1, steps, moved.shape[-1])[..., -rows * columns :].unfold(2, columns, columns)
    height, width = (1, 1, *(part.shape[k] for k in axes.grid))[-2:]
    return moved.reshape(-1, steps, height, width)


def _turned(part: Tensor, axes: Axes, fold: Fold) -> Tensor:
    """The copies of a walk along the first axis, turned as the walk is, as channels: `[copies * c, t, 1, g]`."""
    copies = []
    for k, (backwards, joints) in enumerate(zip(fold.backwards, fold.joints, strict=True)):
        copy = _unfolded(part[k : k + 1], axes)
        if backwards:
            copy = copy.flip(1)
        if axes.grid and joints != tuple(range(len(joints))):
            copy = copy[..., list(joints)]
        copies.append(copy)
    return torch.cat(copies)


def _ordered(part: Tensor, channel: int, order: Tensor) -> Tensor:
    """Cells put in order, `[c, t, gh, gw]`; a place that no cell stands for has zeros."""
    cells = part.movedim(channel, 0).flatten(1)
    cells = torch.cat([cells, cells.new_zeros(len(cells), 1)], 1)  # what -1 finds
    return cells[:, order]
