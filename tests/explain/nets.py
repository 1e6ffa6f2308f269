"""Tiny networks with fixed weights, whose maps can be computed by hand."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from visual_analyse.explain.model import Batch


def fixed(module: nn.Module, scale: float = 1.0) -> nn.Module:
    """Weights without random numbers: sines of the position, kernels strongest in their middle.

    A kernel that looks hardest at its middle answers a poke hardest where it was poked; with other kernels the peak of
    a change says nothing of where a layer was put back.
    """
    with torch.no_grad():
        for k, parameter in enumerate(module.parameters()):
            u = torch.sin(12.9898 * torch.arange(parameter.numel(), dtype=torch.float64) + 78.233 * k)
            parameter.copy_((scale * u).reshape(parameter.shape))
            centre(parameter)
    return module.eval()


def centre(kernel: Tensor) -> None:
    """Make the middle of a kernel `[out, in, ...]` as strong as its strongest, the rest four times weaker, in place."""
    if kernel.ndim > 2:
        middle = (slice(None), slice(None), *(size // 2 for size in kernel.shape[2:]))
        strong = kernel.abs().flatten(2).amax(2) * kernel[middle].sign()
        kernel /= 4
        kernel[middle] = strong


@dataclass
class Model:
    """The least that `explain` needs."""

    module: nn.Module
    metric: str = "euc"

    def embed(self, batch: Batch) -> Tensor:
        return self.module(batch)


def fold(x: Tensor) -> Tensor:
    n, c, s, h, w = x.shape
    return x.transpose(1, 2).reshape(n * s, c, h, w)


def unfold(x: Tensor, n: int) -> Tensor:
    return x.reshape(n, -1, *x.shape[1:]).transpose(1, 2)


def pooled(x: Tensor, batch: Batch) -> Tensor:
    """Set pooling over each sequence: `[n, c, s, h, w]`, packed or stacked, to `[n, c, h, w]`."""
    if not batch.packed:
        return x.max(2)[0]
    return torch.cat([part.max(2)[0] for part in x.split(list(batch.lengths), 2)])


class SetNet(nn.Module):
    """Folded frames, in-place activation, set pooling, a convolution after it, two parts."""

    def __init__(self) -> None:
        super().__init__()
        self.one = nn.Conv2d(1, 4, 3, padding=1)
        self.act = nn.LeakyReLU(inplace=True)
        self.pool = nn.MaxPool2d(2)
        self.two = nn.Conv2d(4, 6, 3, padding=1)
        self.three = nn.Conv2d(6, 5, 3, padding=1)
        self.unused = nn.Conv2d(5, 5, 1)

    def forward(self, batch: Batch) -> Tensor:
        x = batch.inputs[0].unsqueeze(1)
        n = x.shape[0]
        x = self.pool(self.act(self.one(fold(x))))
        x = self.two(x)
        x += 0.5
        x = self.three(pooled(unfold(x, n), batch))
        halves = x.reshape(*x.shape[:2], 2, -1)
        return halves.mean(-1) + halves.max(-1)[0]


class StripNet(nn.Module):
    """One convolution that runs on strips of height, and one that just runs twice."""

    def __init__(self, strips: int = 4, backwards: bool = False) -> None:
        super().__init__()
        self.strips, self.backwards = strips, backwards
        self.first = nn.Conv2d(1, 3, 3, padding=1)
        self.local = nn.Conv2d(3, 4, 3, padding=1)
        self.twice = nn.Conv2d(4, 4, 3, padding=1)

    def forward(self, batch: Batch) -> Tensor:
        x = batch.inputs[0].unsqueeze(1)
        n = x.shape[0]
        x = self.first(fold(x))
        parts = x.chunk(self.strips, 2)
        if self.backwards:
            x = torch.cat([self.local(part) for part in reversed(parts)][::-1], 2)
        else:
            x = torch.cat([self.local(part) for part in parts], 2)
        x = self.twice(self.twice(x).relu())
        return pooled(unfold(x, n), batch).mean(-1)


class TimeNet(nn.Module):
    """Three-dimensional convolutions with a stride over time."""

    def __init__(self) -> None:
        super().__init__()
        self.wide = nn.Conv3d(1, 3, 3, padding=1)
        self.stride = nn.Conv3d(3, 3, (3, 1, 1), stride=(3, 1, 1))
        self.deep = nn.Conv3d(3, 4, 3, padding=1)
        self.line = nn.Conv1d(4, 4, 3, padding=1)

    def forward(self, batch: Batch) -> Tensor:
        x = self.deep(self.stride(self.wide(batch.inputs[0].unsqueeze(1))).relu())
        y = self.line(x.mean((3, 4)))
        return x.max(2)[0].mean(-1) + y.max(2)[0].unsqueeze(-1)


def walk(lengths: tuple[int, ...], height: int = 16, width: int = 8, packed: bool = False, seed: int = 0) -> Batch:
    """Random grey walks."""
    generator = torch.Generator().manual_seed(seed)
    frames = [torch.rand(1, length, height, width, generator=generator) for length in lengths]
    tensor = torch.cat(frames, 1 if packed else 0)
    return Batch((tensor,), ("n s h w",), lengths, packed)
