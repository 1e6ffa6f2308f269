"""New walks on a finished map, whose own walks stay where they are."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from openTSNE import TSNEEmbedding
from openTSNE.affinity import PrecomputedAffinities, joint_probabilities_nn
from openTSNE.tsne import PartialTSNEEmbedding
from scipy import sparse

from visual_analyse.embed.neighbours import nearest_to
from visual_analyse.embed.source import ArraySource, Floats

_PERPLEXITY = 5.0  # of a new walk among the map's own, as openTSNE's `transform` has it
_NEAREST = 25
_STEPS = 250


def place(
    method: str, points: Floats, coordinates: Floats, scale: float, new: Floats, seed: int
) -> tuple[NDArray[np.float64], Floats]:
    """Where new walks lie: coordinates `[m, dims]` on the map's own scale, and distances `[m]` to their nearest.

    `points` `[n, r]` and `coordinates` `[n, dims]` are the map's walks, reduced, and on the map; `scale` is the factor
    that the map was drawn with; `new` `[m, r]` are the new walks, reduced alike. On a t-SNE map they begin at the
    median of their nearest and move by t-SNE's gradient among the others (Policar et al., Machine Learning 2021); on
    a map of components by the same components; on any other they lie at the mean of their nearest, by affinity.

    >>> place("pca", np.eye(3), np.eye(3)[:, :2], 1.0, np.eye(3)[:1], 0)[0].shape
    (1, 2)
    """
    count = min(_NEAREST, len(points))
    squares, near = nearest_to(ArraySource(points), new, count)
    distances = np.sqrt(np.maximum(squares, 0))
    if method == "pca":
        # Dimensions of a map beyond its components are zeros.
        lying = np.zeros((len(new), coordinates.shape[1]))
        moving = np.flatnonzero(np.ptp(coordinates, axis=0)[: points.shape[1]])
        shift = coordinates.mean(0)[moving] - points[:, moving].mean(0) * scale
        lying[:, moving] = new[:, moving] * scale + shift
        return lying, distances[:, 0]
    weights = joint_probabilities_nn(
        near, distances.astype(np.float64), [min(_PERPLEXITY, count / 3)], symmetrize=False,
        normalization="point-wise", n_reference_samples=len(points), n_jobs=1,
    )  # fmt: skip
    if method != "tsne":
        return np.asarray(weights @ coordinates), distances[:, 0]
    lying = coordinates.astype(np.float64) / scale
    middle = lying.mean(0)
    lying = lying - middle
    empty = sparse.csr_matrix((len(points), len(points)))
    reference = TSNEEmbedding(lying, PrecomputedAffinities(empty, normalize=False), random_state=seed)
    start = np.median(lying[near[:, :_NEAREST]], axis=1)
    partial = PartialTSNEEmbedding(start, reference, P=weights, negative_gradient_method="bh")
    partial.optimize(_STEPS, learning_rate=0.1, exaggeration=1.5, momentum=0.8, max_grad_norm=0.25, inplace=True)
    return (np.array(partial) + middle) * scale, distances[:, 0]
