"""A probe beside the gallery walks that it may match."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from visual_analyse.encode.gallery import Gallery
from visual_analyse.measure.distances import distances, part_distances
from visual_analyse.results import Ledger

Floats = NDArray[np.float64]
CROWD = 100  # the nearest people that stand for everybody else


@dataclass(frozen=True)
class Lineup:
    """A probe beside the gallery walks that it may match: its embedding `[c, p]`, theirs, and who is who.

    `rows`: the places in the gallery that are not the probe itself; `ids`: whose each gallery walk is, and `own`, whose
    the probe is; empty and None where that is not known.
    """

    probe: str
    embedding: NDArray[np.float32]
    gallery: Gallery
    rows: NDArray[np.intp]
    metric: str
    own: str | None = None

    def nearest(self, mine: bool | None = None) -> int | None:
        """The place of the nearest walk; of the probe's identity, or of others, where asked; None where none is."""
        rows = self.rows
        if mine is not None:
            if self.own is None or not self.gallery.ids:
                return None
            rows = rows[(np.array(self.gallery.ids)[rows] == self.own) == mine]
        if not len(rows):
            return None
        return int(rows[distances(self.embedding[None], self.gallery.embeddings[rows], self.metric)[0].argmin()])

    def crowd(self, most: int = CROWD) -> list[int]:
        """The places of the nearest walks of everybody but the probe's identity, one a person, the nearest first."""
        if self.own is None or not self.gallery.ids:
            return []
        away = distances(self.embedding[None], self.gallery.embeddings[self.rows], self.metric)[0]
        found: dict[str, int] = {}
        for row in self.rows[np.argsort(away, kind="stable")]:
            found.setdefault(self.gallery.ids[row], int(row))
        return [row for identity, row in found.items() if identity != self.own][:most]

    def parts(self, place: int) -> Floats:
        """What each part adds to the distance to a gallery walk, `[p]`."""
        return np.asarray(part_distances(self.embedding, self.gallery.embeddings[place : place + 1], self.metric)[0])

    def walk(self, place: int, like: Tensor) -> Tensor:
        """The embedding of a gallery walk, `[1, c, p]`, where the model computes."""
        return self.walks([place], like)

    def walks(self, places: Sequence[int], like: Tensor) -> Tensor:
        """The embeddings of gallery walks, `[k, c, p]`, where the model computes."""
        return torch.from_numpy(self.gallery.embeddings[list(places)]).to(like.device)

    def ledger(self, place: int, role: str) -> Ledger:
        """The parts of the distance to a gallery walk."""
        return Ledger(self.gallery.names[place], role, self.parts(place))
