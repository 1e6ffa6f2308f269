"""Changed walks that still are walks: their frames in another order, one frame for all, everybody of one height."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from visual_analyse.gait.kinds import kind_of

Array = NDArray[Any]
Walk = Sequence[Any]  # one array `[s, ...]`, or list of s clouds, an input


@dataclass(frozen=True)
class Perturbation:
    """A change of a walk, as read from its pkls: its name, what it does in words, and the changed walk of a walk.

    `change` takes a generator of random numbers as well, and gives None for a walk that it cannot be made of.

    >>> REVERSED.change([np.arange(3)], np.random.default_rng(0))
    [array([2, 1, 0])]
    """

    name: str
    what: str
    change: Callable[[Walk, np.random.Generator], list[Any] | None]


def _in_order(walk: Walk, order: Array) -> list[Any]:
    return [[data[k] for k in order] if isinstance(data, list) else np.asarray(data)[order] for data in walk]


def _of_one_height(walk: Walk, rng: np.random.Generator) -> list[Any] | None:
    kinds = [kind.picture for kind in kind_of(list(walk))]
    if not set(kinds) & {"grey", "joints"}:
        return None
    ways = {"grey": _silhouettes, "joints": _poses}
    return [
        ways[kind](np.asarray(data)) if kind in ways and np.ndim(data) == 3 else data
        for kind, data in zip(kinds, walk, strict=True)
    ]


def _silhouettes(frames: Array) -> Array:
    """Every person scaled to the rows of the frame, the widths by as much, about the middle of the person."""
    height, width = frames.shape[1:]
    made = np.zeros_like(frames)
    for frame, target in zip(frames, made, strict=True):
        rows, columns = np.flatnonzero(frame.any(1)), np.flatnonzero(frame.any(0))
        if not len(rows):
            continue
        person = frame[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
        wide = max(1, round(person.shape[1] * height / person.shape[0]))
        grown = np.asarray(Image.fromarray(person).resize((wide, height), Image.Resampling.BILINEAR))
        left = round((columns[0] + columns[-1] + 1) / 2 - wide / 2)
        first, end = max(0, left), min(width, left + wide)
        target[:, first:end] = grown[:, first - left : end - left]
    return made


def _poses(joints: Array) -> Array:
    """Every frame's joints scaled to the walk's mean height, about their middle; missing joints stay where they are."""
    made = joints.astype(np.float32, copy=True)
    there = (joints[..., :2] != 0).any(-1)
    rows = np.where(there, joints[..., 1], np.nan)
    with np.errstate(all="ignore"):
        top = np.nanmin(np.where(there.any(1)[:, None], rows, 0), 1)
        heights = np.nanmax(np.where(there.any(1)[:, None], rows, 0), 1) - top
    known = heights > 0
    if not known.any():
        return made
    scale = np.where(known, 50.0 / np.where(known, heights, 1), 1)
    middle = np.array([frame[mask, :2].mean(0) if mask.any() else np.zeros(2) for frame, mask in zip(joints, there)])  # noqa: B905
    moved = (joints[..., :2] - middle[:, None]) * scale[:, None, None] + middle[:, None]
    made[..., :2] = np.where(there[..., None], moved, joints[..., :2])
    return made


SHUFFLED = Perturbation(
    "shuffled", "the frames in no order", lambda walk, rng: _in_order(walk, rng.permutation(len(walk[0])))
)
REVERSED = Perturbation(
    "reversed", "the last frame first", lambda walk, rng: _in_order(walk, np.arange(len(walk[0]))[::-1])
)
FROZEN = Perturbation(
    "frozen", "the middle frame for all", lambda walk, rng: _in_order(walk, np.full(len(walk[0]), len(walk[0]) // 2))
)
ONE_HEIGHT = Perturbation("one height", "everybody as tall", _of_one_height)

PERTURBATIONS = (SHUFFLED, REVERSED, FROZEN, ONE_HEIGHT)
