"""Which method, layer and sign finds evidence that was planted: scored on walks that differ in one place."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from visual_analyse.encode.forward import Forward, Loaded
from visual_analyse.errors import VisualAnalyseError
from visual_analyse.explain.explanation import explain
from visual_analyse.explain.input_methods import InputMethod
from visual_analyse.explain.layers import Layer
from visual_analyse.explain.methods import How, named
from visual_analyse.explain.model import Batch
from visual_analyse.explain.perturbing import perturbing_for
from visual_analyse.explain.plan import Plan
from visual_analyse.explain.targets import Target, contrast, crowd, distance_to
from visual_analyse.gait.kinds import kind_of
from visual_analyse.gait.phase import moments_of
from visual_analyse.measure.distances import distances
from visual_analyse.models.gait_model import GaitModel
from visual_analyse.results import LayerEvidence
from visual_analyse.trust.concentration import Concentration, Ground, in_time

Array = NDArray[Any]
INPUT = Layer(0, "input", "Input")
EVERY = 3  # ways that take dozens of forwards are told of by every third probe
PERTURBING = "perturbing"


@dataclass(frozen=True)
class PlantedWalk:
    """A walk whose evidence is known: its data as read from a pkl, who walks, and where identities differ.

    On the grid that the model sees: `body` and `region` bool `[s, h, w]`; of skeletons `[s, 1, v]`.
    """

    identity: int
    data: Array
    body: Array
    region: Array


@dataclass(frozen=True)
class Score:
    """How one way to make a map found what was planted, over the probes that were recognised.

    `where` and `when`: the mean over probes of `Concentration`, in space and in time. Layer 0 is the input; `pooled`
    whether the layer has one map for the whole walk; `grid`, steps, rows and columns of its maps; `reach`, over
    how many frames it sees, as far as the plan knows.
    """

    layer: Layer
    target: str
    way: str
    where: Concentration
    when: Concentration
    probes: int
    pooled: bool = False
    grid: tuple[int, ...] = ()
    reach: int = 1


def score_ways(
    model: GaitModel,
    probes: Sequence[PlantedWalk],
    gallery: Sequence[PlantedWalk],
    layers: Sequence[Layer],
    plan: Plan,
    hows: Sequence[How],
    inputs: Sequence[InputMethod] = (),
    some: Sequence[Layer] = (),
    tick: Callable[[int, int], object] = lambda done, of: None,
) -> tuple[list[Score], float]:
    """Score every layer, target and way on the probes that are recognised; also rank-1 of all of them.

    Methods that take forwards of their own for each layer are scored on the layers `some` alone; `inputs`, methods at
    the input, and `perturbing` on `some`, on every third probe.

    The targets are the distance to the match, the contrast of match and nearest impostor, and that of the match and
    everybody else. Raises VisualAnalyseError where no probe is recognised.

    >>> score_ways(model, probes, gallery, layers, plan, [(GradCam(), "abs")])  # doctest: +SKIP
    """
    forward = Forward(model)
    known, asked = (_embedded(forward, walks) for walks in (gallery, probes))
    whose = np.array([walk.identity for walk in gallery])
    found: dict[tuple[Layer, str, str], list[tuple[Concentration, Concentration]]] = {}
    grids: dict[Layer, tuple[int, ...]] = {}
    right = 0
    near = distances(asked, known, model.metric)
    for done, (probe, row) in enumerate(zip(probes, near, strict=True), 1):
        own = whose == probe.identity
        true, impostor = (int(np.where(some, row, np.inf).argmin()) for some in (own, ~own))
        tick(done, len(probes))
        if row[true] >= row[impostor]:
            continue
        right += 1
        match, other = (torch.from_numpy(known[k : k + 1]) for k in (true, impostor))
        nearest = [int(np.where(whose == who, row, np.inf).argmin()) for who in sorted({*whose[~own].tolist()})]
        targets = {
            "match": distance_to(match, model.metric),
            "contrast": contrast(match, other, model.metric),
            "crowd": crowd(match, torch.from_numpy(known[nearest]), model.metric),
        }
        grounds: dict[tuple[int, ...], Ground] = {}
        dear = inputs if right % EVERY == 1 else None
        for name, layer, way, maps in _all_maps(model, probe, targets, layers, plan, hows, some, dear):
            grids[layer] = maps.shape
            if maps.shape not in grounds:
                grounds[maps.shape] = Ground.of(probe.body, probe.region, *maps.shape)
            both = (grounds[maps.shape].score(maps), in_time(maps, probe.region))
            found.setdefault((layer, name, way), []).append(both)
    if not found:
        raise VisualAnalyseError(f"{model.name} recognises none of {len(probes)} probes: there is nothing to score.")
    scores = [
        Score(
            layer,
            target,
            way,
            _mean([where for where, _ in pairs]),
            _mean([when for _, when in pairs]),
            len(pairs),
            layer.number > 0 and plan[layer.number].pooled,
            grids[layer],
            plan.reach.get(layer.number, 1),
        )
        for (layer, target, way), pairs in found.items()
    ]
    return scores, right / len(probes)


def batch_of(model: GaitModel, walk: PlantedWalk) -> Batch:
    """A walk as a model takes it, with when in its cycle each frame is.

    >>> batch_of(model, probes[0]).lengths  # doctest: +SKIP
    (30,)
    """
    batch = model.batch([[walk.data]])
    return replace(batch, moments=(moments_of([walk.data], kind_of([walk.data])),))


def _all_maps(
    model: GaitModel, probe: PlantedWalk, targets: Mapping[str, Target], layers: Sequence[Layer], plan: Plan,
    hows: Sequence[How], some: Sequence[Layer], inputs: Sequence[InputMethod] | None,
) -> Iterator[tuple[str, Layer, str, Array]]:  # fmt: skip
    """The maps of a probe by target, layer and way, more where they are stronger; without `inputs` none by changes."""
    batch = batch_of(model, probe)
    by_number = {layer.number: layer for layer in layers}
    values = {name: _float(target) for name, target in targets.items()}
    jobs = [
        (where, ways)
        for where, ways in (
            (layers, [how for how in hows if not how[0].steps]),
            (some, [how for how in hows if how[0].steps]),
        )
        if where and ways
    ]
    for name, value in values.items():
        for where, ((method, sign), *further) in jobs:
            made = explain(model, batch, value, where, plan=plan, method=method, sign=sign, further=further)
            for layer in (*made.walks[0], *made.further[0]):
                way = layer.method or named(method, sign)
                yield name, by_number[layer.number], way, _strength(layer, way)
        for each in inputs or ():
            for way, strength in _signs(each.name, each.explain(model, batch, value)):
                yield name, INPUT, way, strength
    if inputs is not None and some:
        for name, found in zip(values, perturbing_for(model, batch, [*values.values()], some, plan), strict=True):
            for layer in found:
                for way, strength in _signs(PERTURBING, layer):
                    yield name, by_number[layer.number], way, strength


def _float(target: Target) -> Target:
    return lambda embeddings: target(embeddings.float())


def _signs(name: str, layer: LayerEvidence) -> Iterator[tuple[str, Array]]:
    maps = _strength(layer, name)
    yield from ((f"{name}-for", maps), (f"{name}-against", -maps), (f"{name}-abs", np.abs(maps)), (name, maps))


def _strength(layer: LayerEvidence, way: str) -> Array:
    """Maps `[t, gh, gw]` of which more is stronger, those of joints as grids of one row."""
    maps = layer.maps if layer.maps.ndim == 3 else layer.maps[:, None]
    return -maps if way.endswith("-against") else maps


def _mean(scores: Sequence[Concentration]) -> Concentration:
    return Concentration(*(float(np.mean([getattr(one, k) for one in scores])) for k in ("found", "chance", "ceiling")))


def _embedded(forward: Forward, walks: Sequence[PlantedWalk]) -> Array:
    embeddings = []
    for walk in walks:
        (answer,) = forward.embed([Loaded(f"of identity {walk.identity}", forward.model.prepare([walk.data]))])
        if isinstance(answer, VisualAnalyseError):
            raise answer
        embeddings.append(answer)
    return np.stack(embeddings)
