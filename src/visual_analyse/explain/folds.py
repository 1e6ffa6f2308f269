"""Copies of a walk inside a model, and nodes that stand for several joints: found by moving one joint at a time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from visual_analyse.explain.capture import Capture, frozen
from visual_analyse.explain.layers import leaves
from visual_analyse.explain.model import Batch, Explainable
from visual_analyse.explain.plan import Axes, Plan
from visual_analyse.explain.recording import Fold

Array = NDArray[Any]
_FRAME = 2  # the frame that is moved: as far from the middle of a dry run as from its edges


def find_folds(
    model: Explainable, batch: Batch, plan: Plan, execution: Sequence[int], joints: int
) -> dict[tuple[int, int], Fold]:
    """The copies of a walk that layers see, and the joints of their nodes, by how many copies and nodes there are.

    `execution`: the layers in the order in which they run; the first with so many copies and nodes is looked at, where
    neighbours have not mixed yet. `joints`: how many the input has. A layer that sees all joints once needs none.

    >>> find_folds(model, batch, plan, [1, 2], 17)  # doctest: +SKIP
    {(3, 17): Fold(backwards=(False, True, False), ...)}
    """
    first: dict[tuple[int, int], int] = {}
    for number in execution:
        place = plan[number]
        if place.axes is None or not place.flat or place.chosen or not place.axes.grid or place.axes.time is None:
            continue
        copies = place.shape[0] if place.axes.time != 0 else 1
        nodes = place.shape[place.axes.grid[-1]]
        if copies > 1 or nodes < joints:
            first.setdefault((copies, nodes), number)
    if not first:
        return {}
    moved = _moved(model, batch, plan, sorted(set(first.values())), joints)
    return {key: _fold(moved[number], joints) for key, number in first.items()}


def _fold(moved: Array, joints: int) -> Fold:
    """`moved[v, r, t, g]`: how much node g of copy r changes at step t when joint v of one frame is moved."""
    copies, steps, nodes = moved.shape[1:]
    by_time = moved.sum((0, 3))
    at = by_time[0].argmax()
    backwards = tuple(bool(by_time[r].argmax() == steps - 1 - at != at) for r in range(copies))
    by_node = moved.sum(2)  # [v, r, g]
    if nodes == joints:
        # A joint that others are measured from moves them all: of each node, the joint that moves it most is its own.
        own = by_node.argmax(0)
        if any(len(set(labels.tolist())) < nodes for labels in own):
            own = np.tile(np.arange(nodes), (copies, 1))
        turned = [[int((own[r] == label).argmax()) for label in own[0]] for r in range(copies)]
        members: list[tuple[int, ...]] = [(int(label),) for label in own[0]]
    else:
        node = by_node.argmax(2)  # [v, r]
        members = [tuple(int(v) for v in np.flatnonzero(node[:, 0] == g)) for g in range(nodes)]
        turned = [[int(node[some[0], r]) if some else g for g, some in enumerate(members)] for r in range(copies)]
    return Fold(backwards, tuple(map(tuple, turned)), tuple(members))


def _moved(model: Explainable, batch: Batch, plan: Plan, numbers: list[int], joints: int) -> dict[int, Array]:
    before = _outputs(model, batch, plan, numbers)
    after = [_outputs(model, _poked(batch, joint), plan, numbers) for joint in range(joints)]
    return {number: np.stack([np.abs(poke[number] - before[number]).sum(1) for poke in after]) for number in numbers}


def _poked(batch: Batch, joint: int) -> Batch:
    source = next(source for source in batch.told_apart if "v" in batch.axes[source.tensor].split())
    names = batch.axes[source.tensor].split()
    tensor = batch.inputs[source.tensor].clone()
    place: list[Any] = [slice(None)] * tensor.ndim
    place[names.index("s")], place[names.index("v")] = _FRAME, joint
    some = torch.rand(tensor[tuple(place)].shape, generator=torch.Generator().manual_seed(joint)).to(tensor)
    tensor[tuple(place)] += tensor.std() * (0.5 + some)
    return replace(batch, inputs=tuple(tensor if k == source.tensor else x for k, x in enumerate(batch.inputs)))


def _outputs(model: Explainable, batch: Batch, plan: Plan, numbers: list[int]) -> dict[int, Array]:
    """What layers put out at their first call, copy by copy: `[copies, c, t, g]`."""
    modules = {layer.number: module for layer, module in leaves(model.module)}
    with (
        frozen(model.module),
        torch.no_grad(),
        Capture([(number, modules[number]) for number in numbers], plan.overwritten) as capture,
    ):
        model.embed(batch)
    found = {}
    for number in numbers:
        axes = plan[number].axes
        assert axes is not None
        found[number] = _by_copy(capture.outputs[number][0], axes).double().cpu().numpy()
    return found


def _by_copy(output: Tensor, axes: Axes) -> Tensor:
    time, cell = axes.time, axes.grid[-1]
    assert time is not None
    others = [k for k in range(output.ndim) if k not in (0, axes.channel, time, cell)]
    if time == 0:
        return output.permute(*others, axes.channel, time, cell).flatten(0, len(others))[None]
    return output.permute(0, axes.channel, *others, time, cell).flatten(1, 1 + len(others))
