"""The walks that models learn from, and which of them a step sees."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from visual_analyse.errors import VisualAnalyseError
from visual_analyse.files import write_whole
from visual_analyse.results import read_npz
from visual_analyse.synthetic.body import sample_person
from visual_analyse.synthetic.prepare import crop_of
from visual_analyse.synthetic.walk import VIEWS, check_count, draw_nuisance, finish, record

Array = NDArray[Any]

# What the small models learn from: a GaitBase of another number of people needs another class_num in its config.
PEOPLE, WALKS, FRAMES = 300, 22, 12
# What those of poses learn from: time is what they look at, so their frames follow on each other.
POSE_WALKS, POSE_FRAMES = 22, 40
# Datasets count their people from 1: with these numbers nobody who is learnt from is ever in one, whatever its seed.
FIRST_PERSON = 100_001
# Frames apart in a walk of training: a dozen frames then show more than a whole cycle, as the walks of a test do.
PACE = 3
_KINDS = ("nm-01", "nm-01", "bg-01", "cl-01")


@dataclass(frozen=True)
class Crowd:
    """Walks of many people: silhouettes uint8 `[n, s, 64, 64]` or poses float32 `[n, s, 17, 3]`.

    `labels` int64 `[n]`, from 0, in order.
    """

    walks: Array
    labels: Array

    @property
    def people(self) -> int:
        """How many identities there are."""
        return int(self.labels[-1]) + 1

    @property
    def kind(self) -> str:
        """`"silhouettes"` or `"poses"`."""
        return "silhouettes" if self.walks.dtype == np.uint8 else "poses"


def make_crowd(
    people: int,
    walks: int,
    frames: int,
    seed: int,
    progress: Callable[[int, int], object] | None = None,
    poses: bool = False,
) -> Crowd:
    """Let `people` walk `walks` times each, every walk on a day of its own, all views in turn.

    Who they are is drawn from `seed` and from numbers that no dataset reaches. Frames are PACE apart, those of poses
    one. `progress` is called with the walks done and the walks in all. Raises VisualAnalyseError for counts that make
    no crowd.

    >>> make_crowd(2, 3, 1, seed=1).walks.shape
    (6, 1, 64, 64)
    >>> make_crowd(2, 3, 1, seed=1, poses=True).walks.shape
    (6, 1, 17, 3)
    """
    for what, count in (("people", people), ("walks", walks), ("frames", frames)):
        check_count(what, count)
    shape, dtype = ((17, 3), np.float32) if poses else ((64, 64), np.uint8)
    made: Array = np.empty((people * walks, frames, *shape), dtype)
    for label in range(people):
        number = FIRST_PERSON + label
        person = sample_person(seed, number)
        rng = np.random.default_rng([seed, number])
        views = np.concatenate([rng.permutation(len(VIEWS)) for _ in range(-(-walks // len(VIEWS)))])[:walks]
        for index, view in enumerate(views):
            kind = _KINDS[int(rng.integers(len(_KINDS)))]
            nuisance = draw_nuisance(kind, VIEWS[view], frames, int(rng.integers(2**31)), person.gait.cadence)
            if not poses:
                start = nuisance.phase[0]
                nuisance = replace(nuisance, phase=start + PACE * (nuisance.phase - start))
            labels, joints = record(person, nuisance)
            place = label * walks + index
            shown = finish(labels, joints, nuisance.phase, crop_of(labels))
            made[place] = shown.joints if poses else shown.silhouettes
            if progress is not None:
                progress(place + 1, len(made))
    return Crowd(made, np.repeat(np.arange(people), walks))


def save_crowd(path: Path, crowd: Crowd) -> Path:
    """Write a crowd to an .npz, whole or not at all."""
    arrays = {crowd.kind: crowd.walks, "labels": crowd.labels}
    return write_whole(path, lambda stream: np.savez_compressed(stream, allow_pickle=False, **arrays))


def load_crowd(path: Path, poses: bool = False) -> Crowd:
    """Read a crowd that `save_crowd` wrote.

    Raises VisualAnalyseError where the file is damaged or holds something else.
    """
    arrays = read_npz(path)
    kind, shape, dtype = ("poses", (17, 3), np.float32) if poses else ("silhouettes", (64, 64), np.uint8)
    walks, labels = arrays.get(kind), arrays.get("labels")
    if (
        walks is None
        or labels is None
        or walks.dtype != dtype
        or walks.ndim != 4
        or walks.shape[2:] != shape
        or labels.shape != walks.shape[:1]
        or not len(labels)
    ):
        raise VisualAnalyseError(
            f"{path} does not hold walks to learn from ({kind} [n, s, {shape[0]}, {shape[1]}] and their labels). "
            "Delete it, and run the same command again to make them anew."
        )
    return Crowd(walks, labels.astype(np.int64))


@dataclass(frozen=True)
class Sampler:
    """Draws `people` x `walks` of a crowd for each step, `frames` of each walk.

    The frames are on end where they are `ordered`, else any, in an order of their own. What a step draws follows from
    the seed and its number alone, so that a run that goes on draws what one that was never stopped would have drawn.

    >>> Sampler(Crowd(np.zeros((6, 4, 64, 64), np.uint8), np.repeat([0, 1, 2], 2)), 2, 2, 3, 1).draw(0)[0].shape
    (4, 3, 64, 64)
    """

    crowd: Crowd
    people: int
    walks: int
    frames: int
    seed: int
    ordered: bool = False

    def __post_init__(self) -> None:
        each = int(np.bincount(self.crowd.labels).min())
        for what, wanted, there in (
            ("people", self.people, self.crowd.people),
            ("walks of a person", self.walks, each),
            ("frames of a walk", self.frames, self.crowd.walks.shape[1]),
        ):
            if not 1 <= wanted <= there:
                raise VisualAnalyseError(
                    f"A step of {wanted} {what} cannot be drawn: there are {there}. "
                    "Change batch_size or frames_num_fixed in trainer_cfg.sampler."
                )

    def draw(self, step: int) -> tuple[Array, Array]:
        """Walks `[people * walks, frames, ...]` and labels int64 `[people * walks]` of a step."""
        rng = np.random.default_rng([self.seed, step])
        chosen = []
        for person in rng.choice(self.crowd.people, self.people, replace=False):
            own = np.flatnonzero(self.crowd.labels == person)
            chosen.append(rng.choice(own, self.walks, replace=False))
        walks, length = np.concatenate(chosen), self.crowd.walks.shape[1]
        if self.ordered:
            order = rng.integers(length - self.frames + 1, size=(len(walks), 1)) + np.arange(self.frames)
        else:
            order = rng.random((len(walks), length)).argsort(1)[:, : self.frames]
        return self.crowd.walks[walks[:, None], order], self.crowd.labels[walks]
