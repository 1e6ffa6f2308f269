"""PaCMAP by its authors' package."""

from __future__ import annotations

import contextlib
import importlib.metadata
import inspect
import io
import logging
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from visual_analyse.embed.engines.engine import Projected, Request, missing
from visual_analyse.embed.ground import Ground
from visual_analyse.embed.parameters import check_names
from visual_analyse.errors import VisualAnalyseError


class Pacmap:
    """PaCMAP (Wang et al., JMLR 2021) of any parameter that `pacmap.PaCMAP` has.

    Raises VisualAnalyseError where pacmap is not installed, and for parameters that it does not have.
    """

    def __init__(self, request: Request) -> None:
        try:
            import pacmap
        except ImportError as error:
            raise missing("pacmap", "pacmap", "PaCMAP") from error
        self._library: Any = pacmap
        known = set(inspect.signature(pacmap.PaCMAP.__init__).parameters) - {"self"}
        check_names(request.parameters, known, "-P", "pacmap.PaCMAP")
        self.request = request

    @property
    def neighbours(self) -> int:
        return 1

    def project(self, ground: Ground, progress: Callable[[str, int, int], object]) -> Projected:
        settings = {"n_components": self.request.dims, "random_state": self.request.seed,
                    "verbose": self.request.verbose, "apply_pca": False, **self.request.parameters}  # fmt: skip
        progress("embedding", 0, 1)
        try:
            with warnings.catch_warnings(), self._quiet():
                warnings.simplefilter("ignore")
                found = self._library.PaCMAP(**settings).fit_transform(ground.features, init="pca")
        except (ValueError, TypeError, RuntimeError, AssertionError) as error:
            said = " ".join(str(error).split())
            raise VisualAnalyseError(f"PaCMAP was refused by its library: {said[:400]} Change that of -P.") from error
        version = importlib.metadata.version("pacmap")
        return Projected(np.asarray(found, np.float32), f"pacmap {version}", settings)

    @contextlib.contextmanager
    def _quiet(self) -> Iterator[None]:
        """It logs and prints in spite of `verbose=False`."""
        logger = logging.getLogger("pacmap.pacmap")
        before = logger.level
        logger.setLevel(before if self.request.verbose else logging.ERROR)
        try:
            with contextlib.nullcontext() if self.request.verbose else contextlib.redirect_stdout(io.StringIO()):
                yield
        finally:
            logger.setLevel(before)
