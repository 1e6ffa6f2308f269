"""Some walks, read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from visual_analyse.doctor.case import Case, fact
from visual_analyse.doctor.data.census import census, evenly
from visual_analyse.doctor.data.places import wanted_ids
from visual_analyse.doctor.finding import NotLookedAt
from visual_analyse.doctor.model.config import config
from visual_analyse.errors import VisualAnalyseError
from visual_analyse.gait.sequences import Sequence as Walk

_MOST = 6
_LARGEST = 256 << 20  # bytes of one walk that are read


@dataclass(frozen=True, eq=False)
class Read:
    """A walk with one array an input, or with what is wrong with it."""

    walk: Walk
    arrays: tuple[Any, ...] = ()
    fault: str = ""

    @property
    def frames(self) -> int:
        """How many frames it has."""
        return len(self.arrays[0]) if self.arrays else 0


@fact("no walk of the split is there to be read")
def sample(case: Case) -> list[Read]:
    """A few walks of the split that would be taken, evenly picked, those with the smallest and largest file among them.

    A file that was cut short is likely the smallest.
    """
    found = census(case)
    wanted = set(wanted_ids(case, found.looked))
    walks = [walk for walk in found.walks if walk.id in wanted]
    if not walks:
        raise NotLookedAt("no walk of the split is on disk")
    sizes = {walk: [found.sizes[file] for file in walk.files] for walk in walks}
    full = [walk for walk in walks if min(sizes[walk]) > 0] or walks  # empty files are told of already
    bounds = [min(full, key=lambda walk: min(sizes[walk])), max(full, key=lambda walk: max(sizes[walk]))]
    chosen = dict.fromkeys([*evenly(full, _MOST), *bounds])
    in_use = config(case).data_in_use
    reads: list[Read] = []
    for walk in chosen:
        if sum(sizes[walk]) > _LARGEST and reads:
            continue
        try:
            reads.append(Read(walk, tuple(walk.load(in_use))))
        except VisualAnalyseError as error:
            reads.append(Read(walk, fault=str(error)))
    return reads


@fact("no walk could be read")
def sound(case: Case) -> list[Read]:
    """Those of the sample that could be read."""
    found = [read for read in sample(case) if read.arrays]
    if not found:
        raise NotLookedAt("no walk could be read")
    return found
