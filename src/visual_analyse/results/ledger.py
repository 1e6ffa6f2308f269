"""The distance between two walks as the sum of its parts, which it exactly is."""

from __future__ import annotations

from dataclasses import dataclass

from visual_analyse.results.archive import Array

ROLES = ("match", "true match", "impostor")


@dataclass(frozen=True)
class Ledger:
    """What each part adds to the distance of the probe to one walk: `parts` float64 `[p]`, which sum to it.

    `walk`, its name; `role`: "match", the nearest of all; "true match", the nearest of the probe's identity, where the
    match is another's; "impostor", the nearest of another identity, where the match is the probe's.

    >>> Ledger("001-nm-01-090", "match", np.array([0.25, 0.5])).distance  # doctest: +SKIP
    0.75
    """

    walk: str
    role: str
    parts: Array

    @property
    def distance(self) -> float:
        """The distance to that walk."""
        return float(self.parts.sum())
