"""The number that is explained: a function from embeddings to one value per probe."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

Target = Callable[[Tensor], Tensor]
"""From embeddings `[n, c, p]` to values `[n]`. A distance: its negative gradient is evidence for the match."""


def part_distances(probe: Tensor, walk: Tensor, metric: str) -> Tensor:
    """What each part adds to the distance of probes and walks, `[n, c, p]` both, to `[n, p]`; the parts sum to it.

    "euc": `d_p / P`. "cos": `(1 - cos_p) / P`. A part that agrees exactly has distance zero and gradient zero, where
    the square root's would be infinite.

    >>> part_distances(torch.zeros(1, 2, 1), torch.tensor([[[3.0], [4.0]]]), "euc").tolist()
    [[5.0]]
    """
    parts = probe.shape[2]
    if metric == "cos":
        similar = torch.nn.functional.cosine_similarity(probe, walk, dim=1, eps=1e-12)
        return (1 - similar) / parts
    squared = (probe - walk).square().sum(1)
    apart = squared > 0
    return torch.where(apart, torch.where(apart, squared, 1).sqrt(), 0) / parts


def distance_to(walks: Tensor, metric: str, parts: Sequence[int] | None = None) -> Target:
    """The target of a match: the distance, mean over parts, from each probe to its own walk, `[n, c, p]`.

    `parts`: only what these add to it.

    >>> distance_to(torch.zeros(1, 1, 1), "euc")(torch.ones(1, 1, 1)).tolist()
    [1.0]
    """
    if parts is None:
        return lambda embeddings: part_distances(embeddings, walks, metric).sum(1)
    chosen = list(parts)
    return lambda embeddings: part_distances(embeddings, walks, metric)[:, chosen].sum(1)


def contrast(true: Tensor, impostor: Tensor, metric: str, parts: Sequence[int] | None = None) -> Target:
    """The target of why this person and not that one: the true match's distance minus the impostor's, `[n, c, p]` both.

    It is minus the margin, so that what widens the margin is evidence for, as with a distance. `parts` as above.

    >>> contrast(torch.zeros(1, 1, 1), torch.full((1, 1, 1), 3.0), "euc")(torch.ones(1, 1, 1)).tolist()
    [-1.0]
    """
    near, far = distance_to(true, metric, parts), distance_to(impostor, metric, parts)
    return lambda embeddings: near(embeddings) - far(embeddings)


def crowd(true: Tensor, others: Tensor, metric: str, parts: Sequence[int] | None = None) -> Target:
    """The target of why this person and not the others: the true match's distance minus the mean of theirs.

    `true` `[n, c, p]`, `others` `[k, c, p]`, a walk each. Smaller is better, as with a distance. `parts` as above.

    >>> crowd(torch.zeros(1, 1, 1), torch.tensor([[[3.0]], [[5.0]]]), "euc")(torch.ones(1, 1, 1)).tolist()
    [-2.0]
    """
    near = distance_to(true, metric, parts)
    return lambda embeddings: near(embeddings) - mean_part_distances(embeddings, others, metric, parts).sum(1)


def mean_part_distances(
    probe: Tensor, walks: Tensor, metric: str, parts: Sequence[int] | None = None
) -> Tensor:  # fmt: skip
    """What each part adds to the mean distance of probes `[n, c, p]` to walks `[k, c, p]`: `[n, p]`.

    >>> mean_part_distances(torch.zeros(1, 1, 1), torch.tensor([[[3.0]], [[5.0]]]), "euc").tolist()
    [[4.0]]
    """
    n, k = len(probe), len(walks)
    each = part_distances(probe.repeat_interleave(k, 0), walks.repeat(n, 1, 1), metric)
    mean = each.reshape(n, k, -1).mean(1)
    return mean if parts is None else mean[:, list(parts)]


def class_score(answer: int) -> Target:
    """The target of a classifier's answer: minus the logit of that channel, mean over parts, as a distance is.

    >>> class_score(1)(torch.tensor([[[1.0, 3.0], [4.0, 6.0]]])).tolist()
    [-5.0]
    """
    return lambda embeddings: -embeddings[:, answer].mean(-1)
