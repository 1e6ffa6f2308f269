"""Datasets whose evidence is known: identities that differ in one body region, or in timing, and in nothing else."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from visual_analyse.errors import VisualAnalyseError
from visual_analyse.synthetic.body import Build, Person, sample_person
from visual_analyse.synthetic.dataset import beside, check_plan, name, write_partition, write_pickle, write_walk
from visual_analyse.synthetic.prepare import crop_of
from visual_analyse.synthetic.walk import (
    CONDITIONS,
    Nuisance,
    Walk,
    check_choice,
    check_count,
    draw_nuisance,
    finish,
    record,
)

Array = NDArray[Any]

PLANTS = ("head", "trunk", "arms", "legs", "phase", "swing", "cadence")
# One cycle in 29 frames is 103 steps a minute at 25 frames a second; 29 is prime, so that every stride through the
# cycle, 1, 2, ... frames at a time, forwards or backwards, shows each of its frames once before any comes again.
CYCLE = 29
# Flesh that can change while the bones stay: uniform limits of each factor, wide enough to be seen at 64 rows.
_LIMITS: dict[str, dict[str, tuple[float, float]]] = {
    "head": {"head": (0.86, 1.06), "head_breadth": (0.86, 1.18), "hair_volume": (0.0, 1.0)},
    "trunk": {"chest": (0.84, 1.14), "waist": (0.82, 1.20), "hips": (0.86, 1.16), "depth": (0.82, 1.25),
              "belly": (-0.006, 0.030), "seat": (-0.004, 0.024)},
    "arms": {"arm_girth": (0.75, 1.40), "forearm": (0.75, 1.40), "hand": (0.80, 1.60)},
    "legs": {"thigh": (0.80, 1.20), "calf": (0.80, 1.30), "trousers": (0.0, 1.3)},
}  # fmt: skip
_HAIR = ("short", "bald", "full", "long", "bun")
_LAG = 0.2  # of a cycle, how far an arm may be before or behind its place against the legs
_SWING = (-24.0, 28.0)  # degrees by which a knee may bend more in its swing


@dataclass(frozen=True)
class PlantedWalks:
    """The k-th walks of all identities, and where they differ.

    `walks`, one an identity, equal to the pixel outside `mask`, bool `[t, 64, 64]`, in which at least two differ.
    """

    walks: tuple[Walk, ...]
    mask: Array


def planted_walks(
    plant: str, condition: str, view: str, *, identities: int = 8, frames: int = 2 * CYCLE, seed: int = 1597
) -> PlantedWalks:
    """Let identities walk that differ in nothing but the plant.

    `head`, `trunk`, `arms`, `legs`: the flesh of that region, on the same bones. `phase`: how far each arm is behind
    the legs, which every frame shows. `swing`: how far the left knee bends while its foot swings forwards; all other
    frames are equal, joints too. `cadence`: the stride through the same frames, forwards or backwards; any 29
    frames in a row hold the same set, so that a model of sets cannot tell them apart. Crop and centre are those of the
    unplanted body, and all walks share phase, outfit, camera and noise.

    Raises VisualAnalyseError for a plant, condition, view or number that there is not.

    >>> planted_walks("head", "nm-01", "090", identities=2, frames=3).mask.shape
    (3, 64, 64)
    """
    check_choice("plant", plant, PLANTS)
    check_count("identities", identities, 2)
    base = _unplanted(seed)
    nuisance = draw_nuisance(condition, view, frames, seed, base.gait.cadence)
    if plant == "cadence":
        walks = _orders(base, nuisance, identities)
    else:
        crop = crop_of(record(base, nuisance)[0])
        walks = tuple(
            finish(*record(*_planted(base, plant, number, seed, nuisance)), nuisance.phase, crop)
            for number in range(1, identities + 1)
        )
    shown = np.stack([walk.silhouettes for walk in walks])
    return PlantedWalks(walks, (shown != shown[0]).any(0))


def write_planted(
    root: Path,
    plant: str,
    *,
    identities: int = 8,
    conditions: Sequence[str] = CONDITIONS[:6],
    views: Sequence[str] = ("090",),
    frames: int = 2 * CYCLE,
    seed: int = 1597,
    train: int | None = None,
    progress: Callable[[int, int], object] | None = None,
) -> Path:
    """Write a dataset with planted evidence, laid out as `write_dataset` does, and return its partition file.

    In `root-masks`, laid out alike, lies uint8 `[t, 64, 64]` for each walk, 1 where the identities of that condition
    and view differ; the walks of one condition and view have one mask.

    Raises VisualAnalyseError for a plant, count, condition or view that cannot be, and where files cannot be written.

    >>> write_planted(Path("planted-arms"), "arms", identities=4)  # doctest: +SKIP
    PosixPath('planted-arms.json')
    """
    check_choice("plant", plant, PLANTS)
    check_count("identities", identities, 2)
    train = check_plan(conditions, views, identities, train)
    total, done = len(conditions) * len(views) * identities, 0
    for condition in conditions:
        for view in views:
            planted = planted_walks(plant, condition, view, identities=identities, frames=frames, seed=seed)
            for number, shown in enumerate(planted.walks, 1):
                write_walk(root, name(number), condition, view, shown)
                place = Path(name(number), condition, view, f"{view}.pkl")
                write_pickle(beside(root, "masks") / place, planted.mask.astype(np.uint8))
                done += 1
                if progress is not None:
                    progress(done, total)
    return write_partition(root, identities, train)


def _unplanted(seed: int) -> Person:
    """The body all identities share.

    Thick hair leaves room in the crop for the heads that are planted on it; arms carried away from a thin shirt leave
    the outline of the trunk to be seen from the front too.
    """
    person = sample_person(seed, 0)
    build = replace(person.build, hair="full", hair_volume=0.8, head=1.0, top=0.2)
    return Person(build, replace(person.gait, carry=(14.0, 14.0)))


def _planted(
    base: Person, plant: str, number: int, seed: int, nuisance: Nuisance
) -> tuple[Person, Nuisance, Build | None]:
    rng = np.random.Generator(np.random.PCG64(np.random.SeedSequence([seed, number, PLANTS.index(plant), 3])))
    if plant == "phase":
        left, right = (float(lag) for lag in rng.uniform(-_LAG, _LAG, 2))
        return replace(base, gait=replace(base.gait, arm_lag=(left, right))), nuisance, None
    if plant == "swing":
        return replace(base, gait=replace(base.gait, swing=float(rng.uniform(*_SWING)))), nuisance, None
    factors: dict[str, Any] = {key: float(rng.uniform(*limits)) for key, limits in _LIMITS[plant].items()}
    if plant == "head":
        factors["hair"] = _HAIR[int(rng.integers(len(_HAIR)))]
    return base, nuisance, replace(base.build, **factors)


def _orders(base: Person, nuisance: Nuisance, identities: int) -> tuple[Walk, ...]:
    if identities >= CYCLE:
        raise VisualAnalyseError(
            f"{identities} identities cannot differ in cadence alone: a cycle of {CYCLE} frames can be walked through "
            f"in {CYCLE - 1} ways. Give {CYCLE - 1} or fewer."
        )
    frames = len(nuisance.phase)
    if frames % CYCLE:
        raise VisualAnalyseError(
            f"{frames} frames cannot hold the same set in every order: a cycle has {CYCLE}. "
            f"Give {CYCLE}, {2 * CYCLE} or another multiple."
        )
    phase = nuisance.phase[0] + np.arange(CYCLE) / CYCLE
    still = replace(nuisance.camera, drift=0.0)
    cycle = replace(nuisance, phase=phase, camera=still, wobble=nuisance.wobble[:, :CYCLE])
    labels, joints = record(base, cycle)
    once = finish(labels, joints, phase, crop_of(labels))
    walks = []
    for number in range(identities):
        stride = (number // 2 + 1) * (-1 if number % 2 else 1)
        order = (stride * np.arange(frames)) % CYCLE
        walks.append(Walk(once.silhouettes[order], once.regions[order], once.joints[order], once.phase[order]))
    return tuple(walks)
