"""What a part of a walk is replaced by, so that it stays a walk: zero is a meaningful value of a silhouette."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import binary_erosion

from visual_analyse.results import InputKind
from visual_analyse.trust.body import Array, Bools, background_of, body_of

_FASTEST, _SLOWEST = 5, 22  # frames of one step, at 15 to 30 frames a second
_RIM = 32  # of so many of a frame's rows one is taken off the outline


class Replacement(ABC):
    """One way to replace pixels: its name, what it does in words, and the walk that is replaced as a whole.

    Frames are as the model is given them: float `[s, h, w]` or `[s, c, h, w]`.
    """

    name: ClassVar[str]
    what: ClassVar[str]

    @abstractmethod
    def whole(self, frames: Array, kind: InputKind) -> Array | None:
        """All frames replaced, of the same shape; None for a walk that this cannot be made of."""

    def change(self, frames: Array, mask: Bools, kind: InputKind) -> Array | None:
        """The frames, replaced where `mask` `[s, h, w]` says so.

        >>> MeanSilhouette().change(np.eye(2)[:, None], np.ones((2, 1, 2), bool), InputKind("silhouette")).tolist()
        [[[0.5, 0.5]], [[0.5, 0.5]]]
        """
        made = self.whole(frames, kind)
        return None if made is None else mixed(frames, made, mask)


def mixed(frames: Array, instead: Array, mask: Bools) -> Array:
    """The frames, with those of `instead` where `mask` `[s, h, w]` says so.

    >>> mixed(np.zeros((1, 1, 2)), np.ones((1, 1, 2)), np.array([[[True, False]]])).tolist()
    [[[1.0, 0.0]]]
    """
    return np.where(mask if frames.ndim == 3 else mask[:, None], instead, frames)


def changed(frames: Array, instead: Array) -> Bools:
    """The pixels `[s, h, w]` that a replacement changes, by more than a grey value of 255 can show.

    >>> changed(np.zeros((1, 1, 2)), np.array([[[0.0, 1.0]]])).tolist()
    [[[False, True]]]
    """
    apart = np.abs(frames - instead) > np.ptp(frames) / 512
    return np.asarray(apart.any(1) if frames.ndim == 4 else apart)


@dataclass(frozen=True)
class MeanSilhouette(Replacement):
    """The mean of the walk's own frames: the person, without what moves."""

    name = "mean silhouette"
    what = "the mean of the walk's frames"

    def whole(self, frames: Array, kind: InputKind) -> Array | None:
        if kind.picture == "palette" or len(frames) < 2:  # the mean of two classes is a third
            return None
        return np.broadcast_to(frames.mean(0, dtype=np.float64).astype(frames.dtype), frames.shape)


@dataclass(frozen=True)
class Neighbour(Replacement):
    """The frame half a step later, or earlier at the end: the same person in another pose."""

    name = "half a step on"
    what = "the walk's own frame half a step later"

    def whole(self, frames: Array, kind: InputKind) -> Array | None:
        if len(frames) < 2:
            return None
        half = half_step(body_of(frames))
        places = np.arange(len(frames)) + half
        return np.asarray(frames[np.where(places < len(frames), places, np.maximum(places - 2 * half, 0))])


@dataclass(frozen=True)
class Erosion(Replacement):
    """The outline drawn in, by a thirty-second of the frame's rows: the person a little thinner."""

    name = "erosion"
    what = "the outline drawn in"

    def whole(self, frames: Array, kind: InputKind) -> Array | None:
        if kind.picture not in ("grey", "palette"):
            return None
        body = body_of(frames)
        rim = max(1, round(body.shape[1] / _RIM))
        kept = binary_erosion(body, np.ones((1, 3, 3), bool), rim)
        return mixed(frames, np.broadcast_to(background_of(frames), frames.shape), body & ~kept)


REPLACEMENTS: tuple[Replacement, ...] = (MeanSilhouette(), Neighbour(), Erosion())


def half_step(body: Bools) -> int:
    """How many frames half a step has, told from how the legs' width comes and goes; of short walks half of them.

    >>> half_step(np.ones((4, 8, 8), bool))
    2
    """
    frames, height = body.shape[:2]
    legs = [np.flatnonzero(frame[height // 2 :].any(0)) for frame in body]
    width = np.array([columns[-1] - columns[0] if len(columns) else 0 for columns in legs], dtype=np.float64)
    width -= width.mean()
    longest = min(_SLOWEST, frames - 2)
    unknown = max(1, int(min(frames // 2, 7)))  # at 25 frames a second
    if longest <= _FASTEST or not width.any():
        return unknown
    likeness = _likeness(width, longest)
    rising = np.flatnonzero((likeness[1:-1] > likeness[:-2]) & (likeness[1:-1] >= likeness[2:])) + 1
    peaks = [int(lag) for lag in rising if lag >= _FASTEST and likeness[lag] > 0]
    # Two steps are as like each other as one or more: the first lag that is nearly as good as any is one.
    best = max((float(likeness[lag]) for lag in peaks), default=0.0)
    step = next((lag for lag in peaks if likeness[lag] >= best / 2), 2 * unknown)
    return max(1, round(step / 2))


def _likeness(width: NDArray[np.float64], longest: int) -> NDArray[Any]:
    """How alike a row of numbers is to itself so many frames later, for each lag from 0 to `longest`."""
    return np.array([(width[: len(width) - lag] * width[lag:]).mean() for lag in range(longest + 1)])
