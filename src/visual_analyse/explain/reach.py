"""How much of the walk each step of a layer sees, measured: by how far a change of one frame spreads."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import replace

import torch
from torch import Tensor

from visual_analyse.errors import VisualAnalyseError
from visual_analyse.explain.capture import Capture, frozen
from visual_analyse.explain.layers import Layer, leaves
from visual_analyse.explain.model import Batch, Explainable
from visual_analyse.explain.plan import Plan
from visual_analyse.explain.resolving import LONG, fit
from visual_analyse.explain.trace import resized

_CHANGED = (5, 6)  # neighbours, as what strides over time may hold the one at the edge of a step
_SAME = 1e-5  # of a layer's largest value: what rounding may change


def reaches(model: Explainable, batch: Batch, plan: Plan, layers: Sequence[Layer]) -> dict[int, int]:
    """How many frames a change of one frame spreads to, on the way to each layer, by number: 1 where frames are apart.

    At most twelve, the frames of the walk on which it is measured. Left out are layers that have no time or no place,
    and all where the model does not take the changed frame. Costs three forwards of twelve frames.

    >>> reaches(model, batch, plan, layers)  # doctest: +SKIP
    {1: 1, 3: 1}
    """
    short = resized(batch, (LONG,))
    modules = {layer.number: module for layer, module in leaves(model.module)}
    some = [
        layer
        for layer in layers
        if not plan[layer.number].reason and not plan[layer.number].pooled and not plan[layer.number].chosen
    ]
    found: dict[int, int] = {}
    with frozen(model.module), torch.no_grad():
        fitted = fit(model, short, plan, some)

        def steps(given: Batch) -> dict[tuple[int, int], Tensor]:
            with Capture([(layer.number, modules[layer.number]) for layer in some], plan.overwritten) as capture:
                model.embed(given)
            seen = {}
            for layer in some:
                outputs = capture.outputs.pop(layer.number)
                for track, calls in enumerate(plan[layer.number].tracks):
                    if not outputs or max(calls) >= len(outputs):
                        continue
                    with contextlib.suppress(VisualAnalyseError):  # what cannot be put back here is not told of
                        mine = [outputs[call] for call in calls]
                        (restored,) = plan.restore(layer.number, mine, given.lengths, fitted)
                        seen[layer.number, track] = restored.movedim(1, 0).flatten(1).float()
            return seen

        before = steps(short)
        for frame in _CHANGED:
            try:
                after = steps(_changed(short, frame))
            except VisualAnalyseError:  # a model need not take every value
                return {}
            for (number, track), was in before.items():
                now = after.get((number, track), was)
                apart = (now - was).abs().amax(1) > _SAME * was.abs().max()
                spans = plan.spans(number, LONG, len(was))[apart.cpu().numpy()]
                if len(spans):
                    found[number] = max(found.get(number, 0), int(spans[:, 1].max() - spans[:, 0].min()))
    return found


def _changed(batch: Batch, frame: int) -> Batch:
    """The walk with one frame of all inputs darker and inside out."""
    inputs = []
    for tensor, axes in zip(batch.inputs, batch.axes, strict=True):
        names = axes.split()
        tensor = tensor.clone()
        if "s" in names:
            part = tensor.narrow(names.index("s"), frame, 1)
            part.copy_((part.amax() + part.amin() - part) * 0.5 + 0.1 * (part.amax() - part.amin() + 1))
        inputs.append(tensor)
    return replace(batch, inputs=tuple(inputs))
