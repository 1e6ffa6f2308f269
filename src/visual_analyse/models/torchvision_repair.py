"""A torchvision whose compiled half does not fit the torch beside it, made good enough for gait models."""

from __future__ import annotations

import functools
import math
import sys
from importlib import import_module
from typing import Any

import torch
from torch import Tensor

_OPERATORS = ("nms", "qnms")
_kept: list[Any] = []  # a library's schemas vanish with it


def repair_torchvision() -> None:
    """Make `import torchvision` work where a CUDA build lies beside a CPU build of torch; do nothing elsewhere.

    There the import ends with "operator torchvision::nms does not exist". Gait models never call that operator: its
    schema is enough. What they call is `roi_align`, and of that torchvision's fallback compiles itself on its first
    call and takes every pixel for a sample; `align_regions` takes its place.

    >>> repair_torchvision()
    """
    if "torchvision" in sys.modules:
        return
    try:
        import_module("torchvision")
    except ImportError:
        return  # whoever needs it says so
    except RuntimeError as error:
        if "torchvision::" not in str(error):
            raise
        for name in [name for name in sys.modules if name.partition(".")[0] == "torchvision"]:
            del sys.modules[name]
        library: Any = torch.library.Library("torchvision", "FRAGMENT")  # type: ignore[no-untyped-call]
        for operator in _OPERATORS:
            library.define(f"{operator}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
        _kept.append(library)
        import_module("torchvision")
        module: Any = sys.modules["torchvision.ops.roi_align"]
        if hasattr(module, "_roi_align"):
            module._roi_align = functools.wraps(module._roi_align)(align_regions)


def align_regions(
    pictures: Tensor, regions: Tensor, scale: float, height: int, width: int, sampling_ratio: int, aligned: bool
) -> Tensor:
    """Regions of pictures on a grid of `height` by `width` cells, float `[k, c, height, width]`.

    `pictures` float `[n, c, h, w]`; `regions` float `[k, 5]`: number of the picture, left, top, right, bottom. A cell
    is the mean of `sampling_ratio` samples a side, or as many as it has pixels, each interpolated between four pixels:
    He et al. 2017, Mask R-CNN, sec. 3. Rows and columns are interpolated one after the other, which is the same sum.

    >>> align_regions(torch.eye(2)[None, None], torch.tensor([[0.0, 0, 0, 2, 2]]), 1.0, 1, 1, 2, True).item()
    0.5
    """
    crops = []
    for number, *corners in regions.tolist():
        left, top, right, bottom = (corner * scale - (0.5 if aligned else 0.0) for corner in corners)
        if not aligned:
            right, bottom = max(right, left + 1), max(bottom, top + 1)
        picture = pictures[int(number)]
        rows = _interpolation(top, bottom, height, sampling_ratio, picture, picture.size(-2))
        columns = _interpolation(left, right, width, sampling_ratio, picture, picture.size(-1))
        crops.append(rows @ picture @ columns.T)
    return torch.stack(crops) if crops else pictures.new_zeros(0, pictures.size(1), height, width)


def _interpolation(first: float, last: float, cells: int, samples: int, like: Tensor, size: int) -> Tensor:
    """What each pixel of a line gives to each cell, `[cells, size]`."""
    step = (last - first) / cells
    samples = samples if samples > 0 else max(math.ceil(step), 0)
    weights = like.new_zeros(cells, size)
    if samples == 0:
        return weights
    within = (torch.arange(samples, device=like.device, dtype=like.dtype) + 0.5) / samples
    at = first + (torch.arange(cells, device=like.device, dtype=like.dtype)[:, None] + within) * step
    share = ((at >= -1) & (at <= size)).to(like.dtype) / samples  # beyond a pixel's width outside there is nothing
    at = at.clamp(0, size - 1)
    low = at.long()
    high = (low + 1).clamp(max=size - 1)
    weights.scatter_add_(1, low, (1 - (at - low)) * share)
    return weights.scatter_add_(1, high, (at - low) * share)
