"""What `explain` needs of a model: a forward from a batch, whose axes are named, to embeddings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn


@dataclass(frozen=True)
class Source:
    """One input of a walk: a tensor of the batch, by number, or channels `first:end` of one that holds several."""

    tensor: int
    first: int = 0
    end: int | None = None


@dataclass(frozen=True)
class Batch:
    """The sequences of one forward.

    `inputs`: one tensor an input of the model; `axes`: their axes by name, e.g. `("n s h w",)`: `v` are joints, `q`
    points, each with its channels beside it. `lengths`: frames of each sequence. `packed`: the sequences stand one
    after another along `s` in a batch of one (OpenGait's way in tests); else they are stacked along `n`. `sources`: the
    inputs that are told apart, by default one a tensor. `moments`: for each walk `[s]`, when in its cycle each frame
    is, from 0 to 1, NaN where that is not known; none where it is known of no walk.
    """

    inputs: tuple[Tensor, ...]
    axes: tuple[str, ...]
    lengths: tuple[int, ...]
    packed: bool = False
    sources: tuple[Source, ...] = ()
    moments: tuple[NDArray[np.float64], ...] = ()

    def __len__(self) -> int:
        return len(self.lengths)

    @property
    def told_apart(self) -> tuple[Source, ...]:
        """The inputs that are told apart."""
        return self.sources or tuple(Source(k) for k in range(len(self.inputs)))

    def part(self, source: Source, tensor: Tensor | None = None) -> Tensor:
        """A view of one of these inputs, or of a tensor of the same shape."""
        whole = self.inputs[source.tensor] if tensor is None else tensor
        if source.first == 0 and source.end is None:
            return whole
        axis = self.axes[source.tensor].split().index("c")
        end = whole.shape[axis] if source.end is None else source.end
        return whole.narrow(axis, source.first, end - source.first)


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
