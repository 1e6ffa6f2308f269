"""Which layers a gradient reaches, by autograd alone: no plan, no place, no map is asked."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from visual_analyse.explain.layers import leaves
from visual_analyse.explain.model import Batch, Explainable
from visual_analyse.explain.targets import Target


@dataclass(frozen=True)
class Reach:
    """Numbers of layers: those that the gradient of a target reached, and those that ran without gradients."""

    reached: frozenset[int]
    without: frozenset[int]


def reach(model: Explainable, batch: Batch, target: Target, numbers: Collection[int]) -> Reach:
    """Ask for the gradient of a target at every output of some layers, all parameters being in the graph."""
    outputs: list[tuple[int, Tensor]] = []
    opened = [True]

    def hook(number: int) -> Any:
        def note(module: nn.Module, inputs: tuple[Any, ...], output: Any) -> None:
            if opened[0] and isinstance(output, Tensor):  # what runs again in the backward is no further call
                outputs.append((number, output))

        return note

    handles = [
        module.register_forward_hook(hook(x.number)) for x, module in leaves(model.module) if x.number in numbers
    ]
    frozen = [parameter for parameter in model.module.parameters() if not parameter.requires_grad]
    try:
        for parameter in frozen:
            parameter.requires_grad_(parameter.is_floating_point())
        with torch.enable_grad():
            value = target(model.embed(batch)).sum()
            opened[0] = False
            asked = [(number, output) for number, output in outputs if output.requires_grad]
            graph = value.requires_grad and bool(asked)
            found = torch.autograd.grad(value, [x for _, x in asked], allow_unused=True) if graph else ()
    finally:
        for handle in handles:
            handle.remove()
        for parameter in frozen:
            parameter.requires_grad_(False)
    pulled = {n for (n, _), g in zip(asked, found, strict=False) if g is not None and bool(g.count_nonzero())}
    with_graph = {number for number, _ in asked}
    return Reach(frozenset(pulled), frozenset({number for number, _ in outputs} - with_graph))
