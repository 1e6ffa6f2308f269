"""What layers put out on an ordinary walk, cell by cell: the mean over the frames of some walks, and by moment."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from visual_analyse.explain.capture import Capture, frozen
from visual_analyse.explain.layers import Layer, leaves
from visual_analyse.explain.memory import enough_memory
from visual_analyse.explain.methods import Deviation, How
from visual_analyse.explain.model import Batch, Explainable
from visual_analyse.explain.plan import Plan
from visual_analyse.explain.resolving import fit

USUAL = 16  # walks whose mean is taken for what is usual
MOMENTS = 12  # of a cycle; 25 frames a second make about 28 of a stride
_WIDTH = 0.6  # of the distance between moments: how far a frame counts
_ORDINARY = 0.5  # frames: what the mean over all counts beside those of a moment
T = TypeVar("T")


@dataclass(frozen=True, eq=False)
class Usual(Mapping[int, Tensor]):
    """What layers usually put out, by number: the mean `[c, 1, gh, gw]`, on joints `[c, 1, ..., g]`.

    `cycles`: the means at MOMENTS moments of the cycle of walking, `[c, MOMENTS, ...]`, of layers that have time, where
    some walks told theirs.
    """

    means: Mapping[int, Tensor]
    cycles: Mapping[int, Tensor] = field(default_factory=dict)

    def __getitem__(self, number: int) -> Tensor:
        return self.means[number]

    def __iter__(self) -> Iterator[int]:
        return iter(self.means)

    def __len__(self) -> int:
        return len(self.means)

    def of(self, batch: Batch, plan: Plan) -> Mapping[int, Tensor]:
        """What is usual at the moments of one walk, step by step, `[c, t, ...]`; the mean, where they are not known.

        An ordinary walk has its knee bent while the foot swings: at that moment a bent knee is nothing unusual.
        """
        if len(batch) != 1 or not batch.moments or not self.cycles:
            return self
        return {
            number: self._at(_of_steps(batch.moments[0], plan, number, batch.lengths[0]), number)
            if number in self.cycles
            else mean
            for number, mean in self.means.items()
        }

    def _at(self, moments: NDArray[np.float64], number: int) -> Tensor:
        cycle, mean = self.cycles[number], self.means[number]
        place = np.nan_to_num(moments) * MOMENTS
        before = torch.from_numpy(np.floor(place).astype(np.int64) % MOMENTS).to(cycle.device)
        later, known = (
            across_steps(torch.from_numpy(some.astype(np.float32)), cycle)
            for some in (place - np.floor(place), np.isfinite(moments))
        )
        between = cycle[:, before] * (1 - later) + cycle[:, (before + 1) % MOMENTS] * later
        return torch.where(known > 0, between, mean)


def usual_outputs(model: Explainable, batches: Iterable[Batch], layers: Sequence[Layer], plan: Plan) -> Usual:
    """The mean output of each layer, by number, over all and at each moment of the cycle: what `Deviation` needs.

    `batches` of one walk each, with their `moments` where these are known. Left out are layers whose cells are other
    points in each walk, and those that a walk does not reach. One forward a batch, without gradients.

    >>> usual_outputs(model, [batch], layers, plan)[1].shape  # doctest: +SKIP
    torch.Size([32, 1, 64, 44])
    """
    modules = {layer.number: module for layer, module in leaves(model.module)}
    some = [layer for layer in layers if not plan[layer.number].chosen and not plan[layer.number].reason]
    whole, at = _Sums(), _Sums()
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
                whole.add(layer.number, restored.mean(1, keepdim=True), torch.ones(1))
                if batch.moments and not plan[layer.number].pooled:
                    near = _nearness(_of_steps(batch.moments[0], plan, layer.number, batch.lengths[0]))
                    if len(near) == restored.shape[1]:
                        at.add(layer.number, torch.einsum("ct...,tk->ck...", restored, near.to(restored)), near.sum(0))
    means = {number: total / whole.weights[number].item() for number, total in whole.totals.items()}
    cycles = {
        # Where few frames were seen the mean over all stands in for them.
        number: (total + _ORDINARY * means[number]) / across_steps(at.weights[number] + _ORDINARY, total)
        for number, total in at.totals.items()
        if number in means and at.weights[number].any() and total.shape[2:] == means[number].shape[2:]
    }
    return Usual(means, cycles)


def told_usual(hows: Sequence[How], batch: Batch, plan: Plan) -> list[How]:
    """Ways to make maps, those that ask what is usual told what is so at the moments of this walk.

    >>> told_usual([(GradCam(), "signed")], batch, plan)  # doctest: +SKIP
    [(GradCam(weights='frame'), 'signed')]
    """
    known: dict[int, Mapping[int, Tensor]] = {}
    found: list[How] = []
    for method, sign in hows:
        if isinstance(method, Deviation) and isinstance(method.usual, Usual):
            if id(method.usual) not in known:
                known[id(method.usual)] = method.usual.of(batch, plan)
            method = replace(method, usual=known[id(method.usual)])
        found.append((method, sign))
    return found


class _Sums:
    """Weighed sums by layer; what has another shape than the first is left out."""

    def __init__(self) -> None:
        self.totals: dict[int, Tensor] = {}
        self.weights: dict[int, Tensor] = {}

    def add(self, number: int, total: Tensor, weights: Tensor) -> None:
        if number not in self.totals:
            self.totals[number], self.weights[number] = torch.zeros_like(total), torch.zeros_like(weights)
        if self.totals[number].shape == total.shape:
            self.totals[number] += total
            self.weights[number] += weights


def across_steps(values: Tensor, like: Tensor) -> Tensor:
    """Numbers `[k]` as they lie along the second axis of a tensor `[c, k, ...]`.

    >>> across_steps(torch.ones(3), torch.zeros(2, 3, 4)).shape
    torch.Size([1, 3, 1])
    """
    return values.to(like).reshape(1, -1, *[1] * (like.ndim - 2))


def _of_steps(moments: NDArray[np.float64], plan: Plan, number: int, length: int) -> NDArray[np.float64]:
    """When in the cycle each step of a layer is: the middle of its frames' moments; NaN where none is known."""
    spans = plan.spans(number, length, plan.steps(number, length))
    turned = np.where(np.isfinite(moments), np.exp(2j * np.pi * np.nan_to_num(moments)), 0)
    mean = np.array([turned[first:end].mean() if end > first else 0 for first, end in spans])
    return np.where(np.abs(mean) > 1e-6, np.angle(mean) / (2 * np.pi) % 1.0 % 1.0, np.nan)


def _nearness(moments: NDArray[np.float64]) -> Tensor:
    """How much each step counts at each moment of the cycle, `[t, MOMENTS]`: nothing where its own is not known."""
    apart = np.abs((moments[:, None] - np.arange(MOMENTS) / MOMENTS + 0.5) % 1.0 - 0.5) * MOMENTS
    return torch.from_numpy(np.nan_to_num(np.exp(-0.5 * (apart / _WIDTH) ** 2)).astype(np.float32))


def spaced(walks: Sequence[T], count: int) -> list[T]:
    """At most `count` of some walks, evenly among them.

    >>> spaced(range(10), 3)
    [0, 4, 9]
    """
    if len(walks) <= count:
        return list(walks)
    return [walks[k * (len(walks) - 1) // (count - 1)] for k in range(count)]
