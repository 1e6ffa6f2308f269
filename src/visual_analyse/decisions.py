"""What is explained of a probe: a decision between gallery walks, as a target."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar, Protocol

from torch import Tensor

from visual_analyse.errors import VisualAnalyseError
from visual_analyse.explain.targets import Target, crowd, distance_to, mean_part_distances
from visual_analyse.explain.targets import part_distances as parts_of
from visual_analyse.lineup import Lineup
from visual_analyse.names import listed, plain
from visual_analyse.results import Ledger


@dataclass(frozen=True)
class Decided:
    """A decision that was taken: its `target`, the place of the `match` that it is about, and the ledgers of the walks.

    `name`: what it is called in a result; `what` says it in words, for the manifest. `by_part`: what each part adds to
    the target, `[n, p]`; None where it is not made of parts. `seen_from_match`: from the probe's embedding `[1, c, p]`
    to the target of the same decision with probe and match in each other's place; None where that says nothing.
    """

    name: str
    target: Target
    match: int
    what: str
    ledgers: tuple[Ledger, ...]
    by_part: Callable[[Tensor], Tensor] | None = None
    seen_from_match: Callable[[Tensor], Target] | None = None


class Decision(Protocol):
    """A kind of decision that can be explained: `name`, what a user asked for, and how it is taken."""

    @property
    def name(self) -> str: ...

    def decide(self, lineup: Lineup, like: Tensor) -> Decided:
        """Take the decision; tensors are made where `like` is. Raises VisualAnalyseError where it cannot be taken."""
        ...


@dataclass(frozen=True)
class Nearest:
    """The smallest distance; `parts`, counted from 0: what these add to it."""

    parts: tuple[int, ...] | None = None

    @property
    def name(self) -> str:
        return "match" if self.parts is None else f"match-parts-{ranges(self.parts)}"

    def decide(self, lineup: Lineup, like: Tensor) -> Decided:
        match = lineup.nearest()
        assert match is not None
        what = f"distance to the nearest gallery walk, {_of(self.parts)}; with another gallery the map is another"
        return _distance(self.name, lineup, match, self.parts, what, like)


@dataclass(frozen=True)
class Given:
    """The distance to a gallery walk that is named, `id-type-view`; `parts` as above."""

    walk: str
    parts: tuple[int, ...] | None = None

    @property
    def name(self) -> str:
        return "given" if self.parts is None else f"given-parts-{ranges(self.parts)}"

    def decide(self, lineup: Lineup, like: Tensor) -> Decided:
        names = lineup.gallery.names
        there = [k for k in lineup.rows if names[k] == self.walk]
        if not there:
            near = difflib.get_close_matches(self.walk, [names[k] for k in lineup.rows], 3, 0.3)
            hint = f" Near it are {', '.join(map(plain, near))}." if near else ""
            raise VisualAnalyseError(
                f"The gallery of probe {plain(lineup.probe)} holds no walk {plain(self.walk)} to be compared with."
                f"{hint} Name one of its gallery as id-type-view."
            )
        what = f"distance to gallery walk {self.walk}, which was asked for, {_of(self.parts)}"
        return _distance(self.name, lineup, int(there[0]), self.parts, what, like)


@dataclass(frozen=True)
class _Compared:
    """The distance to the best true match minus the mean of those to some walks of others."""

    word: ClassVar[str]
    parts: tuple[int, ...] | None = None

    @property
    def name(self) -> str:
        return self.word if self.parts is None else f"{self.word}-parts-{ranges(self.parts)}"

    def others(self, lineup: Lineup, impostor: int) -> tuple[list[int], str]:
        """The places of the others, and what is taken off for them, in words."""
        raise NotImplementedError

    def decide(self, lineup: Lineup, like: Tensor) -> Decided:
        true, impostor = _both(lineup)
        within(self.parts, lineup.embedding.shape[1])
        others, minus = self.others(lineup, impostor)
        what = f"distance to the best true match, {lineup.gallery.names[true]}, minus {minus}, {_of(self.parts)}"
        near, far = lineup.walk(true, like), lineup.walks(others, like)

        def by_part(embeddings: Tensor) -> Tensor:
            return parts_of(embeddings, near, lineup.metric) - mean_part_distances(embeddings, far, lineup.metric)

        def target(person: Tensor) -> Target:
            return crowd(person, far, lineup.metric, self.parts)

        ledgers = lineup.ledger(true, "true match"), lineup.ledger(impostor, "impostor")
        return Decided(self.name, target(near), true, what, ledgers, by_part, target)


@dataclass(frozen=True)
class Contrast(_Compared):
    """Why this person and not that one: the distance to the best true match minus that to the nearest impostor."""

    word = "contrast"

    def others(self, lineup: Lineup, impostor: int) -> tuple[list[int], str]:
        return [impostor], f"that to the nearest impostor, {lineup.gallery.names[impostor]}"


@dataclass(frozen=True)
class Crowd(_Compared):
    """Why this person and not the others: the distance to the best true match minus the mean of those to everybody.

    That is, to the nearest walk of each other person, of at most as many people as `lineup.CROWD`, the nearest.
    """

    word = "crowd"

    def others(self, lineup: Lineup, impostor: int) -> tuple[list[int], str]:
        found = lineup.crowd()
        ending = "s" * (len(found) > 1)
        return found, f"the mean to the nearest walk{ending} of {len(found)} other{ending}"


@dataclass(frozen=True)
class Told:
    """The crowd where the gallery holds the probe's identity and another, else the distance to the nearest walk.

    On planted evidence the comparison with everybody tells what decided, where a distance also tells what two walks of
    one person have apart (docs/planted.md).
    """

    parts: tuple[int, ...] | None = None

    @property
    def name(self) -> str:
        return "auto" if self.parts is None else f"auto-parts-{ranges(self.parts)}"

    def decide(self, lineup: Lineup, like: Tensor) -> Decided:
        both = lineup.nearest(mine=True) is not None and lineup.nearest(mine=False) is not None
        decision = Crowd(self.parts) if both else Nearest(self.parts)
        return decision.decide(lineup, like)


@dataclass(frozen=True)
class Own:
    """A user's own function, from embeddings `[n, c, p]` to values `[n]`: what makes it smaller is evidence for."""

    function: Callable[[Tensor], Tensor]

    @property
    def name(self) -> str:
        return "own"

    def decide(self, lineup: Lineup, like: Tensor) -> Decided:
        match = lineup.nearest()
        assert match is not None
        name = getattr(self.function, "__name__", type(self.function).__name__)
        ledgers = _ledgers(lineup, match)
        return Decided(
            self.name, self._checked, match, f"the function {name} of the embeddings, smaller being for", ledgers
        )

    def _checked(self, embeddings: Tensor) -> Tensor:
        found: Any = self.function(embeddings)
        if not isinstance(found, Tensor) or found.shape != embeddings.shape[:1]:
            shape = list(found.shape) if isinstance(found, Tensor) else type(found).__name__
            raise VisualAnalyseError(
                f"The target function gave {shape} for embeddings of {list(embeddings.shape)}; a tensor of "
                f"{list(embeddings.shape[:1])}, one value a walk, is expected."
            )
        return found


TARGETS = ("auto", "match", "contrast", "crowd")


_AGAINST: dict[str, type[Contrast] | type[Crowd]] = {"contrast": Contrast, "crowd": Crowd}


def decision_named(
    target: str | Callable[[Tensor], Tensor], match: str | None = None, parts: Sequence[int] | None = None
) -> Decision:
    """The decision that a user asks for: a target's name or a function, a gallery walk's name, and parts.

    Raises VisualAnalyseError for a name that is none, and what does not go together.

    >>> decision_named("contrast", parts=[0, 1]).name
    'contrast-parts-0-1'
    """
    some = None if parts is None else tuple(parts)
    if callable(target):
        if match is not None or some is not None:
            raise VisualAnalyseError(
                "A function is explained as it is: name no match and no parts beside it, or put them into the function."
            )
        return Own(target)
    if target not in TARGETS:
        raise VisualAnalyseError(f"There is no target {target!r}: there are {', '.join(TARGETS)}.")
    if target in _AGAINST and match is not None:
        raise VisualAnalyseError(
            f"The target {target!r} compares the best true match with others, and takes no match of another name. Take "
            "the target 'match' with it."
        )
    if target == "auto" and match is None:
        return Told(some)
    if target in _AGAINST:
        return _AGAINST[target](some)
    return Nearest(some) if match is None else Given(match, some)


def within(parts: Sequence[int] | None, count: int) -> None:
    """Raise VisualAnalyseError where some of `parts` is none of a model's `count` parts, or none is named."""
    wrong = [part for part in parts or () if not 0 <= part < count]
    if wrong or (parts is not None and not len(parts)):
        raise VisualAnalyseError(
            f"There is no part {', '.join(map(str, wrong)) or 'named'}: the model's parts are numbered from 0 to "
            f"{count - 1}. Name some of these."
        )


def ranges(numbers: Sequence[int]) -> str:
    """Numbers as a name may hold them.

    >>> ranges([0, 1, 2, 5])
    '0-2_5'
    """
    runs: list[list[int]] = []
    for number in sorted(set(numbers)):
        if runs and number == runs[-1][-1] + 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    return "_".join(str(run[0]) if len(run) == 1 else f"{run[0]}-{run[-1]}" for run in runs)


def _both(lineup: Lineup) -> tuple[int, int]:
    """The places of the best true match and of the nearest impostor."""
    true, impostor = lineup.nearest(mine=True), lineup.nearest(mine=False)
    if true is None or impostor is None:
        lacks = "of its own identity" if true is None else "of anybody else"
        raise VisualAnalyseError(
            f"The gallery of probe {plain(lineup.probe)} holds no walk {lacks}, so there is no true match and "
            "impostor to tell apart. Add such walks, or take --target match."
        )
    return true, impostor


def _distance(name: str, lineup: Lineup, match: int, parts: tuple[int, ...] | None, what: str, like: Tensor) -> Decided:
    within(parts, lineup.embedding.shape[1])
    walk = lineup.walk(match, like)

    def target(other: Tensor) -> Target:
        return distance_to(other, lineup.metric, parts)

    by_part = partial(parts_of, walk=walk, metric=lineup.metric)
    return Decided(name, target(walk), match, what, _ledgers(lineup, match), by_part, target)


def _ledgers(lineup: Lineup, match: int) -> tuple[Ledger, ...]:
    """The match's, and beside it the best true match's where it is another's, else the nearest impostor's."""
    found = [lineup.ledger(match, "match")]
    if lineup.own is not None and lineup.gallery.ids:
        mine = lineup.gallery.ids[match] == lineup.own
        other = lineup.nearest(mine=not mine)
        if other is not None:
            found.append(lineup.ledger(other, "impostor" if mine else "true match"))
    return tuple(found)


def _of(parts: Sequence[int] | None) -> str:
    if parts is None:
        return "mean over parts"
    if len(parts) == 1:
        return f"what part {parts[0]} adds to it"
    return f"what parts {listed(list(map(str, parts)))} add to it"
