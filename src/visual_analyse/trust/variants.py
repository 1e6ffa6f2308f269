"""Many changed copies of one walk through a model, several in one forward where that changes nothing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import islice

import numpy as np
import torch
from numpy.typing import NDArray

from visual_analyse.encode.forward import FRAMES, FRAMES_ON_GPU
from visual_analyse.encode.packing import packs_exactly
from visual_analyse.explain.memory import enough_memory
from visual_analyse.explain.model import Batch, Explainable, Source
from visual_analyse.trust.body import Array

Embeddings = NDArray[np.float32]


class Variants:
    """The embeddings of one walk with other frames in the place of one of its inputs.

    Whether equally long walks may be stacked is tried once, on two unlike ones, and not assumed.

    >>> Variants(model, batch, Source(0)).embed([frames]).shape  # doctest: +SKIP
    (1, 256, 62)
    """

    def __init__(self, model: Explainable, batch: Batch, source: Source) -> None:
        self.model = model
        self.batch = batch
        self.source = source
        self._stacks: bool | None = None

    @property
    def frames(self) -> Array:
        """The input as the model is given it, `[s, h, w]` or `[s, c, h, w]`."""
        return np.asarray(self.batch.part(self.source)[0].float().cpu().numpy())

    @property
    def at_once(self) -> int:
        """How many copies go through in one forward."""
        most = FRAMES if self.batch.inputs[0].device.type == "cpu" else FRAMES_ON_GPU
        return max(1, most // self.batch.lengths[0]) if self._stacks else 1

    def embed(self, walks: Iterable[Array]) -> Embeddings:
        """The embeddings `[k, c, p]` of k copies, each with other frames; they are taken as they are needed."""
        return np.concatenate(list(self._groups(iter(walks))))

    def _groups(self, walks: Iterator[Array]) -> Iterator[Embeddings]:
        if self._stacks is None:
            first = list(islice(walks, 2))
            if len(first) == 2:
                alone = [self._stacked([frames]) for frames in first]
                self._stacks = packs_exactly(
                    self.model.embed, alone, lambda order: self._stacked([first[k] for k in order])
                )
            yield from (self._embedded([frames]) for frames in first)
        while group := list(islice(walks, self.at_once)):
            yield self._embedded(group)

    def _embedded(self, group: list[Array]) -> Embeddings:
        with torch.no_grad(), enough_memory("embedding changed walks"):
            return np.asarray(self.model.embed(self._stacked(group)).float().cpu().numpy())

    def _stacked(self, group: list[Array]) -> Batch:
        inputs = [torch.cat([x] * len(group)) for x in self.batch.inputs]
        part = self.batch.part(self.source, inputs[self.source.tensor])
        part.copy_(torch.from_numpy(np.stack(group)).to(part))
        return replace(self.batch, inputs=tuple(inputs), lengths=self.batch.lengths * len(group))
