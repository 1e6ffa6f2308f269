"""What `grad_cam` does between its options and its files."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich.markup import escape

from visual_analyse.cli.picker import choose_layers, show_plan
from visual_analyse.cli.progress import console, track
from visual_analyse.encode.encoder import Encoder, walk_digest
from visual_analyse.encode.store import Store, key
from visual_analyse.errors import VisualAnalyseError
from visual_analyse.explain.layers import Layer, leaves
from visual_analyse.explain.plan import Plan, resolve
from visual_analyse.files import copy_whole
from visual_analyse.gait.config import Config
from visual_analyse.gait.pairing import Pairing
from visual_analyse.gait.partitions import read_partition
from visual_analyse.gait.protocols import Protocol
from visual_analyse.gait.sequences import Sequence
from visual_analyse.models.gait_model import GaitModel
from visual_analyse.names import listed, plain, safe_name
from visual_analyse.results import Evidence
from visual_analyse.version import __version__
from visual_analyse.why import Gallery, explain_match, model_facts, read_probe


def protocol_of(config: Config, root: Path, checkout: Path | None) -> Protocol:
    """The evaluation of the config's dataset; its partition is looked for where OpenGait's is and beside the data."""
    partition = None
    if config.partition:
        bases = [Path(), *([checkout] if checkout else []), *config.path.resolve().parents[:3], root.resolve().parent]
        found = [base / config.partition for base in bases if (base / config.partition).is_file()]
        partition = read_partition(found[0]) if found else None
    cross_view = config.sections.get("evaluator_cfg", {}).get("cross_view_gallery", False)
    return Protocol(config.test_dataset_name, partition, bool(cross_view))


@dataclass
class Run:
    """One run of `grad_cam`: a model, who is compared with whom, and where results go."""

    model: GaitModel
    pairing: Pairing
    folder: Path
    options: Any
    _last: tuple[list[Sequence], NDArray[np.float32]] | None = None

    @cached_property
    def encoder(self) -> Encoder:
        return Encoder(self.model, self.store)

    @cached_property
    def store(self) -> Store:
        return Store(self.options.cache)

    def explain_all(self) -> None:
        """Choose layers, encode the gallery once, and write one result a probe.

        A probe that cannot be explained is reported, and the others go on. Raises VisualAnalyseError at the end where
        some could not, and at once where nothing can be done.
        """
        for notice in self.model.notices:
            console.print(escape(notice), style="yellow")
        probes = self.pairing.probes
        plan, length = self._plan()
        layers = choose_layers([layer for layer, _ in leaves(self.model.module)], plan, length, self.options.layers)
        show_plan(layers, plan, length)
        pairs = {probe: self._gallery_walks(probe) for probe in probes}
        walks = list(dict.fromkeys(walk for found in pairs.values() for walk in found))
        encoded = track(self.encoder.encode(walks), len(walks), "encoding the gallery")
        embeddings = dict(zip(walks, encoded, strict=True))
        failed = []
        for probe in track(probes, len(probes), "explaining probes"):
            try:
                self._explain(probe, pairs[probe], embeddings, layers, plan)
            except VisualAnalyseError as error:
                failed.append(probe.name)
                console.print(escape(f"{plain(probe.name)}: {error}"), style="red")
        done = len(probes) - len(failed)
        print(f"{done} of {len(probes)} probes explained on {len(layers)} layers, in {self.folder}")
        if done:
            print(f'Draw them: python -m visual_analyse.visualizer visual_gradcam "{self.folder}"')
        if failed:
            raise VisualAnalyseError(
                f"{len(failed)} of {len(probes)} probes could not be explained, for the reasons above: "
                f"{listed(failed)}."
            )

    def _plan(self) -> tuple[Plan, int]:
        """The plan, found with the first probe that can be read and run, and that probe's number of frames."""
        troubles = []
        for probe in self.pairing.probes:
            try:
                batch = read_probe(self.model, probe).batch
                return resolve(self.model, batch), batch.lengths[0]
            except VisualAnalyseError as error:
                troubles.append(VisualAnalyseError(f"{plain(probe.name)}: {error}"))
        raise troubles[0]

    def _gallery_walks(self, probe: Sequence) -> list[Sequence]:
        kept, removed = self.pairing.gallery_for(probe)
        if removed:
            names = listed([plain(walk.name) for walk in removed])
            console.print(
                escape(f"Left out of the gallery of {plain(probe.name)}, being that walk itself: {names}."),
                style="yellow",
            )
        return kept

    def _stacked(self, walks: list[Sequence], embeddings: dict[Sequence, NDArray[np.float32]]) -> NDArray[np.float32]:
        """The embeddings of a gallery as one array; probes one after another mostly share theirs."""
        if self._last is None or self._last[0] != walks:
            arrays = [embeddings[walk] for walk in walks]
            self._last = (walks, np.stack(arrays) if arrays else np.zeros((0, 1, 1), np.float32))
        return self._last[1]

    def _explain(
        self,
        probe: Sequence,
        walks: list[Sequence],
        embeddings: dict[Sequence, NDArray[np.float32]],
        layers: list[Layer],
        plan: Plan,
    ) -> None:
        target = self.folder / f"{safe_name(f'{self.model.name}_{probe.name}')}.npz"
        in_use = self.model.config.data_in_use
        digests = [walk_digest(walk, in_use) for walk in walks]
        gallery = Gallery(tuple(walk.name for walk in walks), self._stacked(walks, embeddings), key(*digests))
        facts = {**model_facts(self.model), "seed": self.options.seed, "pairing": self.pairing.rule(probe)}
        walk = (probe.name, walk_digest(probe, in_use), gallery.names, gallery.digest)
        how = ([layer.number for layer in layers], self.options.weights)
        name = key("grad_cam", __version__, self.encoder.fingerprint, sorted(facts.items()), *walk, *how)
        kept = self.store.find(name)
        if kept is None:
            evidence = explain_match(
                self.model, read_probe(self.model, probe), gallery, layers, plan, self.options.weights, facts
            )
            evidence.save(target)
            self.store.keep(name, lambda stream: stream.write(target.read_bytes()))
            self._tell(probe, evidence)
        else:
            copy_whole(kept, target)

    def _tell(self, probe: Sequence, evidence: Evidence) -> None:
        """Say what a reader of the maps must know about their frames."""
        unseen, frames = evidence.manifest["unseen_frames"], len(evidence.frames)
        said = []
        if unseen:
            said.append(f"no step of a layer that strides over time sees the last {unseen} frames.")
        if any(len(layer.maps) > frames for layer in evidence.layers):
            said.append(
                f"{frames} frame(s) are fewer than the model's layers need, so the model repeated them; the maps of "
                "all repetitions are drawn."
            )
        if evidence.manifest["unreached"]:
            said.append(f"no gradient reaches {', '.join(evidence.manifest['unreached'])}: without a map.")
        for text in said:
            console.print(escape(f"{plain(probe.name)}: {text}"), style="yellow")
