"""Whether a model may be given several walks in one forward: tried, not assumed."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from visual_analyse.explain.model import Batch

Embed = Callable[[Batch], Tensor]


def packs_exactly(
    embed: Embed, alone: Sequence[Batch], pack: Callable[[Sequence[int]], Batch], tolerance: float = 1e-5
) -> bool:
    """Whether two unlike walks, packed in both orders, get the embeddings that each gets alone.

    `alone`: two walks of unequal length and content, one to a batch; `pack` puts those of the given positions into one.
    Differences are measured against the largest value. A model that raises, mixes its walks or gives back fewer does
    not pack.

    >>> packs_exactly(model.embed, [a, b], pack)  # doctest: +SKIP
    True
    """
    with torch.no_grad():
        single = [embed(batch) for batch in alone]
        for order in ((0, 1), (1, 0)):
            try:
                together = embed(pack(order))
            except Exception:  # whatever a model raises on several walks, it has answered the question
                return False
            expected = torch.cat([single[k] for k in order])
            if together.shape != expected.shape:
                return False
            if (together - expected).abs().max() > tolerance * expected.abs().max():
                return False
    return True
