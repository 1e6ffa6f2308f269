"""Where a model puts everyone: a map of walks, as a frozen record and its .npz."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from visual_analyse.errors import VisualAnalyseError
from visual_analyse.files import write_whole
from visual_analyse.results.archive import Array, read_npz, some_of

# What is known of each walk: how many dimensions it has, of which kinds of NumPy, and that in words.
_PER_POINT = {
    "purity": (1, "biuf", "one number a walk"),
    "correct": (1, "biuf", "one number a walk"),
    "neighbours": (2, "iu", "integers of shape [n, k]"),
    "thumbnails": (3, "u", "uint8 of shape [n, h, w]"),
    "placed": (1, "b", "one truth value (bool) a walk"),
}


@dataclass(frozen=True)
class Basis:
    """What places a new walk on a finished map: its features are reduced to `(x - mean) @ components.T`.

    `mean` float32 `[d]`, `components` float32 `[r, d]`, `points` float32 `[n, r]`, the map's own walks so reduced.
    `components` is empty `[0, d]` where the features were taken as they are; `points` then is `[n, d]`.
    """

    mean: Array
    components: Array
    points: Array


@dataclass(frozen=True, repr=False)
class EmbeddingMap:
    """A map of n walks, and how far it can be trusted.

    `feats` float32 `[n, dims]`, scaled by one factor into 0..1; `labels` (identities), `types` (conditions) and `views`
    text `[n]`, the latter two empty where unknown; `quality` and `manifest` as `embed` makes them. The rest, `[n, ...]`
    where it is known, is of the space that neighbours were sought in (`manifest["neighbours_in"]`): `purity` float32,
    the share of a walk's nearest neighbours that are of its identity (NaN where it has no other walk); `correct` int8,
    whether its nearest gallery walk is of its identity (1, 0; -1 where that is not judged); `neighbours` int32
    `[n, k]`, its nearest walks, nearest first; `thumbnails` uint8 `[n, h, w]`, gait-energy images; `placed` bool,
    walks put on a finished map of the others.

    >>> EmbeddingMap.load(Path("GaitSet_CASIA-B.npz")).quality["kept"]  # doctest: +SKIP
    """

    feats: Array
    labels: Array
    types: Array
    views: Array
    quality: Mapping[str, Any] = field(default_factory=dict)
    manifest: Mapping[str, Any] = field(default_factory=dict)
    purity: Array | None = None
    correct: Array | None = None
    neighbours: Array | None = None
    thumbnails: Array | None = None
    placed: Array | None = None

    def __len__(self) -> int:
        return len(self.feats)

    def __repr__(self) -> str:
        people = len(np.unique(self.labels))
        return f"EmbeddingMap({len(self)} walks of {people} identities in {self.feats.shape[1]} dimensions)"

    @property
    def of_random_weights(self) -> bool:
        """Whether the model had no checkpoint, so that the map means nothing."""
        return "checkpoint" in self.manifest and self.manifest["checkpoint"] is None

    @property
    def views_are_angles(self) -> bool:
        """Whether views are angles in degrees, which have an order and may be coloured by it."""
        return bool(self.manifest.get("views_are_angles", False))

    def save(self, path: Path, basis: Basis | None = None) -> Path:
        """Write the contract's .npz, whole or not at all, readable with `allow_pickle=False`."""
        arrays: dict[str, Any] = {
            "feats": self.feats.astype(np.float32),
            **{name: np.asarray(getattr(self, name), dtype=np.str_) for name in ("labels", "types", "views")},
            **{name: getattr(self, name) for name in _PER_POINT if getattr(self, name) is not None},
        }
        if basis is not None:
            arrays.update({f"basis/{name}": getattr(basis, name) for name in ("mean", "components", "points")})
        for name in ("quality", "manifest"):
            arrays[name] = np.array(json.dumps(getattr(self, name), ensure_ascii=False, default=str))
        return write_whole(path, lambda stream: np.savez_compressed(stream, **arrays))

    @staticmethod
    def load(path: Path) -> EmbeddingMap:
        """Read a map, ours or any .npz that holds `feats` [n, dims] and `labels` [n], without running code from it.

        Raises VisualAnalyseError for a file that is no map, is cut short, or whose arrays do not fit together.
        """
        arrays = read_npz(path, lambda name: not name.startswith("basis/"))
        missing = [name for name in ("feats", "labels") if name not in arrays]
        if missing:
            raise VisualAnalyseError(
                f"{path} is no map: it lacks {' and '.join(missing)}; it holds {some_of(arrays)}. Name an .npz with "
                "feats [n, dims] and labels [n], as 'python -m visual_analyse.tsne' writes."
            )
        feats = arrays["feats"]
        if feats.ndim == 1:
            feats = feats[:, None]
        if feats.ndim != 2 or feats.dtype.kind not in "fiu" or not feats.size:
            raise VisualAnalyseError(
                f"{path}: feats are {feats.dtype} of shape {list(feats.shape)}; numbers of shape [n, dims] were "
                "expected, one row a walk."
            )
        with np.errstate(over="ignore", invalid="ignore"):
            feats = feats.astype(np.float32)
        if not np.isfinite(feats).all():
            raise VisualAnalyseError(
                f"{path}: feats hold NaN or infinity in {int((~np.isfinite(feats).all(1)).sum())} of {len(feats)} "
                "rows (as float32, which ends at 3.4e38), and these have no place on a map. Make the map anew."
            )
        texts: dict[str, Any] = {
            name: _texts(arrays.get(name), len(feats), name, path) for name in ("labels", "types", "views")
        }
        found: dict[str, Any] = {name: arrays[name] for name in _PER_POINT if name in arrays}
        for name, array in found.items():
            if array.ndim == 0 or len(array) != len(feats):
                raise VisualAnalyseError(f"{path}: {name} has {list(array.shape)} values for {len(feats)} points.")
            dims, kinds, words = _PER_POINT[name]
            if array.ndim != dims or array.dtype.kind not in kinds or (kinds == "u" and array.dtype != np.uint8):
                raise VisualAnalyseError(
                    f"{path}: {name} is {array.dtype} of shape {list(array.shape)}; {words} was expected. Make the map "
                    "anew, or leave that array out."
                )
        facts: dict[str, Any] = {name: _facts(arrays.get(name), name, path) for name in ("quality", "manifest")}
        return EmbeddingMap(feats, **texts, **facts, **found)


def load_basis(path: Path) -> Basis | None:
    """What places new walks on the map of a file; None where the file has none (a user's own, an older one).

    >>> load_basis(Path("GaitSet_CASIA-B.npz")).points.shape  # doctest: +SKIP
    """
    arrays = read_npz(path, lambda name: name.startswith("basis/"))
    names = ("mean", "components", "points")
    if any(f"basis/{name}" not in arrays for name in names):
        return None
    return Basis(*(arrays[f"basis/{name}"] for name in names))


def _texts(array: Array | None, count: int, name: str, path: Path) -> Array:
    if array is None:
        return np.full(count, "", dtype=np.str_)
    if array.shape != (count,):
        raise VisualAnalyseError(
            f"{path}: there are {count} rows in feats and {name} of shape {list(array.shape)}; one of each a walk was "
            "expected. Write both from the same list of walks."
        )
    if array.dtype.kind == "S":
        return np.asarray(np.char.decode(array, "utf-8", "replace"), dtype=np.str_)
    return array.astype(np.str_)


def _facts(array: Array | None, name: str, path: Path) -> dict[str, Any]:
    if array is None:
        return {}
    try:
        facts = json.loads(str(array))
    except ValueError as error:
        raise VisualAnalyseError(f"{path}: its {name} is no JSON ({error}). Make the map anew.") from error
    return facts if isinstance(facts, dict) else {}
