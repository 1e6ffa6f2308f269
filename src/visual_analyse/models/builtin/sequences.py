"""Frames folded into the batch, and sequences pooled one by one."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn

from visual_analyse.errors import VisualAnalyseError


def fold(x: Tensor) -> Tensor:
    """Frames brought into the batch: `[n, c, s, h, w]` to `[(n s), c, h, w]`, sequence by sequence.

    >>> fold(torch.zeros(2, 1, 30, 64, 44)).shape
    torch.Size([60, 1, 64, 44])
    """
    return x.transpose(1, 2).flatten(0, 1)


def strongest(x: Tensor) -> Tensor:
    """Set pooling by the maximum over frames: `[n, c, s, ...]` to `[n, c, ...]` (Chao et al. AAAI 2019, sec. 3.2).

    >>> strongest(torch.zeros(1, 8, 30, 16, 11)).shape
    torch.Size([1, 8, 16, 11])
    """
    # Not amax: among equal frames that would share the gradient out, and maps would differ from the checkout's.
    return x.max(dim=2).values


class SetBlockWrapper(nn.Module):
    """Runs a function of pictures on every frame: `[n, c, s, h, w]` to `[n, c', s, ...]`.

    Its class name is the kind that people see where the function is no module (the pooling pyramid of GaitPart).

    >>> SetBlockWrapper(nn.MaxPool2d(2))(torch.zeros(1, 3, 30, 64, 44)).shape
    torch.Size([1, 3, 30, 32, 22])
    """

    def __init__(self, forward_block: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.forward_block = forward_block

    def forward(self, x: Tensor) -> Tensor:
        y = self.forward_block(fold(x))
        return y.view(x.size(0), x.size(2), *y.shape[1:]).transpose(1, 2)


class PackSequenceWrapper(nn.Module):
    """Pools every sequence by itself: `[n, c, s, ...]` to `[n, ...]`, or a packed batch of one to one row a sequence.

    >>> PackSequenceWrapper(strongest)(torch.zeros(1, 8, 30, 4), (10, 20)).shape
    torch.Size([2, 8, 4])
    """

    def __init__(self, pooling_func: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.pooling_func = pooling_func

    def forward(self, x: Tensor, lengths: tuple[int, ...] | None = None) -> Tensor:
        if lengths is None:
            return self.pooling_func(x)
        return torch.cat([self.pooling_func(walk) for walk in torch.split(x, list(lengths), 2)])


def packed_lengths(seqL: Tensor | None, frames: Tensor) -> tuple[int, ...] | None:
    """How many frames each sequence of a packed batch has, or None for a batch stacked along `n`.

    `seqL` int `[1, k]`, `frames` `[n, c, s, h, w]`. Raises VisualAnalyseError where the two do not agree.

    >>> packed_lengths(torch.tensor([[10, 20]]), torch.zeros(1, 1, 30, 64, 44))
    (10, 20)
    """
    n, s = frames.size(0), frames.size(2)
    if seqL is None:
        return None
    lengths = tuple(int(length) for length in seqL[0].tolist())
    if n != 1 or sum(lengths) != s or min(lengths, default=0) < 1:
        raise VisualAnalyseError(
            f"The batch holds {n} x {s} frames, and seqL says {list(lengths)}: packed sequences stand one after "
            "another in a batch of one, each has a frame, and their lengths sum to its frames. For a stacked batch, "
            "seqL is None."
        )
    return lengths
