"""All there is to say of one match: both walks, their phase and regions, the parts and the heights they look at."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from visual_analyse.decisions import Decided, Decision, Nearest
from visual_analyse.encode.gallery import Gallery
from visual_analyse.explain.input_methods import INPUT_METHODS
from visual_analyse.explain.layers import Layer
from visual_analyse.explain.methods import Deviation, How, Method
from visual_analyse.explain.part_heights import part_heights
from visual_analyse.explain.part_maps import explain_parts
from visual_analyse.explain.part_supports import Supports, part_supports
from visual_analyse.explain.perturbing import perturbing
from visual_analyse.explain.plan import Plan
from visual_analyse.explain.targets import Target
from visual_analyse.explain.tracks import must_have_places
from visual_analyse.explain.usual import USUAL, spaced, usual_outputs
from visual_analyse.facts import model_facts
from visual_analyse.gait.phase import Phase, expected_error, phase_of
from visual_analyse.gait.protocols import view_is_angle
from visual_analyse.gait.regions import regions_of, regions_of_joints
from visual_analyse.gait.sequences import Sequence as Walk
from visual_analyse.laid import laid
from visual_analyse.models.gait_model import GaitModel
from visual_analyse.probe import Probe, read_probe
from visual_analyse.results import Evidence, LayerEvidence
from visual_analyse.why import decided_of, explain_class, explain_match, explain_walk

PERTURBING = "perturbing"
OTHERS = (*INPUT_METHODS, PERTURBING)  # ways that need no gradient at a layer


@dataclass
class Study:
    """How matches of one model are studied; what holds for all probes is found once.

    `hows`: the ways to make maps, the first of which is a result's own; `others`, names of OTHERS, whose maps lie
    beside, or are the result's own where `leads`. `decision` is what is explained; `each_part`: maps of each part too;
    `both`: the matched walk as well; `wanted`: of a classifier, the class.

    >>> Study(model, layers, plan, [(GradCam(), "signed")]).of(probe, walks, gallery)  # doctest: +SKIP
    """

    model: GaitModel
    layers: Sequence[Layer]
    plan: Plan
    hows: Sequence[How]
    decision: Decision = field(default_factory=Nearest)
    others: Sequence[str] = ()
    leads: bool = False
    each_part: bool = False
    both: bool = True
    wanted: str | None = None
    _usual: dict[str, Mapping[int, torch.Tensor]] = field(default_factory=dict, repr=False)
    _heights: dict[Any, NDArray[np.float32] | None] = field(default_factory=dict, repr=False)
    _supports: dict[str, Supports] = field(default_factory=dict, repr=False)

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
            self.model, seen, gallery, self.layers, self.plan, method, about, sign, self.decision, further, True
        )
        decided = decided_of(self.model, seen, gallery, self.decision)
        found = self._with_others(found, seen, decided.target, decided.name)
        if self.each_part and decided.by_part is not None:
            found = replace(found, further=(*found.further, *self._parts(found, seen, decided, method)))
        found = replace(self._seen(found, seen), heights=self._looked_at(seen))
        if not self.both or decided.seen_from_match is None:
            return found
        return replace(found, matched=self._matched(walks[decided.match], seen, decided))

    def _matched(self, walk: Walk, probe: Probe, decided: Decided) -> Evidence:
        """The matched walk, explained for the same decision seen from the other side."""
        assert decided.seen_from_match is not None
        name, seen = decided.name, read_probe(self.model, walk)
        with torch.no_grad():
            target = decided.seen_from_match(self.model.embed(probe.batch).float())
        (method, sign), *further = self._ways((), "")
        explained = explain_walk(self.model, seen, target, self.layers, self.plan, method, sign, further, name)
        return self._seen(self._with_others(explained, seen, target, name), seen)

    def _with_others(self, found: Evidence, probe: Probe, target: Target, asked: str) -> Evidence:
        """With the maps of the ways that need no gradient at a layer, in front where they lead."""
        made: list[LayerEvidence] = []
        for name in self.others:
            if name == PERTURBING:
                some = perturbing(self.model, probe.batch, _float(target), self.layers, self.plan)
            else:
                some = (INPUT_METHODS[name]().explain(self.model, probe.batch, _float(target), probe.picture),)
            made += [replace(laid(layer, probe), method=name, target=asked) for layer in some]
        if not self.leads or not made:
            return replace(found, further=(*found.further, *made))
        first = [replace(layer, method="", target="") for layer in made if layer.method == self.others[0]]
        beside = tuple(layer for layer in made if layer.method != self.others[0])
        manifest = {**found.manifest, "method": self.others[0], "sign": "signed", "unreached": []}
        return replace(found, layers=tuple(first), further=beside, manifest=manifest)

    def _parts(self, found: Evidence, probe: Probe, decided: Decided, method: Method) -> list[LayerEvidence]:
        """The signed maps of each part, in as few backwards as the model allows; by a method that asks for no more."""
        if isinstance(method, Deviation) and method.steps:
            method = Deviation(usual=method.usual)
        by_part = decided.by_part
        assert by_part is not None
        if "" not in self._supports:
            self._supports[""] = part_supports(self.model, probe.batch, self.layers, self.plan)
        explained = explain_parts(
            self.model, probe.batch, lambda embeddings: by_part(embeddings.float()), self.layers, plan=self.plan,
            method=method, supports=self._supports[""],
        )  # fmt: skip
        return [
            replace(laid(maps.of(part), probe), method=method.name, target=f"{decided.name}-part-{part}")
            for maps in explained.walks[0]
            for part in range(len(found.parts))
        ]

    def _ways(self, walks: Sequence[Walk], digest: str) -> list[How]:
        """The ways to make maps, with what is usual among the gallery's walks for those that ask it.

        Without walks: as of the gallery that was last asked of.
        """
        if not any(isinstance(method, Deviation) for method, _ in self.hows):
            return list(self.hows)
        if walks and digest not in self._usual:
            some = (read_probe(self.model, walk).batch for walk in spaced(walks, USUAL))
            self._usual = {digest: usual_outputs(self.model, some, self.layers, self.plan)}
        usual = next(iter(self._usual.values()), {})
        return [(replace(way, usual=usual) if isinstance(way, Deviation) else way, sign) for way, sign in self.hows]

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
        manifest = {**evidence.manifest, "phase": self._phase_said(phase, probe)}
        if evidence.kind.picture == "joints":
            regions, names = regions_of_joints(evidence.frames, evidence.kind.joints)
        else:
            size = evidence.frames.shape[1:3] if evidence.kind.picture != "points" else (0, 0)
            regions, names = regions_of(arrays, kinds, (int(size[0]), int(size[1])))
        return replace(evidence, phase=phase.values, regions=regions, region_names=names, manifest=manifest)

    def _phase_said(self, phase: Phase, probe: Probe) -> dict[str, Any]:
        """Whether the phase is known, and by how much of a step it is off in the median where that was measured."""
        view = str(probe.facts.get("view", ""))
        angle = view_is_angle(self.model.config.test_dataset_name)
        error = expected_error(view) if phase.known and angle else None
        return {"known": phase.known, "confidence": round(phase.confidence, 3), "median_error": error}


def _float(target: Target) -> Target:
    return lambda embeddings: target(embeddings.float())
