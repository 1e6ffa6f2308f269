"""Points that a model chooses of each frame's cloud: which they are, seen as it chooses them."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from visual_analyse.explain.capture import frozen
from visual_analyse.explain.hooks import Hooks
from visual_analyse.explain.layers import leaves
from visual_analyse.explain.model import Batch, Explainable


def clouds(batch: Batch) -> Tensor | None:
    """The points of each frame of a batch's first walk, `[s, q, 3]`; None where no input holds points."""
    for source in batch.told_apart:
        names = batch.axes[source.tensor].split()
        if "q" in names:
            tensor = batch.part(source)[0]
            order = [names.index(name) - 1 for name in ("s", "q", "c")]
            return tensor.permute(*order)[..., :3]
    return None


def choices(model: Explainable, batch: Batch) -> dict[int, list[Tensor]]:
    """For each layer, the choices of points made before it ran, the latest first: int64 `[s, p]`, which of a frame's.

    A choice is whatever the model computes that holds nothing but points of the input, fewer than there are; the first
    of its size counts. Layers that run before any are left out.

    >>> choices(model, batch)[1][0].shape  # doctest: +SKIP
    torch.Size([8, 512])
    """
    cloud = clouds(batch)
    if cloud is None or len(batch) != 1:
        return {}
    found: dict[int, list[Tensor]] = {}
    seen = _Chosen(cloud)

    def hook(number: int) -> Any:
        def note(module: nn.Module, inputs: tuple[Any, ...], output: Any) -> None:
            if seen.made and number not in found:
                found[number] = list(reversed(seen.made.values()))

        return note

    hooks = Hooks((module, hook(layer.number)) for layer, module in leaves(model.module))
    with hooks, frozen(model.module), torch.no_grad(), seen:
        model.embed(batch)
    return found


def nearest_cells(cloud: Tensor, chosen: Tensor) -> NDArray[np.int32]:
    """The points of each frame, `[s, q, 3]`, shared out to the nearest of the chosen ones, `[s, p]`.

    int32 `[s, p, k]`: the points that each stands for, -1 where there are no more.
    """
    with torch.no_grad():
        centres = torch.gather(cloud, 1, chosen[..., None].expand(-1, -1, 3))
        owner = torch.cdist(cloud.double(), centres.double()).argmin(2).cpu().numpy()
    frames, count = chosen.shape
    most = max(int(np.bincount(row, minlength=count).max()) for row in owner)
    cells = np.full((frames, count, most), -1, np.int32)
    for frame, row in enumerate(owner):
        order = np.argsort(row, kind="stable")
        counts = np.bincount(row, minlength=count)
        rank = np.arange(len(row)) - np.repeat(np.cumsum(counts) - counts, counts)
        cells[frame, row[order], rank] = order
    return cells


class _Chosen(TorchFunctionMode):
    """Looks at what every function of torch gives, for choices of points."""

    def __init__(self, cloud: Tensor) -> None:
        super().__init__()
        self.made: dict[int, Tensor] = {}
        self.frames, self.count = cloud.shape[:2]
        marks = _marks(cloud)
        self.order = marks.argsort(1)
        self.sorted = marks.gather(1, self.order)

    def __torch_function__(
        self, func: Any, types: Collection[type], args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        given = func(*args, **(kwargs or {}))
        if isinstance(given, Tensor) and given.ndim == 3 and given.is_floating_point() and len(given) == self.frames:
            for points in (given, given.transpose(1, 2)):
                if points.shape[2] == 3 and 0 < points.shape[1] < self.count and points.shape[1] not in self.made:
                    self._look(points.detach())
        return given

    def _look(self, points: Tensor) -> None:
        with torch._C.DisableTorchFunction():
            marks = _marks(points)
            at = torch.searchsorted(self.sorted, marks.contiguous()).clamp(max=self.count - 1)
            if bool((self.sorted.gather(1, at) == marks).all()):
                self.made[marks.shape[1]] = self.order.gather(1, at)


def _marks(points: Tensor) -> Tensor:
    """A whole number for each point, made of the bits of its place."""
    bits = points.float().contiguous().view(torch.int32).long()
    return bits[..., 0] * 1_000_003 + bits[..., 1] * 998_244_353 + bits[..., 2] * 1_000_000_007
