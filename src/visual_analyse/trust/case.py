"""One probe, whom it matched, and who else it could have matched."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray

from visual_analyse.errors import VisualAnalyseError
from visual_analyse.explain.explanation import explain
from visual_analyse.explain.layers import Layer
from visual_analyse.explain.methods import Deviation, Method
from visual_analyse.explain.model import Batch, Explainable
from visual_analyse.explain.plan import Plan
from visual_analyse.explain.targets import Target, crowd, distance_to
from visual_analyse.explain.usual import usual_outputs
from visual_analyse.lineup import CROWD
from visual_analyse.measure.distances import distances
from visual_analyse.names import plain
from visual_analyse.results import LayerEvidence
from visual_analyse.trust.body import Floats

Explained = Literal["match", "contrast", "crowd"]
TARGETS: tuple[Explained, ...] = ("match", "contrast", "crowd")
_SAME = 1e-5  # embeddings no further apart than this share of the largest value are one walk's, as in `why`


@dataclass(frozen=True, eq=False)
class Case:
    """A probe's batch and identity, and the walks it is compared with: names, identities, embeddings `[g, c, p]`.

    `explained`: "match", the distance to the nearest walk; "contrast", that of the best true match less the nearest
    impostor's; "crowd", less the mean of those to everybody else. `usual`: batches of ordinary walks, for methods that
    look at what is unusual. Raises VisualAnalyseError where the walks do not allow that.

    >>> Case(model, batch, "001", "001-nm-05-090", names, people, embeddings).match  # doctest: +SKIP
    3
    """

    model: Explainable
    batch: Batch
    person: str
    name: str
    names: Sequence[str]
    people: NDArray[np.str_]
    known: NDArray[np.float32]
    explained: Explained = "match"
    usual: Sequence[Batch] = ()

    def __post_init__(self) -> None:
        if not len(self.others):
            raise VisualAnalyseError(
                f"Probe {plain(self.name)} has no gallery walk left that is not the probe itself to the model. Add "
                "gallery walks other than the probe."
            )
        if self.explained != "match" and not self.decided:
            raise VisualAnalyseError(
                f"The gallery of probe {plain(self.name)} does not hold both a walk of {plain(self.person)} and one of "
                f"another person, so there is no {self.explained} to explain. Add such walks, or type --target match."
            )

    @cached_property
    def own(self) -> NDArray[np.float32]:
        """The probe's embedding, `[c, p]`."""
        with torch.no_grad():
            return np.asarray(self.model.embed(self.batch).float().cpu().numpy()[0])

    @cached_property
    def others(self) -> NDArray[np.intp]:
        """The places of the gallery walks that are not the probe itself to the model."""
        apart = np.abs(self.known - self.own).reshape(len(self.known), -1).max(1, initial=0)
        return np.flatnonzero(apart > _SAME * np.abs(self.own).max())

    @cached_property
    def row(self) -> Floats:
        """The probe's distance to each gallery walk; infinite to those that are the probe itself."""
        found = np.full(len(self.known), np.inf)
        found[self.others] = distances(self.own[None], self.known[self.others], self.model.metric)[0]
        return found

    @cached_property
    def true(self) -> NDArray[np.bool_]:
        """Which gallery walks are of the probe's identity."""
        return np.asarray(self.people == self.person)

    @property
    def decided(self) -> bool:
        """Whether the gallery holds the probe's identity and another, so that the match could be right and wrong."""
        mine = self.true[self.others]
        return bool(mine.any() and not mine.all())

    @cached_property
    def match(self) -> int:
        """The place of the walk whose match is explained."""
        return self._nearest(self.true if self.explained != "match" else np.ones(len(self.people), bool))

    @cached_property
    def impostor(self) -> int | None:
        """The place of the nearest walk of another person than the match's; None where there is none."""
        rivals = self.people != self.people[self.match]
        return self._nearest(rivals) if rivals[self.others].any() else None

    def _nearest(self, among: NDArray[np.bool_]) -> int:
        return int(np.where(among, self.row, np.inf).argmin())

    @cached_property
    def ends(self) -> tuple[int, ...]:
        """The gallery walks that the target is made of: the match, and whom it is compared with, the nearest first."""
        if self.explained == "match" or self.impostor is None:
            return (self.match,)
        if self.explained == "contrast":
            return self.match, self.impostor
        nearest: dict[str, int] = {}
        for k in self.others[np.argsort(self.row[self.others], kind="stable")]:
            nearest.setdefault(str(self.people[k]), int(k))
        nearest.pop(str(self.people[self.match]))
        return self.match, *list(nearest.values())[:CROWD]

    def target(self, ends: Sequence[int] | None = None, known: Mapping[int, torch.Tensor] | None = None) -> Target:
        """What is explained, of these ends or others; `known`, their embeddings `[1, c, p]` where they are new."""
        device = self.batch.inputs[0].device
        walks = [
            known[end] if known else torch.from_numpy(self.known[end][None]).to(device)
            for end in (self.ends if ends is None else ends)
        ]
        metric = self.model.metric
        near, *far = walks
        inner = crowd(near, torch.cat(far), metric) if far else distance_to(near, metric)
        return lambda embeddings: inner(embeddings.float())

    def measured(self, embeddings: NDArray[np.float32]) -> dict[str, Floats]:
        """Of embeddings `[k, c, p]` in the probe's place: distance to the match, margin, and rank of the identity.

        The margin is the nearest impostor's distance less the best true match's; margin and rank only where the
        gallery holds the probe's identity and another.
        """
        rows = distances(embeddings, self.known[self.others], self.model.metric)
        found = {"distance": rows[:, int(np.flatnonzero(self.others == self.match)[0])]}
        if self.decided:
            people, mine = self.people[self.others], self.true[self.others]
            best = rows[:, mine].min(1)
            found["margin"] = rows[:, ~mine].min(1) - best
            rivals = [rows[:, people == person].min(1) < best for person in np.unique(people[~mine])]
            found["rank"] = 1.0 + np.sum(rivals, axis=0)
        return found


def ready(case: Case, layers: Sequence[Layer], plan: Plan, methods: Sequence[Method]) -> list[Method]:
    """The methods, those that ask what is usual told what the model, as it is now, puts out on the case's usual walks.

    >>> ready(case, layers, plan, [Deviation()])[0].usual  # doctest: +SKIP
    """
    if not any(isinstance(method, Deviation) for method in methods):
        return list(methods)
    ordinary = usual_outputs(case.model, case.usual, layers, plan)
    return [replace(method, usual=ordinary) if isinstance(method, Deviation) else method for method in methods]


def maps_of(
    case: Case,
    layers: Sequence[Layer],
    plan: Plan,
    methods: Sequence[Method],
    target: Target | None = None,
) -> dict[tuple[str, str], LayerEvidence]:
    """The maps of a case by layer and method, signed, of its own target or another; one gradient serves all methods."""
    first, *rest = methods
    explanation = explain(
        case.model, case.batch, target or case.target(), layers, plan=plan, method=first,
        further=[(method, "signed") for method in rest],
    )  # fmt: skip
    (walk,), (further,) = explanation.walks, explanation.further
    return {
        (replace(layer, method="").key, layer.method or first.name): replace(layer, method="")
        for layer in (*walk, *further)
    }
