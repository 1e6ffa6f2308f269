"""What layers put out during one forward, kept so that gradients can be asked for."""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from visual_analyse.explain.hooks import Hooks

Slot = tuple[int, int]  # layer number, call from 0


class Capture(Hooks):
    """Keep the output of every call of the chosen layers, in order, until `close`.

    An output that has no graph yet starts one (`roots`), so nothing above the first chosen layer is kept in memory.
    Where something downstream writes into an output in place (`overwritten`), downstream gets a copy: what is kept
    stays what the layer put out. What runs again during a backward inside the block, as checkpointing has it, goes the
    same way and is not kept.

    >>> with Capture([(1, layer)], overwritten=()) as capture:  # doctest: +SKIP
    ...     model(batch)
    """

    def __init__(self, layers: Sequence[tuple[int, nn.Module]], overwritten: Collection[Slot]) -> None:
        self.copied = {number for number, _ in overwritten}
        self.outputs: dict[int, list[Tensor]] = {number: [] for number, _ in layers}
        self.roots: list[Slot] = []
        self._open = True
        super().__init__((module, self._hook(number)) for number, module in layers)

    def close(self) -> None:
        """Keep nothing more."""
        self._open = False

    def _hook(self, number: int) -> Any:
        def keep(module: nn.Module, inputs: tuple[Any, ...], output: Any) -> Any:
            if not isinstance(output, Tensor) or not output.is_floating_point():
                return None
            starts = torch.is_grad_enabled() and not output.requires_grad
            if starts:
                # A leaf that wants gradients must not be written to, and a view cannot become such a leaf safely.
                output = output.detach().requires_grad_()
            if self._open:
                if starts:
                    self.roots.append((number, len(self.outputs[number])))
                self.outputs[number].append(output)
            return output.clone() if number in self.copied else output

        return keep


class Pictures(Hooks):
    """Keep what some layers are given at their first call, without a graph, while the block runs.

    >>> with Pictures({1: layer}) as pictures:  # doctest: +SKIP
    ...     model(batch)
    """

    def __init__(self, layers: Mapping[int, nn.Module]) -> None:
        self.taken: dict[int, Tensor] = {}
        super().__init__(((module, self._hook(number)) for number, module in layers.items()), before=True)

    def _hook(self, number: int) -> Any:
        def keep(module: nn.Module, inputs: tuple[Any, ...]) -> None:
            if number not in self.taken and inputs and isinstance(inputs[0], Tensor):
                self.taken[number] = inputs[0].detach().clone()

        return keep


@contextlib.contextmanager
def frozen(module: nn.Module) -> Iterator[None]:
    """Evaluation mode and no gradients for parameters inside the block; both as they were after it.

    >>> with frozen(nn.ReLU()):
    ...     pass
    """
    wanted = [parameter for parameter in module.parameters() if parameter.requires_grad]
    training = [child for child in module.modules() if child.training]
    try:
        for parameter in wanted:
            parameter.requires_grad_(False)
        for child in training:
            child.training = False
        yield
    finally:
        for parameter in wanted:
            parameter.requires_grad_(True)
        for child in training:
            child.training = True
