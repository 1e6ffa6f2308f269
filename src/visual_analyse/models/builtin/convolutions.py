"""Convolutions without bias, on whole maps or on strips of them, under the names that checkpoints know them by."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from visual_analyse.errors import VisualAnalyseError


def by_strips(layer: nn.Module, x: Tensor, axis: int, halving: int) -> Tensor:
    """A layer run on `2**halving` strips of the rows, `axis`, and its answers joined: strips do not see each other.

    Raises VisualAnalyseError where there are fewer rows than strips. FConv of GaitPart, Fan et al. CVPR 2020, sec. 3.2.

    >>> by_strips(nn.MaxPool2d(3, 1, 1), torch.zeros(1, 1, 64, 44), 2, halving=3).shape
    torch.Size([1, 1, 64, 44])
    """
    if halving == 0:
        return layer(x)  # type: ignore[no-any-return]
    rows = x.size(axis) // 2**halving
    if rows == 0:
        raise VisualAnalyseError(
            f"A map of {x.size(axis)} rows cannot be cut into {2**halving} strips. Give frames of the size that "
            "the model was made for (64 x 44 or 128 x 88)."
        )
    # Views of one tensor: that they are cut from it, and where, is how strips are recognised and put back.
    return torch.cat([layer(strip) for strip in torch.split(x, rows, axis)], axis)


class FlatConv(nn.Module):
    """A convolution of pictures `[n, c, h, w]` that keeps their size, whole or in `2**halving` strips.

    >>> FlatConv(1, 8, 5)(torch.zeros(2, 1, 64, 44)).shape
    torch.Size([2, 8, 64, 44])
    """

    def __init__(self, inward: int, outward: int, kernel: int, halving: int = 0) -> None:
        super().__init__()
        self.conv = nn.Conv2d(inward, outward, kernel, padding=kernel // 2, bias=False)
        self.halving = halving

    def forward(self, x: Tensor) -> Tensor:
        return by_strips(self.conv, x, 2, self.halving)


class TimeConv(nn.Module):
    """A convolution over time, `[n, c, s]`, that keeps its length.

    >>> TimeConv(8, 2, 3)(torch.zeros(1, 8, 30)).shape
    torch.Size([1, 2, 30])
    """

    def __init__(self, inward: int, outward: int, kernel: int) -> None:
        super().__init__()
        self.conv = nn.Conv1d(inward, outward, kernel, padding=kernel // 2, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        return self.conv(x)  # type: ignore[no-any-return]


class SolidConv(nn.Module):
    """A convolution of clips `[n, c, s, h, w]`; three wide in time and picture unless said otherwise.

    >>> SolidConv(1, 8)(torch.zeros(1, 1, 30, 64, 44)).shape
    torch.Size([1, 8, 30, 64, 44])
    """

    def __init__(self, inward: int, outward: int, time_only: bool = False) -> None:
        super().__init__()
        # Local temporal aggregation joins every three frames into one step.
        kernel, stride, padding = ((3, 1, 1), (3, 1, 1), 0) if time_only else ((3, 3, 3), (1, 1, 1), 1)
        self.conv3d = nn.Conv3d(inward, outward, kernel, stride, padding, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        return self.conv3d(x)  # type: ignore[no-any-return]


class GLConv(nn.Module):
    """One convolution of the whole clip and one of its strips, added, or `stacked` along the rows.

    `[n, c, s, h, w]` to `[n, c', s, h, w]`, or `[n, c', s, 2h, w]`: GLConvA and GLConvB of Lin et al. ICCV 2021.

    >>> GLConv(4, 8, halving=3, stacked=True)(torch.zeros(1, 4, 10, 32, 22)).shape
    torch.Size([1, 8, 10, 64, 22])
    """

    def __init__(self, inward: int, outward: int, halving: int, stacked: bool = False) -> None:
        super().__init__()
        self.global_conv3d = SolidConv(inward, outward)
        self.local_conv3d = SolidConv(inward, outward)
        self.halving, self.stacked = halving, stacked

    def forward(self, x: Tensor) -> Tensor:
        whole, local = self.global_conv3d(x), by_strips(self.local_conv3d, x, 3, self.halving)
        if self.stacked:
            return F.leaky_relu(torch.cat([whole, local], 3))
        return F.leaky_relu(whole) + F.leaky_relu(local)


def rectified_pair(inward: int, outward: int, kernel: int = 3) -> list[nn.Module]:
    """Two convolutions of pictures, each with a leaky ReLU behind it: the block that GaitSet and GLN are made of.

    >>> len(rectified_pair(1, 32, 5))
    4
    """
    first, second = FlatConv(inward, outward, kernel), FlatConv(outward, outward, 3)
    return [first, nn.LeakyReLU(inplace=True), second, nn.LeakyReLU(inplace=True)]
