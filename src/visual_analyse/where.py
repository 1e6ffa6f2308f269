"""Where does a model put everyone? Embeddings of many walks, who they are of, and one map of them all."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from visual_analyse.embed.engines.engine import Engine
from visual_analyse.embed.ground import Ground
from visual_analyse.embed.mapping import Progress, make_map
from visual_analyse.embed.neighbours import nearest_to
from visual_analyse.embed.placing import place
from visual_analyse.embed.source import ArraySource, Source, Subset, UnitParts, block_rows, blocks
from visual_analyse.errors import VisualAnalyseError
from visual_analyse.gait.protocols import Protocol
from visual_analyse.gait.sequences import Sequence as Walk
from visual_analyse.measure.distances import part_distances
from visual_analyse.names import plain
from visual_analyse.results import Basis, EmbeddingMap, load_basis

_CANDIDATES = 64  # nearest gallery walks among which a probe's permitted nearest is looked for first
_AFFORDABLE = 6e12  # multiplications
_MEASURED = 10  # of these, measured again as OpenGait does where the features are at hand


@dataclass(frozen=True)
class Who:
    """Walks and their embeddings: identity, condition and view `[n]`, and gait-energy images uint8 `[n, h, w]`."""

    source: Source
    labels: NDArray[np.str_]
    types: NDArray[np.str_]
    views: NDArray[np.str_]
    thumbnails: NDArray[np.uint8] | None = None

    def called(self, row: int) -> str:
        """A walk's name: what is known of `id-type-view`."""
        return plain("-".join(str(text[row]) for text in (self.labels, self.types, self.views) if text[row]))

    def name(self, row: int) -> str:
        """A walk's name and place, for a sentence."""
        return f"walk {self.called(row)} (row {row}, counted from 0)"

    def normalised(self) -> Who:
        """The same with every part at unit length."""
        return Who(UnitParts(self.source), self.labels, self.types, self.views, self.thumbnails)

    @property
    def class_size(self) -> float | None:
        """The median number of walks of an identity that has more than one; None where none has."""
        sizes = np.unique(self.labels, return_counts=True)[1]
        several = sizes[sizes > 1]
        return float(np.median(several)) if len(several) else None

    @property
    def walks(self) -> list[Walk]:
        """Its walks without their files, for a protocol."""
        texts = zip(self.labels.tolist(), self.types.tolist(), self.views.tolist(), strict=True)
        return [Walk(identity, kind, view, ()) for identity, kind, view in texts]


def locate(
    who: Who,
    method: str,
    engine: Engine,
    protocol: Protocol,
    facts: Mapping[str, Any],
    *,
    metric: str = "euc",
    bucket: int = 20_000,
    seed: int = 1597,
    progress: Progress = lambda what, done, of: None,
) -> tuple[EmbeddingMap, Basis]:
    """The map of all walks, with what was measured of it, and what places new ones on it.

    `protocol` says whose nearest gallery walk is looked at for `correct`; `facts` go into the manifest.

    Raises VisualAnalyseError for features that no map can be made of.

    >>> locate(who, "tsne", engine, Protocol("CASIA-B"), {})[0].quality["kept"]  # doctest: +SKIP
    """
    made = make_map(who.source, who.labels, engine, bucket, seed, who.name, progress)
    progress("looking for the nearest of every probe", 0, 1)
    right = correctness(who, made.ground, protocol, metric)
    counted = right >= 0
    notices = list(made.notices)
    rank1: dict[str, Any] = {}
    if made.ground.reduced:
        notices.append(
            f"Right and wrong matches were judged among {made.ground.space}, not by the model's own distance."
            if counted.any()
            else f"{len(who.labels):,} walks are too many to judge which match right and which wrong."
        )
    elif counted.any():
        rank1 = {"rank1": float(right[counted].mean()), "probes": int(counted.sum())}
    manifest = {
        **facts, "method": method, "engine": made.engine, "parameters": made.parameters, "seed": seed, "metric": metric,
        "scale": made.scale, "dims": who.source.dims, "shape": list(who.source.shape), "bucket_size": bucket,
        "notices": notices, "neighbours_in": made.ground.space, **rank1,
    }  # fmt: skip
    found = EmbeddingMap(
        made.coordinates, who.labels, who.types, who.views, made.quality, manifest, made.purity, right,
        made.neighbours, who.thumbnails,
    )  # fmt: skip
    return found, made.basis


def correctness(who: Who, ground: Ground, protocol: Protocol, metric: str) -> NDArray[np.int8]:
    """Whether the nearest gallery walk of each probe is of its identity: 1, 0, or -1 for what is not judged, `[n]`.

    Not judged is what is no probe, or has no walk of its identity in its gallery. Distances are OpenGait's own, mean
    over parts, of the nearest candidates in the full space where neighbours were sought there; else those among the
    components. Where even that would take hours nothing is judged.
    """
    found = np.full(len(who.labels), -1, np.int8)
    walks = who.walks
    groups = protocol.groups(walks)
    cost = sum(len(probes) * len(among) for probes, among in groups) * ground.points.shape[1]
    if ground.reduced and cost > _AFFORDABLE:
        return found
    space = ArraySource(ground.points) if ground.reduced else who.source
    for probes, among in groups:
        gallery = np.array(among)
        own: dict[str, list[int]] = {}
        for k in among:
            own.setdefault(walks[k].id, []).append(k)

        def allowed(probe: int, order: NDArray[np.int64], most: int) -> list[int]:
            met = (int(k) for k in order if k != probe and not protocol.barred(walks[probe], walks[k]))
            return list(itertools.islice(met, most))

        judged = [probe for probe in probes if allowed(probe, np.array(own.get(walks[probe].id, []), int), 1)]
        some = Subset(space, gallery)
        step = max(1, min(4096, block_rows(space.dims)))
        for begin in range(0, len(judged), step):
            part = np.array(judged[begin : begin + step])
            asked = space.take(part).copy()
            places = nearest_to(some, asked, min(_CANDIDATES, len(among)))[1]
            for number, (probe, row) in enumerate(zip(part.tolist(), places, strict=True)):
                near = allowed(probe, gallery[row], _MEASURED)
                if not near:  # a whole neighbourhood of barred walks
                    every = nearest_to(some, asked[number : number + 1], len(among))[1][0]
                    near = allowed(probe, gallery[every], _MEASURED)
                nearest = near[0] if ground.reduced else _measured(who, probe, near, metric)
                found[probe] = who.labels[nearest] == who.labels[probe]
    return found


def placed(new: Who, path: Path, method: str, fingerprint: str | None, seed: int) -> tuple[EmbeddingMap, list[str]]:
    """A finished map with new walks on it, and for each the walk of the map that is nearest to it in the full space.

    `fingerprint` names what embedded the new walks, None where that is not known.

    Raises VisualAnalyseError where the map is of another method, model or size, or holds nothing to place walks by.

    >>> placed(new, Path("GaitSet_CASIA-B.npz"), "tsne", None, 0)[0].placed.sum()  # doctest: +SKIP
    """
    finished, basis = EmbeddingMap.load(path), load_basis(path)
    check_place(finished, path, method)
    facts = finished.manifest
    if basis is None:
        raise _no_basis(path)
    if fingerprint is not None and facts.get("fingerprint") not in (None, fingerprint):
        raise VisualAnalyseError(
            f"{path} is a map of embeddings by {facts.get('model')} with checkpoint {facts.get('checkpoint')}; another "
            "model, checkpoint or config cannot place walks on it. Name those with -c and --checkpoint."
        )
    if new.source.dims != len(basis.mean):
        raise VisualAnalyseError(
            f"{path} is a map of embeddings of {len(basis.mean):,} dimensions, and the new ones have "
            f"{new.source.dims:,}. Name walks of the same model."
        )
    turn = basis.components.T
    reduced = np.concatenate([block @ turn - basis.mean @ turn for _, block in blocks(new.source)])
    if not np.isfinite(reduced).all():
        row = int(np.flatnonzero(~np.isfinite(reduced).all(1))[0])
        raise VisualAnalyseError(f"The embedding of {new.name(row)} holds NaN or infinity. Check that walk.")
    own = np.flatnonzero(~finished.placed) if finished.placed is not None else np.arange(len(finished))
    lying, _ = place(method, basis.points, finished.feats[own], float(facts["scale"]), reduced, seed)
    near = nearest_to(ArraySource(basis.points), reduced, min(10, len(own)))[1]
    theirs = Who(new.source, finished.labels, finished.types, finished.views)
    return _joined(finished, new, lying, own[near]), [theirs.called(int(own[row[0]])) for row in near]


def check_place(finished: EmbeddingMap, path: Path, method: str) -> None:
    """Whether new walks can be placed on a map by a method.

    Raises VisualAnalyseError where the map is of another method, or holds nothing to place walks by.
    """
    facts = finished.manifest
    if "scale" not in facts:
        raise _no_basis(path)
    if facts.get("method") != method:
        raise VisualAnalyseError(
            f"{path} is a map by {facts.get('method')}, and this command is {method}. Type 'python -m "
            f"visual_analyse.{facts.get('method')}' with the same options."
        )


def _no_basis(path: Path) -> VisualAnalyseError:
    return VisualAnalyseError(
        f"{path} holds a map and nothing to place new walks by. Make the map anew with "
        "'python -m visual_analyse.tsne', and place on that."
    )


def _measured(who: Who, probe: int, candidates: Sequence[int], metric: str) -> int:
    rows = who.source.take(np.array([probe, *candidates]))
    walks = rows.reshape(len(rows), *who.source.shape)
    return candidates[int(part_distances(walks[0], walks[1:], metric).sum(1).argmin())]


def _joined(finished: EmbeddingMap, new: Who, lying: NDArray[np.float64], near: NDArray[np.int64]) -> EmbeddingMap:
    count = len(lying)

    def longer(array: Any, tail: Any) -> Any:
        return None if array is None else np.concatenate([array, tail])

    before = finished.placed if finished.placed is not None else np.zeros(len(finished), bool)
    neighbours = finished.neighbours
    if neighbours is not None:
        width = neighbours.shape[1]
        tail = np.full((count, width), -1, np.int32)
        tail[:, : min(width, near.shape[1])] = near[:, :width]
        neighbours = np.concatenate([neighbours, tail])
    thumbnails = finished.thumbnails
    if thumbnails is not None:
        blank = np.zeros((count, *thumbnails.shape[1:]), np.uint8)
        fits = new.thumbnails is not None and new.thumbnails.shape == blank.shape
        thumbnails = np.concatenate([thumbnails, new.thumbnails if fits else blank])
    return EmbeddingMap(
        np.concatenate([finished.feats, lying.astype(np.float32)]),
        np.concatenate([finished.labels, new.labels]),
        np.concatenate([finished.types, new.types]),
        np.concatenate([finished.views, new.views]),
        finished.quality,
        finished.manifest,
        longer(finished.purity, np.full(count, np.nan, np.float32)),
        longer(finished.correct, np.full(count, -1, np.int8)),
        neighbours,
        thumbnails,
        np.concatenate([before, np.ones(count, bool)]),
    )
