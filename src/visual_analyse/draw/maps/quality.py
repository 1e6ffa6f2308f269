"""How far a map can be trusted, in words that stand on every picture of it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from visual_analyse.draw.maps.coding.classes import identities
from visual_analyse.draw.maps.coding.groups import purity_on_map
from visual_analyse.results import EmbeddingMap

RANDOM = "RANDOM WEIGHTS: this map means nothing"
DRAWING = "drawing"  # in the manifest of a file to be turned: the style, the ending of the picture, the dimensions
_METHODS = {"tsne": "t-SNE", "umap": "UMAP", "pca": "PCA", "pacmap": "PaCMAP"}


def origin(map: EmbeddingMap) -> list[str]:
    """What the map is of: method and engine, model, dataset, walks and identities.

    >>> origin(map)  # doctest: +SKIP
    ['t-SNE by openTSNE 1.0.4', 'GaitSet', 'CASIA-B', '5,500 walks of 74 identities']
    """
    facts = map.manifest
    method, engine = _text(facts, "method"), _text(facts, "engine")
    method = _METHODS.get(method.lower(), method)
    how = " by ".join(part for part in (method, engine) if part)
    people = len(np.unique(map.labels))
    walks, persons = "walk" if len(map) == 1 else "walks", "identity" if people == 1 else "identities"
    size = f"{len(map):,} {walks} of {people:,} {persons}"
    return [part for part in (how, _text(facts, "model"), _text(facts, "dataset"), size) if part]


def trust(map: EmbeddingMap) -> list[str]:
    """What was measured of the map against the full space; where nothing was, that, and the purity of the map alone.

    >>> trust(map)  # doctest: +SKIP
    ['trustworthiness 0.98', '55 % of the 15 nearest kept', 'identity purity: full space 99 % → map 93 %']
    """
    quality = map.quality
    own = np.ones(len(map), bool) if map.placed is None else ~np.asarray(map.placed, dtype=bool)
    said: list[str] = []
    if (value := _number(quality, "trustworthiness")) is not None:
        said.append(f"trustworthiness {value:.2f}")
    if (value := _number(quality, "kept")) is not None:
        k = _number(quality, "kept_k")
        said.append(f"{_percent(value)} of the {f'{k:.0f} ' if k else ''}nearest neighbours kept")
    full, flat = _number(quality, "purity_full"), _number(quality, "purity_map")
    k = _number(quality, "purity_k")
    both = (("full space", full), ("map", flat))
    sides = [f"{where} {_percent(share)}" for where, share in both if share is not None]
    if sides:
        said.append(f"identity purity{f' of {k:.0f} nearest' if k else ''}: {' → '.join(sides)}")
    if (value := _number(quality, "silhouette")) is not None:
        said.append(f"silhouette score {value:.2f}")
    if said:
        sample = _number(quality, "sample")
        if sample:
            said.append(f"on a sample of {sample:,.0f}")
        if not own.all():
            said.append(f"trust measured on the {int(own.sum()):,} walks of the map itself")
        return said
    unknown = "quality unknown: the file holds no full-space measure"
    pure = purity_on_map(_drawn(map), identities(map).codes)
    if np.isnan(pure).all():
        return [unknown]
    return [unknown, f"identity purity of 10 nearest: map {_percent(float(np.nanmean(pure)))}"]


def shape_notes(map: EmbeddingMap) -> list[str]:
    """What was done to dimensions that a picture cannot show."""
    dims = dimensions(map)
    if dims == 1:
        return ["the map has one dimension: height means nothing"]
    return [f"the first 3 of {dims} dimensions"] if dims > 3 else []


def dimensions(map: EmbeddingMap) -> int:
    """How many dimensions the map had when it was made: a file to be turned holds three of them.

    >>> dimensions(EmbeddingMap(np.zeros((1, 5)), *np.array([[""]] * 3)))
    5
    """
    drawing = map.manifest.get(DRAWING)
    dims = drawing.get("dims") if isinstance(drawing, Mapping) else None
    return dims if isinstance(dims, int) and dims > 0 else int(map.feats.shape[1])


def _drawn(map: EmbeddingMap) -> Any:
    return map.feats[:, :3]


def _number(facts: Mapping[str, Any], name: str) -> float | None:
    value = facts.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return float(value)


def _text(facts: Mapping[str, Any], name: str) -> str:
    value = facts.get(name)
    if isinstance(value, Mapping):
        value = value.get("name")
    return value if isinstance(value, str) else ""


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"
