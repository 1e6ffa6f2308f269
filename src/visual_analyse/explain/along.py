"""Gradients along the way from what a layer usually puts out to what it puts out on a walk."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from visual_analyse.explain.elements import Held, Rewriting, hold
from visual_analyse.explain.layers import Layer
from visual_analyse.explain.model import Batch, Explainable
from visual_analyse.explain.plan import Fit, Plan
from visual_analyse.explain.targets import Target

Walks = list[Tensor]  # `[c, t, gh, gw]` for each walk of a batch


def mean_gradients(
    model: Explainable,
    batch: Batch,
    target: Target,
    layers: Sequence[Layer],
    plan: Plan,
    fitted: Fit,
    usual: Mapping[int, Tensor],
    steps: int,
) -> dict[tuple[int, int], tuple[Walks, Walks]]:
    """What each layer puts out, and the mean gradient of `target` to it on the way there from what is usual.

    By the layer's number and its track. The way is straight and looked at in the middle of `steps` equal pieces: that
    mean times the way adds up to what the target changes by, where a gradient at the end of a distance that is nearly
    zero says little (Sundararajan et al., ICML 2017, eq. 1 and 3, at a layer). A layer without a usual output begins at
    zero. Costs `steps` forwards and backwards a layer. To be called with parameters frozen and gradients on.

    >>> mean_gradients(model, batch, target, layers, plan, fitted, usual, 4)[20, 0][1][0].shape  # doctest: +SKIP
    torch.Size([64, 30, 16, 11])
    """
    with torch.no_grad():
        _, tracks = hold(model, batch, layers, plan, fitted)
    found = {}
    for held in tracks:
        number = held.layer.number
        begin = [usual[number].to(out) if number in usual else torch.zeros_like(out) for out in held.activations]
        total = [torch.zeros_like(out) for out in held.activations]
        for step in range(steps):
            share = (step + 0.5) / steps
            there = [a + share * (out - a) for a, out in zip(begin, held.activations, strict=True)]
            gradients = _gradients(model, batch, target, held, there)
            restored = plan.restore(number, gradients, batch.lengths, fitted)
            total = [some + one.to(some) / steps for some, one in zip(total, restored, strict=True)]
        found[number, held.track] = held.activations, total
    return found


def _gradients(model: Explainable, batch: Batch, target: Target, held: Held, values: Walks) -> list[Tensor]:
    """The gradient to each call of a track where it puts out these values; zero where none reaches it."""
    with Leaf(held, values) as leaf:
        reached = target(model.embed(batch))
    leaves = [leaf.leaves[call] for call in held.firsts]
    pulled = torch.autograd.grad(reached.sum(), leaves, allow_unused=True)
    return [
        torch.zeros_like(one) if gradient is None else gradient for one, gradient in zip(leaves, pulled, strict=True)
    ]


class Leaf(Rewriting):
    """Write into what a layer puts out, as `Rewriting` does, and let gradients begin there: `leaves`, by call."""

    def __init__(self, held: Held, values: Walks) -> None:
        places, flat = (torch.cat([one.flatten() for one in some]) for some in (held.places, values))
        super().__init__(held.module, held.firsts, places, flat, held.recording.before(held.module))
        self.leaves: dict[int, Tensor] = {}

    def _write(self, module: nn.Module, inputs: tuple[Any, ...], output: Any) -> Any:
        call = self._call
        changed = super()._write(module, inputs, output)
        if changed is None:
            return None
        self.leaves[call] = changed.requires_grad_()
        # Whoever writes into what a layer puts out must not write into a leaf.
        return changed.clone()
