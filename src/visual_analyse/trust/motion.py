"""Motion or shape: what a model makes of walks whose frames are shuffled, reversed, frozen, or of one height."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from visual_analyse.encode.encoder import Encoder
from visual_analyse.encode.forward import Loaded
from visual_analyse.errors import VisualAnalyseError
from visual_analyse.gait.protocols import Protocol
from visual_analyse.gait.sequences import Sequence as Walk
from visual_analyse.measure.distances import distances
from visual_analyse.trust.interval import Interval
from visual_analyse.trust.perturbations import PERTURBATIONS, Perturbation

Floats = NDArray[np.float64]
Tick = Callable[[str, int, int], None]
# An embedding that moves less than this share of its largest value has not moved: packing may round that much.
_SAME = 1e-5


@dataclass(frozen=True)
class Effect:
    """What one change does to probes, their gallery left as it is.

    `rank1`: how often the nearest walk is of the right identity. `margin`: the nearest impostor's distance less the
    best true match's. `farther`: the true match's distance, less what it was, in shares of what it was. `unmoved`: the
    share of probes whose embedding did not move. `probes`: how many were changed.
    """

    name: str
    what: str
    probes: int
    rank1: Interval
    margin: Interval
    farther: Interval
    unmoved: float


def motion_or_shape(
    encoder: Encoder,
    walks: Sequence[Walk],
    protocol: Protocol,
    most: int = 200,
    changes: Sequence[Perturbation] = PERTURBATIONS,
    seed: int = 1597,
    tick: Tick = lambda what, done, of: None,
) -> list[Effect]:
    """How rank-1, margin and distance of probes change, by the dataset's own evaluation; first what they are.

    At most `most` probes are taken, evenly among those with a true match and an impostor in their gallery. A change
    that cannot be made of a dataset's walks is left out. Raises VisualAnalyseError where no probe has both.

    >>> motion_or_shape(Encoder(model), walks, protocol)[1].name  # doctest: +SKIP
    'shuffled'
    """
    model = encoder.model
    asked = [(probe, among) for probe in protocol.probes(walks) if (among := _gallery(protocol, probe, walks))]
    if not asked:
        raise VisualAnalyseError(
            "No probe has a walk of its own identity and one of another in its gallery, so nothing can be compared. "
            "Name a dataset with more walks, or its own name in data_cfg.dataset_name of the config."
        )
    some = np.unique(np.linspace(0, len(asked) - 1, min(most, len(asked))).astype(int))
    asked = [asked[k] for k in some]
    every = list(dict.fromkeys([*(probe for probe, _ in asked), *(walk for _, among in asked for walk in among)]))
    known = {}
    for done, (walk, embedding) in enumerate(zip(every, encoder.encode(every), strict=True), 1):
        known[walk] = embedding
        tick("embedding the walks as they are", done, len(every))
    before = np.array([_measured(known[probe], probe, among, known, model.metric) for probe, among in asked])
    effects = [_effect("as it is", "nothing changed", before, before, np.zeros(len(asked)))]
    for change in changes:
        found, kept, moved = [], [], []
        for k, (probe, among) in enumerate(asked):
            rng = np.random.default_rng([seed, k])
            changed = change.change(probe.load(model.config.data_in_use), rng)
            tick(change.name, k + 1, len(asked))
            if changed is None:
                continue
            (answer,) = encoder.forward.embed([Loaded(probe.name, model.prepare(changed))])
            if isinstance(answer, VisualAnalyseError):
                raise answer
            found.append(_measured(answer, probe, among, known, model.metric))
            kept.append(before[k])
            moved.append(np.abs(answer - known[probe]).max() / max(float(np.abs(known[probe]).max()), 1e-30))
        if found:
            effects.append(_effect(change.name, change.what, np.array(found), np.array(kept), np.array(moved)))
    return effects


def _gallery(protocol: Protocol, probe: Walk, walks: Sequence[Walk]) -> list[Walk]:
    """The gallery of a probe, where it holds its identity and others; else nothing."""
    among = protocol.gallery_for(probe, walks)
    own = sum(walk.id == probe.id for walk in among)
    return among if 0 < own < len(among) else []


def _measured(
    embedding: NDArray[np.float32], probe: Walk, among: Sequence[Walk], known: dict[Walk, NDArray[np.float32]],
    metric: str,
) -> tuple[float, float]:  # fmt: skip
    """The distances to the best true match and to the nearest impostor."""
    row = distances(embedding[None], np.stack([known[walk] for walk in among]), metric)[0]
    own = np.array([walk.id == probe.id for walk in among])
    return float(row[own].min()), float(row[~own].min())


def _effect(name: str, what: str, after: Floats, before: Floats, moved: Floats) -> Effect:
    true, impostor = after.T
    was = np.maximum(before[:, 0], 1e-30)
    return Effect(
        name, what, len(after), Interval.of((true < impostor).astype(np.float64)), Interval.of(impostor - true),
        Interval.of((true - before[:, 0]) / was), float((moved <= _SAME).mean()),
    )  # fmt: skip
