"""The height that each part of an embedding looks at, measured: by how much it moves when rows are changed."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from visual_analyse.errors import VisualAnalyseError
from visual_analyse.explain.capture import frozen
from visual_analyse.explain.copies import Copies, shortened
from visual_analyse.explain.model import Batch, Explainable

FRAMES = 6  # of the walk on which it is measured
BANDS = 32  # at most; rows of finer frames are changed together


def part_heights(model: Explainable, batch: Batch, on: int = 0) -> NDArray[np.float32] | None:
    """How much each part of the embedding looks at each row of the frames: float32 `[p, h]`, of joints `[p, v]`.

    `on`: which input, of those told apart; None where it is neither pictures nor joints. A band of rows is turned
    inside out, then made darker, in all frames of a short walk, and what counts is how far each part's embedding moves.
    Each part's rows sum to one; of a part that nothing moves all are zero. Costs up to 65 forwards of six frames.

    >>> part_heights(model, batch).shape  # doctest: +SKIP
    (16, 64)
    """
    copies = Copies(model, shortened(model, batch, FRAMES), on)
    axis = next((k for k, name in enumerate(copies.axes) if name in "hv"), None)
    if axis is None:
        return None
    whole = copies.original
    size = whole.shape[axis]
    with frozen(model.module), torch.no_grad():
        before = copies.embed(whole)
        moved = torch.zeros(before.shape[2], size, dtype=torch.float64)
        bands = np.array_split(np.arange(size), min(BANDS, size))
        for changed in (_inside_out(whole, copies.axes), whole * 0.5 + 0.1):
            made = torch.cat([_banded(whole, changed, axis, int(band[0]), len(band)) for band in bands])
            try:
                after = copies.embed(made)
            except VisualAnalyseError:  # a model need not take every value
                continue
            for band, answer in zip(bands, after, strict=True):
                moved[:, band] += (answer - before[0]).norm(dim=0).double().cpu()[:, None] / len(band)
    total = moved.sum(1, keepdim=True)
    return torch.where(total > 0, moved / torch.where(total > 0, total, 1), 0).float().numpy()


def _inside_out(whole: Tensor, axes: tuple[str, ...]) -> Tensor:
    """Bright for dark; of joints, whose channels are no shades of one thing, channel by channel."""
    others = [k for k, name in enumerate(axes) if name != "c"] if "v" in axes else list(range(whole.ndim))
    return whole.amax(others, keepdim=True) + whole.amin(others, keepdim=True) - whole


def _banded(whole: Tensor, changed: Tensor, axis: int, first: int, size: int) -> Tensor:
    made = whole.clone()
    made.narrow(axis, first, size).copy_(changed.narrow(axis, first, size))
    return made
