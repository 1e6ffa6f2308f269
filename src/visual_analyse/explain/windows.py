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


def time_op(module: nn.Module, source: Grid, axis: int, ndim: int) -> TimeOp | None:
    """Read how a convolution or pooling layer moves along its `axis` of `ndim`; None where it says nothing of it."""
    kernel = getattr(module, "kernel_size", None)
    if kernel is None:
        return None
    dims = len(kernel) if isinstance(kernel, tuple) else {"1d": 1, "2d": 2, "3d": 3}.get(type(module).__name__[-2:], 0)
    place = axis - (ndim - dims)
    if not 0 <= place < dims:
        return None

    def at(name: str, default: int) -> int | None:
        value: Any = getattr(module, name, default)
        value = value[place] if isinstance(value, tuple) else value
        return value if isinstance(value, int) else None

    k, s, p, d = at("kernel_size", 1), at("stride", 1), at("padding", 0), at("dilation", 1)
    if k is None or p is None or d is None:
        return None
    return TimeOp(source, k, k if s is None else s, p, d)


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
