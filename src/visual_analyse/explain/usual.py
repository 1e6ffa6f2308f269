"""What layers put out on an ordinary walk: the mean over the frames of some walks, cell by cell."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TypeVar

import torch
from torch import Tensor

from visual_analyse.explain.capture import Capture, frozen
from visual_analyse.explain.layers import Layer, leaves
from visual_analyse.explain.memory import enough_memory
from visual_analyse.explain.model import Batch, Explainable
from visual_analyse.explain.plan import Plan
from visual_analyse.explain.resolving import fit

USUAL = 16  # walks whose mean is taken for what is usual
T = TypeVar("T")


def usual_outputs(
    model: Explainable, batches: Iterable[Batch], layers: Sequence[Layer], plan: Plan
) -> dict[int, Tensor]:
    """The mean output of each layer, by number, `[c, 1, gh, gw]` (on joints `[c, 1, ..., g]`): what `Deviation` needs.

    `batches` of one walk each. Left out are layers whose cells are other points in each walk, and those that a walk
    does not reach. One forward a batch, without gradients.

    >>> usual_outputs(model, [batch], layers, plan)[1].shape  # doctest: +SKIP
    torch.Size([32, 1, 64, 44])
    """
    modules = {layer.number: module for layer, module in leaves(model.module)}
    some = [layer for layer in layers if not plan[layer.number].chosen and not plan[layer.number].reason]
    totals: dict[int, Tensor] = {}
    counts: dict[int, int] = {}
    for batch in batches:
        fitted = fit(model, batch, plan, some)
        with (
            frozen(model.module),
            torch.no_grad(),
            enough_memory("looking at ordinary walks"),
            Capture([(layer.number, modules[layer.number]) for layer in some], plan.overwritten) as capture,
        ):
            model.embed(batch)
        for layer in some:
            outputs = capture.outputs.pop(layer.number)
            for calls in plan[layer.number].tracks:
                if not outputs or max(calls) >= len(outputs):
                    continue
                (restored,) = plan.restore(layer.number, [outputs[call] for call in calls], batch.lengths, fitted)
                mean = restored.mean(1, keepdim=True)
                if layer.number in totals and totals[layer.number].shape != mean.shape:
                    continue
                totals[layer.number] = totals.get(layer.number, torch.zeros_like(mean)) + mean
                counts[layer.number] = counts.get(layer.number, 0) + 1
    return {number: total / counts[number] for number, total in totals.items()}


def spaced(walks: Sequence[T], count: int) -> list[T]:
    """At most `count` of some walks, evenly among them.

    >>> spaced(range(10), 3)
    [0, 4, 9]
    """
    if len(walks) <= count:
        return list(walks)
    return [walks[k * (len(walks) - 1) // (count - 1)] for k in range(count)]
