"""Any module that maps a batch to embeddings, with the axes of its input named."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from visual_analyse.errors import VisualAnalyseError
from visual_analyse.explain.model import Batch

AXES = {"n": "walks", "s": "frames", "c": "channels", "h": "rows", "w": "columns"}


@dataclass
class ForeignModel:
    """A module whose forward takes one tensor and gives `[n, c]` or `[n, c, p]`.

    `axes` names the axes of that tensor, e.g. "n s c h w" or "n c s h w"; walks come first. `metric` is "euc" or "cos".
    Raises VisualAnalyseError for axes that are not known, and for tensors that do not have them.

    >>> wrap(nn.Flatten(), "n s h w").axes
    'n s h w'
    """

    module: nn.Module
    axes: str
    metric: str = "euc"
    name: str = "model"

    def __post_init__(self) -> None:
        names = self.axes.split()
        if not names or names[0] != "n" or len(set(names)) != len(names) or not set(names) <= set(AXES):
            known = ", ".join(f"{name} ({what})" for name, what in AXES.items())
            raise VisualAnalyseError(
                f"The axes {self.axes!r} cannot be used: 'n' first, then each of {known} at most once, with spaces "
                'between, is expected; e.g. wrap(module, "n s c h w").'
            )

        if self.metric not in ("euc", "cos"):
            raise VisualAnalyseError(f"The metric {self.metric!r} is not known; 'euc' and 'cos' are.")

    @property
    def device(self) -> torch.device:
        """Where the module's parameters are."""
        first = next(self.module.parameters(), None)
        return torch.device("cpu") if first is None else first.device

    def batch(self, walks: Any) -> Batch:
        """Walks, one tensor or array with all axes, as a batch on the module's device; one walk may lack `n`."""
        tensor = torch.as_tensor(np.asarray(walks) if not isinstance(walks, Tensor) else walks)
        names = self.axes.split()
        if tensor.ndim == len(names) - 1:
            tensor = tensor.unsqueeze(0)
        if tensor.ndim != len(names):
            raise VisualAnalyseError(
                f"The axes are {self.axes!r}, {len(names)} of them, and the input has {tensor.ndim}: "
                f"{list(tensor.shape)}. Name its axes when wrapping the module, or reshape it."
            )
        tensor = tensor.to(self.device, torch.float32)
        frames = tensor.shape[names.index("s")] if "s" in names else 1
        return Batch((tensor,), (self.axes,), (frames,) * len(tensor))

    def embed(self, batch: Batch) -> Tensor:
        """Embeddings `[n, c, p]` of a batch."""
        try:
            found = self.module(batch.inputs[0])
        except (RuntimeError, ValueError, IndexError, TypeError) as error:
            raise VisualAnalyseError(
                f"The module failed on an input {self.axes!r} of {list(batch.inputs[0].shape)}: {error}. Name the axes "
                "that its forward takes."
            ) from error
        if not isinstance(found, Tensor) or found.ndim not in (2, 3) or len(found) != len(batch):
            what = f"a tensor of {list(found.shape)}" if isinstance(found, Tensor) else f"a {type(found).__name__}"
            raise VisualAnalyseError(
                f"The module gave {what} for {len(batch)} walks; [n, c] or [n, c, p] with n = {len(batch)} was "
                "expected. Wrap it in a module that returns its embeddings alone."
            )
        return found if found.ndim == 3 else found.unsqueeze(-1)

    def frames(self, batch: Batch) -> Tensor:
        """The first walk as `[s, c, h, w]`, for pictures; axes it lacks have one entry."""
        names = self.axes.split()
        tensor = batch.inputs[0][0]
        kept = [name for name in names if name != "n"]
        for name in ("s", "c", "h", "w"):
            if name not in kept:
                tensor = tensor.unsqueeze(-1)
                kept.append(name)
        return tensor.permute(*(kept.index(name) for name in ("s", "c", "h", "w")))


def wrap(module: nn.Module, axes: str, metric: str = "euc", name: str = "model") -> ForeignModel:
    """Make a module of one's own explainable by naming the axes of its input.

    >>> wrap(nn.Flatten(), "n s c h w", metric="cos").metric
    'cos'
    """
    return ForeignModel(module, axes, metric, name)
