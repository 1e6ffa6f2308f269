"""The map of a layer found by changing what it puts out: for layers and models that no gradient reaches."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import torch
from torch import Tensor

from visual_analyse.errors import VisualAnalyseError
from visual_analyse.explain.capture import frozen
from visual_analyse.explain.elements import Held, hold
from visual_analyse.explain.explanation import evidence_of
from visual_analyse.explain.layers import Layer
from visual_analyse.explain.memory import enough_memory
from visual_analyse.explain.model import Batch, Explainable
from visual_analyse.explain.plan import Plan
from visual_analyse.explain.resolving import fit, resolve
from visual_analyse.explain.targets import Target
from visual_analyse.results import LayerEvidence

CELLS = 64


def perturbing(
    model: Explainable,
    batch: Batch,
    target: Target,
    layers: Sequence[Layer],
    plan: Plan | None = None,
    *,
    cells: int = CELLS,
    steps: bool = False,
) -> tuple[LayerEvidence, ...]:
    """How much a distance grows where a layer says what it says on average: the maps of one walk, as `explain`'s.

    Blocks of a layer's cells, at most `cells` of them, through all of time or step by step (`steps`), are replaced by
    the layer's mean over the grid of the same step and channel; of a layer without a grid by its mean over the steps,
    and where it has but one of these its map is zero.
    What the distance grows by is spread over the block's cells, so that a map adds up to what its blocks are worth, of
    whatever size they are. Costs a forward a block and no gradient. Raises VisualAnalyseError for several walks, and
    for layers that have no place.

    >>> perturbing(model, batch, distance_to(match, "euc"), layers)[0].maps.shape  # doctest: +SKIP
    (30, 64, 44)
    """
    return perturbing_for(model, batch, [target], layers, plan, cells=cells, steps=steps)[0]


def perturbing_for(
    model: Explainable,
    batch: Batch,
    targets: Sequence[Target],
    layers: Sequence[Layer],
    plan: Plan | None = None,
    *,
    cells: int = CELLS,
    steps: bool = False,
) -> list[tuple[LayerEvidence, ...]]:
    """The maps of `perturbing` for each of several targets, for the forwards of one.

    >>> perturbing_for(model, batch, [match, contrast], layers)[1][0].maps.shape  # doctest: +SKIP
    (30, 64, 44)
    """
    if len(batch) != 1:
        raise VisualAnalyseError(
            f"The batch holds {len(batch)} walks, and one is changed at a time. Give them one by one."
        )
    if cells < 1:
        raise VisualAnalyseError(f"A layer cannot be changed in {cells} blocks. Give 1 or more cells.")
    plan = plan or resolve(model, batch)
    fitted = fit(model, batch, plan, layers)
    found: list[list[LayerEvidence]] = [[] for _ in targets]
    with frozen(model.module), torch.no_grad(), enough_memory("explaining it without a gradient"):
        embeddings, tracks = hold(model, batch, layers, plan, fitted)
        before = [target(embeddings) for target in targets]
        for held in tracks:
            flat = plan[held.layer.number].flat != ""
            average = _average(held)
            there = (held.places[0] > 0).any(0)
            maps = [held.activations[0].new_zeros(there.shape) for _ in targets]
            for block in _blocks(there.shape, flat, cells, steps):
                some = (slice(None), *block)
                if there[block].any():
                    with held.rewritten(held.places[0][some], average[some]):
                        after = model.embed(batch)
                    for one, target, value in zip(maps, targets, before, strict=True):
                        one[block] = torch.where(there[block], (target(after) - value)[0] / there[block].sum(), 0)
            for one, layers_of in zip(maps, found, strict=True):
                laid = one.sum(1) if flat else one
                layers_of.append(evidence_of(plan, held.layer, held.track, laid, batch.lengths[0], fitted))
    return [tuple(layers_of) for layers_of in found]


def _average(held: Held) -> Tensor:
    """A layer's mean over its grid, or over its steps where it has none: as large as what it puts out, restored."""
    activation, there = held.activations[0], held.places[0] > 0
    over = (2, 3) if activation[0, 0].numel() > 1 else (1,)
    return (activation.sum(over, keepdim=True) / there.sum(over, keepdim=True).clamp(min=1)).expand_as(activation)


def _blocks(shape: Sequence[int], flat: bool, cells: int, steps: bool) -> Iterator[tuple[slice, slice, slice]]:
    """Blocks of a grid `[t, gh, gw]`, as high as wide where they can be; what lies beside a cell goes along with it."""
    rows, columns = shape[1:]
    high, wide = (rows, 1) if flat else (1, 1)
    while math.ceil(rows / high) * math.ceil(columns / wide) > cells:
        if high < rows and (high <= wide or wide == columns):
            high += 1
        else:
            wide += 1
    for step in range(shape[0]) if steps else (None,):
        time = slice(None) if step is None else slice(step, step + 1)
        for row in range(0, rows, high):
            for column in range(0, columns, wide):
                yield time, slice(row, row + high), slice(column, column + wide)
