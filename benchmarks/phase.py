"""How well the step phase and the body regions of walks are told, against walkers of whom both are known.

    python -m benchmarks.phase [--people 10] [--frames 60]

Errors of the phase are in per cent of a step: the median of each walk's frames, then the median and the 90 % point
over the walks that are told. Each view is seen of every person in nm, bg and cl. `silhouettes`, the first frames of the
same walks, and `joints`; then what must not be told, and what is hard. Last, a table for gait/phase.py, and the
share of body pixels whose region is right.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from visual_analyse.gait.kinds import POSE, SILHOUETTE
from visual_analyse.gait.phase import Phase, step_phase
from visual_analyse.gait.regions import FOUR, regions_of
from visual_analyse.synthetic.body import sample_person
from visual_analyse.synthetic.dataset import walk_seed
from visual_analyse.synthetic.prepare import crop_of
from visual_analyse.synthetic.walk import VIEWS, Walk, draw_nuisance, finish, record, walk

Array = NDArray[Any]

SEED = 4242  # no seed of the package's own datasets
CONDITIONS = ("nm-01", "bg-01", "cl-01")
LENGTHS = (60, 40, 28)
TOLD = 0.5  # of the walks of a view: where fewer are told, no error of that view is promised
_TWO_ARMS_ONE = np.array([0, 1, 2, 2, 3], np.uint8)  # arms as part of the trunk, as heights tell them


@dataclass(frozen=True)
class Told:
    """What was told of some walks: the median error of each one that is told, in steps, and how many there were."""

    errors: tuple[float, ...]
    walks: int

    @property
    def unknown(self) -> float:
        """The share of walks whose phase is not told."""
        return 1 - len(self.errors) / max(self.walks, 1)

    def at(self, share: float) -> float:
        """The error that this share of the walks stays below; NaN where none is told."""
        return float(np.quantile(self.errors, share)) if self.errors else float("nan")

    def __str__(self) -> str:
        return f"{100 * self.at(0.5):4.1f} {100 * self.at(0.9):5.1f} {100 * self.unknown:4.0f}"


def error_of(phase: Phase, cycle: Array) -> float:
    """The median circular error of a phase in steps, against the true fraction of the cycle `[s]`."""
    away = np.abs((phase.values - 2 * cycle + 0.5) % 1.0 - 0.5)
    return float(np.nanmedian(away))


def told(walks: Sequence[tuple[Array, Array]]) -> Told:
    """What is told of walks, each as frames and true fractions of the cycle."""
    phases = [(step_phase(frames), cycle) for frames, cycle in walks]
    return Told(tuple(error_of(phase, cycle) for phase, cycle in phases if phase.known), len(walks))


def walkers(view: str, people: int, frames: int, seed: int = SEED) -> Iterator[Walk]:
    """Walks of people nobody has trained on, in every condition, from one view."""
    for number in range(1, people + 1):
        person = sample_person(seed, number)
        for condition in CONDITIONS:
            yield walk(person, condition, view, frames, walk_seed(seed, number))


def hurried(view: str, people: int, frames: int, share: float) -> Iterator[Walk]:
    """Walks whose pace goes up and down by a share, once in 40 frames."""
    for number in range(1, people + 1):
        person = sample_person(SEED, number)
        nuisance = draw_nuisance("nm-01", view, frames, walk_seed(SEED, number), person.gait.cadence)
        rate = np.diff(nuisance.phase).mean() * (1 + share * np.sin(2 * np.pi * np.arange(frames) / 40))
        phase = nuisance.phase[0] + np.concatenate([[0.0], np.cumsum(rate[:-1])])
        labels, joints = record(person, replace(nuisance, phase=phase))
        yield finish(labels, joints, phase, crop_of(labels))


def agreement(shown: Walk) -> tuple[float, float]:
    """The share of body pixels whose region is right: of four by the pose, of three by heights alone."""
    body = shown.regions > 0
    size = (int(shown.regions.shape[1]), int(shown.regions.shape[2]))
    posed, names = regions_of([shown.silhouettes, shown.joints], [SILHOUETTE, POSE], size)
    level, _ = regions_of([shown.silhouettes], [SILHOUETTE], size)
    if posed is None or level is None or names != FOUR:
        return float("nan"), float("nan")
    pose = float((posed == shown.regions)[body].mean())
    return pose, float((level == _TWO_ARMS_ONE[shown.regions])[body].mean())


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--people", type=int, default=10)
    parser.add_argument("--frames", type=int, default=60)
    options = parser.parse_args()
    lengths = [length for length in LENGTHS if length <= options.frames] or [options.frames]
    columns = [f"silhouettes {length}" for length in lengths] + [f"joints {length}" for length in lengths]
    print(f"{options.people} people in {', '.join(CONDITIONS)}; median error, 90 % error (% of a step), % unknown")
    print("view " + "".join(f"{column:>18}" for column in columns))
    table: dict[int, float | None] = {}
    shares = []
    for view in VIEWS:
        seen = list(walkers(view, options.people, options.frames))
        cells = [told([(one.silhouettes[:length], one.phase[:length]) for one in seen]) for length in lengths]
        cells += [told([(one.joints[:length], one.phase[:length]) for one in seen]) for length in lengths]
        print(f"{view}  " + "".join(f"{cell!s:>18}" for cell in cells), flush=True)
        usual = cells[min(1, len(lengths) - 1)]
        table[int(view)] = round(usual.at(0.5), 3) if usual.unknown <= 1 - TOLD else None
        shares.append((view, [agreement(_thinned(one)) for one in seen]))
        if view in ("000", "018", "090"):
            _hard(view, seen, options.people, options.frames)
    print(f"\nERROR_OF_VIEW: Mapping[int, float | None] = {table}")
    print(f"\n{'':6}{'by the pose, of four regions':>36}{'by heights, of three':>36}")
    print("view  " + "".join(f"{condition[:2]:>12}" for condition in CONDITIONS * 2))
    for view, found in shares:
        right = np.array(found).reshape(-1, len(CONDITIONS), 2).mean(0)
        print(f"{view}   " + "".join(f"{100 * share:11.1f}%" for share in (*right[:, 0], *right[:, 1])))


def _hard(view: str, seen: Sequence[Walk], people: int, frames: int) -> None:
    """What must stay unknown, and what is walked less steadily than the others."""
    rng = np.random.default_rng(1)
    orders = [rng.permutation(frames) for _ in seen]
    shaken = [one.joints + np.append(rng.normal(0, 1, (*one.joints.shape[:2], 2)), 0 * one.joints[..., :1], -1)
              for one in seen]  # fmt: skip
    uneven = list(hurried(view, people, frames, 0.15))
    rows = {
        "shuffled": [(one.silhouettes[order], one.phase) for one, order in zip(seen, orders, strict=True)],
        "shuffled joints": [(one.joints[order], one.phase) for one, order in zip(seen, orders, strict=True)],
        "shuffled, 28": [
            (one.silhouettes[order[:28]], one.phase[:28]) for one, order in zip(seen, orders, strict=True)
        ],
        "pace +-15 %": [(one.silhouettes, one.phase) for one in uneven],
        "joints off by 1 px": [(joints, one.phase) for joints, one in zip(shaken, seen, strict=True)],
        "every second frame": [(one.silhouettes[::2], one.phase[::2]) for one in seen],
        "each frame twice": [(one.silhouettes.repeat(2, 0), one.phase.repeat(2)) for one in seen],
    }
    for name, walks in rows.items():
        print(f"        {name:22}{told(walks)!s:>18}", flush=True)


def _thinned(shown: Walk) -> Walk:
    return Walk(*(part[::5] for part in (shown.silhouettes, shown.regions, shown.joints, shown.phase)))


if __name__ == "__main__":
    main()
