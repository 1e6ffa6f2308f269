"""Layers whose cells are those of an earlier layer in another order, as in windows of attention: found by values."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from visual_analyse.explain.capture import frozen
from visual_analyse.explain.hooks import Hooks
from visual_analyse.explain.layers import Layer, leaves
from visual_analyse.explain.model import Batch, Explainable
from visual_analyse.explain.plan import Plan

_BEFORE = 12  # layers before one among whose cells its own are looked for
_ENOUGH = 0.9  # of the earlier layer's cells must be found again; what a model pads has no place


@dataclass(frozen=True)
class Cells:
    """A layer's cells, each by a number that is made of its values: int64, in the order of the tensor without channels.

    `shape` is that of the tensor without channels.
    """

    layer: Layer
    channels: int
    shape: tuple[int, ...]
    marks: NDArray[np.int64]


def noise_like(batch: Batch) -> Batch:
    """A batch of noise where the inputs are pictures, so that no two cells are alike; other inputs stay.

    >>> noise_like(batch).lengths == batch.lengths  # doctest: +SKIP
    True
    """
    made = torch.Generator().manual_seed(0)
    inputs = []
    for tensor, axes in zip(batch.inputs, batch.axes, strict=True):
        pictures = {"h", "w"} <= set(axes.split())
        inputs.append(torch.rand(tensor.shape, generator=made).to(tensor) if pictures else tensor)
    return replace(batch, inputs=tuple(inputs))


def find_rearranged(model: Explainable, batch: Batch, plan: Plan, suspects: Sequence[int]) -> dict[int, int]:
    """For layers whose axes say nothing, the earlier layer whose cells they hold in another order, by number.

    A layer whose own cells are new, but stand as those of one that was found, beside it in the same block, is given
    that one. Layers that are neither are left out.

    >>> find_rearranged(model, batch, plan, [24])  # doctest: +SKIP
    {24: 23}
    """
    found: dict[int, int] = {}
    if not suspects:
        return found
    taken, given = _cells(model, batch, plan, suspects)
    for number in suspects:
        here = taken.get(number)
        if here is None:
            continue
        source = next((cells for cells in given[number] if _holds(here, cells)), None)
        if source is not None:
            found[number] = source.layer.number
            continue
        block = here.layer.name.rpartition(".")[0]
        beside = [
            k
            for k in found
            if taken[k].shape == here.shape
            and taken[k].layer.name.rpartition(".")[0] == block
            and _last(plan, k) == _last(plan, number)
        ]
        if beside:
            found[number] = beside[-1]
    return found


def orders(model: Explainable, batch: Batch, plan: Plan, numbers: Sequence[int]) -> dict[int, Tensor]:
    """Where the cells of rearranged layers are found among their own, for walks as long as those of a batch.

    For each layer int64 `[t, gh, gw]`: a position among its cells, -1 where no cell stands for a place.
    """
    found: dict[int, Tensor] = {}
    wanted = list(dict.fromkeys(k for number in numbers for k in _chain(plan, number)))  # each after what it is like
    if not wanted:
        return found
    taken, given = _cells(model, noise_like(batch), plan, wanted)
    for number in wanted:
        like = plan[number].like
        assert like is not None
        if plan[like].like is not None and plan[like].like in plan.places and like in found:
            found[number] = found[like]
            continue
        source = next(cells for cells in given[number] if cells.layer.number == like)
        axes = plan[like].axes
        assert axes is not None
        ids = torch.arange(int(np.prod(source.shape))).reshape(source.shape).unsqueeze(axes.channel)
        places = plan.restore(like, [ids], batch.lengths)[0][0].numpy()
        position = {int(mark): k for k, mark in enumerate(taken[number].marks)}
        sought = np.array([position.get(int(mark), -1) for mark in source.marks])
        found[number] = torch.from_numpy(sought[places])
    return found


def _chain(plan: Plan, number: int) -> list[int]:
    like = plan[number].like
    return [] if like is None else [*_chain(plan, like), number]


def _last(plan: Plan, number: int) -> bool:
    """Whether the channels of a layer are its last axis."""
    axes = plan[number].axes
    return axes is not None and axes.channel == len(plan[number].shape) - 1


def _holds(here: Cells, source: Cells) -> bool:
    if here.channels != source.channels or len(source.marks) > len(here.marks):
        return False
    return bool(np.isin(source.marks, here.marks).mean() >= _ENOUGH and len(np.unique(source.marks)) > 1)


def _cells(
    model: Explainable, batch: Batch, plan: Plan, wanted: Sequence[int]
) -> tuple[dict[int, Cells], dict[int, list[Cells]]]:
    """The cells that layers take at their first call, and those that the laid layers before each gave, latest first."""
    taken: dict[int, Cells] = {}
    given: dict[int, list[Cells]] = {}
    before: deque[Cells] = deque(maxlen=_BEFORE)

    def hook(layer: Layer) -> Any:
        def note(module: nn.Module, inputs: tuple[Any, ...], output: Any) -> None:
            place = plan[layer.number]
            first = next((item for item in inputs if isinstance(item, Tensor)), None)
            if layer.number in wanted and layer.number not in taken and first is not None and place.axes is not None:
                last = place.axes.channel == len(place.shape) - 1
                taken[layer.number] = _marked(layer, first, first.ndim - 1 if last else 1)
                given[layer.number] = list(before)
            laid = place.axes is not None and place.axes.time is not None and len(place.axes.grid) == 2
            if laid and place.like is None and place.axes is not None and isinstance(output, Tensor):
                before.appendleft(_marked(layer, output, place.axes.channel))

        return note

    hooks = Hooks((module, hook(layer)) for layer, module in leaves(model.module))
    with hooks, frozen(model.module), torch.no_grad():
        model.embed(batch)
    return taken, given


def _marked(layer: Layer, tensor: Tensor, channel: int) -> Cells:
    moved = tensor.detach().movedim(channel, -1)
    shape = tuple(moved.shape[:-1])
    bits = moved.reshape(-1, moved.shape[-1]).float().cpu().contiguous().numpy().view(np.int32).astype(np.int64)
    # Whole numbers add up alike in any order; sums of floats would not.
    factors = np.random.default_rng(0).integers(1, 2**62, moved.shape[-1]) * 2 + 1
    return Cells(layer, moved.shape[-1], shape, bits @ factors)


def suspects(plan: Plan, execution: Sequence[int]) -> list[int]:
    """The layers, in the order in which they run, whose growing axis is none of frames: no operation explains it."""
    explained = {plan.frames, *plan.operations}
    places = [plan[number] for number in execution]
    return [
        place.layer.number
        for place in places
        if place.axes is not None and place.steps is not None and not place.flat and place.steps not in explained
    ]
