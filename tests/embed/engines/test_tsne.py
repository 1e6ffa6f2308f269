"""t-SNE: whose parameters go where, and what is refused before anything runs."""

from __future__ import annotations

import numpy as np
import pytest

from tests.embed.blobs import blobs
from visual_analyse.embed.engines.engine import Projected, Request
from visual_analyse.embed.engines.tsne import Tsne
from visual_analyse.embed.ground import prepare
from visual_analyse.embed.source import ArraySource
from visual_analyse.errors import VisualAnalyseError


def projected(dims: int = 2, count: int = 120, **parameters: object) -> Projected:
    features = blobs()[0][:count]
    engine = Tsne(Request(count, dims, parameters, class_size=20, jobs=1))
    return engine.project(
        prepare(ArraySource(features), engine.neighbours, 1000, 0, str, lambda *_: None), lambda *_: None
    )


def test_perplexity_is_a_third_of_the_class_unless_it_is_given() -> None:
    assert Tsne(Request(1000, class_size=27)).perplexity == 9
    assert Tsne(Request(1000, class_size=6)).perplexity == 5
    assert Tsne(Request(1000, class_size=400)).perplexity == 30
    assert Tsne(Request(1000)).perplexity == 30
    assert Tsne(Request(1000, parameters={"perplexity": 50}, class_size=27)).perplexity == 50


def test_too_few_walks_lower_it_with_a_notice() -> None:
    engine = Tsne(Request(31, parameters={"perplexity": 50}))
    assert engine.perplexity == 10 and "31 walks allow a perplexity of 10 at most" in engine.notices[0]
    assert engine.neighbours == 30


def test_few_walks_are_the_work_of_one_thread_unless_more_are_asked_for() -> None:
    assert Tsne(Request(500, jobs=8)).jobs == 1
    assert Tsne(Request(501, jobs=8)).jobs == 8
    assert Tsne(Request(500, parameters={"n_jobs": 4}, jobs=8)).jobs == 4
    assert Tsne(Request(501, parameters={"n_jobs": 0}, jobs=8)).jobs == 8


@pytest.mark.parametrize(
    ("parameters", "engine"),
    [
        ({}, "openTSNE"),
        ({"perplexity": 5, "angle": 0.2, "method": "barnes_hut"}, "openTSNE"),
        ({"max_iter": 60}, "openTSNE"),
        ({"n_iter": 60, "early_exaggeration_iter": 20, "init": "random"}, "openTSNE"),
        ({"exaggeration": 2, "n_iter": 40}, "openTSNE"),
        ({"metric": "cosine"}, "openTSNE"),
        ({"metric": "manhattan"}, "openTSNE"),
        ({"n_iter_without_progress": 50, "max_iter": 300}, "scikit-learn"),
        ({"method": "exact", "n_iter": 300}, "scikit-learn"),
    ],
)
def test_the_library_that_has_a_parameter_makes_the_map(parameters: dict[str, object], engine: str) -> None:
    found = projected(**parameters)
    assert found.engine.startswith(engine) and np.isfinite(found.coordinates).all()


def test_more_than_three_dimensions_are_scikit_learns_and_said_so() -> None:
    found = projected(4, count=60, max_iter=250)
    assert found.coordinates.shape == (60, 4) and found.engine.startswith("scikit-learn")
    assert "only it has 4 dimensions" in found.notices[0]


def test_every_parameter_of_scikit_learn_is_taken() -> None:
    from inspect import signature

    from sklearn.manifold import TSNE

    own = {name: value.default for name, value in signature(TSNE.__init__).parameters.items() if name != "self"}
    assert Tsne(Request(200, parameters={k: v for k, v in own.items() if k != "n_components"})).by_sklearn


@pytest.mark.parametrize(
    ("request_", "said"),
    [
        (Request(100, parameters={"perplexty": 3}), "Did you mean perplexity"),
        (Request(100, parameters={"perplexity": "many"}), "no positive number"),
        (Request(100, parameters={"perplexity": -1}), "no positive number"),
        (Request(100, parameters={"metric": "precomputed"}), "not distances"),
        (Request(100, parameters={"min_grad_norm": 1e-7, "dof": 0.8}), "only openTSNE has dof"),
        (Request(100, parameters={"n_jobs": "abc"}), "n_jobs='abc' is no whole number"),
        (Request(100, parameters={"n_components": 0}), "n_components=0"),
        (Request(100, parameters={"random_state": "abc"}), "random_state"),
        (Request(100, parameters={"angle": "wide"}), "no number from 0 to 1"),
        (Request(100, parameters={"method": "foo"}), "neither 'barnes_hut' nor 'exact'"),
        (Request(100, parameters={"neighbors": "annoy"}), "neighbours are sought before"),
        (Request(50_000, 4), "50,000 are too many"),
        (Request(50_000, parameters={"method": "exact"}), "too many"),
    ],
)
def test_what_cannot_be_is_refused_before_anything_runs(request_: Request, said: str) -> None:
    with pytest.raises(VisualAnalyseError, match=said):
        Tsne(request_)


@pytest.mark.parametrize("parameters", [{"init": "nonsense"}, {"learning_rate": "fast"}, {"metric": "nonsense"}])
def test_what_the_library_refuses_is_a_sentence(parameters: dict[str, object]) -> None:
    with pytest.raises(VisualAnalyseError, match="refused by its library"):
        projected(**parameters)


def test_a_seed_among_the_parameters_is_the_seed() -> None:
    one, two = (projected(init="random", random_state=seed, n_iter=30) for seed in (1, 2))
    assert not np.allclose(one.coordinates, two.coordinates)
    assert projected(random_state=3).parameters["random_state"] == 3
