"""The one face of all projections."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from visual_analyse.embed.ground import Ground
from visual_analyse.embed.source import Floats
from visual_analyse.errors import VisualAnalyseError


@dataclass(frozen=True)
class Request:
    """What is asked of a projection of n walks: `dims` of the map, its own `parameters`, seed, and who is who.

    `class_size` is the median number of walks of an identity, None where identities are unknown.
    """

    points: int
    dims: int = 2
    parameters: Mapping[str, Any] = field(default_factory=dict)
    class_size: float | None = None
    seed: int = 1597
    gpu: bool = False
    verbose: bool = False
    jobs: int = field(default_factory=lambda: os.cpu_count() or 1)


@dataclass(frozen=True)
class Projected:
    """A map `[n, dims]` as its engine left it, the engine's name, and the parameters that it was made with."""

    coordinates: Floats
    engine: str
    parameters: Mapping[str, Any]
    notices: tuple[str, ...] = ()


class Engine(Protocol):
    """A way to make a map; made from a `Request`, which it checks at once: nothing runs long in vain."""

    @property
    def neighbours(self) -> int:
        """How many neighbours of each walk it needs."""
        ...

    def project(self, ground: Ground, progress: Callable[[str, int, int], object]) -> Projected:
        """Make the map."""
        ...


def missing(package: str, extra: str, what: str) -> VisualAnalyseError:
    """The error of a library that is not installed, with what to type."""
    return VisualAnalyseError(
        f'{what} needs {package}, which is not installed. Type: pip install "visual-analyse[{extra}]"'
    )
