"""Walks to embeddings: without gradients, packed where that changes nothing, kept by content."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from typing import IO, Any

import numpy as np
import torch
from numpy.typing import NDArray

from visual_analyse.encode.fingerprint import fingerprint
from visual_analyse.encode.packing import packs_exactly
from visual_analyse.encode.store import Store, key
from visual_analyse.errors import VisualAnalyseError
from visual_analyse.explain.memory import enough_memory
from visual_analyse.files import digest
from visual_analyse.gait.sequences import Sequence as Walk
from visual_analyse.models.gait_model import GaitModel

# Frames in one packed forward: enough to keep a CPU or GPU busy, few enough for a laptop's memory.
FRAMES = 240
# Fewer walks than this are done before it is known whether packing them would help.
FEW = 12


class Encoder:
    """Embeds walks with one model.

    Whether several walks fit into one forward is tried on the first two of unequal length; until then, and where it
    changes anything, they go one by one. `store` keeps every embedding by the content of walk and model.

    >>> encoder = Encoder(model, Store())  # doctest: +SKIP
    """

    def __init__(self, model: GaitModel, store: Store | None = None) -> None:
        self.model = model
        self.store = store
        self.packs: bool | None = None
        self._fingerprint: str | None = None
        self._contents: dict[Walk, str] = {}

    @property
    def fingerprint(self) -> str:
        """The name of all that decides this encoder's embeddings."""
        if self._fingerprint is None:
            self._fingerprint = fingerprint(self.model)
        return self._fingerprint

    def content(self, walk: Walk) -> str:
        """The content of a walk: a digest of its files in use, whatever they are called, read once."""
        if walk not in self._contents:
            files = walk.files_in_use(self.model.config.data_in_use)
            self._contents[walk] = key(*(digest(file) for file in files))
        return self._contents[walk]

    def encode(self, walks: Sequence[Walk]) -> Iterator[NDArray[np.float32]]:
        """The embedding `[c, p]` of each walk, in order, as soon as it is known."""
        pending: list[tuple[Walk, list[Any]]] = []
        packing = len(walks) >= FEW
        for walk in walks:
            kept = self._kept(walk)
            if kept is not None:
                yield from self._flush(pending, packing)
                pending = []
                yield kept
                continue
            pending.append((walk, walk.load(self.model.config.data_in_use)))
            if sum(len(arrays[0]) for _, arrays in pending) >= FRAMES:
                yield from self._flush(pending, packing)
                pending = []
        yield from self._flush(pending, packing)

    def _flush(self, pending: Sequence[tuple[Walk, list[Any]]], packing: bool) -> list[NDArray[np.float32]]:
        if not pending:
            return []
        if packing and self.packs is None and len(pending) > 1:
            self.packs = self._try_packing([arrays for _, arrays in pending])
        groups = [list(pending)] if self.packs else [[item] for item in pending]
        found: list[NDArray[np.float32]] = []
        for group in groups:
            found += self._forward(group)
        for (walk, _), embedding in zip(pending, found, strict=True):
            if self.store is not None:
                self.store.keep(self._name(walk), partial(_save, embedding))
        return found

    def _forward(self, group: Sequence[tuple[Walk, list[Any]]]) -> list[NDArray[np.float32]]:
        names = ", ".join(walk.name for walk, _ in group[:3]) + (", ..." if len(group) > 3 else "")
        try:
            batch = self.model.batch([arrays for _, arrays in group], packed=len(group) > 1)
            with torch.no_grad(), enough_memory("encoding it"):
                embeddings = self.model.embed(batch).float().cpu().numpy()
        except VisualAnalyseError as error:
            if len(group) > 1:  # one by one, to know which it was
                return [embedding for item in group for embedding in self._forward([item])]
            raise VisualAnalyseError(f"Walk {names}: {error}") from error
        if len(embeddings) != len(group):
            raise VisualAnalyseError(
                f"{self.model.name} gave {len(embeddings)} embeddings for {len(group)} walks ({names})."
            )
        if not np.isfinite(embeddings).all():
            raise VisualAnalyseError(
                f"{self.model.name} gave an embedding that is not finite for walk {names}: the weights or the walk are "
                "broken. Check the checkpoint, and the walk's frames."
            )
        return list(embeddings)

    def _try_packing(self, walks: Sequence[list[Any]]) -> bool | None:
        """Whether the model packs, seen on two of these walks; the second is shortened where all are equally long."""
        first = walks[0]
        second = next((walk for walk in walks if len(walk[0]) != len(first[0])), None)
        if second is None:
            keep = max(1, len(walks[1][0]) * 2 // 3)
            if keep == len(first[0]):
                return None
            second = [modality[:keep] for modality in walks[1]]
        pair = [first, second]
        try:
            alone = [self.model.batch([walk]) for walk in pair]
            return packs_exactly(
                self.model.embed, alone, lambda order: self.model.batch([pair[k] for k in order], packed=True)
            )
        except VisualAnalyseError:
            return None  # a broken walk: it is told by name when its own turn comes

    def _kept(self, walk: Walk) -> NDArray[np.float32] | None:
        path = None if self.store is None else self.store.find(self._name(walk))
        if path is None:
            return None
        try:
            array: NDArray[np.float32] = np.load(path, allow_pickle=False)
        except (OSError, ValueError, EOFError):
            return None
        return array

    def _name(self, walk: Walk) -> str:
        return key("embedding", self.fingerprint, self.content(walk))


def _save(embedding: NDArray[np.float32], stream: IO[bytes]) -> None:
    np.save(stream, embedding, allow_pickle=False)
