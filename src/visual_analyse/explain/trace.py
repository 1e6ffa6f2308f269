"""A dry run: what every layer takes and gives, call by call, without keeping what it gives."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from visual_analyse.explain.capture import frozen
from visual_analyse.explain.hooks import Hooks
from visual_analyse.explain.layers import leaves
from visual_analyse.explain.model import Batch, Explainable


@dataclass(frozen=True)
class View:
    """Where a tensor lies in memory: inputs that share a storage at different offsets are cut from one tensor."""

    storage: int
    offset: int
    stride: tuple[int, ...]
    shape: tuple[int, ...]


@dataclass(frozen=True)
class Run:
    """One call of a layer in a forward: where its input and its output lie in memory, None for what is no tensor.

    `overwritten`: something downstream wrote into the output. `total` is a sum of its values as they came out, each
    weighed by its place.
    """

    number: int
    call: int
    taken: View | None
    put: View | None
    overwritten: bool
    total: float = 0.0

    @property
    def given(self) -> tuple[int, ...] | None:
        """The shape of its output; None where it is no tensor."""
        return None if self.put is None else self.put.shape


def trace(model: Explainable, batch: Batch) -> list[Run]:
    """Run the model forward once, without gradients, and list the calls of its layers in order.

    >>> trace(model, batch)[0].given  # doctest: +SKIP
    (30, 32, 64, 44)
    """
    counts: dict[int, int] = {}
    seen: list[tuple[int, int, View | None, Tensor | None, int, float]] = []
    many = len(batch.told_apart) > 1  # only then is it asked which input a layer depends on
    kept_inputs: list[Tensor] = []  # while these live no storage is given out twice, so equal addresses mean one tensor

    def hook(number: int) -> Any:
        def note(module: nn.Module, inputs: tuple[Any, ...], output: Any) -> None:
            call = counts.get(number, 0)
            counts[number] = call + 1
            first = next((item for item in inputs if isinstance(item, Tensor)), None)
            tensor = output if isinstance(output, Tensor) and output.is_floating_point() else None
            if first is not None:
                kept_inputs.append(first)
            version = tensor._version if tensor is not None else 0
            total = _weighed(tensor) if many and tensor is not None else 0.0
            seen.append((number, call, _view(first), tensor, version, total))

        return note

    hooks = Hooks((module, hook(layer.number)) for layer, module in leaves(model.module))
    with hooks, frozen(model.module), torch.no_grad():
        model.embed(batch)
    return [
        Run(
            number,
            call,
            taken,
            _view(given),
            given is not None and given._version != version,
            total,
        )
        for number, call, taken, given, version, total in seen
    ]


def resized(batch: Batch, lengths: tuple[int, ...]) -> Batch:
    """Walks of other lengths made of the frames of a batch's first walk, repeated or cut; stacked ones equally long.

    >>> resized(batch, (8,)).lengths  # doctest: +SKIP
    (8,)
    """
    tensors = []
    for tensor, axes in zip(batch.inputs, batch.axes, strict=True):
        names = axes.split()
        if "s" not in names:
            tensors.append(tensor[: len(lengths)].expand(len(lengths), *tensor.shape[1:]) if "n" in names else tensor)
            continue
        time = names.index("s")
        first = tensor[:1].narrow(time, 0, batch.lengths[0])
        walks = [first.index_select(time, torch.arange(k, device=tensor.device) % batch.lengths[0]) for k in lengths]
        tensors.append(torch.cat(walks, time if batch.packed else names.index("n")))
    moments = tuple(batch.moments[0][np.arange(k) % batch.lengths[0]] for k in lengths if batch.moments)
    return Batch(tuple(tensors), batch.axes, lengths, batch.packed, batch.sources, moments)


def _weighed(tensor: Tensor) -> float:
    """A sum that tells values apart from other values, and from themselves in another order."""
    flat = tensor.detach().flatten().double()
    return float(flat @ torch.cos(torch.arange(len(flat), device=flat.device, dtype=torch.float64)))


def _view(tensor: Tensor | None) -> View | None:
    if tensor is None:
        return None
    return View(tensor.untyped_storage().data_ptr(), int(tensor.storage_offset()), tensor.stride(), tuple(tensor.shape))
