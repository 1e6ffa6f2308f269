"""Dry runs of a model, and the plan that they tell."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from visual_analyse.errors import VisualAnalyseError
from visual_analyse.explain.folds import find_folds
from visual_analyse.explain.layers import Layer, leaves
from visual_analyse.explain.layout import lay_out
from visual_analyse.explain.model import Batch, Explainable, Source
from visual_analyse.explain.plan import Fit, Plan
from visual_analyse.explain.points import choices, clouds, nearest_cells
from visual_analyse.explain.rearranged import find_rearranged, noise_like, orders, suspects
from visual_analyse.explain.recording import Recording
from visual_analyse.explain.trace import resized, trace
from visual_analyse.explain.windows import movement

# Multiples of the strides that gait models have over time (2, 3, 4), small enough to cost less than one walk.
SHORT, LONG = 8, 12
FEW = 3  # frames that tell what depends on what


def resolve(model: Explainable, batch: Batch) -> Plan:
    """Find how every layer of a model lies on its inputs, from dry runs on the frames of a batch.

    >>> resolve(model, batch)[1].axes.time  # doctest: +SKIP
    0
    """
    return lay_out(record(model, batch))


def record(model: Explainable, batch: Batch) -> Recording:
    """Run a model on walks of two lengths, and note all that tells how its layers lie on the inputs.

    Layers whose growing axis is none of frames are asked whose cells they hold; of skeletons joints are moved one by
    one where a model sees several copies of a walk or pools its joints; of clouds, which points it chooses.
    """
    short = resized(batch, (SHORT,))
    runs = trace(model, short)
    found = leaves(model.module)
    moves = {layer.number: movement(module) for layer, module in found}
    recording = Recording(
        layers=tuple(layer for layer, _ in found),
        axes=tuple(batch.axes[source.tensor] for source in batch.told_apart),
        sizes=tuple(tuple(batch.part(source).shape) for source in batch.told_apart),
        frames=(SHORT, LONG),
        short=tuple(runs),
        long=tuple(trace(model, resized(batch, (LONG,)))),
        pair=tuple(trace(model, resized(batch, (SHORT, SHORT)))) if len(batch) > 1 else None,
        moves={number: moves_so for number, moves_so in moves.items() if moves_so is not None},
        sees=_dependences(model, resized(batch, (FEW,))) if len(batch.told_apart) > 1 else {},
        chosen={number: tuple(x.shape[1] for x in some) for number, some in choices(model, short).items()},
    )
    plan = lay_out(recording, settled=False)
    execution = list(dict.fromkeys(run.number for run in runs))
    return replace(
        recording,
        rearranged=find_rearranged(model, noise_like(short), plan, suspects(plan, execution)),
        folds=find_folds(model, short, plan, execution),
    )


def fit(model: Explainable, batch: Batch, plan: Plan, layers: Sequence[Layer]) -> Fit:
    """What the plan lacks for one batch: how windows lie on walks of its length, and which points it chooses of them.

    Costs a forward for either, where some of `layers` need it; nothing else.

    >>> fit(model, batch, plan, layers).cells  # doctest: +SKIP
    {}
    """
    order = orders(model, batch, plan, [layer.number for layer in layers])
    cloud = clouds(batch)
    if cloud is None or not any(plan[layer.number].chosen for layer in layers):
        return Fit(order)
    made: dict[int, NDArray[np.int32]] = {}
    cells = {}
    for number, some in choices(model, batch).items():
        wanted = plan.extent(number)
        points = next((points for points in some if plan[number].chosen and points.shape[1:] == wanted), None)
        if points is not None:
            if points.shape[1] not in made:
                made[points.shape[1]] = nearest_cells(cloud, points)
            cells[number] = made[points.shape[1]]
    return Fit(order, cells)


def separable(model: Explainable, batch: Batch, tensor: int) -> bool:
    """Whether the channels of one tensor are inputs of their own: whether some layer sees one of them and not another.

    >>> separable(model, batch, 0)  # doctest: +SKIP
    False
    """
    axis = batch.axes[tensor].split().index("c")
    channels = tuple(Source(tensor, k, k + 1) for k in range(batch.inputs[tensor].shape[axis]))
    seen = _dependences(model, replace(resized(batch, (FEW,)), sources=channels))
    return any(len(some) < len(channels) for some in seen.values())


def _dependences(model: Explainable, batch: Batch) -> dict[int, tuple[int, ...]]:
    """The inputs that each layer's output changes with, seen by changing one at a time."""
    before = {(run.number, run.call): run.total for run in trace(model, batch)}
    found: dict[int, list[int]] = {}
    for k, source in enumerate(batch.told_apart):
        whole = batch.part(source)
        turned = whole.amax() + whole.amin() - whole
        # Inside out and darker at once: a threshold may not mind the one, a softmax the other. Where a model does not
        # take every value, as of labels, inside out alone.
        for part in (turned * 0.5 + 0.1, turned):
            tensor = batch.inputs[source.tensor].clone()
            batch.part(source, tensor).copy_(part)
            changed = tuple(tensor if j == source.tensor else x for j, x in enumerate(batch.inputs))
            try:
                runs = trace(model, replace(batch, inputs=changed))
            except VisualAnalyseError:
                continue
            for run in runs:
                if before.get((run.number, run.call)) != run.total and k not in found.setdefault(run.number, []):
                    found[run.number].append(k)
            break
    return {number: tuple(inputs) for number, inputs in found.items() if inputs}
