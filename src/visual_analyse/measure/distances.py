"""How far two walks are apart, and what each part adds to it."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from visual_analyse.errors import VisualAnalyseError

Array = NDArray[Any]
Floats = NDArray[np.float64]

_SHORTEST = 1e-12  # a vector is never divided by less than this length: torch's F.normalize
_BLOCK_BYTES = 1 << 26


def part_distances(probe: Array, gallery: Array, metric: str) -> Floats:
    """What each part adds to the distance of a probe to gallery walks: `[c, p]` and `[n, c, p]` give `[n, p]`.

    Their sum over the parts is the distance as OpenGait measures it. "euc": `|x_p - y_p| / P`; "cos":
    `(1 - cos_p) / P`, a zero vector having cosine 0 with any. Both come from differences in float64, never from
    expanded squares: parts that agree exactly add exactly 0 (but two zero vectors, under "cos", 1 / P).

    Raises VisualAnalyseError for an unknown metric, embeddings that do not fit, or hold NaN.

    >>> part_distances(np.array([[0.0], [0.0]]), np.array([[[3.0], [4.0]]]), "euc").tolist()
    [[5.0]]
    """
    probe, gallery = np.asarray(probe), np.asarray(gallery)
    _check(probe[None], gallery, metric)
    one = probe[None].astype(np.float64)
    result = np.empty((len(gallery), probe.shape[1]))
    step = _rows(gallery)
    for start in range(0, len(gallery), step):
        result[start : start + step] = _parts(one, gallery[start : start + step].astype(np.float64), metric)
    return result


def distances(probes: Array, gallery: Array, metric: str, block: int | None = None) -> Floats:
    """The distances of all probes to all gallery walks: `[m, c, p]` and `[n, c, p]` give `[m, n]`.

    Far pairs come from matrix products, to about 1e-7 of the embeddings' length. Whatever could be a probe's nearest
    is measured again from differences, so that the nearest is the nearest, and its distance the sum of its
    `part_distances`. `block`: walks taken at a time, which bounds the memory beside the result.

    Raises VisualAnalyseError as `part_distances` does.

    >>> distances(np.zeros((1, 2, 1)), np.array([[[3.0], [4.0]], [[0.0], [1.0]]]), "euc").tolist()
    [[5.0, 1.0]]
    """
    probes, gallery = np.asarray(probes), np.asarray(gallery)
    _check(probes, gallery, metric)
    step = block or _rows(gallery)
    result = np.empty((len(probes), len(gallery)))
    unsure = np.empty_like(result, dtype=np.float32)
    # Shifting both alike changes no difference, and takes away what all embeddings have in common.
    middle = gallery.mean(axis=0, dtype=np.float64) if metric == "euc" else np.zeros(gallery.shape[1:])
    for top in range(0, len(probes), step):
        rows = slice(top, top + step)
        some = _prepared(probes[rows], middle, metric)
        for left in range(0, len(gallery), step):
            columns = slice(left, left + step)
            others = _prepared(gallery[columns], middle, metric)
            result[rows, columns], unsure[rows, columns] = _products(some, others, metric)
    for row, probe in enumerate(probes):
        # float32 keeps `unsure` small; the hundredth makes up for its rounding.
        margin = 1.01 * unsure[row].astype(np.float64)
        near = np.flatnonzero(result[row] - margin <= (result[row] + margin).min())
        for start in range(0, len(near), step):
            chosen = near[start : start + step]
            result[row, chosen] = part_distances(probe, gallery[chosen], metric).sum(axis=1)
    return result


def nearest(probes: Array, gallery: Array, metric: str) -> NDArray[np.int64]:
    """The place of each probe's nearest gallery walk, the first of equals: `[m, c, p]` and `[n, c, p]` give `[m]`.

    Raises VisualAnalyseError as `part_distances` does.

    >>> nearest(np.zeros((1, 2, 1)), np.array([[[3.0], [4.0]], [[0.0], [1.0]]]), "euc").tolist()
    [1]
    """
    return np.asarray(distances(probes, gallery, metric).argmin(axis=1), dtype=np.int64)


def _parts(one: Floats, others: Floats, metric: str) -> Floats:
    parts = one.shape[2]
    if metric == "euc":
        return np.asarray(np.sqrt(np.square(one - others).sum(axis=1)) / parts)
    first, second = _unit(one), _unit(others)
    # 1 - u.v = |u - v|^2 / 2 + (1 - |u|^2) / 2 + (1 - |v|^2) / 2, of which the last two are not 0 only for vectors
    # shorter than the shortest that is divided by its own length.
    apart = np.square(first - second).sum(axis=1) / 2 + _missing(one) / 2 + _missing(others) / 2
    return np.asarray(apart / parts)


def _products(some: Floats, others: Floats, metric: str) -> tuple[Floats, Floats]:
    """Distances by matrix products, `[p, m, c]` and `[p, n, c]` to `[m, n]`, and how wrong they may be."""
    total = np.zeros((some.shape[1], others.shape[1]))
    unsure = np.zeros_like(total)
    rounding = np.finfo(np.float64).eps * (some.shape[2] + 8)
    for x, y in zip(some, others, strict=True):
        product = x @ y.T
        if metric == "cos":
            total += 1 - product
            unsure += rounding * 2
            continue
        both = np.square(x).sum(axis=1)[:, None] + np.square(y).sum(axis=1)[None]
        length = np.sqrt(np.maximum(both - 2 * product, 0))
        total += length
        # Squares are wrong by `wrong` at most; a root of d^2 + e differs from d by e / d, and by sqrt(e) at most.
        wrong = rounding * 2 * both
        unsure += np.minimum(np.sqrt(wrong), np.divide(wrong, length, out=np.sqrt(wrong), where=length > 0))
    return total / len(some), unsure / len(some)


def _prepared(walks: Array, middle: Floats, metric: str) -> Floats:
    shifted = walks.astype(np.float64) - middle
    return np.ascontiguousarray((_unit(shifted) if metric == "cos" else shifted).transpose(2, 0, 1))


def _unit(walks: Floats) -> Floats:
    return np.asarray(walks / np.maximum(_length(walks), _SHORTEST))


def _missing(walks: Floats) -> Floats:
    length = _length(walks)[:, 0]
    return np.asarray(np.where(length >= _SHORTEST, 0.0, 1 - np.square(length / _SHORTEST)))


def _length(walks: Floats) -> Floats:
    return np.asarray(np.sqrt(np.square(walks).sum(axis=1, keepdims=True)))


def _rows(walks: Array) -> int:
    channels, parts = walks.shape[1:]
    return int(max(1, _BLOCK_BYTES // (8 * channels * parts)))


def _check(probes: Array, gallery: Array, metric: str) -> None:
    if metric not in ("euc", "cos"):
        raise VisualAnalyseError(
            f"The metric {metric!r} is not known; 'euc' and 'cos' are. Correct evaluator_cfg.metric in the config."
        )
    if probes.ndim != 3 or gallery.ndim != 3 or probes.shape[1:] != gallery.shape[1:] or 0 in probes.shape[1:]:
        raise VisualAnalyseError(
            f"Embeddings of shape {probes.shape[1:]} cannot be compared with embeddings of shape {gallery.shape[1:]}; "
            "both must have the same channels and parts, as walks encoded by one model have."
        )
    if not len(gallery):
        raise VisualAnalyseError("There is no gallery walk to measure a distance to; name some with --gallery_dir.")
    for role, walks in (("probe", probes), ("gallery", gallery)):
        step = _rows(walks)
        for start in range(0, len(walks), step):
            finite = np.isfinite(walks[start : start + step]).all(axis=(1, 2))
            if not finite.all():
                raise VisualAnalyseError(
                    f"The embedding of {role} walk number {start + int(np.flatnonzero(~finite)[0])}, counted from 0, "
                    "holds NaN or infinity: the checkpoint or the walk is damaged. Try another of each."
                )
