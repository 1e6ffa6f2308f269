"""From features to a map with all that says how far to trust it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from visual_analyse.embed.engines.engine import Engine, Request
from visual_analyse.embed.engines.pacmap import Pacmap
from visual_analyse.embed.engines.pca import Pca
from visual_analyse.embed.engines.rapids import OnGpu, cuml
from visual_analyse.embed.engines.tsne import Tsne
from visual_analyse.embed.engines.umap import Umap
from visual_analyse.embed.ground import Ground, prepare
from visual_analyse.embed.quality import PURE, purity, quality
from visual_analyse.embed.source import Floats, Rows, Source
from visual_analyse.errors import VisualAnalyseError
from visual_analyse.results import Basis

Progress = Callable[[str, int, int], object]

METHODS: Mapping[str, Callable[[Request], Any]] = {"tsne": Tsne, "umap": Umap, "pacmap": Pacmap, "pca": Pca}
_CLOSE = 1e-2  # of the largest coordinate: nearer pairs are compared number by number
_TOGETHER = 256
_ON_GPU = {"tsne": "TSNE", "umap": "UMAP"}


@dataclass(frozen=True)
class Mapped:
    """A map: `coordinates` float32 `[n, dims]` in 0..1, the factor that brought them there, and what was measured.

    `purity` float32 `[n]` and `neighbours` int32 `[n, k]` are those of the space that neighbours were sought in.
    """

    coordinates: Floats
    scale: float
    basis: Basis
    quality: dict[str, Any]
    purity: Floats
    neighbours: Rows
    engine: str
    parameters: Mapping[str, Any]
    notices: tuple[str, ...]
    ground: Ground


def engine_for(method: str, request: Request) -> Engine:
    """The engine of a method, which checks its parameters at once.

    Raises VisualAnalyseError for parameters that the library does not have, and where it is not installed.
    """
    engine: Engine = METHODS[method](request)
    library = cuml(request) if method in _ON_GPU else None
    if library is not None:
        other = OnGpu(library, _ON_GPU[method], request, engine)
        return other if other.takes_all() else engine
    return engine


def make_map(
    source: Source,
    identities: NDArray[np.str_],
    engine: Engine,
    bucket: int,
    seed: int,
    names: Callable[[int], str] = lambda row: f"row {row + 1}",
    progress: Progress = lambda what, done, of: None,
) -> Mapped:
    """One map of all walks of a source, in one space at any size; the same for the same seed.

    `identities` `[n]` are used for what is measured, never for where a walk lies (but for the perplexity, which the
    engine takes from their sizes). A map of one dimension gets a second, of zeros.

    Raises VisualAnalyseError for features that no map can be made of, or that an engine refuses.

    >>> engine = engine_for("pca", Request(4))
    >>> make_map(ArraySource(np.eye(4)), np.array(list("aabb")), engine, 20000, 0).coordinates.shape
    (4, 2)
    """
    if len(identities) != len(source):
        raise VisualAnalyseError(
            f"There are {len(source):,} embeddings and {len(identities):,} labels; one each is due."
        )
    ground = prepare(source, engine.neighbours, bucket, seed, names, progress)
    found = engine.project(ground, progress)
    coordinates, scale = _scaled(found.coordinates)
    progress("measuring the map", 0, 1)
    measured = quality(source, ground, coordinates, identities)
    _, code = np.unique(identities, return_inverse=True)
    return Mapped(
        coordinates,
        scale,
        Basis(ground.components.mean, ground.components.directions, ground.points),
        measured,
        purity(ground.neighbours.indices[:, :PURE], np.arange(len(source)), code),
        ground.neighbours.indices[:, :PURE].astype(np.int32),
        found.engine,
        found.parameters,
        (*ground.notices, *found.notices, *_cautions(source, ground, code)),
        ground,
    )


def _scaled(coordinates: Floats) -> tuple[Floats, float]:
    """A map in 0..1 by one factor for all dimensions, which keeps its shape."""
    if coordinates.shape[1] == 1:
        coordinates = np.concatenate([coordinates, np.zeros_like(coordinates)], 1)
    low = coordinates.min(0)
    span = float((coordinates.max(0) - low).max())
    scale = 1 / span if span > 0 else 1.0
    return ((coordinates - low) * scale).astype(np.float32), scale


def _cautions(source: Source, ground: Ground, code: Rows) -> list[str]:
    said = []
    sizes = np.bincount(code)
    if len(sizes) == 1:
        said.append("There is one identity, so nothing is said of purity.")
    elif (sizes >= 2).sum() < 2:
        said.append("Fewer than two identities have two walks, so nothing is said of purity.")
    twins = _twins(source, ground)
    if twins:
        said.append(f"{twins:,} of {len(ground):,} walks have an exact twin: the same embedding as another walk.")
    return said


def _twins(source: Source, ground: Ground) -> int:
    """How many walks have the very embedding of another."""
    near = np.arange(len(ground))[ground.neighbours.distances[:, 0] <= _CLOSE * np.abs(ground.points).max()]
    count = 0
    for begin in range(0, len(near), _TOGETHER):
        rows = near[begin : begin + _TOGETHER]
        own, theirs = source.take(rows).copy(), source.take(ground.neighbours.indices[rows, 0])
        count += int((own == theirs).all(1).sum())
    return count
