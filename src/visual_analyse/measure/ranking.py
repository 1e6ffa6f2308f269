"""How often the nearest walks are of the right identity."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from visual_analyse.errors import VisualAnalyseError

Array = NDArray[Any]
Floats = NDArray[np.float64]
Ids = Iterable[str]


@dataclass(frozen=True)
class Scores:
    """Rates from 0 to 1 over the probes that have a true match in the gallery.

    `rank`: for each k, how often a true match is among the nearest k; `mean_ap`: the mean average precision.
    `probes`: how many were counted; `unmatched`: how many had no true match and were not.
    """

    rank: dict[int, float]
    mean_ap: float
    probes: int
    unmatched: int


@dataclass(frozen=True)
class ViewTable:
    """Rank-1 by view: `rank1` `[v, v]`, probe views down, gallery views across; NaN where there was no walk."""

    views: tuple[str, ...]
    rank1: Floats

    @property
    def by_view(self) -> Floats:
        """Rank-1 of each probe view, `[v]`: the mean over the gallery views without its own."""
        others = np.where(np.eye(len(self.views), dtype=bool), np.nan, self.rank1)
        return np.array([_mean(row) for row in others])

    @property
    def mean(self) -> float:
        """The mean over the probe views: the number that papers print for CASIA-B."""
        return _mean(self.by_view)


def scores(
    distances: Array, probe_ids: Ids, gallery_ids: Ids, excluded: Array | None = None, ks: tuple[int, ...] = (1, 5, 10)
) -> Scores:
    """Rank-k and mean average precision of distances `[m, n]`; pairs that are True in `excluded` `[m, n]` do not count.

    Of equal distances the earlier gallery walk is the nearer. Probes without a true match are left out and counted,
    as Gait3D's evaluation has it. Average precision: Zheng et al., Scalable Person Re-identification, ICCV 2015,
    section 4.1: the mean, over a probe's true matches, of the share of true matches up to each.

    Raises VisualAnalyseError where shapes do not fit, distances hold NaN, or no probe has a true match.

    >>> scores(np.array([[0.1, 0.2, 0.3]]), ["a"], ["b", "a", "a"]).rank[5]
    1.0
    """
    near, mine, theirs = _arrays(distances, probe_ids, gallery_ids)
    left_out = np.zeros(near.shape, dtype=bool) if excluded is None else np.asarray(excluded, dtype=bool)
    if left_out.shape != near.shape:
        raise VisualAnalyseError(f"Exclusions of shape {left_out.shape} do not fit distances of shape {near.shape}.")
    firsts, precisions = [], []
    for row, identity in enumerate(mine):
        allowed = ~left_out[row]
        order = np.argsort(near[row][allowed], kind="stable")
        places = np.flatnonzero((theirs[allowed] == identity)[order])
        if len(places):
            firsts.append(places[0])
            precisions.append(np.mean(np.arange(1, len(places) + 1) / (places + 1)))
    if not firsts:
        raise VisualAnalyseError(
            f"None of the {len(mine)} probes has a walk of its own identity in the gallery ({len(theirs)} walks), so "
            "there is nothing to recognise. Name probes and gallery of the same identities."
        )
    first = np.array(firsts)
    rank = {k: float(np.mean(first < k)) for k in ks}
    return Scores(rank, float(np.mean(precisions)), len(firsts), len(mine) - len(firsts))


def leave_one_out(distances: Array, ids: Ids, ks: tuple[int, ...] = (1, 5, 10)) -> Scores:
    """Scores of walks among themselves, distances `[n, n]`: each in turn is the probe and all others the gallery.

    Raises VisualAnalyseError as `scores` does.

    >>> leave_one_out(np.array([[0, 1, 2], [1, 0, 2], [2, 2, 0]]), ["a", "a", "b"]).unmatched
    1
    """
    names = list(ids)
    return scores(distances, names, names, np.eye(len(names), dtype=bool), ks)


def view_table(distances: Array, probe_ids: Ids, probe_views: Ids, gallery_ids: Ids, gallery_views: Ids) -> ViewTable:
    """Rank-1 of each probe view against the gallery of each view alone, distances `[m, n]`: CASIA-B's table.

    Its diagonal, the identical view, is measured and left out of the means (Yu, Tan and Tan, ICPR 2006, for the
    dataset; Wu et al., TPAMI 2017, for the table without identical views). Every probe counts; one whose identity
    lacks a walk in a gallery view is wrong there. Of equal distances the earlier gallery walk is the nearer.

    Raises VisualAnalyseError where shapes do not fit or distances hold NaN.

    >>> near = np.array([[0.0, 1.0], [1.0, 0.0]])
    >>> view_table(near, ["a", "a"], ["000", "090"], ["a", "a"], ["000", "090"]).mean
    1.0
    """
    near, mine, theirs = _arrays(distances, probe_ids, gallery_ids)
    from_views, to_views = np.array(list(probe_views)), np.array(list(gallery_views))
    if len(from_views) != len(mine) or len(to_views) != len(theirs):
        raise VisualAnalyseError(
            f"{len(from_views)} and {len(to_views)} views do not fit {len(mine)} probes and {len(theirs)} gallery "
            "walks; each walk has one."
        )
    views = sorted({*from_views.tolist(), *to_views.tolist()})
    table = np.full((len(views), len(views)), np.nan)
    for across, view in enumerate(views):
        columns = np.flatnonzero(to_views == view)
        if not len(columns):
            continue
        right = theirs[columns][near[:, columns].argmin(axis=1)] == mine if len(mine) else np.zeros(0, dtype=bool)
        for down, probe_view in enumerate(views):
            chosen = from_views == probe_view
            if chosen.any():
                table[down, across] = right[chosen].mean()
    return ViewTable(tuple(views), table)


def _arrays(distances: Array, probe_ids: Ids, gallery_ids: Ids) -> tuple[Floats, Array, Array]:
    near = np.asarray(distances, dtype=np.float64)
    mine, theirs = np.array(list(probe_ids)), np.array(list(gallery_ids))
    if near.shape != (len(mine), len(theirs)):
        raise VisualAnalyseError(
            f"Distances of shape {near.shape} do not fit {len(mine)} probes and {len(theirs)} gallery walks."
        )
    if np.isnan(near).any():
        raise VisualAnalyseError("The distances hold NaN: the embeddings are damaged. Encode the walks again.")
    return near, mine, theirs


def _mean(values: Floats) -> float:
    known = values[~np.isnan(values)]
    return float(known.mean()) if len(known) else float("nan")
