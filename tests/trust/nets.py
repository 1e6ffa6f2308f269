"""Walks and models whose evidence is known."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn

from tests.explain.nets import Model
from visual_analyse.explain.model import Batch
from visual_analyse.results import InputKind
from visual_analyse.trust.body import Array
from visual_analyse.trust.case import Case
from visual_analyse.trust.replacements import Replacement

ROWS, COLUMNS = slice(4, 8), slice(3, 6)  # the block of pixels that decides


class Block(nn.Module):
    """An embedding `[n, 1, 1]` that is the mean of one block of pixels over all frames, and of nothing else."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(1, 1, 1, bias=False)
        nn.init.constant_(self.conv.weight, 1.0)

    def forward(self, batch: Batch) -> Tensor:
        x = batch.inputs[0]
        drawn = self.conv(x.flatten(0, 1).unsqueeze(1)).reshape(x.shape)
        return drawn[:, :, ROWS, COLUMNS].mean((1, 2, 3)).reshape(-1, 1, 1)


class Black(Replacement):
    """Nothing at all: no walk, but easily computed by hand."""

    name = "black"
    what = "zeros"

    def whole(self, frames: Array, kind: InputKind) -> Array:
        return np.zeros_like(frames)


def person(frames: int = 3, height: int = 12, width: int = 9) -> Batch:
    """A rectangle of ones, a pixel away from the border; it holds the block."""
    x = torch.zeros(1, frames, height, width)
    x[:, :, 1:-1, 1:-1] = 1
    return Batch((x,), ("n s h w",), (frames,))


def block_map(frames: int = 3, height: int = 12, width: int = 9) -> Array:
    """Evidence for the match on the block alone, `[s, h, w]`."""
    made = np.zeros((frames, height, width))
    made[:, ROWS, COLUMNS] = 1
    return made


def case_of(module: nn.Module, batch: Batch, known: Array, people: list[str], **more: object) -> Case:
    """A case of person "a" against walks of these people with these embeddings."""
    names = [f"{who}-{k}" for k, who in enumerate(people)]
    return Case(Model(module), batch, "a", "probe", names, np.array(people), np.asarray(known, np.float32), **more)  # type: ignore[arg-type]
