"""The walks that a probe is compared with, encoded."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from visual_analyse.encode.encoder import Encoder
from visual_analyse.encode.store import key
from visual_analyse.gait.sequences import Sequence as Walk


@dataclass(frozen=True)
class Gallery:
    """Who a probe is compared with: names `id-type-view`, embeddings float32 `[g, c, p]` without gradients.

    `ids`: whose each walk is, where that is known.
    """

    names: tuple[str, ...]
    embeddings: NDArray[np.float32]
    digest: str = ""
    ids: tuple[str, ...] = ()

    @staticmethod
    def of(walks: Sequence[Walk], known: Mapping[Walk, NDArray[np.float32]], digest: str = "") -> Gallery:
        """The gallery of some walks whose embeddings are known."""
        arrays = [known[walk] for walk in walks]
        stacked = np.stack(arrays) if arrays else np.zeros((0, 1, 1), np.float32)
        return Gallery(tuple(walk.name for walk in walks), stacked, digest, tuple(walk.id for walk in walks))


class Galleries:
    """The galleries of many probes: every walk is encoded and read once, however many probes meet it.

    >>> Galleries(Encoder(model)).of(walks).names  # doctest: +SKIP
    """

    def __init__(self, encoder: Encoder) -> None:
        self.encoder = encoder
        self._embeddings: dict[Walk, NDArray[np.float32]] = {}
        self._last: tuple[Sequence[Walk], Gallery] | None = None

    def encode(
        self, walks: Sequence[Walk], progress: Callable[[Iterable[NDArray[np.float32]]], Iterable[NDArray[np.float32]]]
    ) -> None:
        """Encode the walks of all galleries, passing each embedding through `progress`."""
        self._embeddings.update(zip(walks, progress(self.encoder.encode(walks)), strict=True))

    def of(self, walks: Sequence[Walk]) -> Gallery:
        """The gallery of some walks; probes one after another mostly share theirs, which is then the same object."""
        if self._last is not None and (self._last[0] is walks or self._last[0] == walks):
            return self._last[1]
        missing = [walk for walk in walks if walk not in self._embeddings]
        self._embeddings.update(zip(missing, self.encoder.encode(missing), strict=True))
        gallery = Gallery.of(walks, self._embeddings, key(*map(self.encoder.content, walks)))
        self._last = (walks, gallery)
        return gallery
