"""How often people whom a model never saw are recognised, beside what needs no model."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from visual_analyse.gait.config import Config
from visual_analyse.gait.transforms import build_transforms
from visual_analyse.measure.distances import distances
from visual_analyse.measure.ranking import view_table
from visual_analyse.models.builtin import BuiltinModel, build
from visual_analyse.models.checkpoint import load_checkpoint
from visual_analyse.synthetic.body import sample_person
from visual_analyse.synthetic.dataset import name, walk_seed
from visual_analyse.synthetic.walk import CONDITIONS, VIEWS, check_count, walk

Array = NDArray[Any]

PEOPLE = 50
GALLERY = ("nm-01", "nm-02", "nm-03", "nm-04")
PROBES = {"nm": ("nm-05", "nm-06"), "bg": ("bg-01", "bg-02"), "cl": ("cl-01", "cl-02")}
_CUT = build_transforms([{"type": "BaseSilCuttingTransform"}])[0]
_AT_ONCE = 8  # walks in one forward: what a core's cache likes


@dataclass(frozen=True)
class Lineup:
    """Walks to recognise: `silhouettes` uint8 `[n, s, 64, 64]`, and the id, type and view of each, `[n]`."""

    silhouettes: Array
    ids: Array
    types: Array
    views: Array


def make_lineup(
    people: int = PEOPLE,
    conditions: Sequence[str] = CONDITIONS,
    views: Sequence[str] = VIEWS,
    frames: int = 20,
    seed: int = 1597,
    progress: Callable[[int, int], object] | None = None,
) -> Lineup:
    """The first people of the dataset of a seed, as `write_dataset` writes them; none of them is ever learnt from.

    `progress` is called with the walks done and the walks in all. Raises VisualAnalyseError for a count, condition or
    view that cannot be.

    >>> make_lineup(1, ["nm-01"], ["000", "090"], 3).silhouettes.shape
    (2, 3, 64, 64)
    """
    check_count("people", people)
    labels = [(n, kind, view) for n in range(1, people + 1) for kind in conditions for view in views]
    walks = []
    for number, kind, view in labels:
        walks.append(walk(sample_person(seed, number), kind, view, frames, walk_seed(seed, number)).silhouettes)
        if progress is not None:
            progress(len(walks), len(labels))
    ids, types, seen = zip(*((name(number), kind, view) for number, kind, view in labels), strict=True)
    return Lineup(np.stack(walks), np.array(ids), np.array(types), np.array(seen))


def restore(config: Config, checkpoint: Path) -> BuiltinModel:
    """The built-in model of a config with the weights of a checkpoint, in test mode.

    Raises VisualAnalyseError where the two do not fit.

    >>> restore(read_config(config_of("gaitset")), checkpoint_of("gaitset")).training  # doctest: +SKIP
    False
    """
    model = build(config.model_cfg)
    load_checkpoint(model, checkpoint, strict=True)
    # Pictures with their channels innermost: half the time on a CPU.
    model.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    return model.eval()


def embed(model: BuiltinModel, silhouettes: Array, progress: Callable[[int, int], object] | None = None) -> Array:
    """Embeddings `[n, c, p]` of walks, uint8 `[n, s, 64, 64]`, by a model in test mode.

    >>> embed(model, lineup.silhouettes).shape  # doctest: +SKIP
    (2, 64, 62)
    """
    found = []
    with torch.no_grad():
        for start in range(0, len(silhouettes), _AT_ONCE):
            some = silhouettes[start : start + _AT_ONCE]
            frames = _CUT(some.reshape(-1, *some.shape[2:])).reshape(*some.shape[:2], 64, 44)
            answer = model(([torch.from_numpy(frames)], None, None, None, None))
            found.append(answer["inference_feat"]["embeddings"].numpy())
            if progress is not None:
                progress(start + len(some), len(silhouettes))
    return np.concatenate(found)


def rank1(embeddings: Array, lineup: Lineup, metric: str = "euc") -> dict[str, float]:
    """Rank-1 for nm, bg and cl by CASIA-B's protocol: gallery nm-01 to nm-04, identical view left out.

    `embeddings` `[n, c, p]`; rates from 0 to 1: the mean over the probe views of the mean over the other gallery views.

    >>> rank1(np.zeros((110, 1, 1)), make_lineup(1, frames=1))["nm"]
    1.0
    """
    gallery = np.isin(lineup.types, GALLERY)
    result = {}
    for condition, types in PROBES.items():
        probe = np.isin(lineup.types, types)
        near = distances(embeddings[probe], embeddings[gallery], metric)
        table = view_table(near, lineup.ids[probe], lineup.views[probe], lineup.ids[gallery], lineup.views[gallery])
        result[condition] = table.mean
    return result


def sizes(lineup: Lineup) -> Array:
    """Height, breadth and area of each walk, mean and deviation over its frames, each of variance 1: `[n, 6, 1]`."""
    body = lineup.silhouettes >= 128
    of_frames = np.stack([body.any(3).sum(2), body.any(2).sum(2), body.sum((2, 3))], -1).astype(np.float64)
    features = np.concatenate([of_frames.mean(1), of_frames.std(1)], 1)
    spread = features.std(0)
    return np.asarray((features / np.where(spread > 0, spread, 1.0))[..., None])


def mean_silhouettes(lineup: Lineup) -> Array:
    """The gait-energy image of each walk (Han and Bhanu, PAMI 2006) as one part, `[n, 4096, 1]`."""
    mean = np.stack([walk.mean(0, dtype=np.float64) for walk in lineup.silhouettes]) / 255.0
    return mean.reshape(len(mean), -1, 1)
