"""Which rows of a layer each part of the embedding depends on: measured, by writing noise into them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from visual_analyse.explain.capture import Slot, frozen
from visual_analyse.explain.copies import shortened
from visual_analyse.explain.elements import Held, hold
from visual_analyse.explain.layers import Layer
from visual_analyse.explain.model import Batch, Explainable
from visual_analyse.explain.plan import Plan
from visual_analyse.explain.resolving import fit

Supports = Mapping[Slot, NDArray[np.bool_]]
"""By layer and track, bool `[p, rows]`: the rows that each part depends on. What is missing may be any."""

FRAMES = 3  # of the walk on which it is measured: rows stay the same however many there are
BANDS = 32  # at most; rows of finer grids are tried together
_ROUNDING = 1e-6  # of the largest change: what fast convolutions let stray into rows beside


def part_supports(model: Explainable, batch: Batch, layers: Sequence[Layer], plan: Plan) -> Supports:
    """Which rows of each layer each part of the embedding depends on, joints where a layer lies on these.

    Noise above all values of the layer, then noise below them, is written into some rows of all frames of a short walk;
    parts of the embedding that move depend on them. Costs up to 64 forwards of three frames a layer, once for a model.
    Layers are asked from the last to the first, until every two parts share rows: earlier ones are left out.

    >>> part_supports(model, batch, layers, plan)[(27, 0)].shape  # doctest: +SKIP
    (16, 16)
    """
    short = shortened(model, batch, FRAMES)
    found: dict[Slot, NDArray[np.bool_]] = {}
    shared: NDArray[np.bool_] | None = None
    # Which points a model chooses is another matter in every walk, so are the rows of these.
    asked = [layer for layer in layers if plan[layer.number].flat != "points"]
    with frozen(model.module), torch.no_grad():
        for layer in sorted(asked, key=lambda layer: -layer.number):
            before, tracks = hold(model, short, [layer], plan, fit(model, short, plan, [layer]))
            for held in tracks:
                rows = _rows(model, short, held, before, plan[layer.number].flat != "")
                found[(layer.number, held.track)] = rows
                shared = share(rows) if shared is None else shared | share(rows)
            if shared is not None and shared.all():
                break
    return found


def share(rows: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Whether two parts depend on a row together: bool `[p, rows]` to `[p, p]`.

    >>> share(np.array([[True, False], [False, True]])).tolist()
    [[True, False], [False, True]]
    """
    return (rows.astype(np.float32) @ rows.T.astype(np.float32)) > 0


def row_axis(shape: Sequence[int], flat: bool) -> int:
    """The axis of `[c, t, gh, gw]` whose cells are told apart: rows, or columns where there is only one row."""
    return 3 if flat or shape[2] == 1 else 2


def _rows(model: Explainable, batch: Batch, held: Held, before: Tensor, flat: bool) -> NDArray[np.bool_]:
    activation, places = held.activations[0], held.places[0]
    axis = row_axis(activation.shape, flat)
    low, high = activation.min(), activation.max()
    span = torch.where(high > low, high - low, high.abs() + 1)
    dice = torch.Generator().manual_seed(0)
    rows = np.zeros((before.shape[2], activation.shape[axis]), np.bool_)
    for band in np.array_split(np.arange(rows.shape[1]), min(BANDS, rows.shape[1])):
        here = places.narrow(axis, int(band[0]), len(band))
        noise = torch.rand(here.shape, generator=dice).to(activation) * span
        for values in (high + noise, low - noise):
            with held.rewritten(here, values):
                moved = (model.embed(batch) - before).abs().amax((0, 1))
            # Written so that what is not finite any more counts as moved.
            still = moved <= _ROUNDING * moved.nan_to_num(0, 0, 0).max()
            rows[:, band] |= ~still.cpu().numpy()[:, None]
    return rows
