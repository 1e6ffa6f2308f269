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


def skeletons(length: int, joints: int = 6, seed: int = 0) -> Batch:
    """One random pose, `[1, s, v, 3]`."""
    tensor = torch.rand(1, length, joints, 3, generator=torch.Generator().manual_seed(seed))
    return Batch((tensor,), ("n s v c",), (length,))


def cloud(length: int, points: int = 16, seed: int = 0) -> Batch:
    """One random walk of points, `[1, s, q, 3]`."""
    tensor = torch.rand(1, length, points, 3, generator=torch.Generator().manual_seed(seed))
    return Batch((tensor,), ("n s q c",), (length,))


def two_walks(length: int, height: int = 16, width: int = 8) -> Batch:
    """One walk of two pictures, a tensor each."""
    first, second = walk((length,), height, width), walk((length,), height, width, seed=5)
    return Batch((*first.inputs, *second.inputs), first.axes * 2, first.lengths)


TURN = (2, 0, 1, 4, 5, 3)  # of six joints; not its own inverse, so a turn the wrong way shows


class CopiesNet(nn.Module):
    """A pose, the same backwards, the same with its joints turned: along the batch, then convolutions over time."""

    def __init__(self, turn: tuple[int, ...] = TURN, stride: int = 2) -> None:
        super().__init__()
        self.turn = list(turn)
        self.mix = nn.Conv2d(3, 4, (3, 1), padding=(1, 0))
        self.stride = nn.Conv2d(4, 5, (3, 1), stride=(stride, 1), padding=(1, 0))
        self.line = nn.Conv1d(5, 5, 3, padding=1)

    def copies(self, batch: Batch) -> Tensor:
        x = batch.inputs[0].permute(0, 3, 1, 2)
        return torch.cat([x, x.flip(2), x[..., self.turn]])

    def forward(self, batch: Batch) -> Tensor:
        x = self.stride(self.mix(self.copies(batch)).tanh()).tanh()
        weights = torch.arange(1.0, 1 + x.shape[3])
        return self.line((x * weights).mean(3)).tanh().mean(2).reshape(1, -1, 1)


class PairsNet(nn.Module):
    """Joints pooled in groups between two layers."""

    def __init__(self, groups: tuple[tuple[int, ...], ...] = ((0, 1), (2, 3), (4, 5))) -> None:
        super().__init__()
        self.groups = [list(group) for group in groups]
        self.one = nn.Conv2d(3, 4, 1)
        self.two = nn.Conv2d(4, 5, 1)

    def forward(self, batch: Batch) -> Tensor:
        x = self.one(batch.inputs[0].permute(0, 3, 1, 2)).tanh()
        x = torch.stack([x[..., group].mean(3) for group in self.groups], 3)
        return (self.two(x).tanh() * torch.arange(1.0, 1 + len(self.groups))).mean((2, 3)).unsqueeze(2)


class WindowNet(nn.Module):
    """Pictures as tokens, normed, rolled, padded, cut into windows, seen by `qkv` and `proj`, and put together again.

    `window` 0: the same layers on the tokens as they are. `heads`: by how many the tokens of a window attend to each
    other; 0 where they do not.
    """

    def __init__(self, window: int = 0, shift: int = 0, heads: int = 0) -> None:
        super().__init__()
        self.window, self.shift, self.heads = window, shift, heads
        self.embed = nn.Conv2d(1, 6, 2, stride=2)
        self.norm = nn.LayerNorm(6)
        self.attn = nn.Module()
        self.attn.qkv = nn.Linear(6, 18)
        self.attn.soft = nn.Softmax(-1)
        self.attn.proj = nn.Linear(6, 6)
        self.last = nn.Conv2d(6, 4, 3, padding=1)

    def windows(self, x: Tensor) -> Tensor:
        """`[s, h, w, c]` to `[s * windows, cells, c]`."""
        if not self.window:
            return x.flatten(1, 2)
        x = x.roll((-self.shift, -self.shift), (1, 2))
        x = nn.functional.pad(x, (0, 0, 0, -x.shape[2] % self.window, 0, -x.shape[1] % self.window))
        s, h, w, c = x.shape
        k = self.window
        return x.reshape(s, h // k, k, w // k, k, c).transpose(2, 3).reshape(-1, k * k, c)

    def together(self, x: Tensor, frames: int, height: int, width: int) -> Tensor:
        """`[s * windows, cells, c]` to `[s, h, w, c]`: the inverse of `windows`."""
        if not self.window:
            return x.reshape(frames, height, width, -1)
        k = self.window
        rows, columns = -(-height // k), -(-width // k)
        x = x.reshape(frames, rows, columns, k, k, -1).transpose(2, 3).reshape(frames, rows * k, columns * k, -1)
        return x[:, :height, :width].roll((self.shift, self.shift), (1, 2))

    def forward(self, batch: Batch) -> Tensor:
        x = self.embed(batch.inputs[0].flatten(0, 1).unsqueeze(1)).movedim(1, -1)
        cells = self.windows(self.norm(x))
        query, key, value = self.attn.qkv(cells).tanh().chunk(3, -1)
        if self.heads == 1:
            seen = self.attn.soft(query @ key.transpose(1, 2)) @ value
        elif self.heads:
            q, k, v = (part.unflatten(2, (self.heads, -1)).transpose(1, 2) for part in (query, key, value))
            seen = (self.attn.soft(q @ k.transpose(2, 3)) @ v).transpose(1, 2).flatten(2)
        else:
            seen = query * key + value
        x = x + self.together(self.attn.proj(seen), *x.shape[:3])
        return self.last(x.movedim(-1, 1)).amax(0).mean(2).unsqueeze(0)


class TokenNet(nn.Module):
    """A vision transformer's tokens, some of its own before those of the picture: `[s, more + h * w, c]`."""

    def __init__(self, more: int = 1, heads: int = 2) -> None:
        super().__init__()
        self.more, self.heads = more, heads
        self.embed = nn.Conv2d(1, 6, 4, stride=4)
        self.lin = nn.Linear(6, 6)
        self.soft = nn.Softmax(-1)
        self.out = nn.Linear(6, 5)

    def forward(self, batch: Batch) -> Tensor:
        x = self.embed(batch.inputs[0].flatten(0, 1).unsqueeze(1)).flatten(2).transpose(1, 2)
        x = torch.cat([torch.ones(len(x), self.more, 6), x], 1)
        return self.after(self.lin(x)).amax(0).T.unsqueeze(0)

    def after(self, x: Tensor) -> Tensor:
        """What `out` makes of what `lin` gave."""
        x = x.tanh()
        if self.heads > 1:
            y = x.unflatten(2, (self.heads, -1)).transpose(1, 2)
            return self.out((self.soft(y @ y.transpose(2, 3)) @ y).transpose(1, 2).flatten(2))
        return self.out(self.soft(x @ x.transpose(1, 2)) @ x)


class FlatNet(nn.Module):
    """Pictures, then one linear layer on the cells of all frames on one axis, `[s * h * w, c]`; or on pictures."""

    def __init__(self, flat: bool = True) -> None:
        super().__init__()
        self.flat = flat
        self.conv = nn.Conv2d(1, 4, 3, stride=2, padding=1)
        self.lin = nn.Linear(4, 5)

    def forward(self, batch: Batch) -> Tensor:
        x = self.conv(batch.inputs[0].flatten(0, 1).unsqueeze(1)).movedim(1, -1)
        y = self.lin(x.flatten(0, 2)).reshape(*x.shape[:3], -1) if self.flat else self.lin(x)
        return y.tanh().amax(0).mean(1).T.unsqueeze(0)


class PointsNet(nn.Module):
    """Points of which some are chosen, and of these fewer: layers on all, on neighbours of the chosen, on the fewer.

    `before`: the neighbours stand before the points, `[s, c, k, p]`; else after them.
    """

    NEAR = 3

    def __init__(self, first: tuple[int, ...] = (1, 3, 4, 7, 8, 11, 12, 15), second: tuple[int, ...] = (6, 1, 4, 3),
                 before: bool = True) -> None:  # fmt: skip
        super().__init__()
        self.first, self.second, self.before = list(first), list(second), before
        self.every = nn.Conv1d(3, 4, 1)
        self.near = nn.Conv2d(4, 5, 1)
        self.few = nn.Conv1d(5, 6, 1)

    def forward(self, batch: Batch) -> Tensor:
        points = batch.inputs[0].flatten(0, 1)  # [s, q, 3]
        x = self.every(points.transpose(1, 2)).tanh()
        chosen = points[:, self.first]
        near = torch.cdist(chosen, points).topk(self.NEAR, largest=False)[1]  # [s, p, k]
        near = near.transpose(1, 2) if self.before else near
        around = torch.gather(x[:, :, None].expand(-1, -1, near.shape[1], -1), 3, near[:, None].expand(-1, 4, -1, -1))
        y = self.near(around).tanh().amax(2 if self.before else 3)
        fewer = chosen[:, self.second]
        z = self.few(y[:, :, self.second] + fewer.sum(2)[:, None]).tanh()
        return z.amax(2).amax(0)[None, :, None]
