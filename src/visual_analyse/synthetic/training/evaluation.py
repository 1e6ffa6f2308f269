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
FRAMES, POSE_FRAMES = 20, 30  # models of poses look at time: a whole cycle has 27 frames
GALLERY = ("nm-01", "nm-02", "nm-03", "nm-04")
PROBES = {"nm": ("nm-05", "nm-06"), "bg": ("bg-01", "bg-02"), "cl": ("cl-01", "cl-02")}
_AT_ONCE = 8  # walks in one forward: what a core's cache likes


@dataclass(frozen=True)
class Lineup:
    """Walks to recognise: silhouettes uint8 `[n, s, 64, 64]` or poses float32 `[n, s, 17, 3]`, and whose they are.

    `ids`, `types` and `views` `[n]`.
    """

    walks: Array
    ids: Array
    types: Array
    views: Array


def make_lineup(
    people: int = PEOPLE,
    conditions: Sequence[str] = CONDITIONS,
    views: Sequence[str] = VIEWS,
    frames: int = FRAMES,
    seed: int = 1597,
    progress: Callable[[int, int], object] | None = None,
    poses: bool = False,
) -> Lineup:
    """The first people of the dataset of a seed, as `write_dataset` writes them; none of them is ever learnt from.

    `progress` is called with the walks done and the walks in all. Raises VisualAnalyseError for a count, condition or
    view that cannot be.

    >>> make_lineup(1, ["nm-01"], ["000", "090"], 3).walks.shape
    (2, 3, 64, 64)
    """
    check_count("people", people)
    labels = [(n, kind, view) for n in range(1, people + 1) for kind in conditions for view in views]
    walks = []
    for number, kind, view in labels:
        shown = walk(sample_person(seed, number), kind, view, frames, walk_seed(seed, number))
        walks.append(shown.joints if poses else shown.silhouettes)
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


def embed(
    model: BuiltinModel, config: Config, walks: Array, progress: Callable[[int, int], object] | None = None
) -> Array:
    """Embeddings `[n, c, p]` of walks `[n, s, ...]`, as a Lineup has them, by the model of a config in test mode.

    All frames are shown, through the config's transform.

    >>> embed(model, config, lineup.walks).shape  # doctest: +SKIP
    (2, 64, 62)
    """
    prepare = build_transforms(config.transforms)[0]
    found = []
    with torch.no_grad():
        for start in range(0, len(walks), _AT_ONCE):
            frames = np.stack([prepare(walk) for walk in walks[start : start + _AT_ONCE]])
            answer = model(([torch.from_numpy(np.ascontiguousarray(frames))], None, None, None, None))
            found.append(answer["inference_feat"]["embeddings"].numpy())
            if progress is not None:
                progress(start + len(frames), len(walks))
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
    body = lineup.walks >= 128
    of_frames = np.stack([body.any(3).sum(2), body.any(2).sum(2), body.sum((2, 3))], -1).astype(np.float64)
    features = np.concatenate([of_frames.mean(1), of_frames.std(1)], 1)
    spread = features.std(0)
    return np.asarray((features / np.where(spread > 0, spread, 1.0))[..., None])


def mean_silhouettes(lineup: Lineup) -> Array:
    """The gait-energy image of each walk (Han and Bhanu, PAMI 2006) as one part, `[n, 4096, 1]`."""
    mean = np.stack([walk.mean(0, dtype=np.float64) for walk in lineup.walks]) / 255.0
    return mean.reshape(len(mean), -1, 1)


def mean_poses(lineup: Lineup) -> Array:
    """The mean pose of each walk as one part, `[n, 34, 1]`: from the middle of the hips, in heights of the body."""
    places = lineup.walks[..., :2].astype(np.float64)
    hips = places[:, :, 11:13].mean(2, keepdims=True)
    height = np.ptp(places[..., 1], axis=2)[:, :, None, None]
    return np.asarray(((places - hips) / height).mean(1).reshape(len(places), -1, 1))


BASELINES: dict[str, Callable[[Lineup], Array]] = {"height, breadth, area": sizes, "mean silhouette": mean_silhouettes}
POSE_BASELINES: dict[str, Callable[[Lineup], Array]] = {"mean pose": mean_poses}
