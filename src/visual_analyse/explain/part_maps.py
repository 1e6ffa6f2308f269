"""The map of each part alone, in one forward and as few backwards as the parts' rows allow."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from visual_analyse.errors import VisualAnalyseError
from visual_analyse.explain.capture import Capture, frozen
from visual_analyse.explain.explanation import (
    drawn,
    evidence_of,
    gradients_of,
    unreachable,
)
from visual_analyse.explain.layers import Layer, leaves
from visual_analyse.explain.memory import enough_memory
from visual_analyse.explain.methods import GradCam, How, Method, Sign
from visual_analyse.explain.model import Batch, Explainable
from visual_analyse.explain.part_supports import Supports, row_axis, share
from visual_analyse.explain.plan import Fit, Plan
from visual_analyse.explain.resolving import fit, resolve
from visual_analyse.explain.tracks import must_have_places, tracks_of
from visual_analyse.explain.usual import told_usual
from visual_analyse.results import LayerEvidence

PartTarget = Callable[[Tensor], Tensor]
"""From embeddings `[n, c, p]` to what each part adds to a distance, `[n, p]`."""


@dataclass(frozen=True)
class PartMaps:
    """The maps of each part on one layer, float32 `[p, t, gh, gw]` or `[p, t, g]`.

    `layer`: the layer's record, whose maps are the sum of these: the map of the whole where the method is linear.
    """

    layer: LayerEvidence
    maps: NDArray[np.float32]

    def of(self, part: int) -> LayerEvidence:
        """The record of one part, counted from 0."""
        return replace(self.layer, maps=self.maps[part])


@dataclass(frozen=True)
class PartExplanation:
    """Embeddings `[n, c, p]`, what each part adds `[n, p]`, and each walk's layers.

    `groups`: the parts whose gradient one backward gave, for each backward. `unreached` as in `Explanation`.
    """

    embeddings: NDArray[np.float32]
    values: NDArray[np.float32]
    walks: tuple[tuple[PartMaps, ...], ...]
    groups: tuple[tuple[int, ...], ...]
    unreached: tuple[Layer, ...] = ()


@dataclass
class _Track:
    """The calls of a layer that make one map, restored; maps arrive group by group: for each walk, by part."""

    layer: Layer
    track: int
    outputs: list[Tensor]
    activations: list[Tensor]
    maps: list[dict[int, Tensor]]
    reached: bool = False


def explain_parts(
    model: Explainable,
    batch: Batch,
    target: PartTarget,
    layers: Sequence[Layer],
    *,
    plan: Plan | None = None,
    method: Method | None = None,
    sign: Sign = "signed",
    supports: Supports | None = None,
) -> PartExplanation:
    """The maps of each part alone on each of `layers`: those that `explain` gives for the target of that part.

    The cost is one forward and a backward a group of parts. `supports`, from `part_supports`, tells which parts rest on
    rows of their own, so that one backward holds the gradients of all of them, each in its rows; without it there is
    one backward a part. Layers of which it says nothing have one backward a part too, and all layers go through the
    same backwards. Raises VisualAnalyseError as `explain`.

    >>> target = lambda embeddings: part_distances(embeddings, match, "euc")  # doctest: +SKIP
    >>> explain_parts(model, batch, target, layers).walks[0][0].maps.shape  # doctest: +SKIP
    (16, 30, 64, 44)
    """
    if method is not None and method.steps:
        raise VisualAnalyseError(
            f"{method.name} asks for gradients along a way, and maps of all parts come of the gradient at its end. "
            "Take deviation for these, or the target of one part."
        )
    plan = plan or resolve(model, batch)
    must_have_places(plan, layers)
    modules = {layer.number: module for layer, module in leaves(model.module)}
    fitted = fit(model, batch, plan, layers)
    (how,) = told_usual([(method or GradCam(), sign)], batch, plan)
    with (
        frozen(model.module),
        torch.enable_grad(),
        enough_memory("explaining its parts"),
        Capture([(layer.number, modules[layer.number]) for layer in layers], plan.overwritten) as capture,
    ):
        embeddings = model.embed(batch)
        capture.close()
        values = target(embeddings)
        tracks = [
            _track(plan, layer, k, [capture.outputs[layer.number][call] for call in calls], batch.lengths, fitted)
            for layer in layers
            for k, calls in enumerate(tracks_of(plan, layer, len(capture.outputs[layer.number])))
        ]
        known = _fitting(plan, tracks, supports or {})
        groups = _groups(values.shape[1], known)
        wanted = [output for track in tracks for output in track.outputs]
        for k, group in enumerate(groups if values.requires_grad else ()):
            found = list(gradients_of(values[:, list(group)], wanted, again=k + 1 < len(groups)))
            for track in tracks:
                own, found = found[: len(track.outputs)], found[len(track.outputs) :]
                _arrive(plan, track, own, group, how, (batch.lengths, fitted), known)
    unreached = tuple(layer for layer in layers if not any(t.reached for t in tracks if t.layer == layer))
    if len(unreached) == len(layers):
        raise unreachable(layers)
    return PartExplanation(
        embeddings.detach().float().cpu().numpy(), values.detach().float().cpu().numpy(),
        tuple(
            tuple(
                _part_maps(plan, track, track.maps[walk], length, fitted) for track in tracks if track.reached
            )
            for walk, length in enumerate(batch.lengths)
        ),
        groups, unreached,
    )  # fmt: skip


def _fitting(plan: Plan, tracks: Sequence[_Track], supports: Supports) -> Supports:
    """The supports of all tracks; none where one of them has none, or one of a grid of another size."""
    for track in tracks:
        shape = track.activations[0].shape
        rows = supports.get((track.layer.number, track.track))
        if rows is None or rows.shape[1] != shape[row_axis(shape, plan[track.layer.number].flat != "")]:
            return {}
    return {(track.layer.number, track.track): supports[(track.layer.number, track.track)] for track in tracks}


def _groups(parts: int, supports: Supports) -> tuple[tuple[int, ...], ...]:
    """Parts that share no row of any layer, together: each with the first that it fits to."""
    if not supports:
        return tuple((part,) for part in range(parts))
    shared = np.logical_or.reduce([share(rows) for rows in supports.values()])
    groups: list[list[int]] = []
    for part in range(parts):
        fitting = next((group for group in groups if not shared[part, group].any()), None)
        if fitting is None:
            groups.append([part])
        else:
            fitting.append(part)
    return tuple(map(tuple, groups))


def _track(
    plan: Plan, layer: Layer, track: int, outputs: list[Tensor], lengths: tuple[int, ...], fitted: Fit
) -> _Track:
    activations = plan.restore(layer.number, [output.detach() for output in outputs], lengths, fitted)
    return _Track(layer, track, outputs, activations, [{} for _ in lengths])


def _arrive(
    plan: Plan, track: _Track, gradients: Sequence[Tensor | None], group: Sequence[int], how: How,
    walks: tuple[tuple[int, ...], Fit], supports: Supports,
) -> None:  # fmt: skip
    """Make the maps of a group's parts; a strip that no gradient reached counts as zero."""
    track.reached |= any(gradient is not None for gradient in gradients)
    whole = [torch.zeros_like(x) if g is None else g for x, g in zip(track.outputs, gradients, strict=True)]
    pulled = plan.restore(track.layer.number, whole, *walks)
    for part in group:
        own = pulled
        if len(group) > 1:
            rows = torch.from_numpy(supports[(track.layer.number, track.track)][part])
            own = [_within(gradient, rows, plan[track.layer.number].flat != "") for gradient in pulled]
        for maps, some in zip(drawn(plan, track.layer.number, track.activations, own, how), track.maps, strict=True):
            some[part] = maps


def _within(gradient: Tensor, rows: Tensor, flat: bool) -> Tensor:
    axis = row_axis(gradient.shape, flat)
    return gradient * rows.to(gradient).reshape([-1 if k == axis else 1 for k in range(gradient.ndim)])


def _part_maps(plan: Plan, track: _Track, maps: dict[int, Tensor], length: int, fitted: Fit) -> PartMaps:
    stacked = torch.stack([maps[part] for part in range(len(maps))])
    record = evidence_of(plan, track.layer, track.track, stacked.sum(0), length, fitted)
    return PartMaps(record, stacked.float().cpu().numpy())
