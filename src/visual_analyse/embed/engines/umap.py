"""UMAP by umap-learn."""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from visual_analyse.embed.engines.engine import Projected, Request, missing
from visual_analyse.embed.ground import Ground
from visual_analyse.embed.parameters import check_names
from visual_analyse.errors import VisualAnalyseError

_NEIGHBOURS = 15  # umap-learn's own default
_CROWD = 20_000  # walks beyond which umap-learn's spectral start takes longer than all the rest


class Umap:
    """UMAP of any parameter that `umap.UMAP` has, on neighbours that were found here.

    Raises VisualAnalyseError where umap-learn is not installed, and for parameters that it does not have.
    """

    def __init__(self, request: Request) -> None:
        try:
            import umap
        except ImportError as error:
            raise missing("umap-learn", "umap", "UMAP") from error
        self._library: Any = umap
        given = request.parameters
        if given.get("metric") == "precomputed" or given.get("output_dens") or given.get("transform_mode") == "graph":
            raise VisualAnalyseError(
                "-U metric='precomputed', output_dens and transform_mode='graph' take or give something else than "
                "embeddings and a map; leave them out."
            )
        known = set(inspect.signature(umap.UMAP.__init__).parameters) - {"self", "precomputed_knn"}
        check_names(request.parameters, known, "-U", "umap.UMAP")
        self.request = request
        self.given = dict(request.parameters)
        self.notices: list[str] = []
        asked = self.given.get("n_neighbors", _NEIGHBOURS)
        if not isinstance(asked, int) or asked < 2:
            raise VisualAnalyseError(f"-U n_neighbors={asked!r} is no whole number from 2; 15 is usual.")
        self.count = min(asked, request.points - 1)
        if self.count < asked:
            self.notices.append(f"{request.points} walks have {self.count} neighbours at most, not {asked}.")
        # Found here they are exact; any other metric is umap-learn's own affair.
        self.own = self.given.get("metric", "euclidean") != "euclidean"

    @property
    def neighbours(self) -> int:
        return self.count

    def project(self, ground: Ground, progress: Callable[[str, int, int], object]) -> Projected:
        settings = {"n_components": self.request.dims, "random_state": self.request.seed,
                    "verbose": self.request.verbose, **self.given, "n_neighbors": self.count}  # fmt: skip
        if "init" not in settings and (len(ground) > _CROWD or len(ground) <= settings["n_components"] + 1):
            settings["init"] = "pca" if len(ground) > _CROWD else "random"
        if not self.own:
            near = ground.neighbours.first(self.count - 1)
            rows = np.arange(len(ground))[:, None]
            # umap-learn counts a point as the first of its own neighbours.
            indices = np.concatenate([rows, near.indices], 1).astype(np.int64)
            distances = np.concatenate([np.zeros_like(rows, np.float32), near.distances], 1)
            settings["precomputed_knn"] = (indices, distances.astype(np.float32), None)
        progress("embedding", 0, 1)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # of jobs and of placing new points, neither of which is asked for
                found = self._library.UMAP(**settings).fit_transform(ground.features if self.own else ground.points)
        except (ValueError, TypeError, RuntimeError, KeyError, IndexError) as error:
            said = " ".join(str(error).split())
            raise VisualAnalyseError(f"UMAP was refused by its library: {said[:400]} Change that of -U.") from error
        settings.pop("precomputed_knn", None)
        return Projected(
            np.nan_to_num(found).astype(np.float32), f"umap-learn {self._library.__version__}", settings,
            tuple(self.notices),
        )  # fmt: skip
