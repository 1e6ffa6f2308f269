"""Where each part of a walking body is: forward kinematics from joint angles to rotated parts and joints."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from visual_analyse.synthetic.body import Build, Person
from visual_analyse.synthetic.kinematics import angle

Array = NDArray[Any]

SIDES = ("left", "right")
_LIMBS = ("upper arm", "forearm", "hand", "grip", "thigh", "shank", "foot", "toes")
_JOINTS = ("shoulder", "elbow", "wrist", "hip", "knee", "ankle")
PARTS = ("pelvis", "waist", "thorax", "head", *(f"{side} {limb}" for side in SIDES for limb in _LIMBS))
COCO = ("nose", *(f"{side} {organ}" for organ in ("eye", "ear", *_JOINTS) for side in SIDES))
# Fractions of stature (Winter 2009, fig. 4.1, after Drillis and Contini 1966).
THIGH, SHANK, ANKLE, HIP_HEIGHT = 0.245, 0.246, 0.039, 0.530
UPPER_ARM, FOREARM, SHOULDER_HEIGHT, CHIN_HEIGHT = 0.186, 0.146, 0.818, 0.870
# Centres of the joints lie inside the breadths that Winter prints (0.191 hips, 0.259 shoulders).
HIP_HALF, SHOULDER_HALF = 0.052, 0.104
SOLE, HEEL_BACK, BALL_AHEAD = -0.037, 0.036, 0.078
SWING = (0.60, 0.90)  # of the cycle: the foot is off the ground and not yet down (stance 60 %, shared by all sources)


@dataclass(frozen=True)
class Skeleton:
    """Parts of a body over t frames, in metres: x ahead, y to the person's left, z up.

    `origins` float64 `[part, t, 3]` in the order of PARTS; `turns` `[part, t, 3, 3]`, whose columns are each part's own
    axes; `joints` `[17, t, 3]` in COCO order.
    """

    origins: Array
    turns: Array
    joints: Array


def pose(person: Person, phase: Array) -> Skeleton:
    """The skeleton of a person at each phase (fraction of the cycle from the left heel strike), `[t]`.

    >>> from visual_analyse.synthetic.body import sample_person
    >>> pose(sample_person(1, 1), np.linspace(0, 1, 5)).joints.shape
    (17, 5, 3)
    """
    phase = np.asarray(phase, np.float64)
    legs = _legs(person, phase)
    # The pelvis rides on the foot that stands: its height is what puts the lower sole on the ground, smoothed over the
    # cycle, because a table that is the mean of fifteen people does not keep a foot still to the millimetre.
    grid = np.arange(48) / 48
    # A swinging foot carries nothing: how far its knee bends lifts no pelvis.
    steady = replace(person, gait=replace(person.gait, swing=0.0))
    lowest = _lowest(steady, _legs(steady, grid))
    spectrum = np.fft.rfft(-lowest) / len(grid)
    height = np.full(phase.shape, spectrum[0].real)
    for order in range(1, 5):
        turn = 2 * np.pi * order * phase
        height += 2 * (spectrum[order].real * np.cos(turn) - spectrum[order].imag * np.sin(turn))
    parts = {**legs, **_upper(person, phase, legs["pelvis"])}
    origins = np.stack([parts[name][0] for name in PARTS])
    origins[:, :, 2] += height
    turns = np.stack([parts[name][1] for name in PARTS])
    return Skeleton(origins, turns, _joints(person, origins, turns))


def in_swing(phase: Array) -> Array:
    """How far a foot is in its swing forwards, at each phase of its own side: half a wave over SWING, zero elsewhere.

    >>> in_swing(np.array([0.5, 0.75])).tolist()
    [0.0, 1.0]
    """
    first, last = SWING
    away = np.abs(_near(phase, (first + last) / 2)) / (last - first)
    return np.asarray(np.where(away < 0.5, np.cos(np.pi * away) ** 2, 0.0))


def at(origin: Array, turn: Array, ahead: float, left: float, up: float) -> Array:
    """The place of a point given in a part's own axes, `[t, 3]`."""
    local: Array = turn @ np.array([ahead, left, up], np.float64)
    return np.asarray(origin + local)


def _legs(person: Person, phase: Array) -> dict[str, tuple[Array, Array]]:
    gait, build = person.gait, person.build
    size = build.stature
    right = phase + 0.5 + gait.limp
    obliquity = gait.obliquity * (angle("pelvic obliquity", phase) - angle("pelvic obliquity", right)) / 2
    rotation = gait.rotation * (angle("pelvic rotation", phase) - angle("pelvic rotation", right)) / 2
    tilt = angle("pelvic tilt", phase) - 8.8
    turn = _yaw(-rotation) @ _roll(obliquity) @ _pitch(-tilt)
    sway = 0.011 * gait.sway * np.sin(2 * np.pi * (phase - 0.05))
    origin = np.stack([np.zeros_like(phase), sway, np.zeros_like(phase)], -1)
    parts = {"pelvis": (origin, turn)}
    for index, (side, own, sign) in enumerate((("left", phase, 1.0), ("right", right, -1.0))):
        # Hip angles are printed against the pelvis; four degrees of its forward tilt make the standing foot flat.
        hip = 4.0 + gait.hip_offset + gait.hip[index] * angle("hip", own)
        bend = gait.swing * in_swing(own) if side == "left" else 0.0
        knee = np.maximum(gait.knee[index] * angle("knee", own) + gait.knee_offset + bend, 1.0)
        ankle = gait.ankle[index] * angle("ankle", own)
        pitch = hip - knee + ankle
        flat = _window(own, 0.07, 0.40)
        ankle = ankle - flat * pitch
        adduction = gait.narrow + angle("hip adduction", own)
        thigh = _yaw(-0.4 * rotation) @ _roll(obliquity - sign * adduction) @ _pitch(hip)
        shank = thigh @ _pitch(-knee)
        foot = shank @ _roll(sign * adduction - obliquity) @ _yaw(np.full_like(phase, sign * gait.toe_out[index]))
        foot = foot @ _pitch(ankle)
        toes = foot @ _pitch(32.0 * np.exp(-0.5 * (_near(own, 0.57) / 0.06) ** 2))
        joint = at(origin, turn, 0.0, sign * HIP_HALF * size * build.hips, 0.0)
        knee_at = at(joint, thigh, 0, 0, -THIGH * build.legs * size)
        ankle_at = at(knee_at, shank, 0, 0, -SHANK * build.legs * size)
        ball = at(ankle_at, foot, BALL_AHEAD * build.foot * size, 0, SOLE * 0.7 * size)
        parts |= {f"{side} thigh": (joint, thigh), f"{side} shank": (knee_at, shank),
                  f"{side} foot": (ankle_at, foot), f"{side} toes": (ball, toes)}  # fmt: skip
    return parts


def _lowest(person: Person, legs: dict[str, tuple[Array, Array]]) -> Array:
    size, foot = person.build.stature, person.build.foot
    sole = (SOLE - person.build.heel) * size
    points = []
    for side in SIDES:
        ankle, turn = legs[f"{side} foot"]
        points += [at(ankle, turn, -HEEL_BACK * foot * size, 0, sole)[:, 2],
                   at(ankle, turn, BALL_AHEAD * foot * size, 0, sole)[:, 2]]  # fmt: skip
    return np.asarray(np.min(points, axis=0))


def _upper(person: Person, phase: Array, pelvis: tuple[Array, Array]) -> dict[str, tuple[Array, Array]]:
    gait, build = person.gait, person.build
    size = build.stature
    trunk = trunk_length(build)
    lean = gait.lean + angle("trunk lean", phase) - 1.0
    twist = 5.0 * gait.twist * np.cos(2 * np.pi * phase)
    level = 0.25 * gait.obliquity * (angle("pelvic obliquity", phase) - angle("pelvic obliquity", phase + 0.5)) / 2
    origin, turn = pelvis
    thorax = _yaw(twist) @ _roll(level) @ _pitch(-lean)
    base = at(origin, turn, 0, 0, 0.055 * size)
    waist = _yaw(twist / 3) @ _roll(level) @ _pitch(-lean / 2)
    shoulder = trunk - 0.055 * size
    nod = gait.nod + 1.2 * np.sin(4 * np.pi * (phase - 0.1))
    head_turn = _yaw(0.2 * twist) @ _pitch(-nod)
    neck = (CHIN_HEIGHT - SHOULDER_HEIGHT) * build.neck * size
    head = at(base, thorax, (0.006 + 2.2 * build.stoop) * size, 0, shoulder + neck)
    parts = {"waist": (base, waist), "thorax": (base, thorax), "head": (head, head_turn)}
    for index, (side, own, sign) in enumerate((("left", phase, 1.0), ("right", phase + 0.5, -1.0))):
        own = own - gait.arm_lag[index]
        swing = gait.arm[index]
        flexion = gait.shoulder_offset + (angle("shoulder", own) + 6.0) * swing - 6.0 - 0.4 * lean
        bend = np.maximum(24.0 + gait.elbow[index] + (angle("elbow", own) - 24.0) * (0.35 + 0.65 * swing), 4.0)
        joint = at(base, thorax, (-0.008 + 0.8 * build.stoop) * size,
                   sign * SHOULDER_HALF * build.shoulders * size, shoulder - (0.012 + build.slope) * size)  # fmt: skip
        carry = sign * np.full_like(phase, gait.carry[index])
        arm = thorax @ _pitch(lean) @ _roll(carry) @ _pitch(flexion)
        inward = -sign * (12.0 + 0.32 * bend)
        forearm = arm @ _yaw(inward) @ _pitch(bend) @ _roll(-0.6 * carry)
        hand = forearm @ _pitch(np.full_like(phase, 8.0))
        elbow = at(joint, arm, 0, 0, -UPPER_ARM * build.arms * size)
        wrist = at(elbow, forearm, 0, 0, -FOREARM * build.arms * size)
        fist = at(wrist, hand, 0.010 * size, 0, -0.070 * build.arms * size)
        hanging = _yaw(twist) @ _pitch(0.3 * flexion)  # what a hand carries hangs down, and swings less than it
        parts |= {f"{side} upper arm": (joint, arm), f"{side} forearm": (elbow, forearm),
                  f"{side} hand": (wrist, hand), f"{side} grip": (fist, hanging)}  # fmt: skip
    return parts


def trunk_length(build: Build) -> float:
    """From the hips to the shoulders in metres: long legs leave a short trunk, so that all add up to the stature."""
    legs = (THIGH + SHANK) * (build.legs - 1.0)
    return (SHOULDER_HEIGHT - HIP_HEIGHT - legs) * build.stature


def _joints(person: Person, origins: Array, turns: Array) -> Array:
    size = person.build.stature * person.build.head
    part = {name: (origins[index], turns[index]) for index, name in enumerate(PARTS)}
    head = part["head"]
    face = [
        (0.060, 0.0, 0.043),
        (0.050, 0.018, 0.062),
        (0.050, -0.018, 0.062),
        (0.0, 0.042, 0.052),
        (0.0, -0.042, 0.052),
    ]
    places = [at(*head, *(size * value for value in point)) for point in face]
    for name in ("upper arm", "forearm", "hand", "thigh", "shank", "foot"):
        places += [part[f"{side} {name}"][0] for side in SIDES]
    return np.stack(places)


def _near(phase: Array, centre: float) -> Array:
    return np.asarray((phase - centre + 0.5) % 1.0 - 0.5)


def _window(phase: Array, first: float, last: float) -> Array:
    """One between two phases, zero elsewhere, with soft shoulders."""
    distance = np.abs(_near(phase, (first + last) / 2)) - (last - first) / 2
    return np.asarray(1 / (1 + np.exp(np.clip(distance / 0.012, -40, 40))))


def _pitch(degrees: Array) -> Array:
    """Lift what points ahead, and carry ahead what hangs: flexion of hip, shoulder and elbow."""
    cos, sin = _cos_sin(degrees)
    return _matrix(cos, 0 * cos, -sin, 0 * cos, 1 + 0 * cos, 0 * cos, sin, 0 * cos, cos)


def _roll(degrees: Array) -> Array:
    """Lift the left side, and carry to the left what hangs."""
    cos, sin = _cos_sin(degrees)
    return _matrix(1 + 0 * cos, 0 * cos, 0 * cos, 0 * cos, cos, -sin, 0 * cos, sin, cos)


def _yaw(degrees: Array) -> Array:
    """Turn what points ahead to the left."""
    cos, sin = _cos_sin(degrees)
    return _matrix(cos, -sin, 0 * cos, sin, cos, 0 * cos, 0 * cos, 0 * cos, 1 + 0 * cos)


def _cos_sin(degrees: Array) -> tuple[Array, Array]:
    radians = np.deg2rad(degrees)
    return np.cos(radians), np.sin(radians)


def _matrix(*entries: Array) -> Array:
    return np.stack(entries, -1).reshape(*entries[0].shape, 3, 3)
