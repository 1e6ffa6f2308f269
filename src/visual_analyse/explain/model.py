"""What `explain` needs of a model: a forward from a batch, whose axes are named, to embeddings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor, nn


@dataclass(frozen=True)
class Batch:
    """The sequences of one forward.

    `inputs`: one tensor an input of the model; `axes`: their axes by name, e.g. `("n s h w",)`. `lengths`: frames of
    each sequence. `packed`: the sequences stand one after another along `s` in a batch of one (OpenGait's way in
    tests); else they are stacked along `n`.
    """

    inputs: tuple[Tensor, ...]
    axes: tuple[str, ...]
    lengths: tuple[int, ...]
    packed: bool = False

    def __len__(self) -> int:
        return len(self.lengths)


class Explainable(Protocol):
    """A model that can be explained; a checkout's, a built-in one and a foreign module all become one.

    `module` holds the layers. `metric` is "euc" or "cos".
    """

    @property
    def module(self) -> nn.Module: ...

    @property
    def metric(self) -> str: ...

    def embed(self, batch: Batch) -> torch.Tensor:
        """Embeddings `[n, c, p]` of a batch of n sequences, with a graph where gradients are enabled."""
        ...
