"""A walk to explain: as a model takes it, and as a person sees it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from visual_analyse.errors import VisualAnalyseError
from visual_analyse.explain.model import Batch, Source
from visual_analyse.explain.resolving import separable
from visual_analyse.gait.kinds import frames_for_picture, kind_of
from visual_analyse.gait.phase import moments_of
from visual_analyse.gait.sequences import Sequence as Walk
from visual_analyse.models.gait_model import GaitModel
from visual_analyse.names import plain
from visual_analyse.results import InputKind

DRAWN = {"grey", "palette", "planes", "rgb"}  # the kinds of picture that maps are laid on


@dataclass(frozen=True)
class Probe:
    """A walk to explain: its name, the batch that holds it alone, and its frames as a person sees them.

    `picture` is the input that the frames are of; `inputs` holds the others, numbered from 1, and `kinds` what they
    are. `joints`: the joint of the frames that each joint of the model's input is, where they differ.
    """

    name: str
    batch: Batch
    frames: NDArray[np.uint8]
    kind: InputKind
    facts: Mapping[str, Any]
    picture: int = 0
    inputs: Mapping[str, NDArray[Any]] = field(default_factory=dict)
    kinds: Mapping[str, InputKind] = field(default_factory=dict)
    joints: Mapping[int, NDArray[np.int64]] = field(default_factory=dict)

    def kind_of_input(self, place: int) -> InputKind:
        """What an input of the model is."""
        number = self.number_of(place)
        return self.kinds.get(str(number), self.kind) if number else self.kind

    def number_of(self, place: int) -> int:
        """The number that a result knows an input of the model by: 0 for the frames, from 1 for the others."""
        return 0 if place == self.picture else place + (place < self.picture)


def read_probe(model: GaitModel, walk: Walk) -> Probe:
    """Read a walk, as the model takes it and as a person sees it.

    Raises VisualAnalyseError for files that cannot be read, do not fit the model, or hold nothing that can be drawn.

    >>> read_probe(model, scan(Path("Probes"))[0]).frames.shape  # doctest: +SKIP
    (30, 64, 44)
    """
    arrays = walk.load(model.config.data_in_use)
    ready = model.prepare(arrays)
    batch = model.join([ready])
    kinds = kind_of(arrays)
    if kinds[0].picture == "planes" and len(kinds) == 1 and separable(model, batch, 0):
        # Two inputs in one file, one a channel: what each is shows when it is looked at alone.
        channels: list[Any] = [np.asarray(arrays[0])[:, k] for k in range(np.shape(arrays[0])[1])]
        kinds = kind_of(channels)
        batch = replace(batch, sources=tuple(Source(0, k, k + 1) for k in range(len(channels))))
    seen = [_seen(kind, batch, k, arrays, ready.shown) for k, kind in enumerate(kinds)]
    drawn = [k for k, kind in enumerate(kinds) if kind.picture != "none"]
    if not drawn:
        raise VisualAnalyseError(
            f"Walk {plain(walk.name)} holds {', '.join(kind.name for kind in kinds)}, and nothing that can be drawn; "
            "maps are drawn on silhouettes, parsing, skeleton maps, RGB, depth, poses and points."
        )
    picture = drawn[0]
    files = [file.name for file in walk.files_in_use(model.config.data_in_use)]
    facts = {"id": walk.id, "type": walk.type, "view": walk.view, "files": files}
    if len(ready.shown) != len(arrays[0]) or (ready.shown != np.arange(len(ready.shown))).any():
        facts["shown"] = ready.shown.tolist()
    others = [k for k in range(len(kinds)) if k != picture]
    moments = moments_of(seen, kinds)
    if len(batch) == 1 and len(moments) == batch.lengths[0]:
        batch = replace(batch, moments=(moments,))
    return Probe(
        walk.name, batch, seen[picture], kinds[picture], facts, picture,
        {str(number): seen[k] for number, k in enumerate(others, 1)},
        {str(number): kinds[k] for number, k in enumerate(others, 1)},
        {k: joints for k, joints in ready.joints.items() if (joints != np.arange(len(joints))).any()},
    )  # fmt: skip


def _seen(kind: InputKind, batch: Batch, k: int, arrays: Sequence[Any], shown: NDArray[np.int64]) -> NDArray[Any]:
    """An input as a person looks at it: pictures and points as the model sees them, joints as they lie on disk."""
    source = batch.told_apart[k]
    if kind.picture == "joints":
        return np.asarray(arrays[k], np.float32)[shown]
    tensor = batch.part(source)[0].float().cpu().numpy()
    if kind.picture == "points":
        return np.ascontiguousarray(tensor[..., :3])
    return frames_for_picture(kind, tensor) if kind.picture in DRAWN else tensor
