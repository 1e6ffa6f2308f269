"""How far a map can be trusted: what it kept of the full space, in numbers."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from visual_analyse.embed.ground import KEPT, Ground
from visual_analyse.embed.neighbours import nearest_to, same_places, without_themselves
from visual_analyse.embed.source import ArraySource, Floats, Rows, Source, block_rows, blocks

PURE = 10  # nearest neighbours that are asked for their identity
_TOGETHER = 64  # walks whose neighbours are fetched at a time
_DISTANCES = 10_000_000  # held at a time


def quality(source: Source, ground: Ground, coordinates: Floats, identities: NDArray[np.str_]) -> dict[str, Any]:
    """What is saved with every map, and drawn on it.

    `kept`: the mean share of a walk's 15 nearest neighbours in the full space that are among its 15 nearest on the
    map. `purity_full`, `purity_map`: the mean share of a walk's 10 nearest that are of its identity (of fewer, where
    an identity has fewer others), in the full space and on the map. `trustworthiness`: Venna and Kaski (2001), with
    15 neighbours. `silhouette`: of identities on the map, Rousseeuw (1987). `sample`: how many walks were looked at,
    null for all; each is measured against all walks. Purities and silhouette are null where fewer than two identities
    have two walks.

    >>> quality(source, ground, coordinates, identities)["kept"]  # doctest: +SKIP
    0.71
    """
    rows = ground.sample
    flat = ArraySource(coordinates)
    near = without_themselves(*nearest_to(flat, flat.take(rows), KEPT + 1), rows).indices
    _, code = np.unique(identities, return_inverse=True)
    told = _two_of_two(code)
    return {
        "trustworthiness": _trustworthiness(source, rows, near),
        "kept": float(same_places(ground.truth, near).mean()),
        "kept_k": near.shape[1],
        "purity_full": _mean(purity(ground.truth, rows, code)) if told else None,
        "purity_map": _mean(purity(near, rows, code)) if told else None,
        "purity_k": PURE,
        "silhouette": _silhouette(coordinates, rows, code) if told else None,
        "sample": None if len(rows) == len(source) else len(rows),
        "points": len(source),
    }


def purity(near: Rows, rows: Rows, code: Rows) -> Floats:
    """For each of some rows, with neighbours `[q, k]`, the share of the nearest 10 that are of its identity `[q]`.

    Of an identity with fewer than ten others only so many neighbours count; NaN where it has no other walk.

    >>> purity(np.array([[1, 2]]), np.array([0]), np.array([7, 7, 8])).tolist()
    [1.0]
    """
    same = code[near[:, :PURE]] == code[rows][:, None]
    others = np.minimum(np.bincount(code)[code[rows]] - 1, same.shape[1])
    counted = np.arange(same.shape[1])[None] < others[:, None]
    with np.errstate(invalid="ignore"):
        share: Floats = ((same & counted).sum(1) / np.where(others > 0, others, np.nan)).astype(np.float32)
    return share


def _two_of_two(code: Rows) -> bool:
    return bool((np.bincount(code) >= 2).sum() >= 2)


def _mean(values: Floats) -> float | None:
    known = values[~np.isnan(values)]
    return float(known.mean()) if len(known) else None


def _trustworthiness(source: Source, rows: Rows, near: Rows) -> float:
    """Over some rows, whose neighbours on the map are `near`: how far these are in the full space, among all walks."""
    k = min(near.shape[1], (len(source) - 1) // 2)
    near = near[:, :k]
    queries = source.take(rows).copy()
    limits = np.empty(near.shape, np.float32)
    for begin in range(0, len(rows), _TOGETHER):
        part = slice(begin, begin + _TOGETHER)
        theirs = source.take(near[part].ravel()).reshape(*near[part].shape, -1)
        limits[part] = np.square(theirs - queries[part, None]).sum(2)
    middle = queries.mean(0)
    queries -= middle
    lengths = np.square(queries).sum(1)[:, None]
    closer = np.zeros(near.shape, np.int64)
    for start, block in blocks(source, min(block_rows(source.dims), max(1, _DISTANCES // len(rows)))):
        others = block - middle
        apart = lengths + np.square(others).sum(1) - 2 * queries @ others.T
        own = np.flatnonzero((rows >= start) & (rows < start + len(block)))
        apart[own, rows[own] - start] = np.inf
        for column in range(k):
            closer[:, column] += (apart < limits[:, column, None]).sum(1)
        # Products round: a neighbour is not closer than itself.
        asked, place = np.nonzero((near >= start) & (near < start + len(block)))
        closer[asked, place] -= apart[asked, near[asked, place] - start] < limits[asked, place]
    beyond = np.maximum(closer + 1 - k, 0).sum()
    return float(1 - beyond * 2 / (len(rows) * k * (2 * len(source) - 3 * k - 1)))


def _silhouette(coordinates: Floats, rows: Rows, code: Rows) -> float:
    """The mean over the rows whose identity has another walk, each measured against all walks."""
    sizes = np.bincount(code)
    rows = rows[sizes[code[rows]] > 1]
    order = np.argsort(code, kind="stable")
    starts = np.searchsorted(code[order], np.arange(len(sizes)))
    lying = coordinates[order].astype(np.float64)
    total = 0.0
    step = max(1, _DISTANCES // len(lying))
    for begin in range(0, len(rows), step):
        some = rows[begin : begin + step]
        apart = np.zeros((len(some), len(lying)))
        for axis in range(lying.shape[1]):
            apart += np.square(coordinates[some, axis].astype(np.float64)[:, None] - lying[None, :, axis])
        sums = np.add.reduceat(np.sqrt(apart), starts, axis=1)
        own = code[some]
        within = sums[np.arange(len(some)), own] / (sizes[own] - 1)
        means = sums / sizes
        means[np.arange(len(some)), own] = np.inf
        nearest = means.min(1)
        larger = np.maximum(within, nearest)
        total += float(np.where(larger > 0, (nearest - within) / np.where(larger > 0, larger, 1), 0).sum())
    return total / len(rows)
