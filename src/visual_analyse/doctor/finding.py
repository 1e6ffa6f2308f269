"""What a check says: one line with a mark, and what to type."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Mark = Literal["ok", "note", "missing", "wrong", "skipped"]
Proof = Literal["", "build", "run"]


@dataclass(frozen=True)
class Finding:
    """How one subject stands; `remedy` is what to type, or empty where the text says it already.

    `refuted_by` names what would show that nothing need be done after all: that the model was built ("build"), or that
    it embedded a walk ("run").

    >>> Finding("packages", "missing", "kornia", "pip install kornia").stops
    True
    """

    subject: str
    mark: Mark
    text: str
    remedy: str = ""
    refuted_by: Proof = ""

    @property
    def stops(self) -> bool:
        """Whether it would stop a run."""
        return self.mark in ("missing", "wrong")


class NotLookedAt(Exception):
    """Why a check has nothing to say: what it depends on is not there."""
