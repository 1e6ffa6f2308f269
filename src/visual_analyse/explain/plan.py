"""How every layer lies on the frames, found from dry runs of different length: no model's name is asked for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from visual_analyse.errors import VisualAnalyseError
from visual_analyse.explain.capture import Slot
from visual_analyse.explain.layers import Layer, leaves
from visual_analyse.explain.model import Batch, Explainable
from visual_analyse.explain.strips import Strips, find_strips
from visual_analyse.explain.trace import Run, resized, trace
from visual_analyse.explain.windows import Grid, TimeOp, time_op, windows

# Multiples of the strides that gait models have over time (2, 3, 4), small enough to cost less than one walk.
SHORT, LONG = 8, 12


@dataclass(frozen=True)
class Axes:
    """What the axes of a layer's output are: positions of channel, time and grid; `shared` where the time axis holds
    the sequences one after another; `batch` where an axis of its own counts the sequences. Others count as channels."""

    channel: int
    time: int | None = None
    shared: bool = True
    batch: int | None = None
    grid: tuple[int, ...] = ()


@dataclass(frozen=True)
class Place:
    """Where a layer lies in the frames: its calls, the strips they are, its axes; or the `reason` why it does not.

    `on` is the first input of the model that it depends on.
    """

    layer: Layer
    calls: int = 0
    strips: Strips | None = None
    axes: Axes | None = None
    steps: Grid | None = None
    shape: tuple[int, ...] = ()
    on: int = 0
    reason: str = ""

    @property
    def tracks(self) -> list[tuple[int, ...]]:
        """The calls that make one map each: all of them for strips, else one by one."""
        if self.strips is not None:
            return [self.strips.order]
        return [(call,) for call in range(self.calls)]

    @property
    def pooled(self) -> bool:
        """Whether one map stands for the whole walk."""
        return self.axes is not None and self.axes.time is None


@dataclass(frozen=True)
class Plan:
    """The places of all layers of a model, resolved once, for walks of any length.

    `overwritten` lists the calls whose output is written into further down. Made by `resolve`.
    """

    places: dict[int, Place]
    overwritten: frozenset[Slot]
    frames: Grid
    operations: dict[Grid, tuple[TimeOp, ...]] = field(default_factory=dict)

    def __getitem__(self, number: int) -> Place:
        return self.places[number]

    def spans(self, number: int, length: int, steps: int) -> NDArray[np.int64]:
        """The frames `first:end` of each step of a layer on a walk of `length` frames: int64 `[steps, 2]`."""
        grid = self.places[number].steps
        if grid is None:
            return np.array([[0, length]], np.int64)
        return windows(grid, self.frames, self.operations, length, steps)

    def steps(self, number: int, length: int) -> int:
        """How many steps a layer has for a walk of `length` frames."""
        grid = self.places[number].steps
        if grid is None:
            return 1
        return self._steps(grid, length)

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
            shape[place.axes.time] = self.steps(number, length)
        return tuple(shape)

    def values(self, number: int, length: int) -> int:
        """How many values all calls of a layer put out for one walk of `length` frames."""
        return int(np.prod(self.shape(number, length), dtype=np.int64)) * max(1, self.places[number].calls)

    def restore(self, number: int, outputs: Sequence[Tensor], lengths: Sequence[int]) -> list[Tensor]:
        """Put one track's outputs (in the order of its calls) back to where they came from.

        Strips are joined, folded frames unfolded, sequences parted. Returns `[c, t, gh, gw]` for each sequence, a view
        of the output where that can be. Raises VisualAnalyseError where the outputs do not fit the dry runs.
        """
        place = self.places[number]
        axes = place.axes
        if axes is None:
            raise VisualAnalyseError(f"Layer {place.layer} {place.reason}: it cannot be drawn.")
        whole = torch.cat(tuple(outputs), place.strips.axis) if place.strips is not None else outputs[0]
        count = len(lengths)
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
        return [_unfolded(part, axes) for part in parts]

    def _shares(self, number: int, total: int, lengths: Sequence[int]) -> list[int]:
        steps = [self.steps(number, length) for length in lengths]
        if sum(steps) != total:
            raise VisualAnalyseError(
                f"Layer {self.places[number].layer} has {total} steps for walks of {list(lengths)} frames, and "
                f"{steps} were expected. Explain one walk at a time."
            )
        return steps


def resolve(model: Explainable, batch: Batch) -> Plan:
    """Find how every layer of a model lies on its frames, from dry runs on the frames of a batch.

    Time is the axis that moves between two runs of different length; sequences, where a batch holds several, are the
    axis that moves between one walk and two; calls are strips where their inputs are cut from one tensor.

    >>> resolve(model, batch)[1].axes.time  # doctest: +SKIP
    0
    """
    found = leaves(model.module)
    short = _by_layer(trace(model, resized(batch, (SHORT,))))
    long = _by_layer(trace(model, resized(batch, (LONG,))))
    pair = _by_layer(trace(model, resized(batch, (SHORT, SHORT)))) if len(batch) > 1 else None
    depends = _dependences(model, resized(batch, (SHORT,))) if len(batch.inputs) > 1 else {}
    frames = (SHORT, LONG)
    places, operations = {}, dict[Grid, tuple[TimeOp, ...]]()
    for layer, module in found:
        runs = short.get(layer.number, [])
        place = _place(layer, runs, long.get(layer.number, []), None if pair is None else pair.get(layer.number, []))
        place = replace(place, on=depends.get(layer.number, 0))
        places[layer.number] = place
        operation = _operation(module, runs, long.get(layer.number, []), place)
        if operation is not None and place.steps is not None and operation not in operations.get(place.steps, ()):
            operations[place.steps] = (*operations.get(place.steps, ()), operation)
    overwritten = frozenset(
        (run.number, run.call) for runs in (*short.values(), *long.values()) for run in runs if run.overwritten
    )
    return Plan(places, overwritten, frames, operations)


def _dependences(model: Explainable, batch: Batch) -> dict[int, int]:
    """The first input that each layer's output changes with, seen by changing one input at a time."""
    before = {(run.number, run.call): run.total for run in trace(model, batch)}
    found: dict[int, int] = {}
    for k, tensor in reversed(list(enumerate(batch.inputs))):
        changed = (*batch.inputs[:k], tensor * 0.5 + 0.1, *batch.inputs[k + 1 :])
        for run in trace(model, replace(batch, inputs=changed)):
            if before.get((run.number, run.call)) != run.total:
                found[run.number] = k
    return found


def _by_layer(runs: Sequence[Run]) -> dict[int, list[Run]]:
    layers: dict[int, list[Run]] = {}
    for run in runs:
        layers.setdefault(run.number, []).append(run)
    return layers


def _place(layer: Layer, short: list[Run], long: list[Run], pair: list[Run] | None) -> Place:
    if not short:
        return Place(layer, reason="is never called in a forward")
    place = Place(layer, len(short), find_strips([run.taken for run in short]), shape=short[0].given or ())
    if any(run.given is None for run in (*short, *long)):
        return replace(place, reason="does not put out one tensor")
    if len(long) != len(short) or (pair is not None and len(pair) != len(short)):
        return replace(place, reason="is called more often for longer walks")
    first, second = short[0].given or (), long[0].given or ()
    if len(first) != len(second):
        return replace(place, reason="changes its number of axes with the length of the walk")
    moving = [k for k, (low, high) in enumerate(zip(first, second, strict=True)) if low != high]
    if len(moving) > 1:
        return replace(place, reason=f"has more than one axis that grows with the walk ({list(first)})")
    time = moving[0] if moving else None
    channel = len(first) - 1 if layer.kind in {"Linear", "LayerNorm"} else 1
    if len(first) < 2 or time == channel:
        return replace(place, reason=f"has no place in the frames (its output is {list(first)})")
    axes = Axes(channel, time)
    if pair is not None:
        two = pair[0].given or ()
        grown = [k for k, (one, both) in enumerate(zip(first, two, strict=False)) if both == 2 * one and k != channel]
        axes = replace(axes, shared=time in grown, batch=next((k for k in grown if k != time), None))
    rest = tuple(k for k in range(len(first)) if k not in (axes.channel, axes.time, axes.batch) and k != 0)
    if len(rest) == 2:
        axes = replace(axes, grid=rest)
    elif time is None or len(rest) > 2:
        return replace(place, reason=f"has no place in the frames (its output is {list(first)})")
    steps = None if time is None else (first[time], second[time])
    return replace(place, axes=axes, steps=steps)


def _operation(module: nn.Module, short: list[Run], long: list[Run], place: Place) -> TimeOp | None:
    """The operation over time that a layer is, where fewer steps leave it than come in."""
    if place.axes is None or place.axes.time is None or place.steps is None:
        return None
    taken, given = short[0].taken, long[0].taken
    axis = place.axes.time
    if taken is None or given is None or len(taken.shape) != len(place.shape) or axis == 0:
        return None
    source = (taken.shape[axis], given.shape[axis])
    if source[0] <= place.steps[0] and source[1] <= place.steps[1]:
        return None
    return time_op(module, source, axis, len(place.shape))


def _unfolded(part: Tensor, axes: Axes) -> Tensor:
    """One sequence's output as `[c, t, gh, gw]`; axes that are neither time nor grid count as channels."""
    kept = [axes.channel]
    others = [k for k in range(part.ndim) if k not in (axes.channel, axes.time, *axes.grid)]
    time = [] if axes.time is None else [axes.time]
    moved = part.permute(*kept, *others, *time, *axes.grid)
    steps = 1 if axes.time is None else part.shape[axes.time]
    height, width = (part.shape[k] for k in axes.grid) if axes.grid else (1, 1)
    return moved.reshape(-1, steps, height, width)
