"""t-SNE: openTSNE from coarse to fine, or by its own schedule; scikit-learn where only it can."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import openTSNE
import sklearn
from numpy.typing import NDArray
from openTSNE.affinity import PerplexityBasedNN
from openTSNE.nearest_neighbors import PrecomputedNeighbors
from sklearn.manifold import TSNE

from visual_analyse.embed.engines.engine import Projected, Request
from visual_analyse.embed.ground import Ground
from visual_analyse.embed.multilevel import layout
from visual_analyse.embed.neighbours import Neighbours
from visual_analyse.embed.parameters import check_names
from visual_analyse.embed.source import Floats
from visual_analyse.errors import VisualAnalyseError

Doubles = NDArray[np.float64]

_SKLEARN = frozenset(inspect.signature(TSNE.__init__).parameters) - {"self"}
_OPEN = frozenset(inspect.signature(openTSNE.TSNE.__init__).parameters) - {"self"}
_ALIASES = {"n_iter": "max_iter"}  # scikit-learn renamed it in 1.7; people's scripts hold both
# Only scikit-learn has these; `method="exact"` and more than three dimensions too.
_ONLY_SKLEARN = frozenset({"n_iter_without_progress", "min_grad_norm", "metric_params"})
# What leaves the way from coarse to fine as it is; anything else asks for a library's own schedule.
_APART = frozenset(
    {"perplexity", "metric", "verbose", "n_jobs", "random_state", "angle", "theta", "n_components", "method"}
)
_OURS = frozenset({"neighbors", "knn_kwargs"})
_TO_OPEN = {"max_iter": "n_iter", "angle": "theta", "init": "initialization"}
_SMALLEST, _LARGEST = 5.0, 30.0  # perplexity
_FEW = 500  # walks up to which one thread takes about a second, and several wait longer for each other on busy cores
_EXACT = 10_000  # walks beyond which an exact t-SNE, quadratic in time and memory, is refused


class Tsne:
    """t-SNE of any parameter that scikit-learn's or openTSNE's TSNE has.

    Perplexity is a third of the median number of walks of an identity, from 5 to 30, unless it is given; where the
    walks are too few for it, it is lowered, with a notice.

    Raises VisualAnalyseError for parameters that no library has, or that no one library has together.
    """

    def __init__(self, request: Request) -> None:
        given = {_ALIASES.get(name, name): value for name, value in request.parameters.items()}
        check_names(request.parameters, _SKLEARN | _OPEN | set(_ALIASES), "-T", "scikit-learn's or openTSNE's TSNE")
        self.request = request
        self.given = given
        self.dims = _whole(given, "n_components", request.dims, 1)
        self.seed = _whole(given, "random_state", request.seed, 0)
        jobs = request.jobs if request.points > _FEW else 1
        self.jobs = _whole(given, "n_jobs", jobs, -1) or jobs
        self.theta = _share(given)
        if given.get("method", "barnes_hut") not in ("barnes_hut", "exact"):
            raise VisualAnalyseError(f"-T method={given['method']!r} is neither 'barnes_hut' nor 'exact'.")
        taken = sorted(_OURS & set(given))
        if taken:
            raise VisualAnalyseError(
                f"-T {taken[0]}: neighbours are sought before, exactly up to --bucket_size walks; leave it out."
            )
        self.notices: list[str] = []
        self.perplexity = self._perplexity()
        self.by_sklearn = self._only_sklearn()
        metric = given.get("metric", "euclidean")
        if metric == "precomputed":
            raise VisualAnalyseError("-T metric='precomputed': embeddings are given here, not distances; leave it out.")
        self.metric = str(metric)

    @property
    def neighbours(self) -> int:
        return min(self.request.points - 1, max(1, int(3 * self.perplexity)))

    def project(self, ground: Ground, progress: Callable[[str, int, int], object]) -> Projected:
        if self.by_sklearn:
            return self._sklearn(ground)
        affinities = PerplexityBasedNN(
            knn_index=self._index(ground), perplexity=self.perplexity, n_jobs=self.jobs, random_state=self.seed
        )
        start = _start(ground.points, self.dims)
        own = {name: value for name, value in self.given.items() if name not in _APART}
        theta = self.theta
        used: dict[str, Any] = {
            "perplexity": self.perplexity, "metric": self.metric, "theta": theta, "random_state": self.seed
        }  # fmt: skip
        if own:
            found = self._own_schedule(affinities, start, own, theta)
            used |= own
        else:
            found = layout(affinities.P, start, self.seed, self.jobs,
                           lambda done, of: progress("embedding", done, of), theta, self._verbose)  # fmt: skip
            used["schedule"] = "from coarse to fine"
        return Projected(found.astype(np.float32), f"openTSNE {openTSNE.__version__}", used, tuple(self.notices))

    @property
    def _verbose(self) -> bool:
        return self.request.verbose or bool(self.given.get("verbose"))

    def _own_schedule(
        self, affinities: Any, start: NDArray[np.float64], own: Mapping[str, Any], theta: float
    ) -> NDArray[np.float64]:
        settings = {_TO_OPEN.get(name, name): value for name, value in own.items()}
        first = settings.pop("initialization", "pca")
        if self.dims > 2:
            settings["negative_gradient_method"] = "bh"
        model = openTSNE.TSNE(
            n_components=self.dims, perplexity=self.perplexity, theta=theta, n_jobs=self.jobs, random_state=self.seed,
            verbose=self._verbose, **settings,
        )  # fmt: skip
        small = start / max(float(start[:, 0].std()), 1e-12) * 1e-4
        try:
            found = model.fit(affinities=affinities, initialization=small if first == "pca" else first)
        except (ValueError, TypeError) as error:
            raise _refused(error) from error
        return np.array(found)

    def _index(self, ground: Ground) -> PrecomputedNeighbors:
        near = ground.neighbours.first(self.neighbours)
        if self.metric not in ("euclidean", "l2", "sqeuclidean"):
            near = _searched(ground.features, self.neighbours, self.metric, self.jobs)
            self.notices.append(
                f"Distances by {self.metric!r} were measured among {ground.points.shape[1]} components."
            )
        return PrecomputedNeighbors(near.indices, near.distances.astype(np.float64))

    def _sklearn(self, ground: Ground) -> Projected:
        exact = self.dims > 3 or self.given.get("method") == "exact"
        settings = {**self.given, "n_components": self.dims, "perplexity": self.perplexity, "random_state": self.seed,
                    "n_jobs": self.jobs, "verbose": int(self.request.verbose)}  # fmt: skip
        settings["method"] = "exact" if exact else self.given.get("method", "barnes_hut")
        try:
            found = TSNE(**settings).fit_transform(ground.features)
        except (ValueError, TypeError) as error:
            raise _refused(error) from error
        how = "exact" if exact else "Barnes-Hut"
        return Projected(found, f"scikit-learn {sklearn.__version__} ({how})", settings, tuple(self.notices))

    def _only_sklearn(self) -> bool:
        reasons = [name for name in self.given if name in _ONLY_SKLEARN]
        if self.given.get("method") == "exact":
            reasons.append("method='exact'")
        if self.dims > 3:
            reasons.append(f"{self.dims} dimensions")
        if not reasons:
            return False
        foreign = [name for name in self.given if name not in _SKLEARN]
        if foreign:
            raise VisualAnalyseError(
                f"-T: only scikit-learn has {', '.join(reasons)}, and only openTSNE has {', '.join(foreign)}; leave "
                "out one of them."
            )
        if self.dims > 3 or self.given.get("method") == "exact":
            if self.request.points > _EXACT:
                raise VisualAnalyseError(
                    f"{', '.join(reasons)}: only scikit-learn's exact t-SNE has it, whose time and memory grow with "
                    f"the square of the walks; {self.request.points:,} are too many (at most {_EXACT:,}). Ask for "
                    "up to 3 dimensions with -e, or use umap or pca, which take any number."
                )
            self.notices.append(
                f"scikit-learn makes this map, since only it has {', '.join(reasons)}; its exact t-SNE takes time and "
                "memory that grow with the square of the walks."
            )
        return True

    def _perplexity(self) -> float:
        size = self.request.class_size
        chosen = _LARGEST if size is None or size < 2 else float(np.clip(size / 3, _SMALLEST, _LARGEST))
        given = self.given.get("perplexity")
        if given is not None:
            try:
                chosen = float(given)
            except (TypeError, ValueError):
                chosen = np.nan
            if not chosen > 0 or not np.isfinite(chosen):
                raise VisualAnalyseError(f"-T perplexity={given!r} is no positive number; about 5 to 50 is usual.")
        most = (self.request.points - 1) / 3
        if chosen > most:
            self.notices.append(
                f"{self.request.points} walks allow a perplexity of {most:.3g} at most, so it was lowered from "
                f"{chosen:.3g}."
            )
        return min(chosen, most)


def _whole(given: Mapping[str, Any], name: str, otherwise: int, least: int) -> int:
    value = given.get(name)
    if value is None:
        return otherwise
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        raise VisualAnalyseError(f"-T {name}={value!r} is no whole number from {least}.")
    return value


def _share(given: Mapping[str, Any]) -> float:
    value = given.get("angle", given.get("theta", 0.5))
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
        raise VisualAnalyseError(f"-T angle={value!r} is no number from 0 to 1.")
    return float(value)


def _start(points: Floats, dims: int) -> Doubles:
    found = np.zeros((len(points), dims))
    found[:, : min(dims, points.shape[1])] = points[:, :dims]
    return found


def _searched(points: Floats, count: int, metric: str, jobs: int) -> Neighbours:
    from sklearn.neighbors import NearestNeighbors

    try:
        search = NearestNeighbors(n_neighbors=count, metric=metric, algorithm="auto", n_jobs=jobs).fit(points)
        distances, indices = search.kneighbors()
    except ValueError as error:
        raise _refused(error) from error
    return Neighbours(indices, distances.astype(np.float32))


def _refused(error: Exception) -> VisualAnalyseError:
    said = " ".join(str(error).split())
    return VisualAnalyseError(f"t-SNE was refused by its library: {said[:400]} Change that parameter of -T.")
