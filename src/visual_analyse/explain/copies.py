"""Changed copies of one walk: several in one forward, where a model takes them so."""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import Tensor

from visual_analyse.errors import VisualAnalyseError
from visual_analyse.explain.capture import frozen
from visual_analyse.explain.model import Batch, Explainable
from visual_analyse.explain.resolving import SHORT
from visual_analyse.explain.trace import resized

_FRAMES = 3  # on which it is tried whether copies may be stacked
_CLOSE = 1e-4  # of the largest value


class Copies:
    """The embeddings of one walk with one of its inputs changed, the others as they are.

    `on`: which input, of those told apart. Copies are stacked along `n`, at most `most` in one forward, where the model
    then answers what it answers to each alone, which is tried once; else they go one by one. Raises VisualAnalyseError
    for a batch of several walks.

    >>> Copies(model, batch).embed(torch.stack([batch.part(source)[0], changed])).shape  # doctest: +SKIP
    torch.Size([2, 256, 16])
    """

    def __init__(self, model: Explainable, batch: Batch, on: int = 0, most: int = 8) -> None:
        if len(batch) != 1:
            raise VisualAnalyseError(
                f"The batch holds {len(batch)} walks, and copies are made of one. Explain them one by one."
            )
        self.model, self.batch = model, batch
        self.source = batch.told_apart[on]
        self.together = most if most > 1 and self._stacks() else 1

    @property
    def original(self) -> Tensor:
        """The input as it is, `[1, ...]`, as its axes say."""
        return self.batch.part(self.source)

    @property
    def axes(self) -> tuple[str, ...]:
        """The names of its axes."""
        return tuple(self.batch.axes[self.source.tensor].split())

    def embed(self, parts: Tensor) -> Tensor:
        """Embeddings `[k, c, p]` of k copies, `[k, ...]`; with a graph where gradients are enabled."""
        return torch.cat(
            [self.model.embed(_copies(self.batch, self, some)) for some in torch.split(parts, self.together)]
        )

    def _stacks(self) -> bool:
        short = resized(self.batch, (_FRAMES,))
        part = short.part(self.source)
        both = torch.cat([part, part * 0.5 + 0.1])
        with frozen(self.model.module), torch.no_grad():
            try:
                alone = torch.cat([self.model.embed(_copies(short, self, some)) for some in torch.split(both, 1)])
                stacked = self.model.embed(_copies(short, self, both))
            except Exception:  # whatever a model raises on several walks, it has answered the question
                return False
        return stacked.shape == alone.shape and bool((stacked - alone).abs().max() <= _CLOSE * alone.abs().max())


def shortened(model: Explainable, batch: Batch, frames: int) -> Batch:
    """A walk of so many frames of a batch, or of as many as a dry run takes, where a model needs more than `frames`.

    >>> shortened(model, batch, 3).lengths  # doctest: +SKIP
    (3,)
    """
    short = resized(batch, (frames,))
    with frozen(model.module), torch.no_grad():
        try:
            model.embed(short)
        except Exception:  # whatever a model raises on a walk that is too short for it
            return resized(batch, (SHORT,))
    return short


def _copies(batch: Batch, copies: Copies, parts: Tensor) -> Batch:
    inputs = []
    for k, tensor in enumerate(batch.inputs):
        tensor = tensor.expand(len(parts), *tensor.shape[1:]).clone()  # a model may write into what it is given
        if k == copies.source.tensor:
            batch.part(copies.source, tensor).copy_(parts)
        inputs.append(tensor)
    return replace(batch, inputs=tuple(inputs), lengths=batch.lengths * len(parts), packed=False)
