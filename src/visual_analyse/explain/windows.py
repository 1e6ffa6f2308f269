"""Which frames each step of a layer stands for, where operations stride over time."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import nn

Grid = tuple[int, int]  # the sizes that a time axis has in two dry runs of different length


@dataclass(frozen=True)
class TimeOp:
    """An operation that turns one grid of steps into another: kernel, stride, padding and dilation over time.

    Without a stride the kernel is left out: a step stands for the frame in its middle.
    """

    source: Grid
    kernel: int
    stride: int
    padding: int
    dilation: int = 1

    def takes(self, steps: int) -> NDArray[np.int64]:
        """First and last input step of each of `steps` output steps: int `[steps, 2]`, not clipped."""
        start = np.arange(steps) * self.stride - self.padding
        reach = self.dilation * (self.kernel - 1)
        if self.stride == 1:
            return np.stack([start + reach // 2, start + math.ceil(reach / 2)], 1)
        return np.stack([start, start + reach], 1)

    def gives(self, steps: int) -> int:
        """How many steps come out of `steps`."""
        return max(0, (steps + 2 * self.padding - self.dilation * (self.kernel - 1) - 1) // self.stride + 1)


@dataclass(frozen=True)
class Movement:
    """How a convolution or pooling layer moves over its last axes, a number for each of them."""

    kernel: tuple[int, ...]
    stride: tuple[int, ...]
    padding: tuple[int, ...]
    dilation: tuple[int, ...]


def movement(module: nn.Module) -> Movement | None:
    """Read how a layer moves; None where it says nothing of it.

    >>> movement(nn.Conv1d(1, 1, 3, 2))
    Movement(kernel=(3,), stride=(2,), padding=(0,), dilation=(1,))
    """
    kernel = getattr(module, "kernel_size", None)
    if kernel is None:
        return None
    dims = len(kernel) if isinstance(kernel, tuple) else {"1d": 1, "2d": 2, "3d": 3}.get(type(module).__name__[-2:], 0)

    def each(name: str, default: Any) -> tuple[int, ...] | None:
        value: Any = getattr(module, name, default)
        value = default if value is None else value
        numbers = tuple(value) if isinstance(value, tuple | list) else (value,) * dims
        return numbers if len(numbers) == dims and all(isinstance(number, int) for number in numbers) else None

    kernels = each("kernel_size", 1)
    strides = each("stride", kernel)
    padding, dilation = each("padding", 0), each("dilation", 1)
    if not dims or kernels is None or strides is None or padding is None or dilation is None:
        return None
    return Movement(kernels, strides, padding, dilation)


def time_op(moves: Movement | None, source: Grid, axis: int, ndim: int) -> TimeOp | None:
    """What a layer does along its `axis` of `ndim`, which has `source` steps; None where it says nothing of it."""
    if moves is None:
        return None
    place = axis - (ndim - len(moves.kernel))
    if not 0 <= place < len(moves.kernel):
        return None
    return TimeOp(source, moves.kernel[place], moves.stride[place], moves.padding[place], moves.dilation[place])


def windows(
    grid: Grid, start: Grid, operations: Mapping[Grid, Sequence[TimeOp]], length: int, steps: int
) -> NDArray[np.int64]:
    """The frames `first:end` that each step of a grid stands for: int64 `[steps, 2]`, clipped to the walk.

    What the operations from the input's grid (`start`) to this one take in, composed. Where a step was made by
    something that does not say how it strides, the walk is shared out evenly.

    >>> windows((2, 3), (6, 9), {(2, 3): [TimeOp((6, 9), 3, 3, 0)]}, 7, 2).tolist()
    [[0, 3], [3, 6]]
    """
    found = _composed(grid, start, operations, length)
    if found is None or len(found) != steps:
        edges = np.arange(steps + 1) * length / max(steps, 1)
        found = np.stack([np.floor(edges[:-1]), np.ceil(edges[1:]) - 1], 1).astype(np.int64)
    first, last = found.clip(0, max(length - 1, 0)).T
    return np.stack([first, last + 1], 1).astype(np.int64)


def _composed(
    grid: Grid, start: Grid, operations: Mapping[Grid, Sequence[TimeOp]], length: int
) -> NDArray[np.int64] | None:
    if grid == start:
        return np.repeat(np.arange(length)[:, None], 2, 1)
    found: NDArray[np.int64] | None = None
    for operation in operations.get(grid, ()):
        below = _composed(operation.source, start, operations, length)
        if below is None or not len(below):
            continue
        taken = operation.takes(operation.gives(len(below))).clip(0, len(below) - 1)
        here = np.stack([below[taken[:, 0], 0], below[taken[:, 1], 1]], 1)
        if found is not None and len(found) == len(here):
            here = np.stack([np.minimum(found[:, 0], here[:, 0]), np.maximum(found[:, 1], here[:, 1])], 1)
        found = here
    return found
