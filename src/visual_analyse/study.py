"""All there is to say of one match: both walks, their phase and regions, the parts and the heights they look at."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from visual_analyse.decisions import Decision, Nearest
from visual_analyse.encode.gallery import Gallery
from visual_analyse.explain.explanation import must_have_places
from visual_analyse.explain.layers import Layer
from visual_analyse.explain.methods import Deviation, How
from visual_analyse.explain.part_heights import part_heights
from visual_analyse.explain.plan import Plan
from visual_analyse.explain.targets import distance_to
from visual_analyse.explain.usual import USUAL, spaced, usual_outputs
from visual_analyse.facts import model_facts
from visual_analyse.gait.phase import phase_of
from visual_analyse.gait.regions import regions_of
from visual_analyse.gait.sequences import Sequence as Walk
from visual_analyse.models.gait_model import GaitModel
from visual_analyse.probe import Probe, read_probe
from visual_analyse.results import Evidence
from visual_analyse.why import explain_class, explain_match, explain_walk


@dataclass
class Study:
    """How matches of one model are studied; what holds for all probes is found once.

    `hows`: the ways to make maps, the first of which is a result's own. `decision` is what is explained.

    >>> Study(model, layers, plan, [(GradCam(), "signed")]).of(probe, walks, gallery)  # doctest: +SKIP
    """

    model: GaitModel
    layers: Sequence[Layer]
    plan: Plan
    hows: Sequence[How]
    decision: Decision = field(default_factory=Nearest)
    both: bool = True
    wanted: str | None = None
    _usual: dict[str, Mapping[int, torch.Tensor]] = field(default_factory=dict, repr=False)
    _heights: dict[Any, NDArray[np.float32] | None] = field(default_factory=dict, repr=False)

    def of(
        self, probe: Walk, walks: Sequence[Walk], gallery: Gallery, facts: Mapping[str, Any] | None = None
    ) -> Evidence:
        """The evidence of a probe's match among `walks`, whose embeddings `gallery` holds, in their order.

        Raises VisualAnalyseError as `explain_match` does.
        """
        must_have_places(self.plan, self.layers)
        seen = read_probe(self.model, probe)
        (method, sign), *further = self._ways(walks, gallery.digest)
        about = {**model_facts(self.model), **(facts or {})}
        classes = self.model.config.classes
        if classes:
            found = explain_class(
                self.model, seen, classes, self.layers, self.plan, method, about, sign, self.wanted, further
            )
            return self._seen(found, seen)
        found = explain_match(
            self.model, seen, gallery, self.layers, self.plan, method, about, sign, self.decision, further
        )
        heights = self._looked_at(seen)
        found = replace(self._seen(found, seen), heights=heights)
        place = gallery.names.index(found.manifest["match"]["name"])
        return replace(found, matched=self._matched(walks[place], found, seen, gallery)) if self.both else found

    def _matched(self, walk: Walk, found: Evidence, probe: Probe, gallery: Gallery) -> Evidence:
        """The matched walk, explained for its distance to the probe: the same distance, seen from the other side."""
        seen = read_probe(self.model, walk)
        with torch.no_grad():
            other = self.model.embed(probe.batch).float()
        parts = getattr(self.decision, "parts", None)
        (method, sign), *further = self._ways([], gallery.digest)
        explained = explain_walk(
            self.model, seen, distance_to(other, self.model.metric, parts), self.layers, self.plan, method, sign,
            further, self.decision.name,
        )  # fmt: skip
        return self._seen(explained, seen)

    def _ways(self, walks: Sequence[Walk], digest: str) -> list[How]:
        """The ways to make maps, with what is usual among the gallery's walks for those that ask it."""
        if not any(isinstance(method, Deviation) for method, _ in self.hows):
            return list(self.hows)
        if digest not in self._usual:
            some = (read_probe(self.model, walk).batch for walk in spaced(walks, USUAL))
            self._usual = {digest: usual_outputs(self.model, some, self.layers, self.plan)}
        usual = self._usual[digest]
        return [
            (Deviation(usual=usual) if isinstance(method, Deviation) else method, sign) for method, sign in self.hows
        ]

    def _looked_at(self, probe: Probe) -> NDArray[np.float32] | None:
        """The heights that the parts look at, measured on the first probe of its size."""
        size = tuple(probe.batch.inputs[probe.picture].shape[2:])
        if size not in self._heights:
            self._heights[size] = part_heights(self.model, probe.batch, probe.picture)
        return self._heights[size]

    def _seen(self, evidence: Evidence, probe: Probe) -> Evidence:
        """With the phase of each frame and the region of each pixel, where they can be told."""
        arrays = [evidence.frames, *(evidence.inputs[name] for name in probe.inputs)]
        kinds = [evidence.kind, *(evidence.kinds[name] for name in probe.inputs)]
        phase = phase_of(arrays, kinds)
        shape = evidence.frames.shape[1:3]
        regions, names = regions_of(arrays, kinds, (int(shape[0]), int(shape[1])))
        return replace(evidence, phase=phase.values, regions=regions, region_names=tuple(names))
