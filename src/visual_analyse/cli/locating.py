"""What `tsne` and its kin do between their options and their file."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from rich.markup import escape

from visual_analyse.cli.dataset import find_walks
from visual_analyse.cli.explaining import warn
from visual_analyse.cli.loading import chosen_model
from visual_analyse.cli.progress import DelayedBar, console
from visual_analyse.embed.engines.engine import Engine, Request
from visual_analyse.embed.mapping import engine_for
from visual_analyse.encode.extraction import extract
from visual_analyse.encode.ranks import Ranks
from visual_analyse.errors import VisualAnalyseError
from visual_analyse.facts import model_facts, versions
from visual_analyse.files import make_folder
from visual_analyse.gait.protocols import Protocol, view_is_angle
from visual_analyse.gait.sequences import Sequence
from visual_analyse.names import listed, plain, safe_name
from visual_analyse.results import Basis, EmbeddingMap, load_basis
from visual_analyse.where import Who, check_place, locate, placed

_HOPELESS = 100  # walks that fail, with none that does not: the model is at fault, and the others would fail too
_TOLD = 5  # failures, and walks placed, that are told one by one
_PICTURED = 50_000  # walks up to which gait-energy images go into the file: 35 MB before compression


@dataclass
class Run:
    """One run of a method: what embeds or brings embeddings, which walks, and where the map goes."""

    method: str
    options: Any
    parameters: dict[str, Any]
    home: Path
    failed: list[str] = field(default_factory=list)
    done: int = 0

    def run(self) -> None:
        """Write the map; ranks of torchrun other than the first embed their share and are done."""
        with self._who() as found:
            if found is None:
                return
            who, name, facts, protocol, metric = found
            if self.options.place is not None:
                name = f"{name}_placed"
                made, basis = self._placed(who, facts)
            else:
                made, basis = self._made(who, facts, protocol, metric)
            target = self._target(name)
            made.save(target, basis)
        self._close(target, made)

    def _folder(self) -> Path:
        """Where the map goes, made and tried before anything runs long."""
        return make_folder(self.options.save_dir or self.home)

    def _target(self, name: str) -> Path:
        """The file of the map; a map of another method that has the name already keeps it."""
        folder = self._folder()
        target = folder / f"{safe_name(name)}.npz"
        with contextlib.suppress(VisualAnalyseError):
            there = EmbeddingMap.load(target).manifest.get("method") if target.exists() else self.method
            if there != self.method:
                warn(f"{target.name} is there already, a map by {there}: this one gets a name of its own.")
                return folder / f"{safe_name(f'{name}_{self.method}')}.npz"
        return target

    def _made(
        self, who: Who, facts: dict[str, Any], protocol: Protocol, metric: str
    ) -> tuple[EmbeddingMap, Basis | None]:
        engine = self._engine(who)
        if facts["normalised"]:
            who = who.normalised()
        with DelayedBar() as bar:

            def progress(what: str, done: int, of: int) -> None:
                if what != said[0]:
                    said[0] = what
                    bar.begin(what, 0, 1)
                bar.within(done, of)

            said = [""]
            made, basis = locate(
                who, self.method, engine, protocol, facts, metric=metric, bucket=self.options.bucket_size,
                seed=self.options.seed, progress=progress,
            )  # fmt: skip
        for notice in made.manifest["notices"]:
            warn(notice)
        return made, basis

    def _engine(self, who: Who) -> Engine:
        request = Request(
            len(who.labels), self.options.embed_dim, self.parameters, who.class_size, self.options.seed,
            gpu=self.options.device.strip().lower() != "cpu", verbose=self.options.verbose,
        )  # fmt: skip
        return engine_for(self.method, request)

    def _placed(self, who: Who, facts: dict[str, Any]) -> tuple[EmbeddingMap, Basis | None]:
        path = self.options.place
        if EmbeddingMap.load(path).manifest.get("normalised", False):
            who = who.normalised()
        made, nearest = placed(who, path, self.method, facts.get("fingerprint"), self.options.seed)
        for row, near in enumerate(nearest[:_TOLD]):
            console.print(escape(f"{who.called(row)} lies nearest to {plain(near)}"), style="dim")
        if len(nearest) > _TOLD:
            console.print(f"... and {len(nearest) - _TOLD} more", style="dim")
        return made, load_basis(path)

    def _check_place(self) -> None:
        """What `--place` needs and what it cannot take, before anything runs long."""
        path = self.options.place
        if path is None:
            return
        if self.parameters or self.options.embed_dim != 2:
            raise VisualAnalyseError(
                "--place puts walks on a map as it is, whose dimensions and parameters are settled: leave out -e and "
                "the parameters of the library."
            )
        check_place(EmbeddingMap.load(path), path, self.method)

    @contextlib.contextmanager
    def _who(self) -> Iterator[tuple[Who, str, dict[str, Any], Protocol, str] | None]:
        self._check_place()
        if self.options.features is not None:
            yield None if Ranks.here().rank else self._brought(self.options.features)
            return
        model = chosen_model(self.options, self.options.embedding or "embeddings")
        first = Ranks.here().rank == 0
        if first:
            for notice in model.notices:
                warn(notice)
        walks, protocol, root = find_walks(model.config, self.options)
        self._check_early(walks)
        if first:
            self._folder()
        with DelayedBar() as bar:
            bar.begin("embedding walks", 0, 1)

            def progress(done: int, of: int) -> None:
                self.done = done
                bar.within(done, of)

            features = extract(model, walks, cache=self.options.cache, failed=self._fail, progress=progress, tell=warn)
        if features is None:
            yield None
            return
        with features:
            if not len(features):
                raise VisualAnalyseError(f"None of {len(walks)} walks could be embedded, for the reasons above.")
            facts = {
                **model_facts(model), "versions": versions(), "dataset": model.config.dataset_name,
                "dataset_root": str(root), "embedding": model.embedding, "features": features.digest,
                "fingerprint": features.fingerprint, "left_out": self.failed,
                "normalised": self._normalises(model.metric),
                "views_are_angles": view_is_angle(model.config.test_dataset_name),
            }  # fmt: skip
            pictures = features.thumbnails() if len(features) <= _PICTURED else None
            labels, types, views = (np.array(text, np.str_) for text in (features.ids, features.types, features.views))
            who = Who(features, labels, types, views, pictures)
            yield who, f"{model.name}_{model.config.dataset_name}", facts, protocol, model.metric

    def _check_early(self, walks: list[Sequence]) -> None:
        """Make the engine once for nothing: what is wrong with its parameters is said before anything runs long."""
        _, sizes = np.unique([walk.id for walk in walks], return_counts=True)
        engine_for(
            self.method,
            Request(len(walks), self.options.embed_dim, self.parameters, float(np.median(sizes)), self.options.seed),
        )

    def _brought(self, path: Path) -> tuple[Who, str, dict[str, Any], Protocol, str]:
        from visual_analyse.embed.feature_file import read_feature_file

        found = read_feature_file(path)
        facts = {
            "model": "features", "dataset": path.stem, "features": str(path), "versions": versions(),
            "normalised": self._normalises("euc"),
        }  # fmt: skip
        who = Who(found.source, found.labels, found.types, found.views)
        return who, f"features_{path.stem}", facts, Protocol("features"), "euc"

    def _normalises(self, metric: str) -> bool:
        return bool(self.options.normalise) if self.options.normalise is not None else metric == "cos"

    def _fail(self, walk: Sequence, error: VisualAnalyseError) -> None:
        self.failed.append(walk.name)
        if len(self.failed) <= _TOLD:
            console.print(escape(f"{plain(walk.name)}: {error}"), style="red")
        if len(self.failed) == self.done == _HOPELESS:
            raise VisualAnalyseError(f"None of the first {_HOPELESS} walks could be embedded; the last: {error}")

    def _close(self, target: Path, made: EmbeddingMap) -> None:
        facts = made.quality
        if made.of_random_weights:
            warn("RANDOM WEIGHTS: this map means nothing.")
        people = len(np.unique(made.labels))
        print(f"{len(made):,} walks of {people:,} {'identity' if people == 1 else 'identities'}: {target}")
        shown = [f"trustworthiness {facts['trustworthiness']:.3f}"] if facts.get("trustworthiness") is not None else []
        if facts.get("kept") is not None:
            shown.append(f"{facts['kept']:.0%} of the {facts['kept_k']} nearest kept")
        if facts.get("purity_map") is not None:
            shown.append(f"identity purity {facts['purity_full']:.1%}, on the map {facts['purity_map']:.1%}")
        if facts.get("silhouette") is not None:
            shown.append(f"silhouette {facts['silhouette']:.2f}")
        sample = f" (on a sample of {facts['sample']:,})" if facts.get("sample") else ""
        print(f"{', '.join(shown)}{sample}")
        print(f'Draw it: python -m visual_analyse.visualizer visual_{self.method} "{target}"')
        print(f'Explore it: python -m visual_analyse.visualizer visual_page "{target}"')
        if self.failed:
            raise VisualAnalyseError(
                f"{len(self.failed)} walks could not be embedded, for the reasons above, and are not on the map: "
                f"{listed(self.failed)}."
            )
