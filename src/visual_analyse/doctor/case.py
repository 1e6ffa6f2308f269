"""What is examined: what the user typed, and the facts that were found out about it so far."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Generic, TypeVar

from visual_analyse.doctor.finding import NotLookedAt, Proof

T = TypeVar("T")


@dataclass(frozen=True)
class Question:
    """A config, and the options that the other commands would be given with it; `quick`: nothing is built or run."""

    config: Path
    checkpoint: str | None = None
    opengait: Path | None = None
    dataset_dir: Path | None = None
    device: str = "0"
    split: str | None = None
    quick: bool = False


@dataclass
class Case:
    """One examination: its question, the answers that `Fact`s keep here, and what was proven by doing it."""

    question: Question
    known: dict[Any, Any] = field(default_factory=dict)
    failed: dict[Any, Exception] = field(default_factory=dict)
    proven: set[Proof] = field(default_factory=set)


class Fact(Generic[T]):
    """Something that is found out once for a case and asked for by many checks.

    Called, it raises NotLookedAt where it could not be found out, with `lacking` as the reason; `demand` raises what
    happened itself, for the one check that is to tell of it.
    """

    def __init__(self, find: Callable[[Case], T], lacking: str) -> None:
        self.find = find
        self.lacking = lacking

    def __call__(self, case: Case) -> T:
        try:
            return self.demand(case)
        except NotLookedAt:
            raise
        except Exception as error:
            raise NotLookedAt(self.lacking) from error

    def demand(self, case: Case) -> T:
        """The fact, or the exception that finding it out raised."""
        if self in case.failed:
            raise case.failed[self]
        if self not in case.known:
            try:
                case.known[self] = self.find(case)
            except Exception as error:
                case.failed[self] = error
                raise
        found: T = case.known[self]
        return found

    def get(self, case: Case) -> T | None:
        """The fact, or None where it could not be found out."""
        try:
            return self(case)
        except NotLookedAt:
            return None


def fact(lacking: str) -> Callable[[Callable[[Case], T]], Fact[T]]:
    """Make a function of a case a Fact; `lacking` says in a few words that it could not be found out.

    >>> @fact("there is no config")
    ... def name(case: Case) -> str:
    ...     return case.question.config.name
    >>> name(Case(Question(Path("configs/a.yaml"))))
    'a.yaml'
    """

    def made(find: Callable[[Case], T]) -> Fact[T]:
        return Fact(find, lacking)

    return made
