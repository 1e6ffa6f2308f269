"""Where in a step each frame of a walk lies, as far as the walk itself can tell."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from visual_analyse.errors import VisualAnalyseError
from visual_analyse.gait.bodies import body_in, body_of, span_of
from visual_analyse.gait.body_joints import Joints, joints_of
from visual_analyse.gait.rhythm import beat, powers, step_period
from visual_analyse.results import InputKind

Array = NDArray[Any]

LOWER_THIRD = 2 / 3  # of the body, from its top: below it are shanks and feet, whatever coat is worn
# Fractions of a step by which a signal is at its height after the heel strike. Legs are widest apart a little later,
# when the hind foot has not yet left; knees a little earlier. Measured by `python -m benchmarks.phase`: the same from
# 018 to 162 degrees within 2 % of a step, so that no view need be known.
SPREAD_LAG, ANKLES_LAG, KNEES_LAG = 0.070, 0.085, -0.050
SAME_PHASE = 0.02  # no walk tells its phase better than that

# What is told at all. With these, `python -m benchmarks.phase` finds a median error below 3.5 % of a step from 018 to
# 162 (5 % of walks of 28 frames), no shuffled walk that is told, and one walk in a hundred of 000 and 180 (three of 28
# frames), whose error is 10 to 20 %. Of those a confidence of 0.6 alone would let through more than one in ten, 0.75
# none of 60 frames and one in fourteen of 30.
LEAST_CONFIDENCE = 0.75
LEAST_FRAMES = 28  # two usual steps; of 24 frames a tenth of the walks of 000 would be told
# The beat must also be large, in body heights: from 000 and 180 nearly all walks stay below, for there the feet go from
# side to side only as the body sways.
LEAST_SPREAD, LEAST_APART = 0.005, 0.05
# At ten frames a second a stride is as long as a step should be, and seen aside of straight ahead it passes for one.
# But its overtone, the real step, has 0.16 of its power or more from 036 to 144 degrees, where that of a step has about
# 0.02. From 018 and 162 most such walks are still taken for what they are not.
OVERTONE = 0.05
# The median error by view, in steps, of silhouettes of 40 frames, printed by `python -m benchmarks.phase --people 30`;
# None where fewer than half of the walks are told. Poses are off by 0.014 to 0.017 at every view but 000 and 180.
ERROR_OF_VIEW: Mapping[int, float | None] = {
    0: None, 18: 0.024, 36: 0.018, 54: 0.015, 72: 0.017, 90: 0.016, 108: 0.019, 126: 0.021, 144: 0.027, 162: 0.030,
    180: None,
}  # fmt: skip


@dataclass(frozen=True)
class Phase:
    """The step phase of each frame: `values` float64 `[s]` from 0, a heel strike, to 1, the next foot's.

    NaN where it is not told. `confidence`, 0 to 1, is the share that the beat of the steps has in what it and noise
    make together; `known` says whether that is enough for `values` to be told. `stride` `[s]`: where in a whole stride
    it is, from 0 to 1, NaN where left and right are not told apart.

    >>> bool(np.isnan(Phase.unknown(2).values).all())
    True
    """

    values: Array
    confidence: float
    known: bool
    stride: Array = field(default_factory=lambda: np.zeros(0))

    def __post_init__(self) -> None:
        if not len(self.stride):
            object.__setattr__(self, "stride", np.full(len(self.values), np.nan))

    @staticmethod
    def unknown(frames: int, confidence: float = 0.0) -> Phase:
        """The phase of a walk that does not tell it."""
        return Phase(np.full(frames, np.nan), confidence, False)


def step_phase(frames: Array) -> Phase:
    """The step phase of silhouettes `[s, h, w]` (any scale, 0 is background) or poses `[s, 17 or 18, 3]`.

    From silhouettes left and right cannot be told apart, so it is the fraction of a step, half a cycle, from a heel
    strike. Unknown where the beat of steps does not stand out: from straight ahead or behind, in walks shorter than
    two steps, standing or shuffled ones. About 20 to 30 frames a second are taken for granted.

    Raises VisualAnalyseError for another shape.

    >>> step_phase(np.zeros((30, 64, 44), np.uint8)).known
    False
    """
    frames = np.asarray(frames)
    if frames.ndim == 3 and frames.shape[1:] in ((17, 3), (18, 3)):
        return _of_joints(joints_of(frames))
    if frames.ndim == 3:
        return _of_bodies(body_of(frames))
    raise VisualAnalyseError(
        f"An array of shape {frames.shape} has no gait phase; silhouettes [s, h, w] or poses [s, 17, 3] have one."
    )


def phase_of(arrays: Sequence[Array], kinds: Sequence[InputKind]) -> Phase:
    """The step phase of a walk from its inputs as a person sees them, by that input which tells it best.

    Joints before silhouettes, and those before parsing, depth and skeleton maps. `arrays` lie as `Evidence.frames` and
    `inputs` do, one for each of `kinds`.

    >>> phase_of([np.zeros((30, 64, 44), np.uint8)], [InputKind("silhouette")]).known
    False
    """
    found = [Phase.unknown(len(arrays[0]) if len(arrays) else 0)]
    order = {"joints": 0, "grey": 1, "palette": 2, "planes": 3}
    for array, kind in sorted(zip(arrays, kinds, strict=True), key=lambda pair: order.get(pair[1].picture, 4)):
        if kind.picture == "joints":
            found.append(_of_joints(joints_of(array, kind.joints)))
        else:
            body = body_in(array, kind)
            if body is not None:
                found.append(_of_bodies(body))
        if found[-1].known:
            return found[-1]
    return max(found[1:] or found, key=lambda phase: phase.confidence)


def moments_of(arrays: Sequence[Array], kinds: Sequence[InputKind]) -> Array:
    """When in its cycle each frame of a walk is, from 0 to 1, so that frames of walks can be told alike: float64 `[s]`.

    The cycle is a stride where the walk has joints, which tell left from right, and else a step; NaN where it is not
    told. `arrays` and `kinds` as `phase_of` takes them.

    >>> bool(np.isnan(moments_of([np.zeros((30, 64, 44), np.uint8)], [InputKind("silhouette")])).all())
    True
    """
    jointed = [k for k, kind in enumerate(kinds) if kind.picture == "joints"]
    some = jointed or range(len(kinds))
    phase = phase_of([arrays[k] for k in some], [kinds[k] for k in some])
    return phase.stride if jointed else phase.values


def align(probe: Array, gallery: Array) -> NDArray[np.int64] | None:
    """For each frame of a probe the frame of a gallery walk that is nearest in step phase: int64 `[s]`.

    `probe` `[s]` and `gallery` `[t]` are the `values` of two phases; a phase of 0.98 is near to one of 0.01. Where
    several are as near (within SAME_PHASE), the one nearest in relative time is taken; so it is for a frame whose own
    phase is NaN. None where either walk's phase is unknown.

    >>> align(np.array([0.98, 0.5]), np.array([0.5, 0.0])).tolist()
    [1, 0]
    """
    probe, gallery = np.asarray(probe, np.float64), np.asarray(gallery, np.float64)
    there = np.flatnonzero(np.isfinite(gallery))
    if not len(there) or not np.isfinite(probe).any():
        return None
    away = np.abs((probe[:, None] - gallery[there] + 0.5) % 1.0 - 0.5)
    away = np.where(np.isfinite(away), away, 0.0)
    later = np.abs(_relative(len(probe))[:, None] - _relative(len(gallery))[there])
    later = np.where(away <= away.min(1, keepdims=True) + SAME_PHASE, later, np.inf)
    return np.asarray(there[later.argmin(1)], np.int64)


def expected_error(view: str) -> float | None:
    """By how much of a step, at the median, the phase that silhouettes tell is off at a view that is an angle.

    What was measured at the nearest angle of ERROR_OF_VIEW, seen from either side. None where the view is no angle, or
    where the phase is not told from there.

    >>> expected_error("090") == ERROR_OF_VIEW[90]
    True
    """
    try:
        angle = float(view) % 360.0
    except (ValueError, OverflowError):
        return None
    if not np.isfinite(angle):
        return None
    angle = 360.0 - angle if angle > 180.0 else angle
    return ERROR_OF_VIEW[min(ERROR_OF_VIEW, key=lambda known: abs(known - angle))]


def _of_bodies(body: Array) -> Phase:
    spread, seen = _spread(body)
    return _told(spread[:, None], seen[:, None], (SPREAD_LAG,), 2, LEAST_SPREAD)


def _of_joints(joints: Joints) -> Phase:
    apart = []
    for name in ("knee", "ankle"):
        (left, left_there), (right, right_there) = joints.of(f"left {name}"), joints.of(f"right {name}")
        apart.append((left[:, 0] - right[:, 0], left_there & right_there))
    signals, seen = (np.stack(part, -1) for part in zip(*apart, strict=True))
    height = _height(joints)
    if not height > 0:
        return Phase.unknown(len(joints))
    signals = signals / height
    phase = _told(signals, seen, (KNEES_LAG, ANKLES_LAG), 1, LEAST_APART)
    if phase.known:
        ahead = _forwards(joints)
        # Seen walking the other way, the left foot is ahead where the right one seemed to be: half a stride later.
        return replace(phase, stride=(phase.stride + (ahead < 0) / 2) % 1.0 if ahead else np.full(len(joints), np.nan))
    # Where a pose estimator takes left for right from frame to frame, how far apart they are still tells the step.
    # Of |cos x| the first harmonic is 4 / (3 pi) of its height.
    apart_only = _told(np.abs(signals[:, 1:]), seen[:, 1:], (ANKLES_LAG,), 2, LEAST_APART * 4 / (3 * np.pi))
    return apart_only if apart_only.known else phase


def _told(signals: Array, seen: Array, lags: Sequence[float], order: int, least: float) -> Phase:
    """The phase told by signals `[s, k]` whose harmonic of that order is at its height each lag after a heel strike.

    `least`: how high the harmonic must be.
    """
    frames = len(signals)
    if int(seen.any(1).sum()) < LEAST_FRAMES:
        return Phase.unknown(frames)
    period = step_period(signals, seen)
    if period is None:
        return Phase.unknown(frames)
    total, strength, noise, used = np.zeros(frames, np.complex128), 0.0, 0.0, 0
    for signal, there, lag in zip(signals.T, seen.T, lags, strict=True):
        if int(there.sum()) < LEAST_FRAMES:
            continue
        turned, left = beat(signal, there, period, order)
        total += turned * np.exp(1j * np.pi * order * lag)
        strength += float(np.square(np.abs(turned[there])).mean()) / 2
        noise += left
        used += 1
    confidence = strength / (strength + noise) if strength > 0 else 0.0
    if confidence < LEAST_CONFIDENCE or np.sqrt(2 * strength / used) < least:
        return Phase.unknown(frames, confidence)
    one, step, half = powers(signals[:, -1], seen[:, -1], period, (1, 2, 4))
    if order == 2 and half > OVERTONE * step and one < step:
        return Phase.unknown(frames, confidence)
    values = (np.angle(total) / (np.pi * order)) % 1.0 % 1.0
    there = seen.any(1)
    stride = np.angle(total) / (2 * np.pi) % 1.0 % 1.0 if order == 1 else np.full(frames, np.nan)
    return Phase(np.where(there, values, np.nan), confidence, True, np.where(there, stride, np.nan))


def _spread(body: Array) -> tuple[Array, Array]:
    """How far the columns of the lower third lie from their middle, in body heights `[s]`, and where one can tell."""
    top, bottom = span_of(body)
    spread, seen = np.zeros(len(body)), np.zeros(len(body), bool)
    columns = np.arange(body.shape[2])
    for frame in np.flatnonzero(np.isfinite(top)):
        height = bottom[frame] - top[frame]
        mass = body[frame, int(top[frame] + LOWER_THIRD * height) : int(bottom[frame])].sum(0)
        total = mass.sum()
        if total > 0:
            middle = mass @ columns / total
            spread[frame] = np.sqrt(mass @ (columns - middle) ** 2 / total) / height
            seen[frame] = True
    return spread, seen


def _forwards(joints: Joints) -> int:
    """Which way a body walks across the picture, 1 for larger x, -1 for smaller, 0 where that is not told.

    Knees bend forwards: in the mean over both legs and all frames a knee is ahead of the middle of hip and ankle.
    """
    bent = []
    for side in ("left", "right"):
        (hip, one), (knee, two), (ankle, three) = (joints.of(f"{side} {name}") for name in ("hip", "knee", "ankle"))
        there = one & two & three
        bent.append((knee - (hip + ankle) / 2)[there, 0])
    whole = np.concatenate(bent)
    return int(np.sign(whole.mean())) if len(whole) else 0


def _height(joints: Joints) -> float:
    """How tall the pose is, in its own units: the usual distance between its highest and its lowest joint."""
    rows = np.where(joints.found, joints.places[..., 1], np.nan)[joints.found.sum(1) > 1]
    return float(np.median(np.nanmax(rows, 1) - np.nanmin(rows, 1))) if len(rows) else 0.0


def _relative(frames: int) -> Array:
    return (np.arange(frames) + 0.5) / max(frames, 1)
