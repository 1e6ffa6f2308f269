"""Small models that learn to tell apart people who differ in one region, or at one moment, and in nothing else."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from numpy.typing import NDArray

from visual_analyse.errors import VisualAnalyseError
from visual_analyse.files import write_whole
from visual_analyse.gait.config import Config, read_config
from visual_analyse.results import read_npz
from visual_analyse.synthetic.planted import planted_walks
from visual_analyse.synthetic.small import POSE_MODELS, config_of
from visual_analyse.synthetic.training.sampling import Crowd

Array = NDArray[Any]

# So many identities are learnt from; the others are held out.
LEARNT, HELD_OUT = 60, 12
CONDITIONS = ("nm-01", "nm-02", "nm-03", "nm-04", "nm-05", "nm-06")
GALLERY = CONDITIONS[:4]
VIEWS = ("054", "072", "090", "108", "126")
FRAMES = 30  # a whole stride, and enough to tell its phase by
_BATCH, _FRAMES = [8, 4], 4
# People who differ at one moment: frames enough that the moment is among them.
_MOMENT, _MOMENT_BATCH, _MOMENT_FRAMES = "swing", [6, 4], 9
STEPS = {"gaitset": 700, "gaitbase": 600, "gaitgraph2": 450, "gaittr": 450, "gaitgl": 2500}
# No small GaitGL is shipped. It needs whole strides, many people at once and three times the steps to see what differs.
_GAITGL: dict[str, Any] = {
    "model": "GaitGL",
    "channels": [16, 32, 64],
    "class_num": LEARNT,
    "SeparateBNNecks": {"in_channels": 64, "parts_num": 64, "class_num": LEARNT},
}
_GAITGL_SAMPLER = {"batch_size": [16, 4], "frames_num_fixed": FRAMES, "sample_type": "fixed_ordered"}
_GAITGL_RATE, _GAITGL_SCALE = 0.002, 16.0


@dataclass(frozen=True)
class PlantedCrowd:
    """Walks of all identities at every condition and view, and where they differ.

    `silhouettes` uint8 `[j, n, s, 64, 64]` and `joints` float32 `[j, n, s, 17, 3]`: the j-th pair of condition and
    view, the n-th identity. `masks` bool `[j, s, 64, 64]`, where identities differ; `types` and `views` `[j]`.
    """

    silhouettes: Array
    joints: Array
    masks: Array
    types: Array
    views: Array

    def learnt(self, poses: bool) -> Crowd:
        """The walks of the first LEARNT identities, to learn from."""
        walks = (self.joints if poses else self.silhouettes)[:, :LEARNT].swapaxes(0, 1)
        return Crowd(
            np.ascontiguousarray(walks.reshape(-1, *walks.shape[2:])), np.repeat(np.arange(LEARNT), len(self.types))
        )


def planted_crowd(plant: str, path: Path, seed: int, progress: Callable[[int, int], object]) -> PlantedCrowd:
    """The walks of a plant, read from `path` or made and kept there; `progress` gets what is done and all there is.

    >>> planted_crowd("arms", Path("arms.npz"), 1597, print).types[0]  # doctest: +SKIP
    'nm-01'
    """
    names = ("silhouettes", "joints", "masks", "types", "views")
    if path.exists():
        arrays = read_npz(path)
        if set(names) <= set(arrays):
            return PlantedCrowd(*(arrays[name] for name in names))
        raise VisualAnalyseError(f"{path} does not hold planted walks. Delete it, and run the same command again.")
    pairs = [(condition, view) for condition in CONDITIONS for view in VIEWS]
    made = []
    for done, (condition, view) in enumerate(pairs, 1):
        made.append(planted_walks(plant, condition, view, identities=LEARNT + HELD_OUT, frames=FRAMES, seed=seed))
        progress(done, len(pairs))
    crowd = PlantedCrowd(
        np.stack([[walk.silhouettes for walk in some.walks] for some in made]),
        np.stack([[walk.joints for walk in some.walks] for some in made]),
        np.stack([some.mask for some in made]),
        np.array([condition for condition, _ in pairs]),
        np.array([view for _, view in pairs]),
    )
    write_whole(
        path, lambda stream: np.savez_compressed(stream, allow_pickle=False, **{k: getattr(crowd, k) for k in names})
    )
    return crowd


def planted_config(model: str, plant: str, folder: Path) -> Config:
    """The config of a small model that learns a plant, written to `folder`: that of the shipped one, for fewer people.

    `model`: one of STEPS.

    >>> planted_config("gaitset", "arms", Path("planted")).save_name  # doctest: +SKIP
    'gaitset-arms'
    """
    shipped = "gaitset" if model == "gaitgl" else model
    sections: dict[str, Any] = yaml.safe_load(config_of(shipped).read_text(encoding="utf-8"))
    name = f"{model}-{plant}"
    sections["evaluator_cfg"] |= {"save_name": name, "restore_hint": f"{name}.pt"}
    trainer = sections["trainer_cfg"]
    # A pixel more or less of everybody's outline would hide the little that identities differ in.
    trainer |= {"total_iter": STEPS[model], "disturb": False}
    if model == "gaitgl":
        sections["model_cfg"] = _GAITGL
        sections["optimizer_cfg"]["lr"] = _GAITGL_RATE
        softmax = {"type": "CrossEntropyLoss", "scale": _GAITGL_SCALE, "loss_term_weight": 1.0, "log_prefix": "softmax"}
        sections["loss_cfg"].append(softmax)
        trainer["sampler"] |= _GAITGL_SAMPLER
    elif model not in POSE_MODELS:
        moment = plant == _MOMENT
        trainer["sampler"] |= {
            "batch_size": _MOMENT_BATCH if moment else _BATCH,
            "frames_num_fixed": _MOMENT_FRAMES if moment else _FRAMES,
        }
    else:
        for sampler in (trainer["sampler"], sections["evaluator_cfg"]["sampler"]):
            sampler["frames_num_fixed"] = FRAMES
    if "SeparateBNNecks" in sections["model_cfg"]:
        sections["model_cfg"]["SeparateBNNecks"]["class_num"] = LEARNT
    path = folder / f"{name}.yaml"
    text = yaml.safe_dump(sections, sort_keys=False)
    write_whole(path, lambda stream: stream.write(text.encode("utf-8")))
    return read_config(path)


def held_out() -> Sequence[int]:
    """The identities, by their place in a crowd, that nothing was learnt from."""
    return range(LEARNT, LEARNT + HELD_OUT)
