"""One verb, `explain`: the maps of any layers of any model, of any target, in one forward and one backward."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from visual_analyse.errors import VisualAnalyseError
from visual_analyse.explain.along import mean_gradients
from visual_analyse.explain.capture import Capture, Pictures, Slot, frozen
from visual_analyse.explain.layers import Layer, leaves
from visual_analyse.explain.memory import enough_memory, out_of_memory
from visual_analyse.explain.methods import Deviation, GradCam, How, Method, Sign, named
from visual_analyse.explain.model import Batch, Explainable
from visual_analyse.explain.plan import Fit, Plan
from visual_analyse.explain.resolving import fit, resolve
from visual_analyse.explain.shares import shares
from visual_analyse.explain.targets import Target
from visual_analyse.explain.tracks import must_have_places, tracks_of
from visual_analyse.explain.usual import told_usual
from visual_analyse.results import LayerEvidence


@dataclass(frozen=True)
class Explanation:
    """What one forward and one backward gave: embeddings `[n, c, p]`, values `[n]`, and each walk's layers.

    `unreached` names the layers that no gradient of the target reached. `shares` `[n, inputs]`: how much of the target
    each input that is told apart has (see `shares`); empty for a model of one input. `pictures` `[t, c, h, w]`: what
    the model cut or stretched out of its frames, by the layer that takes it, where layers lie on that. `further`: each
    walk's layers again, their maps made in other ways.
    """

    embeddings: NDArray[np.float32]
    values: NDArray[np.float32]
    walks: tuple[tuple[LayerEvidence, ...], ...]
    unreached: tuple[Layer, ...] = ()
    shares: NDArray[np.float64] = field(default_factory=lambda: np.zeros((0, 0)))
    pictures: Mapping[int, NDArray[np.float32]] = field(default_factory=dict)
    further: tuple[tuple[LayerEvidence, ...], ...] = ()


@dataclass
class _Track:
    """The calls of one layer that make one map: gradients arrive call by call, in any order; the map is made when the
    last is there, and what it was made of is let go, so memory never holds the gradients of all layers."""

    plan: Plan
    layer: Layer
    outputs: list[Tensor]
    lengths: tuple[int, ...]
    hows: Sequence[How]
    fit: Fit
    gradients: dict[int, Tensor] = field(default_factory=dict)
    maps: list[list[Tensor]] = field(default_factory=list)  # by how they are made, one a walk

    def arrive(self, call: int, gradient: Tensor) -> None:
        self.gradients[call] = gradient
        if len(self.gradients) == len(self.outputs):
            self.finish()

    def finish(self) -> None:
        """Make the maps; a strip that no gradient reached counts as zero, a track that none reached has no map."""
        if self.outputs and self.gradients:
            restored = self.plan.restore(
                self.layer.number, [out.detach() for out in self.outputs], self.lengths, self.fit
            )
            gradients = [self.gradients.get(k, torch.zeros_like(out)) for k, out in enumerate(self.outputs)]
            pulled = self.plan.restore(self.layer.number, gradients, self.lengths, self.fit)
            self.maps = [drawn(self.plan, self.layer.number, restored, pulled, how) for how in self.hows]
        self.outputs = []
        self.gradients = {}


def explain(
    model: Explainable,
    batch: Batch,
    target: Target,
    layers: Sequence[Layer],
    *,
    plan: Plan | None = None,
    method: Method | None = None,
    sign: Sign = "signed",
    further: Sequence[How] = (),
    must_reach: bool = True,
) -> Explanation:
    """The maps of `target` (values `[n]`, a distance) on each of `layers`, for every walk of a batch.

    `method` makes them, Grad-CAM where none is given; `sign` says whether of the evidence for, against or both.
    `further` ways to make maps of the same gradient cost next to nothing.

    Maps are `[t, gh, gw]` on each layer's own grid, with the frames that each step stands for. The cost is one forward
    and one backward down to the first of the layers, however many they are; methods that look at the way from what is
    usual take `steps` more for each layer. Raises VisualAnalyseError for a layer that is not called or has no place in
    the frames, and, if it `must_reach` some, where no gradient reaches any.

    >>> explain(model, batch, distance_to(match, "euc"), layers).walks[0][0].maps.shape  # doctest: +SKIP
    (30, 64, 44)
    """
    plan = plan or resolve(model, batch)
    must_have_places(plan, layers)
    modules = {layer.number: module for layer, module in leaves(model.module)}
    fitted = fit(model, batch, plan, layers)
    hows = told_usual([(method or GradCam(), sign), *further], batch, plan)
    several = len(batch.told_apart) > 1
    with frozen(model.module), torch.enable_grad(), enough_memory("explaining it"):
        wanted = [tensor.detach().requires_grad_() for tensor in batch.inputs] if several else []
        # A model may write into what it is given, but not into a leaf that wants gradients.
        given = replace(batch, inputs=tuple(tensor.clone() for tensor in wanted)) if several else batch
        inner = {plan[layer.number].inner for layer in layers} - {None}
        shown = {number: modules[number] for number in inner if number is not None}
        with (
            Capture([(layer.number, modules[layer.number]) for layer in layers], plan.overwritten) as capture,
            Pictures(shown) as pictures,
        ):
            embeddings = model.embed(given)
            capture.close()
            values = target(embeddings)
            tracks, pulled = _backward(plan, layers, batch.lengths, capture, values, hows, fitted, wanted)
        _look_along(model, batch, target, plan, fitted, hows, [track for some in tracks.values() for track in some])
    walks, others = (
        tuple(
            tuple(
                evidence_of(plan, layer, k, track.maps[how][walk], length, fitted, hows[how] if how else None)
                for how in some
                for layer in layers
                for k, track in enumerate(tracks[layer.number])
                if track.maps
            )
            for walk, length in enumerate(batch.lengths)
        )
        for some in (range(1), range(1, len(hows)))
    )
    unreached = tuple(layer for layer in layers if not any(track.maps for track in tracks[layer.number]))
    if len(unreached) == len(layers) and must_reach:
        raise unreachable(layers)
    return Explanation(
        embeddings.detach().float().cpu().numpy(), values.detach().float().cpu().numpy(), walks, unreached,
        shares(model, batch, target, pulled) if several else np.zeros((len(batch), 0)),
        {number: plan.picture(number, taken).float().cpu().numpy() for number, taken in pictures.taken.items()},
        others,
    )  # fmt: skip


def _backward(
    plan: Plan, layers: Sequence[Layer], lengths: tuple[int, ...], capture: Capture, values: Tensor,
    hows: Sequence[How], fitted: Fit, inputs: Sequence[Tensor],
) -> tuple[dict[int, list[_Track]], list[Tensor | None]]:  # fmt: skip
    """Gather every layer's maps in one backward to the roots; gradients are met as they pass. Those of inputs too."""
    tracks: dict[int, list[_Track]] = {}
    arrivals: dict[Slot, Any] = {}
    for layer in layers:
        outputs = capture.outputs.pop(layer.number)
        tracks[layer.number] = []
        for calls in tracks_of(plan, layer, len(outputs)):
            track = _Track(plan, layer, [outputs[call] for call in calls], lengths, hows, fitted)
            tracks[layer.number].append(track)
            arrivals.update({(layer.number, call): partial(track.arrive, k) for k, call in enumerate(calls)})
        for call, output in enumerate(outputs):
            slot = (layer.number, call)
            if slot not in capture.roots and slot in arrivals and output.requires_grad:
                output.register_hook(arrivals[slot])  # type: ignore[no-untyped-call]
    roots = {slot: _output(tracks, plan, slot) for slot in capture.roots if slot in arrivals}
    pulled: list[Tensor | None] = [None] * len(inputs)
    if values.requires_grad and (roots or inputs):
        found = gradients_of(values, [*roots.values(), *inputs])
        pulled = list(found[len(roots) :])
        for slot, gradient in zip(roots, found, strict=False):
            if gradient is not None:
                arrivals[slot](gradient)
    for track in (track for group in tracks.values() for track in group):
        track.finish()
    return tracks, pulled


def _look_along(
    model: Explainable, batch: Batch, target: Target, plan: Plan, fitted: Fit, hows: Sequence[How],
    tracks: Sequence[_Track],
) -> None:  # fmt: skip
    """Make anew the maps of methods that look at the way from what is usual, on all that a gradient reached."""
    layers = list(dict.fromkeys(track.layer for track in tracks if track.maps))
    met: dict[tuple[int, int], Any] = {}
    for place, (method, sign) in enumerate(hows):
        if not isinstance(method, Deviation) or not method.steps:
            continue
        same = (method.steps, id(method.usual))
        if same not in met:
            met[same] = mean_gradients(model, batch, target, layers, plan, fitted, method.usual, method.steps)
        for track in tracks:
            if track.maps:
                mine = [other for other in tracks if other.layer == track.layer]
                outputs, gradients = met[same][track.layer.number, mine.index(track)]
                track.maps[place] = drawn(plan, track.layer.number, outputs, gradients, (method, sign))


def _output(tracks: dict[int, list[_Track]], plan: Plan, slot: Slot) -> Tensor:
    number, call = slot
    for track, calls in zip(tracks[number], plan[number].tracks, strict=True):
        if call in calls:
            return track.outputs[calls.index(call)]
    raise KeyError(slot)


def unreachable(layers: Sequence[Layer]) -> VisualAnalyseError:
    """The error of layers of which no gradient of the target reaches any."""
    return VisualAnalyseError(
        f"No gradient of the distance reaches {', '.join(map(str, layers))}: the model cuts it on the way, "
        "or the match is exact. Choose other layers."
    )


def gradients_of(values: Tensor, wanted: Sequence[Tensor], *, again: bool = False) -> tuple[Tensor | None, ...]:
    """The gradients of the sum of `values` to each of `wanted`, None for what they do not reach.

    `again`: keep the graph for another backward. Raises VisualAnalyseError where the model has no gradient.

    >>> x = torch.ones(2, requires_grad=True)
    >>> gradients_of(2 * x, [x])
    (tensor([2., 2.]),)
    """
    try:
        return torch.autograd.grad(values.sum(), list(wanted), retain_graph=again, allow_unused=True)
    except RuntimeError as error:
        if out_of_memory(error):
            raise
        raise VisualAnalyseError(
            f"The model's gradient could not be computed: {str(error).splitlines()[0]}. Choose later layers, or "
            "--device cpu."
        ) from error


def drawn(
    plan: Plan, number: int, activations: Sequence[Tensor], gradients: Sequence[Tensor], how: How
) -> list[Tensor]:
    """The map of each walk from a layer's restored outputs and gradients: `[c, t, gh, gw]` twice, to `[t, gh, gw]`.

    On joints and points `[t, g]`: what lies beside a cell, the neighbours of a point say, is its own.
    """
    method, sign = how[0].at(number), how[1]
    maps = [method.map(a, g, sign) for a, g in zip(activations, gradients, strict=True)]
    return [some.sum(1) for some in maps] if plan[number].flat else maps


def evidence_of(
    plan: Plan, layer: Layer, track: int, maps: Tensor, length: int, fitted: Fit, further: How | None = None
) -> LayerEvidence:
    """The record of one map, `[t, gh, gw]` or `[t, g]`, of a walk of `length` frames.

    `track`: of which run of a layer that runs several times, from 0. `further`: how it was made, if in a further way.
    """
    place = plan[layer.number]
    return LayerEvidence(
        number=layer.number,
        name=layer.name if track == 0 else f"{layer.name}@{track + 1}",
        kind=layer.kind,
        maps=maps.float().cpu().numpy(),
        spans=plan.spans(layer.number, length, len(maps)),
        calls=place.calls,
        pooled=place.pooled,
        on=place.on,
        sees=place.sees,
        cells=plan.members(layer.number, fitted),
        method="" if further is None else named(*further),
    )
