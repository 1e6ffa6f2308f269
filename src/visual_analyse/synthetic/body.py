"""A person: proportions, clothes and way of walking, drawn within human limits from a seed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from visual_analyse.errors import VisualAnalyseError

HAIR = ("short", "bald", "full", "long", "bun", "cap")


@dataclass(frozen=True)
class Build:
    """The shape of a body; factors on the proportions of `flesh`, 1 is the average.

    `stature` in metres; `legs`, `arms`, `foot`, `neck` lengths; the rest breadths and depths. `belly`, `bust`, `seat`
    and `stoop` are in fractions of stature; `hair` is one of HAIR; `heel` the height of the sole.
    """

    stature: float = 1.70
    legs: float = 1.0
    arms: float = 1.0
    foot: float = 1.0
    neck: float = 1.0
    shoulders: float = 1.0
    chest: float = 1.0
    waist: float = 1.0
    hips: float = 1.0
    depth: float = 1.0
    thigh: float = 1.0
    calf: float = 1.0
    arm_girth: float = 1.0
    forearm: float = 1.0
    hand: float = 1.0
    head: float = 1.0
    head_breadth: float = 1.0
    neck_girth: float = 1.0
    belly: float = 0.0
    bust: float = 0.0
    seat: float = 0.0
    stoop: float = 0.0
    slope: float = 0.0
    hair: str = "short"
    hair_volume: float = 0.5
    trousers: float = 0.4
    top: float = 0.4
    heel: float = 0.01


@dataclass(frozen=True)
class Gait:
    """The way of walking: gains on the published curves, offsets in degrees, lags in cycles.

    Pairs are (left, right). `cadence` in steps a minute; `arm_lag` is how far each arm is behind the legs;
    `limp` moves the right heel strike away from half a cycle. `swing`, degrees by which the left knee bends more
    while its foot swings forwards, and at no other time.
    """

    cadence: float = 112.0
    hip: tuple[float, float] = (1.0, 1.0)
    knee: tuple[float, float] = (1.0, 1.0)
    ankle: tuple[float, float] = (1.0, 1.0)
    arm: tuple[float, float] = (1.0, 1.0)
    arm_lag: tuple[float, float] = (0.0, 0.0)
    elbow: tuple[float, float] = (0.0, 0.0)
    carry: tuple[float, float] = (9.0, 9.0)
    toe_out: tuple[float, float] = (7.0, 7.0)
    limp: float = 0.0
    hip_offset: float = 0.0
    knee_offset: float = 0.0
    shoulder_offset: float = 0.0
    narrow: float = 1.3
    lean: float = 0.0
    nod: float = 0.0
    obliquity: float = 1.0
    rotation: float = 1.0
    twist: float = 1.0
    sway: float = 1.0
    swing: float = 0.0


@dataclass(frozen=True)
class Person:
    """One identity: a build and a gait."""

    build: Build
    gait: Gait


def sample_person(seed: int, number: int) -> Person:
    """Draw the `number`-th person of a seed; who it is does not depend on how many are drawn.

    Stature: 5/50/95 % of 1.649/1.759/1.869 m (men) and 1.518/1.618/1.724 m (women), Winter 2009, after Drillis and
    Contini 1966; gains and offsets stay within the standard deviations printed with the curves.

    Raises VisualAnalyseError for a negative seed.

    >>> sample_person(1597, 1) == sample_person(1597, 1)
    True
    """
    check_seed(seed)
    rng = np.random.Generator(np.random.PCG64(np.random.SeedSequence([seed, number, 1])))

    def draw(mean: float, sd: float, limit: float = 2.2) -> float:
        return mean + sd * float(np.clip(rng.standard_normal(), -limit, limit))

    def pair(mean: float, sd: float, apart: float) -> tuple[float, float]:
        middle = draw(mean, sd)
        return middle + draw(0, apart), middle + draw(0, apart)

    man = bool(rng.random() < 0.55)
    stout = draw(0.0, 1.0)
    build = Build(
        stature=draw(1.759, 0.067) if man else draw(1.619, 0.063),
        legs=draw(1.0, 0.028),
        arms=draw(1.0, 0.035),
        foot=draw(1.02 if man else 0.96, 0.05),
        neck=draw(1.0, 0.25),
        shoulders=draw(1.02 if man else 0.93, 0.045),
        chest=draw(1.02 if man else 0.94, 0.04) * (1 + 0.045 * stout),
        waist=draw(1.0 if man else 0.92, 0.05) * (1 + 0.085 * stout),
        hips=draw(0.96 if man else 1.05, 0.045) * (1 + 0.045 * stout),
        depth=draw(1.0, 0.05) * (1 + 0.06 * stout),
        thigh=draw(0.98 if man else 1.05, 0.06) * (1 + 0.05 * stout),
        calf=draw(1.0, 0.07) * (1 + 0.04 * stout),
        arm_girth=draw(1.03 if man else 0.93, 0.07) * (1 + 0.06 * stout),
        forearm=draw(1.0, 0.06),
        hand=draw(1.0, 0.07),
        head=draw(1.0, 0.045),
        head_breadth=draw(1.0, 0.05),
        neck_girth=draw(1.04 if man else 0.9, 0.08) * (1 + 0.04 * stout),
        belly=max(0.0, draw(0.006 if man else 0.002, 0.008) + 0.008 * stout),
        bust=0.0 if man else max(0.0, draw(0.014, 0.006)),
        seat=draw(0.008, 0.006),
        stoop=draw(0.006, 0.008),
        slope=draw(0.0, 0.007),
        hair=str(rng.choice(HAIR, p=(0.58, 0.12, 0.15, 0.03, 0.02, 0.10) if man else (0.10, 0, 0.2, 0.4, 0.25, 0.05))),
        hair_volume=float(rng.random()),
        trousers=float(rng.random()),
        top=float(rng.random()),
        heel=float(rng.random()) * (0.012 if man else 0.02),
    )
    gait = Gait(
        cadence=draw(111.0 if man else 115.0, 5.0),
        hip=pair(1.03, 0.11, 0.025),
        knee=pair(1.0, 0.08, 0.03),
        ankle=pair(1.0, 0.13, 0.04),
        arm=pair(1.0, 0.21, 0.10),
        arm_lag=pair(0.0, 0.03, 0.012),
        elbow=pair(0.0, 8.0, 4.0),
        carry=pair(8.0, 3.0, 1.5),
        toe_out=pair(8.0, 4.5, 1.5),
        limp=draw(0.0, 0.008),
        hip_offset=draw(0.0, 2.0),
        knee_offset=draw(0.0, 2.0),
        shoulder_offset=draw(0.0, 4.0),
        narrow=draw(1.3, 0.9),
        lean=draw(0.5, 2.3),
        nod=draw(2.0, 5.0),
        obliquity=draw(1.0, 0.15) * (1.0 if man else 1.25),
        rotation=draw(1.0, 0.35),
        twist=draw(1.0, 0.4),
        sway=draw(1.0, 0.3),
    )
    return Person(build, gait)


def check_seed(seed: int) -> None:
    """Raise VisualAnalyseError where a seed is negative."""
    if seed < 0:
        raise VisualAnalyseError(f"{seed} cannot be a seed: give a whole number from 0, such as 1597.")
