"""What a page holds of a map: numbers in as few bytes as they need, texts as tables, all compressed together."""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from visual_analyse.draw.maps.quality import origin, shape_notes
from visual_analyse.draw.page.coding import Points, tables
from visual_analyse.errors import VisualAnalyseError
from visual_analyse.names import plain
from visual_analyse.results import EmbeddingMap

_NEIGHBOURS = 700_000  # numbers; so many neighbours of each walk that a page stays small
_MOST_NEIGHBOURS = 8
QUALITY = (
    "trustworthiness", "kept", "kept_k", "purity_full", "purity_map", "purity_k", "silhouette", "sample", "points",
)  # fmt: skip


def payload(map: EmbeddingMap, title: str, extra: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> bytes:
    """The map as zlib-compressed bytes: a header's length, the header as JSON, and arrays in planes of bytes.

    `extra` joins the header, `arrays` the arrays. Of more than three dimensions the first three
    are kept, and the header says so. Raises VisualAnalyseError for values that are no map's.
    """
    shape = shape_notes(map)
    map = replace(map, feats=map.feats[:, :3])
    points = unit(map.feats)
    known = _known(map)
    told, codes = tables(map, points)
    packed: dict[str, NDArray[Any]] = {"points": np.round(points * 65535).astype(np.uint16).T, **codes, **known}
    header = {
        "title": title,
        "count": len(map),
        "what": " · ".join(plain(part) for part in origin(map)),
        "shape": shape or (["three dimensions"] if points.shape[1] == 3 else []),
        "tables": told,
        "neighbours_in": where if isinstance(where := map.manifest.get("neighbours_in"), str) and where else None,
        "random": map.of_random_weights,
        "quality": {name: _number(map.quality.get(name)) for name in QUALITY},
        "scale": {"low": map.feats.min(0).astype(float).tolist(), "range": _range(map.feats)},
        **extra,
    }
    return _pack(header, {**packed, **arrays})


def unit(feats: NDArray[Any]) -> Points:
    """Coordinates in 0..1 by one factor for all axes, whatever they were.

    >>> unit(np.array([[0, 5], [10, 5]])).tolist()
    [[0.0, 0.0], [1.0, 0.0]]
    """
    wide = feats.astype(np.float64)
    moved: Points = (wide - wide.min(0)) / _range(feats)
    return moved


def _range(feats: NDArray[Any]) -> float:
    wide = feats.astype(np.float64)
    return float((wide.max(0) - wide.min(0)).max()) or 1.0


def _known(map: EmbeddingMap) -> dict[str, NDArray[Any]]:
    """The numbers of each walk that are known, checked and coded: a file's arrays may hold anything."""
    found: dict[str, NDArray[Any]] = {}
    for name in ("purity", "correct", "placed", "neighbours"):
        array = getattr(map, name)
        if array is not None and (array.dtype.kind not in "fiub" or array.ndim != 1 + (name == "neighbours")):
            raise VisualAnalyseError(
                f"{name} is {array.dtype} of shape {list(array.shape)}; "
                f"{'numbers [n, k]' if name == 'neighbours' else 'one number a walk'} was expected. Make the map anew."
            )
    if map.purity is not None:
        wide = map.purity.astype(np.float64)
        shown = np.round(np.clip(np.nan_to_num(wide), 0, 1) * 200)
        found["purity"] = np.where(np.isfinite(wide), shown, 255).astype(np.uint8)
    if map.correct is not None:
        found["correct"] = (np.clip(np.nan_to_num(map.correct, nan=-1), -1, 1) + 1).astype(np.uint8)
    if map.placed is not None and map.placed.any():
        found["placed"] = map.placed.astype(bool).astype(np.uint8)
    if map.neighbours is not None and map.neighbours.size:
        most = min(_MOST_NEIGHBOURS, max(1, _NEIGHBOURS // len(map)))
        near = np.nan_to_num(map.neighbours[:, :most].T, nan=-1).astype(np.int64)
        own = np.arange(len(map))
        # A walk's neighbours are mostly of its own identity, listed close to it: steps are small numbers. 0 is none.
        step = np.where((near >= 0) & (near < len(map)), near - own, 0)
        found["neighbours"] = np.where(step < 0, -2 * step - 1, 2 * step)
    return found


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, (int, float)) and np.isfinite(value) else None


def _pack(header: dict[str, Any], arrays: Mapping[str, NDArray[Any]]) -> bytes:
    described, blocks = {}, []
    for name, array in arrays.items():
        values = np.ascontiguousarray(array).reshape(-1).astype("<u4")
        width = next(width for width in (1, 2, 3, 4) if not values.size or int(values.max()) < 1 << 8 * width)
        # First all low bytes, then all of the next: the higher ones are near constant, and compress to nothing.
        blocks.append(values.view(np.uint8).reshape(-1, 4)[:, :width].T.tobytes())
        described[name] = {"width": width, "size": values.size}
    # ASCII, so that no text of a folder (lone surrogates, too) can be mistaken on the way.
    head = json.dumps({**header, "arrays": described}, allow_nan=False, separators=(",", ":")).encode("ascii")
    return zlib.compress(b"".join([len(head).to_bytes(4, "little"), head, *blocks]), 9)
