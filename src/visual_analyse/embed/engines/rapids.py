"""t-SNE and UMAP on a GPU, where RAPIDS' cuML is installed."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Callable
from typing import Any

import numpy as np

from visual_analyse.embed.engines.engine import Projected, Request
from visual_analyse.embed.engines.tsne import Tsne
from visual_analyse.embed.ground import Ground


def cuml(request: Request) -> Any | None:
    """cuML where a GPU is asked for and it is installed, else None."""
    if not request.gpu:
        return None
    try:
        return importlib.import_module("cuml")
    except ImportError:
        return None


class OnGpu:
    """cuML in place of the library that `engine` is of, where it has all the parameters that were given.

    Its answers may differ from run to run in spite of a seed, which its manifest says.
    """

    def __init__(self, library: Any, name: str, request: Request, engine: Any) -> None:
        self._make = getattr(library.manifold, name)
        self._version = str(library.__version__)
        self.request, self.engine = request, engine

    @property
    def neighbours(self) -> int:
        count: int = self.engine.neighbours
        return count

    def takes_all(self) -> bool:
        """Whether cuML has every parameter that was given."""
        known = set(inspect.signature(self._make).parameters)
        return self.request.dims == 2 and set(self.request.parameters) <= known

    def project(self, ground: Ground, progress: Callable[[str, int, int], object]) -> Projected:
        settings = {"n_components": self.request.dims, "random_state": self.request.seed, **self.request.parameters}
        if isinstance(self.engine, Tsne):
            settings["perplexity"] = self.engine.perplexity
            settings.setdefault("n_neighbors", self.engine.neighbours)
        progress("embedding on the GPU", 0, 1)
        found = self._make(**settings).fit_transform(ground.points)
        found = found.get() if hasattr(found, "get") else found
        notices = (*self.engine.notices, "Made by cuML: another run may differ in spite of the seed.")
        return Projected(np.asarray(found, np.float32), f"cuML {self._version}", settings, notices)
