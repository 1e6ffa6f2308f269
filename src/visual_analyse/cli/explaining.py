"""What `grad_cam` does between its options and its files."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from rich.markup import escape

from visual_analyse.cli.picker import choose_layers, show_plan
from visual_analyse.cli.progress import DelayedBar, console, track
from visual_analyse.cli.proved import better_way
from visual_analyse.cli.sources import GALLERY, PROBES
from visual_analyse.cli.telling import missed_detections, strongest
from visual_analyse.encode.encoder import Encoder
from visual_analyse.encode.gallery import Galleries, Gallery
from visual_analyse.encode.store import Store, key
from visual_analyse.errors import VisualAnalyseError
from visual_analyse.explain.defaults import eligible
from visual_analyse.explain.layers import Layer, leaves
from visual_analyse.explain.methods import GradCam
from visual_analyse.explain.plan import Plan
from visual_analyse.explain.reach import reaches
from visual_analyse.explain.resolving import resolve
from visual_analyse.facts import model_facts
from visual_analyse.files import copy_whole
from visual_analyse.gait.config import Config
from visual_analyse.gait.pairing import Pairing
from visual_analyse.gait.partitions import read_partition
from visual_analyse.gait.places import partition_file
from visual_analyse.gait.protocols import Protocol
from visual_analyse.gait.sequences import Sequence
from visual_analyse.models.checkout import find_checkout
from visual_analyse.models.gait_model import GaitModel
from visual_analyse.names import listed, plain, safe_name
from visual_analyse.probe import read_probe
from visual_analyse.results import Evidence
from visual_analyse.version import __version__
from visual_analyse.why import explain_class, explain_match


def protocol_of(config: Config, root: Path, checkout: Path | None) -> Protocol:
    """The evaluation of the config's dataset; its partition is looked for where OpenGait's is and beside the data.

    Where the config names a partition that is not there, a notice says that training identities may be gallery too.
    """
    file = partition_file(config, checkout, root)
    if file is not None:
        console.print(escape(f"Walks are compared within the test or training ids of {file}."), style="dim")
    elif config.partition:
        warn(f"The partition {config.partition} is not there, so identities for training may be gallery too.")
    partition = None if file is None else read_partition(file)
    cross_view = config.sections.get("evaluator_cfg", {}).get("cross_view_gallery", False)
    return Protocol(config.test_dataset_name, partition, bool(cross_view))


def pairing_of(model: GaitModel, options: Any) -> Pairing:
    """The probes that a user named and the walks that may be their gallery.

    Raises VisualAnalyseError where a folder holds none, or a pattern names none.
    """
    in_use = model.config.data_in_use
    if options.dataset is None and model.config.classes:
        return Pairing.alone(options.probe_dir or PROBES, in_use)
    if options.dataset is None:
        return Pairing.of_folders(options.probe_dir or PROBES, options.gallery_dir or GALLERY, in_use)
    checkout = find_checkout(options.opengait, options.config_path)
    protocol = protocol_of(model.config, options.dataset, checkout.root if checkout else None)
    return Pairing.of_dataset(options.dataset, options.probe or ["*"], protocol, in_use)


def warn(text: str) -> None:
    """Say something that a user should know and need not act on."""
    console.print(escape(text), style="yellow")


@dataclass
class Run:
    """One run of `grad_cam`: a model, who is compared with whom, and where results go."""

    model: GaitModel
    pairing: Pairing
    folder: Path
    options: Any
    failed: list[str] = field(default_factory=list)
    of_grad_cam: ClassVar[bool] = True

    @cached_property
    def store(self) -> Store:
        return Store(self.options.cache)

    @cached_property
    def encoder(self) -> Encoder:
        return Encoder(self.model, self.store)

    @cached_property
    def galleries(self) -> Galleries:
        return Galleries(self.encoder)

    def explain_all(self) -> None:
        """Choose layers, encode the gallery once, and write one result a probe.

        A probe that cannot be explained is reported, and the others go on. Raises VisualAnalyseError at the end where
        some could not, and at once where nothing can be done.
        """
        for notice in self.model.notices:
            warn(notice)
        # A dataset's protocol may leave no gallery, and pairing needs no plan.
        pairs = None if self.pairing.protocol is None else self._pairs()
        if pairs is not None and not pairs:
            raise self._unexplained()
        with DelayedBar() as bar:
            bar.begin("finding how the layers lie on the frames", 0, 1)
            plan, length = self._plan()
        layers = self.choose([layer for layer, _ in leaves(self.model.module)], plan, length)
        show_plan(layers, plan, length)
        pairs = self._pairs() if pairs is None else pairs
        walks = list(dict.fromkeys(walk for found in {id(x): x for x in pairs.values()}.values() for walk in found))
        self.galleries.encode(walks, lambda found: track(found, len(walks), "encoding the gallery"))
        names = self._names()
        for probe, gallery in track(pairs.items(), len(pairs), "explaining probes"):
            try:
                self._explain(probe, gallery, self.folder / names[probe], layers, plan)
            except VisualAnalyseError as error:
                self._fail(probe, error)
        self.close(layers)

    def choose(self, layers: list[Layer], plan: Plan, length: int) -> list[Layer]:
        """The layers to explain."""
        return choose_layers(layers, plan, length, self.options.layers)

    def close(self, layers: list[Layer]) -> None:
        count = len(self.pairing.probes)
        done = count - len(self.failed)
        print(f"{done} of {count} probes explained on {len(layers)} layers, in {self.folder}")
        if done and self.of_grad_cam and (line := better_way(self.model.class_name)):
            print(line)
        if done:
            print(f'Draw them: python -m visual_analyse.visualizer visual_gradcam "{self.folder}"')
        if self.failed:
            raise self._unexplained()

    def _unexplained(self) -> VisualAnalyseError:
        return VisualAnalyseError(
            f"{len(self.failed)} of {len(self.pairing.probes)} probes could not be explained, for the reasons above: "
            f"{listed(self.failed)}."
        )

    def _fail(self, probe: Sequence, error: VisualAnalyseError) -> None:
        self.failed.append(probe.name)
        console.print(escape(f"{plain(probe.name)}: {error}"), style="red")

    def _plan(self) -> tuple[Plan, int]:
        """The plan, found with the first probe that can be read and run, and that probe's number of frames."""
        troubles = []
        for probe in self.pairing.probes:
            try:
                batch = read_probe(self.model, probe).batch
                plan = resolve(self.model, batch)
                if not self.options.layers:  # what is chosen for a user also asks which layers see single frames
                    some = eligible([layer for layer, _ in leaves(self.model.module)], plan)
                    plan = replace(plan, reach=reaches(self.model, batch, plan, some))
                return plan, batch.lengths[0]
            except VisualAnalyseError as error:
                troubles.append(VisualAnalyseError(f"{plain(probe.name)}: {error}"))
        raise troubles[0]

    def _pairs(self) -> dict[Sequence, list[Sequence]]:
        """The gallery of each probe that has one; equal galleries are one object."""
        if self.model.config.classes:
            return {probe: [] for probe in self.pairing.probes}
        pairs: dict[Sequence, list[Sequence]] = {}
        shared: list[Sequence] = []
        for probe in track(self.pairing.probes, len(self.pairing.probes), "pairing probes and gallery"):
            try:
                kept, removed = self.pairing.gallery_for(probe)
            except VisualAnalyseError as error:
                self._fail(probe, error)
                continue
            if removed:
                names = listed([plain(walk.name) for walk in removed])
                warn(f"Left out of the gallery of {plain(probe.name)}, being that walk itself: {names}.")
            shared = shared if kept == shared else kept
            pairs[probe] = shared
        return pairs

    def _names(self) -> dict[Sequence, str]:
        """The file of each probe's result; `a-b/c/d` and `a/b-c/d` have one name, and are told apart by a digest."""
        names = {probe: safe_name(f"{self.model.name}_{probe.name}") for probe in self.pairing.probes}
        often = Counter(name.casefold() for name in names.values())
        for probe, name in names.items():
            if often[name.casefold()] > 1:
                names[probe] = f"{name}~{key(probe.id, probe.type, probe.view)[:8]}"
                place = plain(f"{probe.id}/{probe.type}/{probe.view}")
                warn(f"Several probes are called {plain(probe.name)}: the result of {place} is {names[probe]}.npz.")
        return {probe: f"{name}.npz" for probe, name in names.items()}

    def how(self, layers: list[Layer]) -> list[Any]:
        """What besides model, probe and gallery decides a result."""
        return ["grad_cam", [layer.number for layer in layers], self.options.weights]

    def make(
        self, probe: Sequence, walks: list[Sequence], gallery: Gallery, layers: list[Layer], plan: Plan, facts: Any
    ) -> Evidence:
        """The evidence of one probe."""
        seen, method, classes = read_probe(self.model, probe), GradCam(self.options.weights), self.model.config.classes
        if classes:
            return explain_class(self.model, seen, classes, layers, plan, method, facts)
        return explain_match(self.model, seen, gallery, layers, plan, method, facts)

    def _explain(self, probe: Sequence, walks: list[Sequence], target: Path, layers: list[Layer], plan: Plan) -> None:
        classes = self.model.config.classes
        gallery = Gallery((), np.zeros((0, 1, 1), np.float32)) if classes else self.galleries.of(walks)
        rule = "a classifier compares with no walk" if classes else self.pairing.rule(probe)
        facts = {**model_facts(self.model), "pairing": rule}
        walk = (probe.name, self.encoder.content(probe), gallery.names, gallery.digest)
        name = key(__version__, self.encoder.fingerprint, sorted(facts.items()), *walk, self.how(layers))
        evidence = self._kept(name, target)
        if evidence is None:
            evidence = self.make(probe, walks, gallery, layers, plan, facts)
            evidence.save(target)
            self.store.keep(name, lambda stream: stream.write(target.read_bytes()))
        self._tell(probe, walks, evidence)

    def _kept(self, name: str, target: Path) -> Evidence | None:
        """An earlier run's result of the same content, copied to its place; None where there is no sound one."""
        path = self.store.find(name)
        if path is None:
            return None
        try:
            evidence = Evidence.load(path)
        except VisualAnalyseError:
            return None
        copy_whole(path, target)
        return evidence

    def _tell(self, probe: Sequence, walks: list[Sequence], evidence: Evidence) -> None:
        """Say what a reader of the maps must know about them."""
        manifest, frames = evidence.manifest, len(evidence.frames)
        said = []
        sampling = self.model.sampling
        if sampling.random and sampling.choices(len(probe.load(self.model.config.data_in_use)[0])):
            text = sampling.text
            said.append(f"the model is shown {text}; seed {self.model.seed} drew them, another draws others (--seed).")
        if self.model.config.classes:
            logits = ", ".join(f"{name} {logit:.3g}" for name, logit in manifest["logits"].items())
            answer = f"{plain(probe.name)} -> {manifest['match']['name']} (its type is {plain(probe.type)}); {logits}"
            console.print(escape(f"{answer}; most evidence on {strongest(evidence)}"))
        else:
            said += self._tell_match(probe, walks, evidence)
        if manifest.get("shares"):
            parts = ", ".join(f"{name} {share:.0%}" for name, share in manifest["shares"].items())
            console.print(escape(f"{plain(probe.name)}: share of each input in the evidence: {parts}"))
        if manifest["unseen_frames"]:
            said.append(f"no step of a layer that strides over time sees the last {manifest['unseen_frames']} frames.")
        if any(len(layer.maps) > frames for layer in evidence.layers):
            said.append(
                f"{frames} frame(s) are fewer than the model's layers need, so the model repeated them; the maps of "
                "all repetitions are drawn."
            )
        if manifest["unreached"]:
            said.append(f"no gradient reaches {', '.join(manifest['unreached'])}: without a map.")
        missed = missed_detections(evidence)
        if missed:
            numbers = f"frame {missed[0]} has" if len(missed) == 1 else f"frames {listed(list(map(str, missed)))} have"
            said.append(f"{numbers} only zeros for a pose: a missed detection draws evidence.")
        for text in said:
            warn(f"{plain(probe.name)}: {text}")

    def _tell_match(self, probe: Sequence, walks: list[Sequence], evidence: Evidence) -> list[str]:
        manifest = evidence.manifest
        match = next(walk for walk in walks if walk.name == manifest["match"]["name"])
        people = len({walk.id for walk in walks})
        who = "the same person" if match.id == probe.id else "another person"
        asked = str(manifest["asked"])
        of_all = f"of {len(walks)} walks of {people} people"
        place = f"nearest {of_all}"
        if asked.startswith(("contrast", "crowd")):
            impostor = evidence.ledgers[1]
            apart = "farther" if impostor.distance > evidence.distance else "NEARER"
            place = f"nearest of that person; {plain(impostor.walk)} of another is {apart}, {impostor.distance:.4g}"
        elif asked.startswith("given"):
            place = f"asked for, {of_all}"
        text = f"{plain(probe.name)} -> {plain(match.name)} ({who}), distance {evidence.distance:.4g}, {place}"
        console.print(escape(f"{text}; most evidence on {strongest(evidence)}"))
        said = []
        if people == 1 and match.id == probe.id:
            said.append("its gallery holds no other person, so this match could not be wrong.")
        if manifest["gallery"]["same_as_probe"]:
            names = listed([plain(name) for name in manifest["gallery"]["same_as_probe"]])
            said.append(f"left out of its gallery, being the same walk to the model: {names}.")
        return said
