"""The rules by which dry runs tell how layers lie on the inputs: no model's name is asked for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from visual_analyse.explain.layers import Layer
from visual_analyse.explain.plan import Axes, Place, Plan
from visual_analyse.explain.recording import Recording
from visual_analyse.explain.strips import find_strips
from visual_analyse.explain.trace import Run
from visual_analyse.explain.windows import Grid, TimeOp, time_op

_CHANNELS_LAST = ("Linear", "LayerNorm")
_CHANNELS_FIRST = ("Conv", "BatchNorm")
FLAT = {"v": "joints", "q": "points"}  # axes of inputs that are no pictures
_BESIDE = 16  # tokens beside those of the picture: one for its class, some registers


def lay_out(recording: Recording, settled: bool = True) -> Plan:
    """The plan of a model from what dry runs showed of it.

    Time is the axis that moves between two runs of different length; sequences, where a batch holds several, are the
    axis that moves between one walk and two; calls are strips where their inputs are cut from one tensor. `settled`: a
    layer of whose growing axis nothing is known, while it holds more than frames, has no place.

    >>> lay_out(record(model, batch))[1].axes.time  # doctest: +SKIP
    0
    """
    plan = _Layout(recording).plan()
    if not settled:
        return plan
    lost = {
        number: replace(place, axes=None, reason=f"holds cells of which nothing tells the place ({list(place.shape)})")
        for number, place in plan.places.items()
        if place.axes is not None and loose(plan, number)
    }
    return replace(plan, places={**plan.places, **lost})


def loose(plan: Plan, number: int) -> bool:
    """Whether a layer's growing axis holds more than the frames, and nothing is known of what."""
    place = plan[number]
    return place.like is None and place.steps is not None and place.steps[0] > plan.frames[0]


def by_layer(runs: Sequence[Run]) -> dict[int, list[Run]]:
    """The calls of each layer, in order."""
    layers: dict[int, list[Run]] = {}
    for run in runs:
        layers.setdefault(run.number, []).append(run)
    return layers


class _Layout:
    def __init__(self, recording: Recording) -> None:
        self.recording = recording
        self.short, self.long = by_layer(recording.short), by_layer(recording.long)
        self.pair = None if recording.pair is None else by_layer(recording.pair)
        self.layers = {layer.number: layer for layer in recording.layers}
        self.places: dict[int, Place] = {}
        self.operations: dict[Grid, tuple[TimeOp, ...]] = {}
        self.last = _channels_last(recording.short, self.layers)
        self.pictures: tuple[int, int] | None = None  # the latest grid met, which tokens after it may be of
        self.inner: int | None = None  # the latest layer that takes a picture of the model's own

    def plan(self) -> Plan:
        order = list(dict.fromkeys(run.number for run in self.recording.short))
        for number in order:
            taken = self._takes_picture(number)
            if taken is not None:
                self.inner = number if taken else None
            place = replace(self._place(self.layers[number]), inner=self.inner)
            self.places[number] = place
            self._note_operation(place)
            tokens = place.axes is not None and place.axes.tokens is not None
            if place.axes is not None and len(place.axes.grid) == 2 and not place.flat and not tokens:
                self.pictures = place.shape[place.axes.grid[0]], place.shape[place.axes.grid[1]]
        places = {
            layer.number: self.places.get(layer.number, Place(layer, reason="is never called in a forward"))
            for layer in self.recording.layers
        }
        runs = (*self.recording.short, *self.recording.long)
        overwritten = frozenset((run.number, run.call) for run in runs if run.overwritten)
        return Plan(places, overwritten, self.recording.frames, self.operations)

    def _place(self, layer: Layer) -> Place:
        number = layer.number
        short, long = self.short[number], self.long.get(number, [])
        pair = None if self.pair is None else self.pair.get(number, [])
        sees = self.recording.sees.get(number, (0,))
        flat = next((FLAT[axis] for k in sees[:1] for axis in FLAT if self.recording.size(k, axis)), "")
        strips = find_strips([run.taken for run in short])
        joined = 0 if strips is None else sum((run.given or (0,) * 9)[strips.axis] for run in short)
        place = Place(layer, len(short), strips, shape=short[0].given or (), joined=joined, sees=sees, flat=flat)
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
        channel = len(first) - 1 if number in self.last else 1
        if len(first) < 2 or time == channel:
            return replace(place, reason=f"has no place in the frames (its output is {list(first)})")
        if number in self.recording.rearranged:
            return replace(place, axes=Axes(channel, time), like=self.recording.rearranged[number],
                           steps=None if time is None else (first[time], second[time]))  # fmt: skip
        if self.pictures is not None and time is not None:
            rows, columns = self.pictures
            both = self.recording.frames
            if (first[time], second[time]) == (both[0] * rows * columns, both[1] * rows * columns) and len(first) == 2:
                return replace(place, axes=Axes(channel, time, tokens=self.pictures), steps=both)
        axes = Axes(channel, time)
        if pair is not None:
            two = pair[0].given or ()
            grown = [k for k, (a, b) in enumerate(zip(first, two, strict=False)) if b == 2 * a and k != channel]
            axes = replace(axes, shared=time in grown, batch=next((k for k in grown if k != time), None))
        rest = tuple(k for k in range(len(first)) if k not in (axes.channel, axes.time, axes.batch) and k != 0)
        gridded = self._flat_grid(place, axes, rest) if flat else self._picture_grid(place, axes, rest)
        steps = None if time is None else (first[time], second[time])
        return gridded if gridded.axes is None else replace(gridded, steps=steps)

    def _takes_picture(self, number: int) -> bool | None:
        """Whether a convolution takes a picture that the model has cut or stretched out of its frames.

        That is one of one channel or three colours, of another size than any input, in a model that is given RGB frames
        and so makes its silhouettes, or what stands for them, by itself. False: it takes frames as they are; None: it
        takes what other layers made of either.
        """
        taken = self.short[number][0].taken
        if taken is None or not self.layers[number].kind.startswith("Conv") or len(taken.shape) < 4:
            return None
        sources = range(len(self.recording.axes))
        rgb = any(self.recording.size(k, "c") == 3 and self.recording.size(k, "h") for k in sources)
        sizes = {(self.recording.size(k, "h"), self.recording.size(k, "w")) for k in sources}
        return taken.shape[-2:] not in sizes if rgb and taken.shape[1] in (1, 3) else None

    def _picture_grid(self, place: Place, axes: Axes, rest: tuple[int, ...]) -> Place:
        if rest and 0 not in (axes.channel, axes.time) and place.shape[0] > 1:  # of one walk: some may be mirrored
            return replace(place, reason=f"holds copies of the walk that nothing tells apart ({list(place.shape)})")
        if self._attends(place, rest if len(rest) == 2 else (axes.channel, *rest)):
            return replace(place, reason=f"has no place in the frames (its output is {list(place.shape)})")
        if len(rest) == 2:
            return replace(place, axes=replace(axes, grid=rest))
        if len(rest) == 1 and self._beside(place.shape[rest[0]]) is not None:
            return replace(place, axes=replace(axes, grid=rest, tokens=self.pictures))
        if axes.time is None or len(rest) > 2:
            return replace(place, reason=f"has no place in the frames (its output is {list(place.shape)})")
        return replace(place, axes=axes)

    def _attends(self, place: Place, pair: tuple[int, ...]) -> bool:
        """Whether two axes of a layer hold what every token makes of every other: heads have no axis where one attends.

        A layer that says by its kind where its channels are holds none of that, however many these are.
        """
        known = place.layer.number in self.last or place.layer.kind.startswith(_CHANNELS_FIRST)
        sizes = [place.shape[k] for k in pair]
        return len(sizes) == 2 and sizes[0] == sizes[1] and not known and self._beside(sizes[0]) is not None

    def _beside(self, count: int) -> int | None:
        """How many of so many tokens are none of the latest picture's; None where they are not its tokens."""
        if self.pictures is None or self.pictures[0] * self.pictures[1] == 1:
            return None
        cells = self.pictures[0] * self.pictures[1]
        return count - cells if cells <= count <= cells + min(_BESIDE, cells // 2) else None

    def _flat_grid(self, place: Place, axes: Axes, rest: tuple[int, ...]) -> Place:
        sizes = {k: place.shape[k] for k in rest}
        source = place.sees[0]
        points = self.recording.size(source, "q")
        if points:
            # The latest points that were chosen, else all: neighbours of each may have an axis of their own before it.
            chosen = self.recording.chosen.get(place.layer.number, ())
            wanted = next((size for size in chosen if size in sizes.values()), points)
            cell = next((k for k in reversed(rest) if sizes[k] == wanted), None)
            if cell is None:
                return self._without_grid(place, axes)
            grid = (*(k for k in rest if k != cell), cell)
            if len(grid) > 2:
                return replace(place, reason=f"has no place in the frames (its output is {list(place.shape)})")
            return replace(place, axes=replace(axes, grid=grid), chosen=wanted != points)
        cells = tuple(k for k in rest if sizes[k] > 1)
        if len(cells) > 1 or any(sizes[k] > self.recording.size(source, "v") for k in cells):
            return replace(place, reason=f"has no place in the frames (its output is {list(place.shape)})")
        copies = place.shape[0] if axes.time != 0 and axes.batch is None else 1
        if not cells:
            turned = [
                fold for (pose, many, _), fold in self.recording.folds.items() if (pose, many) == (source, copies)
            ]
            return self._without_grid(replace(place, fold=turned[0] if turned and copies > 1 else None), axes)
        fold = self.recording.folds.get((source, copies, sizes[cells[0]]))
        return replace(place, axes=replace(axes, grid=cells), fold=fold)

    def _without_grid(self, place: Place, axes: Axes) -> Place:
        if axes.time is None:
            return replace(place, reason=f"has no place in the frames (its output is {list(place.shape)})")
        return replace(place, axes=axes)

    def _note_operation(self, place: Place) -> None:
        """Remember the operation over time that a layer is, where fewer steps leave it than come in."""
        if place.axes is None or place.axes.time in (None, 0) or place.steps is None:
            return
        taken, given = self.short[place.layer.number][0].taken, self.long[place.layer.number][0].taken
        axis = place.axes.time
        assert axis is not None
        if taken is None or given is None or len(taken.shape) != len(place.shape):
            return
        source = (taken.shape[axis], given.shape[axis])
        if source[0] <= place.steps[0] and source[1] <= place.steps[1]:
            return
        moves = self.recording.moves.get(place.layer.number)
        operation = time_op(moves, source, axis, len(place.shape))
        if operation is not None and operation not in self.operations.get(place.steps, ()):
            self.operations[place.steps] = (*self.operations.get(place.steps, ()), operation)


def _channels_last(runs: Sequence[Run], layers: dict[int, Layer]) -> set[int]:
    """The layers whose channels are the last axis: those that say so by their kind, and what only passes these on."""
    found: set[int] = set()
    kept = set()
    for run in runs:
        kind = layers[run.number].kind
        if kind.endswith(_CHANNELS_LAST) or (
            run.taken is not None and run.taken in kept and run.put is not None and run.put.shape == run.taken.shape
        ):
            found.add(run.number)
            if run.put is not None:
                kept.add(run.put)
    return found
