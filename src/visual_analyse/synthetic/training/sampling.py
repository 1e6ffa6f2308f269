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
# Datasets count their people from 1: with these numbers nobody who is learnt from is ever in one, whatever its seed.
FIRST_PERSON = 100_001
# Frames apart in a walk of training: a dozen frames then show more than a whole cycle, as the walks of a test do.
PACE = 3
_KINDS = ("nm-01", "nm-01", "bg-01", "cl-01")


@dataclass(frozen=True)
class Crowd:
    """Walks of many people: `silhouettes` uint8 `[n, s, 64, 64]`, `labels` int64 `[n]`, from 0, in order."""

    silhouettes: Array
    labels: Array

    @property
    def people(self) -> int:
        """How many identities there are."""
        return int(self.labels[-1]) + 1


def make_crowd(
    people: int, walks: int, frames: int, seed: int, progress: Callable[[int, int], object] | None = None
) -> Crowd:
    """Let `people` walk `walks` times each, every walk on a day of its own, all views in turn.

    Who they are is drawn from `seed` and from numbers that no dataset reaches. `progress` is called with the walks done
    and the walks in all. Raises VisualAnalyseError for counts that make no crowd.

    >>> make_crowd(2, 3, 1, seed=1).silhouettes.shape
    (6, 1, 64, 64)
    """
    for what, count in (("people", people), ("walks", walks), ("frames", frames)):
        check_count(what, count)
    silhouettes = np.empty((people * walks, frames, 64, 64), np.uint8)
    for label in range(people):
        number = FIRST_PERSON + label
        person = sample_person(seed, number)
        rng = np.random.default_rng([seed, number])
        views = np.concatenate([rng.permutation(len(VIEWS)) for _ in range(-(-walks // len(VIEWS)))])[:walks]
        for index, view in enumerate(views):
            kind = _KINDS[int(rng.integers(len(_KINDS)))]
            nuisance = draw_nuisance(kind, VIEWS[view], frames, int(rng.integers(2**31)), person.gait.cadence)
            start = nuisance.phase[0]
            nuisance = replace(nuisance, phase=start + PACE * (nuisance.phase - start))
            labels, joints = record(person, nuisance)
            place = label * walks + index
            silhouettes[place] = finish(labels, joints, nuisance.phase, crop_of(labels)).silhouettes
            if progress is not None:
                progress(place + 1, len(silhouettes))
    return Crowd(silhouettes, np.repeat(np.arange(people), walks))


def save_crowd(path: Path, crowd: Crowd) -> Path:
    """Write a crowd to an .npz, whole or not at all."""
    arrays = {"silhouettes": crowd.silhouettes, "labels": crowd.labels}
    return write_whole(path, lambda stream: np.savez_compressed(stream, allow_pickle=False, **arrays))


def load_crowd(path: Path) -> Crowd:
    """Read a crowd that `save_crowd` wrote.

    Raises VisualAnalyseError where the file is damaged or holds something else.
    """
    arrays = read_npz(path)
    silhouettes, labels = arrays.get("silhouettes"), arrays.get("labels")
    if (
        silhouettes is None
        or labels is None
        or silhouettes.dtype != np.uint8
        or silhouettes.ndim != 4
        or silhouettes.shape[2:] != (64, 64)
        or labels.shape != silhouettes.shape[:1]
        or not len(labels)
    ):
        raise VisualAnalyseError(
            f"{path} does not hold walks to learn from (silhouettes [n, s, 64, 64] and their labels). "
            "Delete it, and run the same command again to make them anew."
        )
    return Crowd(silhouettes, labels.astype(np.int64))


@dataclass(frozen=True)
class Sampler:
    """Draws `people` x `walks` of a crowd for each step, `frames` of each walk, in an order of their own.

    What a step draws follows from the seed and its number alone, so that a run that goes on draws what one that was
    never stopped would have drawn.

    >>> Sampler(Crowd(np.zeros((6, 4, 64, 64), np.uint8), np.repeat([0, 1, 2], 2)), 2, 2, 3, 1).draw(0)[0].shape
    (4, 3, 64, 64)
    """

    crowd: Crowd
    people: int
    walks: int
    frames: int
    seed: int

    def __post_init__(self) -> None:
        each = int(np.bincount(self.crowd.labels).min())
        for what, wanted, there in (
            ("people", self.people, self.crowd.people),
            ("walks of a person", self.walks, each),
            ("frames of a walk", self.frames, self.crowd.silhouettes.shape[1]),
        ):
            if not 1 <= wanted <= there:
                raise VisualAnalyseError(
                    f"A step of {wanted} {what} cannot be drawn: there are {there}. "
                    "Change batch_size or frames_num_fixed in trainer_cfg.sampler."
                )

    def draw(self, step: int) -> tuple[Array, Array]:
        """Silhouettes uint8 `[people * walks, frames, 64, 64]` and labels int64 `[people * walks]` of a step."""
        rng = np.random.default_rng([self.seed, step])
        chosen = []
        for person in rng.choice(self.crowd.people, self.people, replace=False):
            own = np.flatnonzero(self.crowd.labels == person)
            chosen.append(rng.choice(own, self.walks, replace=False))
        walks = np.concatenate(chosen)
        order = rng.random((len(walks), self.crowd.silhouettes.shape[1])).argsort(1)[:, : self.frames]
        return self.crowd.silhouettes[walks[:, None], order], self.crowd.labels[walks]
