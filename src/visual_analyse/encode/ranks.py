"""Which of several processes this one is."""

from __future__ import annotations

import os
from dataclasses import dataclass

from visual_analyse.errors import VisualAnalyseError


@dataclass(frozen=True)
class Ranks:
    """This process's number among `world`; number 0 is the one that goes on when the shared work is done.

    >>> Ranks(1, 2).share(5)
    [1, 3]
    """

    rank: int = 0
    world: int = 1

    @classmethod
    def here(cls) -> Ranks:
        """As torchrun says in `RANK` and `WORLD_SIZE`; one alone where it says nothing.

        Raises VisualAnalyseError where the two make no sense.
        """
        rank, world = os.environ.get("RANK", ""), os.environ.get("WORLD_SIZE", "")
        if not rank or not world:
            return cls()
        if not rank.isdecimal() or not world.isdecimal() or int(rank) >= int(world):
            raise VisualAnalyseError(
                f"The environment says RANK={rank} and WORLD_SIZE={world}; numbers from 0 below WORLD_SIZE were "
                "expected, as torchrun sets them. Start with torchrun, or unset both."
            )
        return cls(int(rank), int(world))

    def share(self, pieces: int) -> list[int]:
        """The numbers of the pieces of work that are this process's."""
        return list(range(self.rank, pieces, self.world))
