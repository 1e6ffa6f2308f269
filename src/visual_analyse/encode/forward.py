"""Groups of walks through a model, packed into one forward only where that changes nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from visual_analyse.encode.packing import packs_exactly
from visual_analyse.errors import VisualAnalyseError
from visual_analyse.explain.memory import enough_memory
from visual_analyse.models.gait_model import GaitModel, Prepared

# Frames in one packed forward. On a CPU enough for two threads, while one still finds them in its cache (six walks of
# 40 frames take it 15 % longer together than alone, three 7 %). On a GPU as many as one walk may have, for which its
# memory must suffice anyway.
FRAMES = 120
FRAMES_ON_GPU = 720
# Fewer walks than this are done before it is known whether packing them would help.
FEW = 12
# Of two walks as many frames tell whether a model packs: what crosses a boundary does so at any length.
_TRIED = (13, 8)

Embedding = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Loaded:
    """A walk that is ready to be embedded: its name, what the model takes, and the seed of what is drawn for it."""

    name: str
    ready: Prepared
    seed: int | None = None


@dataclass(frozen=True, eq=False)
class Started:
    """A group on its way: its embeddings once `done` has come, or what went wrong."""

    answer: Tensor | VisualAnalyseError
    done: torch.cuda.Event | None = None


class Forward:
    """Embeds groups of walks with one model.

    `packs`: whether a group may go through in one forward; None until it was tried.

    >>> Forward(model).finish(group, Forward(model).start(group))  # doctest: +SKIP
    """

    def __init__(self, model: GaitModel, packs: bool | None = None) -> None:
        self.model = model
        self.packs = packs

    @property
    def frames(self) -> int:
        """How many frames make a group full."""
        if not self.packs:
            return 1
        return FRAMES_ON_GPU if self.model.device.type == "cuda" else FRAMES

    @property
    def overlaps(self) -> bool:
        """Whether the device computes by itself while this process goes on."""
        return self.model.device.type != "cpu"

    def embed(self, group: Sequence[Loaded]) -> list[Embedding | VisualAnalyseError]:
        """The embedding `[c, p]` of each walk of a group, or what is wrong with that walk."""
        return self.finish(group, self.start(group))

    def start(self, group: Sequence[Loaded]) -> Started:
        """Set a group going; a GPU computes on while the caller does something else."""
        try:
            with torch.no_grad(), enough_memory("encoding it"):
                batch = self.model.join([walk.ready for walk in group], packed=len(group) > 1)
                return _on_its_way(self.model.embed(batch, group[0].seed).float())
        except VisualAnalyseError as error:
            return Started(error)

    def finish(self, group: Sequence[Loaded], started: Started) -> list[Embedding | VisualAnalyseError]:
        """Wait for a group that was started."""
        names = ", ".join(walk.name for walk in group[:3]) + (", ..." if len(group) > 3 else "")
        try:
            if isinstance(started.answer, VisualAnalyseError):
                raise started.answer
            with enough_memory("encoding it"):
                if started.done is not None:
                    started.done.synchronize()
                embeddings: Embedding = started.answer.cpu().numpy()
        except VisualAnalyseError as error:
            if len(group) > 1:  # one by one, to know which it was
                return [found for walk in group for found in self.embed([walk])]
            fault = VisualAnalyseError(f"Walk {names}: {error}")
            fault.__cause__ = error
            return [fault]
        return [self._checked(walk.name, found) for walk, found in zip(group, embeddings, strict=True)]

    def _checked(self, name: str, embedding: Embedding) -> Embedding | VisualAnalyseError:
        if np.isfinite(embedding).all():
            return embedding
        return VisualAnalyseError(
            f"{self.model.name} gave an embedding that is not finite for walk {name}: the weights or the walk are "
            "broken. Check the checkpoint, and the walk's frames."
        )

    def try_packing(self, first: Sequence[Any], second: Sequence[Any]) -> bool | None:
        """Find out whether the model packs, on two walks as read from their pkls; None where they cannot tell."""
        for most in (_TRIED, (len(first[0]), len(second[0]))):  # some models refuse short walks
            if self.packs is None:
                self.packs = self._tried([_cut(walk, n) for walk, n in zip((first, second), most, strict=True)])
        return self.packs

    def _tried(self, pair: list[list[Any]]) -> bool | None:
        if len(pair[0][0]) == len(pair[1][0]):
            pair[1] = _cut(pair[1], max(1, len(pair[1][0]) * 2 // 3))
            if len(pair[0][0]) == len(pair[1][0]):
                return None
        try:
            ready = [self.model.prepare(walk, seed=0) for walk in pair]
            return packs_exactly(
                partial(self.model.embed, seed=0),
                [self.model.join([walk]) for walk in ready],
                lambda order: self.model.join([ready[k] for k in order], packed=True),
            )
        except VisualAnalyseError:
            return None  # a broken walk: it is told by name when its own turn comes


def _on_its_way(embeddings: Tensor) -> Started:
    """Embeddings that a GPU still computes go home as soon as they are known, ahead of the group after them."""
    if embeddings.device.type != "cuda":
        return Started(embeddings)
    with torch.cuda.device(embeddings.device):
        home = torch.empty(embeddings.shape, dtype=torch.float32, pin_memory=True)
        home.copy_(embeddings, non_blocking=True)
        done = torch.cuda.Event()  # type: ignore[no-untyped-call]
        done.record()
    return Started(home, done)


def _cut(walk: Sequence[Any], frames: int) -> list[Any]:
    return [modality[:frames] for modality in walk]
