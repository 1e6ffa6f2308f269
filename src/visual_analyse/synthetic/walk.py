"""One walk of one person: what a camera records of it, as a model sees it."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from visual_analyse.errors import VisualAnalyseError
from visual_analyse.synthetic.body import Build, Gait, Person, check_seed
from visual_analyse.synthetic.flesh import BAGS, Outfit, clothe
from visual_analyse.synthetic.prepare import Crop, crop_of, prepare
from visual_analyse.synthetic.render import COLUMNS, ROWS, Camera, draw, project
from visual_analyse.synthetic.skeleton import Skeleton, pose

Array = NDArray[Any]

CONDITIONS = ("nm-01", "nm-02", "nm-03", "nm-04", "nm-05", "nm-06", "bg-01", "bg-02", "cl-01", "cl-02")
VIEWS = tuple(f"{angle:03d}" for angle in range(0, 181, 18))
FRAME_RATE = 25.0


@dataclass(frozen=True)
class Walk:
    """t frames of one walk.

    `silhouettes` uint8 `[t, 64, 64]`; `regions` uint8 `[t, 64, 64]` (see `flesh.REGIONS`); `joints` float32
    `[t, 17, 3]`, COCO-17 in pixels of the frame (x, y) and confidence, 1 where seen and 0.5 where hidden; `phase`
    float64 `[t]`, fraction of the cycle since the left heel strike, in 0..1.
    """

    silhouettes: Array
    regions: Array
    joints: Array
    phase: Array


@dataclass(frozen=True)
class Nuisance:
    """What changes from walk to walk and says nothing of who walks.

    `phase` `[t]`, cycles walked; `stride`, `arm`, gains of the day; `lean`, `nod`, degrees; `wobble` `[2, t, rows,
    columns]`, pixels by which the segmentation is off.
    """

    phase: Array
    stride: float
    arm: float
    lean: float
    nod: float
    outfit: Outfit
    camera: Camera
    wobble: Array


def walk(person: Person, condition: str, view: str, frames: int, seed: int) -> Walk:
    """Let a person walk past a camera: the same arguments give the same bytes.

    All views of one `seed` and `condition` show the same walk at the same time. `condition` is one of CONDITIONS
    (normal, with a bag, in a coat), `view` one of VIEWS.

    Raises VisualAnalyseError for a condition, view, number of frames or seed that cannot be.

    >>> from visual_analyse.synthetic.body import sample_person
    >>> walk(sample_person(1597, 1), "nm-01", "090", 2, seed=7).silhouettes.shape
    (2, 64, 64)
    """
    nuisance = draw_nuisance(condition, view, frames, seed, person.gait.cadence)
    labels, joints = record(person, nuisance)
    return finish(labels, joints, nuisance.phase, crop_of(labels))


def draw_nuisance(condition: str, view: str, frames: int, seed: int, cadence: float) -> Nuisance:
    """Everything of a walk that is not the person; `cadence` in steps a minute sets how fast the phase goes on."""
    check_choice("condition", condition, CONDITIONS)
    check_choice("view", view, VIEWS)
    check_count("frames", frames)
    check_seed(seed)
    day = _generator(seed, condition)
    start, speed = float(day.random()), 1 + 0.04 * _normal(day)
    outfit = _outfit(condition, day)
    stride, arm, lean, nod = 1 + 0.06 * _normal(day), 1 + 0.12 * _normal(day), 1.3 * _normal(day), 3.5 * _normal(day)
    phase = start + np.arange(frames) * (cadence * speed / 120.0 / FRAME_RATE)
    shot = _generator(seed, condition, view)
    camera = Camera(
        view=float(view) + 3.5 * _normal(shot),
        distance=5.0 + 5.0 * float(shot.random()),
        height=1.0 + 1.1 * float(shot.random()),
        drift=5.0 * _normal(shot),
        roll=0.8 * _normal(shot),
        zoom=64.0 + 16.0 * float(shot.random()),
        shift=(float(shot.random()), float(shot.random())),
    )
    return Nuisance(phase, stride, arm, lean, nod, outfit, camera, _wobble(shot, frames))


def record(person: Person, nuisance: Nuisance, shape: Build | None = None) -> tuple[Array, Array]:
    """The picture before it is prepared: regions uint8 `[t, rows, columns]` and joints `[t, 17, 3]` in its pixels.

    `shape` puts another flesh on the same bones.
    """
    skeleton = pose(_today(person, nuisance), nuisance.phase)
    flesh = clothe(person.build if shape is None else shape, nuisance.outfit)
    labels, nearest = draw(skeleton, flesh, nuisance.camera)
    joints = _see_joints(skeleton, nuisance.camera, nearest)
    down, across = nuisance.wobble
    frames = np.arange(len(labels))[:, None, None]
    rows = np.clip(np.arange(ROWS)[:, None] + down, 0, ROWS - 1)
    columns = np.clip(np.arange(COLUMNS) + across, 0, COLUMNS - 1)
    return labels[frames, rows, columns], joints


def finish(labels: Array, joints: Array, phase: Array, crop: Crop) -> Walk:
    """Prepare a picture as OpenGait does, the joints with it."""
    silhouettes, regions = prepare(labels, crop)
    places = crop.points(joints[..., :2].swapaxes(0, 1)).swapaxes(0, 1)
    # Hundredths of a pixel and millionths of a cycle: the last bits of a sine differ between systems, files must not.
    seen = np.concatenate([np.round(places, 2), joints[..., 2:]], -1).astype(np.float32)
    return Walk(silhouettes, regions, seen, np.round(phase % 1.0, 6) % 1.0)


def check_choice(what: str, found: str, known: Sequence[str]) -> None:
    """Raise VisualAnalyseError where `found` is none of the known names."""
    if found not in known:
        raise VisualAnalyseError(f"{found!r} is no {what} of the walkers. Choose from: {', '.join(known)}.")


def check_count(what: str, found: int, least: int = 1) -> None:
    """Raise VisualAnalyseError where a number of things is too small."""
    if found < least:
        raise VisualAnalyseError(f"{found} {what} cannot make a dataset: give {least} or more.")


def _today(person: Person, nuisance: Nuisance) -> Person:
    gait, outfit = person.gait, nuisance.outfit
    arms = [nuisance.arm, nuisance.arm]
    elbow, carry = list(gait.elbow), list(gait.carry)
    holding = 0 if outfit.side > 0 else 1
    if outfit.bag in ("handbag", "shoulder bag"):
        arms[holding] *= 0.45
        carry[holding] += 4.0
    if outfit.bag == "shoulder bag":
        elbow[holding] += 22.0
    changed: Gait = replace(
        gait,
        hip=(gait.hip[0] * nuisance.stride, gait.hip[1] * nuisance.stride),
        arm=(gait.arm[0] * arms[0], gait.arm[1] * arms[1]),
        elbow=(elbow[0], elbow[1]),
        carry=(carry[0] + (3.0 if outfit.coat else 0.0), carry[1] + (3.0 if outfit.coat else 0.0)),
        lean=gait.lean + nuisance.lean + (2.5 if outfit.bag == "backpack" else 0.0),
        nod=gait.nod + nuisance.nod,
    )
    return replace(person, gait=changed)


def _see_joints(skeleton: Skeleton, camera: Camera, nearest: Array) -> Array:
    places, depth, _ = project(camera, skeleton.joints)
    column = np.clip(np.rint(places[..., 0]).astype(np.int64), 0, COLUMNS - 1)
    row = np.clip(np.rint(places[..., 1]).astype(np.int64), 0, ROWS - 1)
    in_front = nearest[np.arange(nearest.shape[0]), row, column]
    hidden = in_front < depth - 0.14  # more than the flesh of the joint itself lies before it
    return np.concatenate([places, np.where(hidden, 0.5, 1.0)[..., None]], -1).swapaxes(0, 1)


def _outfit(condition: str, rng: np.random.Generator) -> Outfit:
    loose, bag, size, length = (float(value) for value in rng.random(4))
    side = 1 if rng.random() < 0.5 else -1
    kind = condition[:2]
    return Outfit(
        loose=loose,
        coat=0.25 + 0.75 * length if kind == "cl" else 0.0,
        bag=BAGS[int(bag * len(BAGS))] if kind == "bg" else "",
        bag_size=0.85 + 0.35 * size,
        side=side,
    )


def _wobble(rng: np.random.Generator, frames: int) -> Array:
    """Offsets of a pixel or two in patches of three and six pixels: outlines of a segmentation are never smooth."""
    total = np.zeros((2, frames, ROWS, COLUMNS), np.int8)
    rough = 0.4 + 0.8 * float(rng.random())
    for patch, share in ((6, 0.13 * rough), (3, 0.05 * rough)):
        chance = rng.random((2, frames, ROWS // patch, COLUMNS // patch), dtype=np.float32)
        steps = (chance > 1 - share).astype(np.int8) - (chance < share).astype(np.int8)
        total += steps.repeat(patch, axis=2).repeat(patch, axis=3)
    return total


def _generator(seed: int, *names: str) -> np.random.Generator:
    words = [zlib.crc32(name.encode()) for name in names]
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence([seed, *words])))


def _normal(rng: np.random.Generator) -> float:
    return float(np.clip(rng.standard_normal(), -2.0, 2.0))
