"""Frames of two walks that show the same moment of the step."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Pairs:
    """Frames of a probe and of its match, from 0, side by side; `by_phase`, or else by the time since the beginning.

    `moments`: the phase of each pair, or its share of the walk.
    """

    probe: tuple[int, ...]
    match: tuple[int, ...]
    moments: tuple[float, ...]
    by_phase: bool

    def __len__(self) -> int:
        return len(self.probe)


def paired(probe: Any, match: Any, lengths: tuple[int, int], count: int = 6) -> Pairs:
    """As many pairs as asked for, evenly over a stride (two steps) of the probe, or what there is of one.

    `probe`, `match` float `[s]`: the phase of the step of each frame, 0 to 1, None or NaN where it is not known; where
    it is known of no frame of one of them, pairs lie evenly over both walks. Frames of the match have the nearest
    phase in the step that follows, as long as it has such.

    >>> paired(np.arange(20) / 10 % 1, np.arange(3, 33) / 10 % 1, (20, 30), 4)
    Pairs(probe=(0, 5, 10, 15), match=(7, 12, 17, 22), moments=(0.0, 0.5, 0.0, 0.5), by_phase=True)
    """
    count = min(count, *lengths)
    known = [_known(phase, length) for phase, length in zip((probe, match), lengths, strict=True)]
    if not all(len(frames) for frames in known):
        shares = (np.arange(count) + 0.5) / count
        places = [tuple(int(share * length) for share in shares) for length in lengths]
        return Pairs(places[0], places[1], tuple(shares.tolist()), False)
    phases = [np.asarray(phase, np.float64)[frames] % 1 for phase, frames in zip((probe, match), known, strict=True)]
    own, other = (_unrolled(phase) for phase in phases)
    chosen = _evenly(own, phases[0], min(count, len(own)))
    theirs = _along(other, phases[1], own[chosen])
    return Pairs(
        tuple(known[0][chosen].tolist()), tuple(known[1][theirs].tolist()), tuple(phases[0][chosen].tolist()), True
    )


def strikes(phase: Any, length: int) -> list[int]:
    """The frames, from 0, at which a step begins: where its phase falls back to 0.

    >>> strikes(np.array([0.5, 0.9, 0.1, 0.5, np.nan, 0.2]), 6)
    [2]
    """
    frames = _known(phase, length)
    if not len(frames):
        return []
    values = np.asarray(phase, np.float64)
    return [int(after) for before, after in pairwise(frames)
            if after == before + 1 and values[before] - values[after] > 0.5]  # fmt: skip


def _known(phase: Any, length: int) -> NDArray[np.intp]:
    if phase is None or np.shape(phase) != (length,):
        return np.zeros(0, np.intp)
    return np.flatnonzero(np.isfinite(phase))


def _unrolled(phase: Floats) -> Floats:
    """Steps walked since the first frame began its own."""
    forward = (np.diff(phase) + 0.5) % 1 - 0.5
    return np.asarray(phase[0] + np.concatenate([[0.0], np.cumsum(forward)]))


def _evenly(steps: Floats, phase: Floats, count: int) -> NDArray[np.intp]:
    """Frames evenly over a stride, from the first heel strike after which there is a whole one."""
    apart = 2 / count
    begins = np.flatnonzero(np.concatenate([[phase[0] < 0.05], np.diff(np.floor(steps)) > 0]))
    room = steps[-1] - steps[begins] >= 2 - apart
    if room.any():
        start = begins[room][0]
    else:
        start, apart = 0, min(apart, (steps.max() - steps[0]) / max(1, count - 1))
    wanted = steps[start] + apart * np.arange(count)
    found = np.abs(steps[start:] - wanted[:, None]).argmin(1) + start
    if len(set(found.tolist())) < count:  # a walk that stands, or goes back
        found = np.linspace(0, len(steps) - 1, count).round().astype(np.intp)
    return np.asarray(found, np.intp)


def _along(steps: Floats, phase: Floats, wanted: Floats) -> NDArray[np.intp]:
    """The frame of each wanted phase, one step after another where the walk is long enough."""

    def nearest(value: float) -> int:
        off = np.abs((phase - value + 0.5) % 1 - 0.5)
        return int(off.argmin())

    span = wanted[-1] - wanted[0]
    early = np.flatnonzero(steps + span <= steps[-1] + 1e-9)
    off = np.abs((phase - wanted[0] + 0.5) % 1 - 0.5)
    if not len(early) or off[early].min() > off.min() + 0.1:
        return np.array([nearest(value) for value in wanted])
    first = early[off[early].argmin()]
    base = np.round(steps[first] - wanted[0])
    return np.asarray(np.abs(steps - (base + wanted)[:, None]).argmin(1), np.intp)
