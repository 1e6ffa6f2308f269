"""Copies of a walk inside a model, and nodes that stand for several joints: found by moving one joint at a time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from visual_analyse.explain.capture import Capture, frozen
from visual_analyse.explain.layers import leaves
from visual_analyse.explain.model import Batch, Explainable, Source
from visual_analyse.explain.plan import Axes, Plan
from visual_analyse.explain.recording import Fold

Array = NDArray[Any]
# Frames that are moved, on either side of the middle of a dry run; two, as a layer may look at every other one.
_EARLY, _LATE = slice(1, 3), slice(5, 7)


def find_folds(
    model: Explainable, batch: Batch, plan: Plan, execution: Sequence[int]
) -> dict[tuple[int, int, int], Fold]:
    """The copies of a walk that layers see, and the joints of their nodes, by pose, how many copies and how many nodes.

    The pose is the input, by number, that a layer lies on. `execution`: the layers in the order in which they run; the
    first with so many copies and nodes of a pose is looked at, where neighbours have not mixed yet. A layer that sees
    all joints once, in their order, needs none.

    >>> find_folds(model, batch, plan, [1, 2])  # doctest: +SKIP
    {(0, 3, 17): Fold(backwards=(False, True, False), ...)}
    """
    first: dict[tuple[int, int, int], int] = {}
    for number in execution:
        place = plan[number]
        if place.axes is None or place.flat != "joints" or not place.axes.grid or place.axes.time is None:
            continue
        copies = place.shape[0] if place.axes.time != 0 else 1
        nodes = place.shape[place.axes.grid[-1]]
        first.setdefault((place.on, copies, nodes), number)
    folds: dict[tuple[int, int, int], Fold] = {}
    for pose in dict.fromkeys(pose for pose, _, _ in first):
        folds.update(_of_pose(model, batch, plan, pose, {key: k for key, k in first.items() if key[0] == pose}))
    return folds


def _of_pose(
    model: Explainable, batch: Batch, plan: Plan, pose: int, first: Mapping[tuple[int, int, int], int]
) -> dict[tuple[int, int, int], Fold]:
    source = batch.told_apart[pose]
    joints = batch.part(source).shape[batch.axes[source.tensor].split().index("v")]
    numbers = sorted(set(first.values()))
    before = _outputs(model, batch, plan, numbers)

    def moved(frames: slice, joint: int | slice) -> dict[int, Array]:
        after = _outputs(model, _poked(batch, source, frames, joint), plan, numbers)
        return {number: np.abs(after[number] - before[number]).sum(1) for number in numbers}

    by_joint = [moved(_EARLY, joint) for joint in range(joints)]
    late = moved(_LATE, slice(None))
    folds = {
        key: _fold(np.stack([found[number] for found in by_joint]), late[number], joints)
        for key, number in first.items()
    }
    usual = tuple((k,) for k in range(joints))
    return {key: fold for key, fold in folds.items() if key[1:] != (1, joints) or fold.members != usual}


def _fold(moved: Array, late: Array, joints: int) -> Fold:
    """`moved[v, r, t, g]`: how much node g of copy r changes at step t when joint v is moved in early frames.

    `late[r, t, g]`: the same for all joints in late frames.
    """
    copies, _, nodes = moved.shape[1:]
    steps = np.arange(moved.shape[2])
    early_at, late_at = ((change * steps).sum(1) / change.sum(1) for change in (moved.sum((0, 3)), late.sum(2)))
    backwards = tuple(bool(late_at[r] < early_at[r]) for r in range(copies))
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
        there = by_node[:, 0].max(1) > 0  # a joint that a model leaves out moves no node
        members = [tuple(int(v) for v in np.flatnonzero((node[:, 0] == g) & there)) for g in range(nodes)]
        turned = [[int(node[some[0], r]) if some else g for g, some in enumerate(members)] for r in range(copies)]
    return Fold(backwards, tuple(map(tuple, turned)), tuple(members))


def _poked(batch: Batch, source: Source, frames: slice, joint: int | slice) -> Batch:
    names = batch.axes[source.tensor].split()
    tensor = batch.inputs[source.tensor].clone()
    pose = batch.part(source, tensor)
    place: list[Any] = [slice(None)] * tensor.ndim
    place[names.index("s")], place[names.index("v")] = frames, joint
    seed = joint if isinstance(joint, int) else 0
    some = torch.rand(pose[tuple(place)].shape, generator=torch.Generator().manual_seed(seed)).to(pose)
    pose[tuple(place)] += pose.std() * (0.5 + some)
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
