"""What `trust` does between its options and its files."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import IO, Any

from rich.markup import escape
from rich.table import Table

import visual_analyse.trust
from visual_analyse.cli.explaining import Run, warn
from visual_analyse.cli.picker import choose_layers
from visual_analyse.cli.progress import DelayedBar, console, track
from visual_analyse.encode.store import key
from visual_analyse.errors import VisualAnalyseError
from visual_analyse.explain.defaults import default_layers
from visual_analyse.explain.layers import Layer, leaves
from visual_analyse.explain.methods import Method
from visual_analyse.explain.plan import Plan
from visual_analyse.facts import model_facts, versions
from visual_analyse.files import digest
from visual_analyse.gait.sequences import Sequence as Walk
from visual_analyse.names import plain
from visual_analyse.trust.assessment import Settings, trust_of
from visual_analyse.trust.case import TARGETS, Explained
from visual_analyse.trust.interval import Interval
from visual_analyse.trust.measurement import Measurement, summaries
from visual_analyse.trust.verdicts import compared, main_measure, sentences
from visual_analyse.version import __version__


@dataclass(frozen=True)
class Found:
    """What a run of `trust` measured, of the probes that it could measure."""

    run: TrustRun
    measurements: Sequence[Measurement]
    settings: Settings
    explained: Explained

    @property
    def rows(self) -> list[dict[str, Any]]:
        """One row a probe, layer, method, measure and replacement, for a table."""
        return [one.row() for one in self.measurements]

    @property
    def manifest(self) -> dict[str, Any]:
        """The summary over probes with its intervals, and how it was made."""
        over = summaries(self.measurements)
        return {
            "tool": "visual_analyse",
            "versions": versions(),
            **model_facts(self.run.model),
            "metric": self.run.model.metric,
            "target": self.explained,
            "settings": {**asdict(self.settings), "replacements": {x.name: x.what for x in self.settings.replacements}},
            "probes": list(dict.fromkeys(one.probe for one in self.measurements)),
            "left_out": self.run.failed,
            "said": sentences(over, self.explained),
            "summary": [one.facts() for one in over],
        }

    def show(self) -> None:
        """Print the table, and what each test means."""
        over = summaries(self.measurements)
        for layer, method in dict.fromkeys((one.layer, one.method) for one in over):
            mine = [one for one in over if (one.layer, one.method) == (layer, method)]
            console.print(escape(plain(f"{layer}, {method}, {mine[0].probes} probe(s)")), style="bold")
            areas = [one for one in mine if one.measure == main_measure(self.explained)]
            if areas:
                table = _table("", f"{areas[0].measure}, by", "map", "random", "better?", "edge", "better?")
                for one in areas:
                    random, edge = (_word(x) if x is not None else "" for x in (one.random, one.edge))
                    told = [_YES[compared(gain)] for gain in (one.over_random, one.over_edge)]
                    table.add_row(one.test, plain(one.by), _shown(one.value), random, told[0], edge, told[1])
                console.print(table)
            table = _table("", "rank correlation, with", "map")
            for one in mine:
                if one.measure == "spearman":
                    table.add_row(one.test, escape(plain(one.by)), _shown(one.value))
            console.print(table)
        for text in sentences(over, self.explained):
            print(plain(text))

    def close(self) -> None:
        """Raises VisualAnalyseError where some probes could not be measured."""
        if self.run.failed:
            raise self.run._unexplained()


_YES = {"better": "yes", "not better": "no", "worse": "worse", "": ""}


def _table(*titles: str) -> Table:
    made = Table(box=None, padding=(0, 1))
    for title in titles:
        made.add_column(title, justify="right" if title in ("map", "random", "edge") else "left", no_wrap=True)
    return made


def _word(number: float) -> str:
    """A number in few letters; minus nothing is nothing."""
    word = f"{number:.2f}".replace("0.", ".", 1) if abs(number) < 1 else f"{number:.2f}"
    return word.lstrip("-") if not float(word) else word


def _shown(value: Interval) -> str:
    """A mean and its interval, in square brackets that are no markup."""
    if value.low == value.high:
        return _word(value.mean)
    return escape(f"{_word(value.mean)} [{_word(value.low)}, {_word(value.high)}]")


class TrustRun(Run):
    """One run of `trust`: a model, who is compared with whom, and the options."""

    def measure_all(self, methods: Sequence[Method]) -> Found:
        """Choose layers, encode the gallery once, and measure every probe; what an earlier run finished is taken.

        A probe that cannot be measured is reported, and the others go on. Raises VisualAnalyseError where none can.
        """
        for notice in self.model.notices:
            warn(notice)
        pairs = self._pairs()
        if not pairs:
            raise self._unexplained()
        with DelayedBar() as bar:
            bar.begin("finding how the layers lie on the frames", 0, 1)
            plan, length = self._plan()
        every = [layer for layer, _ in leaves(self.model.module)]
        wanted = self.options.layers
        layers = choose_layers(every, plan, length, wanted) if wanted else default_layers(every, plan)
        walks = list(dict.fromkeys(walk for found in {id(x): x for x in pairs.values()}.values() for walk in found))
        self.galleries.encode(walks, lambda found: track(found, len(walks), "encoding the gallery"))
        settings, explained = Settings(seed=self.options.seed), self._explained(pairs)
        measurements: list[Measurement] = []
        with DelayedBar() as bar:
            for k, (probe, gallery) in enumerate(pairs.items()):
                try:
                    measurements += self._measured(
                        probe, gallery, layers, plan, methods, explained, settings, (bar, k, len(pairs))
                    )
                except VisualAnalyseError as error:
                    self._fail(probe, error)
        if not measurements:
            raise self._unexplained()
        return Found(self, measurements, settings, explained)

    def _explained(self, pairs: Mapping[Walk, Sequence[Walk]]) -> Explained:
        """What is asked of all probes alike, so that there is a mean of what they answer."""
        if self.options.target in TARGETS:
            return TARGETS[TARGETS.index(self.options.target)]
        for probe, gallery in pairs.items():
            own = {walk.id == probe.id for walk in gallery if walk.name != probe.name}
            if own != {True, False}:
                return "match"
        return "crowd"

    def _measured(
        self, probe: Walk, walks: list[Walk], layers: Sequence[Layer], plan: Plan, methods: Sequence[Method],
        explained: Explained, settings: Settings, shown: tuple[DelayedBar, int, int],
    ) -> list[Measurement]:  # fmt: skip
        bar, job, jobs = shown
        gallery = self.galleries.of(walks)
        how = ([layer.number for layer in layers], [repr(method) for method in methods], explained, settings)
        who = (probe.name, probe.id, self.encoder.content(probe), gallery.names, gallery.digest)
        people = [walk.id for walk in walks]
        name = key("trust", __version__, _own_code(), self.encoder.fingerprint, self.model.seed, *who, people, *how)
        kept = self._kept_measurements(name)
        if kept is not None:
            return kept
        job_said = ""

        def tick(what: str, done: int, of: int) -> None:
            nonlocal job_said
            if what != job_said:
                job_said = what
                bar.begin(f"{plain(probe.name)}: {what}", job, jobs)
            bar.within(done, of)

        found = trust_of(self.encoder, probe, walks, gallery, layers, plan, methods, explained, settings, tick)
        self.store.keep(name, partial(_write, found))
        return found

    def _kept_measurements(self, name: str) -> list[Measurement] | None:
        path = self.store.find(name)
        if path is None:
            return None
        try:
            return [Measurement.read(one) for one in json.loads(path.read_text(encoding="utf-8"))]
        except (OSError, ValueError, TypeError):
            return None


def _write(measurements: Sequence[Measurement], stream: IO[bytes]) -> None:
    stream.write(json.dumps([asdict(one) for one in measurements]).encode())


def _own_code() -> str:
    """What the measurements depend on of this room, which the encoder's fingerprint leaves out."""
    return key(*(digest(path) for path in sorted(Path(visual_analyse.trust.__file__).parent.glob("*.py"))))
