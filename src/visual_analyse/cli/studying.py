"""What `explain` does between its options and its files."""

from __future__ import annotations

import difflib
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar

from visual_analyse.cli.explaining import Run, warn
from visual_analyse.cli.picker import choose_layers
from visual_analyse.cli.progress import track
from visual_analyse.decisions import Decision, decision_named
from visual_analyse.encode.gallery import Gallery
from visual_analyse.errors import VisualAnalyseError
from visual_analyse.explain.defaults import METHOD, SIGN, default_layers
from visual_analyse.explain.layers import Layer
from visual_analyse.explain.methods import METHODS, How, Sign, method_named
from visual_analyse.explain.plan import Plan
from visual_analyse.gait.sequences import Sequence
from visual_analyse.measure.worst import Outcome, outcome, worst
from visual_analyse.names import listed, plain
from visual_analyse.results import Evidence
from visual_analyse.study import OTHERS, Study

_BESIDE: tuple[Sign, ...] = ("signed", "for", "against")


@dataclass
class Studying(Run):
    """One run of `explain`."""

    of_grad_cam: ClassVar[bool] = False

    _study: Study | None = None
    _chosen: dict[str, int] = field(default_factory=dict)  # the layers for where and for when, if nobody named any

    @cached_property
    def decision(self) -> Decision:
        """What is asked of every probe."""
        return decision_named(self.options.target, self.options.match, numbers(self.options.parts))

    @cached_property
    def names(self) -> list[str]:
        """The methods that were asked for, by name."""
        names = self.options.method or [METHOD]
        every = [*METHODS, *OTHERS]
        names = every if names == ["all"] else list(dict.fromkeys(names))
        wrong = [name for name in names if name not in every]
        if wrong:
            near = difflib.get_close_matches(wrong[0], every, 1, 0.5)
            hint = f" Did you mean {near[0]!r}?" if near else ""
            raise VisualAnalyseError(f"There is no method {plain(wrong[0])!r}.{hint} There are {', '.join(every)}.")
        return names

    @cached_property
    def hows(self) -> list[How]:
        """The ways to make maps by gradient; beside the first also its evidence for and against."""
        names = [name for name in self.names if name not in OTHERS] or [METHOD]
        first = method_named(names[0])
        sign: Sign = self.options.sign or (SIGN if names[0] == METHOD else "signed")
        others: list[How] = [(first, beside) for beside in _BESIDE if beside != sign]
        return [(first, sign), *others, *((method_named(name), self.options.sign or "signed") for name in names[1:])]

    def explain_all(self) -> None:
        """As `Run.explain_all`, of the probes that the model gets most wrong where these were asked for."""
        if self.options.worst is not None:
            self._pick_worst(self.options.worst)
        super().explain_all()

    def _pick_worst(self, count: int) -> None:
        protocol = self.pairing.protocol
        if protocol is None or self.model.config.classes:
            raise VisualAnalyseError("--worst needs a dataset, and a model that compares walks. Name --dataset ROOT.")
        probes = protocol.probes(self.pairing.walks)
        pairs = [(probe, self.pairing.gallery_for(probe)[0]) for probe in track(probes, len(probes), "pairing")]
        every = list(dict.fromkeys(walk for probe, walks in pairs for walk in (probe, *walks)))
        found = track(self.encoder.encode(every), len(every), "encoding all walks")
        known = dict(zip(every, found, strict=True))
        outcomes: list[Outcome | None] = []
        for probe, walks in track(pairs, len(pairs), "comparing"):
            gallery = Gallery.of(walks, known)
            outcomes.append(outcome(known[probe], probe.id, gallery.embeddings, gallery.ids, self.model.metric))
        asked = sum(one is not None for one in outcomes)
        wrong = sum(one is not None and one.margin < 0 for one in outcomes)
        chosen = worst(outcomes, count)
        print(f"{wrong} of {asked} probes with a true match and an impostor are matched with another person.")
        if not chosen:
            raise VisualAnalyseError("The model gets no probe wrong: there is none to explain. Name some with --probe.")
        if len(chosen) < count:
            warn(f"So {len(chosen)} are explained, and not {count}.")
        self.pairing = replace(self.pairing, probes=tuple(pairs[place][0] for place in chosen))

    def choose(self, layers: list[Layer], plan: Plan, length: int) -> list[Layer]:
        """The layers that were named, else those that found planted evidence best."""
        if self.options.layers:
            return choose_layers(layers, plan, length, self.options.layers)
        found = default_layers(layers, plan)
        self._chosen = {"where": found[0].number, "when": found[-1].number}
        return found

    def how(self, layers: list[Layer]) -> list[Any]:
        """What besides model, probe and gallery decides a result."""
        ways = [(method.name, sign) for method, sign in self.hows]
        asked = (self.decision.name, self.options.match, self.options.wanted, self.options.both)
        chosen = sorted(self._chosen.items())
        return [
            "explain, usual by moment", [layer.number for layer in layers], ways, self.names, self.options.each_part,
            chosen, *asked,
        ]  # fmt: skip

    def make(
        self, probe: Sequence, walks: list[Sequence], gallery: Gallery, layers: list[Layer], plan: Plan, facts: Any
    ) -> Evidence:
        """The whole study of one probe."""
        if self._study is None:
            others = [name for name in self.names if name in OTHERS]
            self._study = Study(
                self.model, layers, plan, self.hows, self.decision, others, self.names[0] in OTHERS,
                self.options.each_part, self.options.both, self.options.wanted,
            )  # fmt: skip
        return self._study.of(probe, walks, gallery, {**facts, "chosen": self._chosen} if self._chosen else facts)

    def close(self, layers: list[Layer]) -> None:
        """Say what was done, and draw it."""
        if self.options.figures and any(Path(self.folder).glob("*.npz")):
            from visual_analyse.cli.visual_explain import command

            command([str(self.folder)])
        super().close(layers)


def numbers(words: list[str] | None) -> list[int] | None:
    """Part numbers of words such as 3, 0-15 or 1,2.

    Raises VisualAnalyseError for a word that is none.

    >>> numbers(["0-2", "5"])
    [0, 1, 2, 5]
    """
    if words is None:
        return None
    found: list[int] = []
    wrong = []
    for word in " ".join(words).replace(",", " ").split():
        first, dash, last = word.partition("-")
        if not first.isdecimal() or (dash and not last.isdecimal()) or (dash and int(last) < int(first)):
            wrong.append(plain(word))
        else:
            found.extend(range(int(first), int(last if dash else first) + 1))
    if wrong or not found:
        raise VisualAnalyseError(
            f"{listed(wrong) or 'Nothing'} names no parts: type numbers from 0, or ranges as 0-15."
        )
    return found
