"""Synthetic gait embeddings of known structure: identities, a ring of views, conditions, noise."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
_BLOCK = 1024


@dataclass(frozen=True)
class Shape:
    """How many walks, of whom, in how many dimensions; all from one seed.

    `identities` walk at `views` views under `conditions` conditions, evenly, until there are `points` walks.
    """

    points: int
    dims: int
    identities: int
    views: int
    conditions: int
    seed: int = 7
    noise: float = 8.0  # length, over all dimensions; a walk without it has length about 3


CASIA_B = Shape(5_500, 4_096, 50, 11, 10)
OU_MVLP = Shape(133_000, 15_872, 5_153, 14, 2)
MILLION = Shape(1_000_000, 256, 37_000, 14, 2, noise=1.0)  # fewer dimensions hide less noise

RANK = 128  # of the identities; views, conditions and how each person shows them add to it
_OWN = 40


@dataclass(frozen=True)
class Latent:
    """Where each walk lies before noise: `[n, r]`, and who it is of, from where, in what."""

    coordinates: Floats
    identity: NDArray[np.int64]
    view: NDArray[np.int64]
    condition: NDArray[np.int64]


def latent(shape: Shape) -> Latent:
    """The structure alone.

    A walk is its person (independent directions of falling strength), its view (a ring, two harmonics), how this
    person looks from there (a direction of the person's own, weaker), and what is worn.

    >>> latent(Shape(100, 64, 5, 4, 5)).coordinates.shape
    (100, 176)
    """
    rng = np.random.default_rng(shape.seed)
    n = np.arange(shape.points)
    identity = n * shape.identities // shape.points
    slot = n - np.searchsorted(identity, np.arange(shape.identities))[identity]
    view, condition = slot % shape.views, slot // shape.views % shape.conditions
    strength = 1 / (1 + np.arange(RANK) / 24.0)
    person = rng.normal(size=(shape.identities, RANK)) * strength
    angle = 2 * np.pi * view / shape.views
    ring = np.stack([np.cos(angle), np.sin(angle), np.cos(2 * angle), np.sin(2 * angle)], 1)
    own = rng.normal(size=(shape.identities, 4, _OWN)) / np.sqrt(_OWN)
    worn = rng.normal(size=(shape.conditions, 4))
    parts = [person[identity] * 0.62, ring, np.einsum("nk,nkd->nd", ring, own[identity]) * 0.6, worn[condition] * 0.8]
    return Latent(np.concatenate(parts, 1).astype(np.float32), identity, view, condition)


def write(shape: Shape, path: Path) -> Latent:
    """Write the embeddings `[n, dims]` float32 as .npy, block by block, and give their structure.

    >>> write(Shape(100, 64, 5, 4, 5), Path("small.npy")).identity.max()  # doctest: +SKIP
    4
    """
    found = latent(shape)
    rng = np.random.default_rng(shape.seed + 1)
    basis = rng.normal(size=(found.coordinates.shape[1], shape.dims)).astype(np.float32) / np.sqrt(shape.dims)
    with path.open("wb") as stream:
        np.lib.format.write_array_header_1_0(
            stream, {"descr": "<f4", "fortran_order": False, "shape": (shape.points, shape.dims)}
        )
        for start in range(0, shape.points, _BLOCK):
            block = found.coordinates[start : start + _BLOCK] @ basis
            block += rng.standard_normal(block.shape, dtype=np.float32) * np.float32(shape.noise / np.sqrt(shape.dims))
            stream.write(block.astype("<f4").tobytes())
    return found
