"""What a camera and a segmentation do to a walk, drawn anew each time it is learnt from."""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional as F

WIDTH = 44


def augment(walks: Tensor, generator: torch.Generator) -> Tensor:
    """Walks as they might also have been recorded: uint8 `[n, s, 64, 64]` to float32 in 0..1 `[n, s, 64, 44]`.

    Each walk is turned, sheared, made wider at the head or the feet, thickened or thinned by a pixel and mirrored as
    one; single frames are cropped a pixel or two off, lose a rectangle, or gain a blob.

    >>> augment(torch.zeros(2, 3, 64, 64, dtype=torch.uint8), torch.Generator()).shape
    torch.Size([2, 3, 64, 44])
    """
    n, s = walks.shape[:2]
    frames = (walks.float() / 255.0).flatten(0, 1)[:, None]
    frames = _thickened(frames, s, generator)
    frames = F.grid_sample(frames, _grid(n, s, generator), align_corners=False)[:, 0]
    return _spoilt(frames, generator).view(n, s, 64, WIDTH)


def _grid(n: int, s: int, generator: torch.Generator) -> Tensor:
    """Where each pixel of the answer is looked up, in -1..1, `[(n s), 64, 44, 2]`."""

    def spread(size: float, count: int) -> Tensor:
        return (2 * torch.rand(count, generator=generator) - 1) * size

    turn, shear, keystone = spread(math.radians(4), n), spread(0.05, n), spread(0.08, n)
    wider, mirror = 1 + spread(0.07, n), torch.where(torch.rand(n, generator=generator) < 0.5, -1.0, 1.0)
    per_walk = torch.stack([turn, shear, keystone, wider, mirror]).repeat_interleave(s, 1)[:, :, None, None]
    turn, shear, keystone, wider, mirror = per_walk
    frames = n * s
    taller = 1 + spread(0.03, frames)[:, None, None]
    down, across = spread(0.035, frames)[:, None, None], spread(0.04, frames)[:, None, None]
    y = ((torch.arange(64) + 0.5) / 32 - 1)[:, None]
    x = ((torch.arange(WIDTH) + 0.5 - WIDTH / 2) / 32)[None]
    from_x = mirror * wider * (1 + keystone * y) * x + shear * y
    from_y = taller * y
    columns = turn.cos() * from_x - turn.sin() * from_y + across
    rows = turn.sin() * from_x + turn.cos() * from_y + down
    return torch.stack([columns, rows], -1)


def _thickened(frames: Tensor, s: int, generator: torch.Generator) -> Tensor:
    """Silhouettes a pixel thicker, a pixel thinner, or as they were: one fate a walk."""
    n = len(frames) // s
    fate = torch.rand(n, generator=generator).repeat_interleave(s)
    weight = torch.rand(n, generator=generator).repeat_interleave(s)[:, None, None, None]
    thicker, thinner = fate < 0.25, fate > 0.75
    result = frames.clone()
    for chosen, sign in ((thicker, 1.0), (thinner, -1.0)):
        if chosen.any():
            moved = sign * F.max_pool2d(sign * frames[chosen], 3, 1, 1)
            result[chosen] = torch.lerp(frames[chosen], moved, weight[chosen])
    return result


def _spoilt(frames: Tensor, generator: torch.Generator) -> Tensor:
    """A rectangle lost in one frame of seven, a blob gained in one of ten, `[f, 64, 44]`."""
    count, h, w = frames.shape
    y, x = torch.arange(h)[None, :, None], torch.arange(w)[None, None]

    def uniform(low: float, high: float) -> Tensor:
        return (low + (high - low) * torch.rand(count, generator=generator))[:, None, None]

    top, left, tall, wide = uniform(-4, h - 4), uniform(4, w - 8), uniform(3, 16), uniform(3, 12)
    lost = (y >= top) & (y < top + tall) & (x >= left) & (x < left + wide) & (uniform(0, 1) < 1 / 7)
    row, column, radius = uniform(8, h), uniform(8, w - 8), uniform(1.5, 5)
    gained = ((y - row).square() + (x - column).square() < radius.square()) & (uniform(0, 1) < 1 / 10)
    return torch.where(gained, torch.ones(()), torch.where(lost, torch.zeros(()), frames))
