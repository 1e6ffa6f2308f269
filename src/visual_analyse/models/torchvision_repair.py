"""A torchvision whose compiled half does not fit the torch beside it, made good enough for gait models."""

from __future__ import annotations

import sys
from importlib import import_module
from typing import Any

import torch
from torch import Tensor

_SCHEMAS = ("nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
            "qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")  # fmt: skip
_kept: list[Any] = []  # a library's schemas vanish with it


def repair_torchvision() -> None:
    """Make `import torchvision` work where a CUDA build lies beside a CPU build of torch; do nothing elsewhere.

    There the import ends with "operator torchvision::nms does not exist". Gait models never call that operator: its
    schema is enough. `roi_align` then runs without compiled code, all regions at once and every pixel of the picture
    as a possible sample: gigabytes for one walk. Here it runs region by region, which is the same sum in little.

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
        for schema in _SCHEMAS:
            library.define(schema)
        _kept.append(library)
        import_module("torchvision")
        _align_by_region(sys.modules["torchvision.ops.roi_align"])


def _align_by_region(module: Any) -> None:
    together = module._roi_align

    def one_by_one(pictures: Tensor, regions: Tensor, *args: Any) -> Tensor:
        found = []
        for region in regions:
            picture = pictures[int(region[0])][None]
            found.append(together(picture, torch.cat([region.new_zeros(1), region[1:]])[None], *args))
        return torch.cat(found) if found else together(pictures, regions, *args)

    module._roi_align = one_by_one
