"""How much of a target each of a model's inputs has."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from visual_analyse.explain.capture import frozen
from visual_analyse.explain.model import Batch, Explainable, Source
from visual_analyse.explain.targets import Target


def shares(model: Explainable, batch: Batch, target: Target, gradients: Sequence[Tensor | None]) -> NDArray[np.float64]:
    """The share of each input that is told apart, `[n, inputs]`, adding up to one for each walk, or all zero.

    By gradient times input, absolute values summed (Shrikumar et al. 2017, "Not just a black box", sec. 2), where the
    gradient reaches every input. Where it does not reach one, by how much the target changes when an input stands still
    at its mean over the frames, at the cost of a forward for each. `gradients`: of the target to the batch's tensors.

    >>> shares(model, batch, target, gradients).sum(1)  # doctest: +SKIP
    array([1.])
    """
    found = np.zeros((len(batch), len(batch.told_apart)))
    if batch.packed:
        return found
    for k, source in enumerate(batch.told_apart):
        gradient = gradients[source.tensor]
        if gradient is not None:
            effect = (batch.part(source, gradient) * batch.part(source)).abs().flatten(1).sum(1)
            found[:, k] = effect.double().cpu().numpy()
    if not found.all():
        found = _by_standing_still(model, batch, target)
    total = found.sum(1, keepdims=True)
    parted: NDArray[np.float64] = np.divide(found, total, out=np.zeros_like(found), where=total > 0)
    return parted


def _by_standing_still(model: Explainable, batch: Batch, target: Target) -> NDArray[np.float64]:
    with frozen(model.module), torch.no_grad():
        before = target(model.embed(batch))
        changes = [(target(model.embed(_still(batch, source))) - before).abs() for source in batch.told_apart]
    return torch.stack(changes, 1).double().cpu().numpy()


def _still(batch: Batch, source: Source) -> Batch:
    tensor = batch.inputs[source.tensor].clone()
    part = batch.part(source, tensor)
    names = batch.axes[source.tensor].split()
    if "s" in names:
        part.copy_(part.mean(names.index("s"), keepdim=True).expand_as(part))
    return replace(batch, inputs=tuple(tensor if k == source.tensor else x for k, x in enumerate(batch.inputs)))
