"""The volume of a body: ellipsoids fixed to the parts of a skeleton, joined by hulls; clothes and bags too."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from visual_analyse.synthetic.body import Build
from visual_analyse.synthetic.skeleton import PARTS, SHOULDER_HALF, SIDES, SOLE, trunk_length

Array = NDArray[Any]

REGIONS = ("background", "head", "trunk", "arms", "legs")
HEAD, TRUNK, ARMS, LEGS = 1, 2, 3, 4
BAGS = ("backpack", "shoulder bag", "satchel", "handbag")


@dataclass(frozen=True)
class Outfit:
    """What is worn on one walk.

    `loose` widens clothes; `coat` is its length (0 none, 1 to the knee); `bag` is one of BAGS, or none; `side` is where
    it hangs, 1 left and -1 right.
    """

    loose: float = 0.0
    coat: float = 0.0
    bag: str = ""
    bag_size: float = 1.0
    side: int = 1


@dataclass
class Flesh:
    """Ellipsoids and the hulls over them.

    `part` `[e]`, the part each ellipsoid is fixed to; `offset` and `semi` `[e, 3]` in metres (ahead, left, up); `box`
    `[e]`, from 0, an ellipsoid, to 1, a box. A hull is (indices of its ellipsoids, region, nearness in metres): the
    smallest convex body over them, drawn as if so much nearer to the camera.
    """

    part: list[int] = field(default_factory=list)
    offset: list[tuple[float, float, float]] = field(default_factory=list)
    semi: list[tuple[float, float, float]] = field(default_factory=list)
    box: list[float] = field(default_factory=list)
    hulls: list[tuple[tuple[int, ...], int, float]] = field(default_factory=list)
    size: float = 1.0

    def lump(
        self, part: str, offset: tuple[float, float, float], semi: tuple[float, float, float], box: float = 0.0
    ) -> int:
        """Add an ellipsoid, in fractions of stature, and return its index."""
        self.part.append(PARTS.index(part))
        self.offset.append((offset[0] * self.size, offset[1] * self.size, offset[2] * self.size))
        self.semi.append((semi[0] * self.size, semi[1] * self.size, semi[2] * self.size))
        self.box.append(box)
        return len(self.part) - 1

    def hull(self, region: int, *lumps: int, near: float = 0.0) -> None:
        """Add the hull over some ellipsoids."""
        self.hulls.append((lumps, region, near))

    def chain(self, region: int, *lumps: int, near: float = 0.0) -> None:
        """Add the hull over each neighbouring pair."""
        for index in range(len(lumps) - 1):
            self.hull(region, *lumps[index : index + 2], near=near)


def clothe(build: Build, outfit: Outfit) -> Flesh:
    """The volume of a body in an outfit; proportions from Winter 2009, fig. 4.1, girths from common clothing sizes.

    >>> from visual_analyse.synthetic.body import sample_person
    >>> len(clothe(sample_person(1, 1).build, Outfit()).hulls) > 30
    True
    """
    flesh = Flesh(size=build.stature)
    _trunk(flesh, build, outfit)
    _head(flesh, build)
    for side, sign in zip(SIDES, (1.0, -1.0), strict=True):
        _arm(flesh, build, outfit, side)
        _leg(flesh, build, outfit, side, sign)
    if outfit.coat:
        _coat(flesh, build, outfit)
    if outfit.bag:
        _bag(flesh, build, outfit)
    return flesh


def _trunk(flesh: Flesh, build: Build, outfit: Outfit) -> None:
    cloth = 0.011 * build.top + 0.006 * outfit.loose + (0.014 if outfit.coat else 0.0)
    high = trunk_length(build) / build.stature - 0.055  # from the waist joint to the shoulders
    chest, waist, hips, deep = build.chest, build.waist, build.hips, build.depth

    def slice_(part: str, up: float, ahead: float, depth: float, breadth: float, tall: float = 0.026) -> int:
        return flesh.lump(part, (ahead, 0.0, up), (depth * deep + cloth, breadth + cloth, tall), 0.22)

    low = slice_("pelvis", -0.040, -0.010 - 0.4 * build.seat, 0.062 + 0.5 * build.seat, 0.084 * hips, 0.022)
    seat = slice_("pelvis", -0.002, -0.010 - 0.7 * build.seat, 0.067 + 0.7 * build.seat, 0.092 * hips)
    ilium = slice_("pelvis", 0.050, -0.004 + 0.4 * build.belly, 0.062 + 0.5 * build.belly, 0.085 * (hips + waist) / 2)
    belly = slice_("waist", 0.045, 0.002 + 0.7 * build.belly, 0.060 + 0.8 * build.belly, 0.080 * waist)
    ribs = slice_(
        "thorax", 0.42 * high, 0.003 + 0.3 * build.belly, 0.063 + 0.3 * build.belly, 0.083 * (chest + waist) / 2
    )
    breast = slice_("thorax", 0.62 * high, 0.004 + 0.6 * build.bust, 0.066 + 0.7 * build.bust, 0.089 * chest)
    upper = slice_("thorax", 0.82 * high, -0.004 + 0.4 * build.stoop, 0.062 + 0.3 * build.stoop, 0.088 * chest)
    nape_at = -0.004 + 1.2 * build.stoop
    wide = 0.0325 * build.neck_girth
    nape = flesh.lump(
        "thorax", (nape_at, 0, high + 0.028 + 0.006 * build.top), (0.036, wide + 0.004 + 0.010 * build.top, 0.014)
    )
    tips = []
    for sign in (1.0, -1.0):
        place = (
            -0.008 + 0.8 * build.stoop,
            sign * (SHOULDER_HALF * build.shoulders - 0.010),
            high - 0.026 - build.slope - 0.8 * cloth,
        )
        tips.append(flesh.lump("thorax", place, (0.036 + cloth, 0.026 + cloth, 0.026 + cloth)))
    flesh.chain(TRUNK, low, seat, ilium, belly, ribs, breast, upper, near=0.012)
    flesh.hull(TRUNK, upper, *tips)
    for tip in tips:
        flesh.hull(TRUNK, nape, tip)
    throat = flesh.lump("thorax", (nape_at + 0.004, 0, high + 0.020), (0.036 * build.neck_girth, wide, 0.016))
    skull_base = flesh.lump("head", (-0.010, 0, 0.012), (0.033 * build.neck_girth, wide * 0.97, 0.016))
    flesh.hull(HEAD, throat, skull_base, near=-0.02)
    if outfit.coat:  # a collar stands around the neck
        collar = flesh.lump("thorax", (nape_at, 0, high + 0.040), (0.042, wide + 0.010, 0.012))
        flesh.hull(TRUNK, nape, collar)


def _head(flesh: Flesh, build: Build) -> None:
    size, wide = build.head, build.head * build.head_breadth

    def lump(ahead: float, up: float, depth: float, breadth: float, tall: float) -> int:
        return flesh.lump("head", (ahead * size, 0.0, up * size), (depth * size, breadth * wide, tall * size))

    skull = lump(-0.004, 0.074, 0.058, 0.049, 0.055)
    jaw = lump(0.024, 0.016, 0.027, 0.035, 0.018)
    brow = lump(0.020, 0.064, 0.035, 0.042, 0.033)
    nose = lump(0.053, 0.046, 0.009, 0.009, 0.010)
    flesh.hull(HEAD, skull, brow)
    flesh.hull(HEAD, brow, jaw)
    flesh.hull(HEAD, brow, nose)
    volume = build.hair_volume
    if build.hair in ("short", "full", "long", "bun"):
        more = {"short": 0.002 + 0.004 * volume, "full": 0.006 + 0.010 * volume}.get(build.hair, 0.004 + 0.006 * volume)
        flesh.hull(HEAD, lump(-0.010 - more / 2, 0.078, 0.056 + more, 0.050 + more, 0.052 + more))
    if build.hair == "long":
        crown = lump(-0.016, 0.070, 0.050, 0.052 + 0.008 * volume, 0.047)
        ends = lump(-0.034, -0.020 - 0.035 * volume, 0.023, 0.044 + 0.010 * volume, 0.026)
        flesh.hull(HEAD, crown, ends)
    if build.hair == "bun":
        flesh.hull(HEAD, lump(-0.066, 0.070 + 0.03 * volume, 0.022, 0.021, 0.021))
    if build.hair == "cap":
        flesh.hull(HEAD, lump(-0.004, 0.088, 0.059, 0.051, 0.043))
        flesh.hull(HEAD, lump(0.030, 0.080, 0.030, 0.040, 0.008), lump(0.064, 0.072, 0.014, 0.030, 0.006))


def _arm(flesh: Flesh, build: Build, outfit: Outfit, side: str) -> None:
    girth, long = build.arm_girth, build.arms
    cloth = 0.006 * build.top + 0.004 * outfit.loose + (0.007 if outfit.coat else 0.0)

    def ball(part: str, down: float, radius: float) -> int:
        thick = radius * girth + cloth
        return flesh.lump(part, (0.0, 0.0, -down * long), (thick, thick, thick))

    upper = f"{side} upper arm"
    deltoid, middle, elbow = (
        ball(upper, 0.019 + 0.8 * cloth, 0.0285),
        ball(upper, 0.085, 0.0290),
        ball(upper, 0.184, 0.0240),
    )
    lower, slim = f"{side} forearm", build.forearm
    bulge, wrist = ball(lower, 0.040, 0.0245 * slim), ball(lower, 0.138, 0.0180 * slim)
    flesh.chain(ARMS, deltoid, middle, elbow, bulge, wrist)
    hand, big = f"{side} hand", build.hand
    palm = flesh.lump(hand, (0.004, 0, -0.034 * long), (0.023 * big, 0.013 * big, 0.023), 0.2)
    fist = flesh.lump(hand, (0.010, 0, -0.066 * long), (0.017 * big, 0.014 * big, 0.019))
    start = flesh.lump(hand, (0, 0, 0), (0.013, 0.012, 0.012))
    flesh.chain(ARMS, start, palm, fist)


def _leg(flesh: Flesh, build: Build, outfit: Outfit, side: str, sign: float) -> None:
    long, thigh, calf = build.legs, build.thigh, build.calf
    cloth = 0.005 * build.trousers + 0.004 * outfit.loose

    def ball(part: str, down: float, radius: float, ahead: float = 0.0) -> int:
        thick = radius + cloth
        return flesh.lump(part, (ahead, 0.0, -down * long), (thick, thick, thick))

    hip = ball(f"{side} thigh", 0.010, 0.0490 * thigh, -0.006)
    middle = ball(f"{side} thigh", 0.110, 0.0460 * thigh, 0.004)
    above = ball(f"{side} thigh", 0.205, 0.0365 * (thigh + calf) / 2, 0.002)
    knee = ball(f"{side} shank", 0.004, 0.0345 * calf, 0.003)
    bulge = ball(f"{side} shank", 0.080, 0.0355 * calf, -0.008)
    cuff = 0.0255 + 0.011 * max(build.trousers - 0.25, 0.0) + 0.003 * outfit.loose
    lower = ball(f"{side} shank", 0.170, (0.0300 + cuff) / 2 * calf, -0.003)
    ankle = ball(f"{side} shank", 0.228, cuff, -0.001)
    flesh.hull(LEGS, hip, middle, near=-0.07)  # a shirt hangs over the trousers
    flesh.chain(LEGS, middle, above, knee, bulge, lower, ankle, near=-0.01)
    foot, reach, sole = f"{side} foot", build.foot, SOLE - build.heel
    instep = flesh.lump(foot, (0.004, 0, -0.006), (0.024, 0.020, 0.018))
    heel = flesh.lump(foot, (-0.022 * reach, 0, sole + 0.016), (0.024, 0.022, 0.016), 0.3)
    ball_ = flesh.lump(foot, (0.072 * reach, 0, sole + 0.013), (0.020, 0.031, 0.014), 0.5)
    flesh.hull(LEGS, instep, heel)
    flesh.hull(LEGS, instep, ball_)
    flesh.hull(LEGS, heel, ball_)
    toes = f"{side} toes"
    joint = flesh.lump(toes, (-0.006, 0, sole * 0.3 + 0.012), (0.016, 0.0305, 0.013), 0.5)
    tip = flesh.lump(toes, (0.028 * reach, -sign * 0.004, sole * 0.3 + 0.010), (0.017, 0.0265, 0.010), 0.4)
    flesh.hull(LEGS, joint, tip)


def _coat(flesh: Flesh, build: Build, outfit: Outfit) -> None:
    wide = 0.090 * build.hips + 0.020
    waist = flesh.lump("pelvis", (0.0, 0.0, 0.040), (0.058 * build.depth + 0.016, wide, 0.03), 0.25)
    seat = flesh.lump(
        "pelvis", (-0.008, 0.0, -0.02), (0.064 * build.depth + 0.016 + build.seat, wide + 0.004, 0.03), 0.25
    )
    hems = []
    down = 0.080 + 0.150 * outfit.coat  # the cloth hangs on both thighs, which push it fore and aft
    for side in SIDES:
        radius = 0.050 * build.hips + 0.013
        hems.append(flesh.lump(f"{side} thigh", (-0.004, 0.0, -down), (radius, radius, 0.014), 0.1))
    flesh.hull(TRUNK, waist, seat, near=0.02)
    flesh.hull(TRUNK, seat, *hems, near=0.15)


def _bag(flesh: Flesh, build: Build, outfit: Outfit) -> None:
    scale, sign = outfit.bag_size, float(outfit.side)
    high = trunk_length(build) / build.stature - 0.055
    back = -0.056 * build.depth + 1.0 * build.stoop
    if outfit.bag == "backpack":
        deep = 0.034 * scale
        top = flesh.lump("thorax", (back - deep, 0, high - 0.045), (deep, 0.062 * scale, 0.020), 0.5)
        foot = flesh.lump(
            "thorax", (back - deep * 1.35, 0, high - 0.045 - 0.165 * scale), (deep * 1.35, 0.076 * scale, 0.03), 0.5
        )
        flesh.hull(TRUNK, top, foot)
    elif outfit.bag in ("shoulder bag", "satchel"):
        out = sign * (0.098 * build.hips + 0.016)
        drop = -0.015 if outfit.bag == "satchel" else 0.060
        ahead = -0.030 if outfit.bag == "satchel" else -0.022
        body = flesh.lump("pelvis", (ahead, out, drop), (0.066 * scale, 0.024 * scale, 0.048 * scale), 0.6)
        mouth = flesh.lump("pelvis", (ahead, out * 0.96, drop + 0.075 * scale), (0.052 * scale, 0.014, 0.012), 0.4)
        strap = flesh.lump("thorax", (-0.004, sign * 0.055, high + 0.012), (0.012, 0.012, 0.010))
        flesh.hull(TRUNK, body, mouth, near=0.03)
        flesh.hull(TRUNK, flesh.lump("pelvis", (ahead, out * 0.9, drop + 0.075 * scale), (0.010, 0.006, 0.01)), strap)
    else:
        held = f"{SIDES[0] if sign > 0 else SIDES[1]} grip"
        mouth = flesh.lump(held, (0.004, 0, -0.050), (0.056 * scale, 0.018, 0.012), 0.5)
        body = flesh.lump(held, (0.004, 0, -0.060 - 0.095 * scale), (0.066 * scale, 0.026 * scale, 0.030), 0.6)
        grip = flesh.lump(held, (0.0, 0, 0.0), (0.012, 0.010, 0.010))
        flesh.hull(ARMS, body, mouth)
        flesh.hull(ARMS, mouth, grip)


def arrays(flesh: Flesh) -> tuple[Array, Array, Array, Array]:
    """`part`, `offset`, `semi`, `box` of a body as arrays."""
    return (np.array(flesh.part), np.array(flesh.offset), np.array(flesh.semi), np.array(flesh.box))
