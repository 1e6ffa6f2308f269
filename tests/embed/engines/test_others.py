"""UMAP, PaCMAP, components and the GPU: parameters, and libraries that are not there."""

from __future__ import annotations

import sys
from types import SimpleNamespace

import numpy as np
import pytest

from tests.embed.blobs import blobs
from visual_analyse.embed.engines.engine import Request
from visual_analyse.embed.engines.rapids import OnGpu
from visual_analyse.embed.mapping import engine_for, make_map
from visual_analyse.embed.source import ArraySource
from visual_analyse.errors import VisualAnalyseError


@pytest.mark.parametrize(("method", "package"), [("umap", "umap"), ("pacmap", "pacmap")])
def test_a_library_that_is_not_installed_is_named_with_its_extra(
    method: str, package: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(VisualAnalyseError, match=rf'pip install "visual-analyse\[{method}\]"'):
        engine_for(method, Request(100))


@pytest.mark.parametrize(("method", "option"), [("umap", "-U"), ("pacmap", "-P"), ("pca", "-P")])
def test_unknown_parameters_are_refused(method: str, option: str) -> None:
    with pytest.raises(VisualAnalyseError, match=f"{option}: 'nonsense' is no parameter"):
        engine_for(method, Request(100, parameters={"nonsense": 1}))


def test_umap_takes_its_own_parameters() -> None:
    features, who = blobs()
    given = {"n_neighbors": 500, "min_dist": 0.3, "n_epochs": 30, "init": "random"}
    found = make_map(ArraySource(features), who, engine_for("umap", Request(120, parameters=given)), 1000, 0)
    assert found.parameters["min_dist"] == 0.3 and any("119 neighbours at most, not 500" in n for n in found.notices)
    with pytest.raises(VisualAnalyseError, match="leave them out"):
        engine_for("umap", Request(120, parameters={"metric": "precomputed"}))
    cosine = {"metric": "cosine", "n_epochs": 30}
    other = make_map(ArraySource(features), who, engine_for("umap", Request(120, parameters=cosine)), 1000, 0)
    assert other.quality["purity_map"] > 0.9
    with pytest.raises(VisualAnalyseError, match="n_neighbors=1"):
        engine_for("umap", Request(120, parameters={"n_neighbors": 1}))
    wrong = engine_for("umap", Request(120, parameters={"min_dist": 9.0}))
    with pytest.raises(VisualAnalyseError, match="UMAP was refused by its library"):
        make_map(ArraySource(features), who, wrong, 1000, 0)


def test_more_dimensions_than_features_are_zero() -> None:
    found = make_map(ArraySource(blobs(dims=3)[0]), blobs(dims=3)[1], engine_for("pca", Request(120, 5)), 1000, 0)
    assert found.coordinates.shape == (120, 5) and not np.ptp(found.coordinates[:, 3:], axis=0).any()


class _OnGpu:
    def __init__(self, n_components: int = 2, random_state: int = 0, perplexity: float = 30, n_neighbors: int = 90):
        self.perplexity = perplexity

    def fit_transform(self, points: np.ndarray) -> SimpleNamespace:
        return SimpleNamespace(get=lambda: points[:, :2] * self.perplexity)


def test_where_there_is_a_gpu_and_cuml_it_makes_the_map(monkeypatch: pytest.MonkeyPatch) -> None:
    library = SimpleNamespace(__version__="26.1", manifold=SimpleNamespace(TSNE=_OnGpu, UMAP=_OnGpu))
    monkeypatch.setitem(sys.modules, "cuml", library)
    features, who = blobs()
    engine = engine_for("tsne", Request(120, class_size=20, gpu=True))
    assert isinstance(engine, OnGpu)
    found = make_map(ArraySource(features), who, engine, 1000, 0)
    assert found.engine == "cuML 26.1" and found.parameters["perplexity"] == pytest.approx(20 / 3)
    assert any("may differ in spite of the seed" in notice for notice in found.notices)
    assert not isinstance(engine_for("tsne", Request(120, gpu=False)), OnGpu)
    assert not isinstance(engine_for("tsne", Request(120, 3, gpu=True)), OnGpu)
    assert not isinstance(engine_for("tsne", Request(120, parameters={"dof": 1}, gpu=True)), OnGpu)
