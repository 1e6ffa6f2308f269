"""Walks to embeddings: without gradients, packed where that changes nothing, kept by content."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from visual_analyse.encode.fingerprint import fingerprint
from visual_analyse.encode.forward import FEW, FRAMES, Forward, Loaded
from visual_analyse.encode.store import Store, key
from visual_analyse.errors import VisualAnalyseError
from visual_analyse.files import digest
from visual_analyse.gait.sequences import Sequence as Walk
from visual_analyse.models.gait_model import GaitModel


class Encoder:
    """Embeds walks with one model.

    Whether several walks fit into one forward is tried on the first two of unequal length; until then, and where it
    changes anything, they go one by one. `store` keeps every embedding by the content of walk and model.

    >>> encoder = Encoder(model, Store())  # doctest: +SKIP
    """

    def __init__(self, model: GaitModel, store: Store | None = None) -> None:
        self.model = model
        self.store = store
        self.forward = Forward(model)
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
            self._contents[walk] = content_of(walk, self.model)
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
        if packing and self.forward.packs is None and len(pending) > 1:
            (_, first), (_, second) = pending[0], pending[1]
            self.forward.try_packing(first, second)
        groups = [list(pending)] if self.forward.packs else [[item] for item in pending]
        found: list[NDArray[np.float32]] = []
        for group in filter(None, groups):
            found += self._forward(group)
        for (walk, _), embedding in zip(pending, found, strict=True):
            if self.store is not None:
                self.store.keep(self._name(walk), partial(_save, embedding))
        return found

    def _forward(self, group: Sequence[tuple[Walk, list[Any]]]) -> list[NDArray[np.float32]]:
        found = []
        for embedding in self.forward.embed([self._ready(walk, arrays) for walk, arrays in group]):
            if isinstance(embedding, VisualAnalyseError):
                raise embedding
            found.append(embedding)
        return found

    def _ready(self, walk: Walk, arrays: list[Any]) -> Loaded:
        try:
            return Loaded(walk.name, self.model.prepare(arrays))
        except VisualAnalyseError as error:
            raise VisualAnalyseError(f"Walk {walk.name}: {error}") from error

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
        drawn = str(self.model.seed) if self.model.sampling.random else ""
        return key("embedding", self.fingerprint, self.content(walk), drawn)


def content_of(walk: Walk, model: GaitModel) -> str:
    """A digest of what a model is given of a walk: the bytes of its files in use, whatever they are called."""
    return key(*(digest(file) for file in walk.files_in_use(model.config.data_in_use)))


def _save(embedding: NDArray[np.float32], stream: IO[bytes]) -> None:
    np.save(stream, embedding, allow_pickle=False)
