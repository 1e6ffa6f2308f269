"""Of which elements of what a layer puts out each cell of its grid is made, and how these are changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any, TypeVar

import torch
from torch import Tensor, nn

from visual_analyse.explain.capture import Capture
from visual_analyse.explain.hooks import Hooks
from visual_analyse.explain.layers import Layer, leaves
from visual_analyse.explain.model import Batch, Explainable
from visual_analyse.explain.plan import Fit, Plan
from visual_analyse.explain.replay import Recording, Replay
from visual_analyse.explain.tracks import must_have_places, tracks_of

_Own = TypeVar("_Own", bound="Rewriting")


@dataclass(frozen=True)
class Held:
    """The calls of a layer that make one map, in one forward, and which elements its cells are.

    `activations` `[c, t, gh, gw]` for each walk; `places` int64 alike: elements counted from 1 through all calls of the
    track, 0 where a cell has none. `firsts`: by call, how many elements come before its own.
    """

    layer: Layer
    track: int
    module: nn.Module
    firsts: Mapping[int, int]
    activations: list[Tensor]
    places: list[Tensor]
    recording: Recording

    def rewritten(self, places: Tensor, values: Tensor) -> Rewriting:
        """A block in which a forward has these values in these places; what comes before is as it was, for nothing."""
        return Rewriting(self.module, self.firsts, places, values, self.recording.before(self.module))


def hold(
    model: Explainable, batch: Batch, layers: Sequence[Layer], plan: Plan, fitted: Fit
) -> tuple[Tensor, list[Held]]:
    """Embeddings `[n, c, p]` of one forward, and every track of the layers in it.

    No layout need be known to tell the elements of a cell: numbers are put back as the outputs would be, and where one
    comes out its element lies. Raises VisualAnalyseError for layers that have no place.

    >>> hold(model, batch, layers, plan, Fit())[1][0].places[0].shape  # doctest: +SKIP
    torch.Size([32, 30, 64, 44])
    """
    must_have_places(plan, layers)
    modules = {layer.number: module for layer, module in leaves(model.module)}
    some = [(layer.number, modules[layer.number]) for layer in layers]
    with (
        Recording(model.module, [module for _, module in some]) as recording,
        Capture(some, plan.overwritten) as capture,
    ):
        embeddings = model.embed(batch)
    held = []
    for layer in layers:
        outputs = capture.outputs.pop(layer.number)
        for k, calls in enumerate(tracks_of(plan, layer, len(outputs))):
            own = [outputs[call] for call in calls]
            firsts, numbers, first = {}, [], 0
            for call, output in zip(calls, own, strict=True):
                firsts[call] = first
                ends = first + output.numel()
                numbers.append(torch.arange(first + 1, ends + 1, device=output.device).reshape(output.shape))
                first = ends
            restored, places = (plan.restore(layer.number, x, batch.lengths, fitted) for x in (own, numbers))
            held.append(Held(layer, k, modules[layer.number], firsts, restored, places, recording))
    return embeddings, held


class Rewriting(Hooks):
    """Write into what a layer puts out while the block runs one forward, which keeps no graph of it.

    `firsts`: by call, how many elements come before its own; `places`: elements counted from 1, 0 for none; `values`,
    what is written to each. `before`: what need not be done again.

    >>> relu = nn.ReLU()
    >>> with Rewriting(relu, {0: 0}, torch.tensor([2]), torch.zeros(1)):
    ...     relu(torch.ones(3))
    tensor([1., 0., 1.])
    """

    def __init__(
        self, module: nn.Module, firsts: Mapping[int, int], places: Tensor, values: Tensor, before: Replay | None = None
    ) -> None:
        self.firsts = firsts
        self.places, self.values = places.flatten(), values.flatten()
        self._call, self._replay = 0, before or Replay([])
        super().__init__([(module, self._write)])

    def __enter__(self: _Own) -> _Own:
        self._replay.__enter__()
        return super().__enter__()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        super().__exit__(kind, error, trace)
        self._replay.__exit__(kind, error, trace)

    def _write(self, module: nn.Module, inputs: tuple[Any, ...], output: Any) -> Any:
        if not isinstance(output, Tensor) or not output.is_floating_point():
            return None
        call, self._call = self._call, self._call + 1
        if call not in self.firsts:
            return None
        before = self.firsts[call]
        here = (self.places > before) & (self.places <= before + output.numel())
        changed = output.detach().clone(memory_format=torch.contiguous_format)
        changed.view(-1)[self.places[here] - 1 - before] = self.values[here].to(changed)
        return changed
