"""One face for all projections: same seed, same map; one factor; what a reader should know."""

from __future__ import annotations

import numpy as np
import pytest

from tests.embed.blobs import blobs
from visual_analyse.embed.engines.engine import Request
from visual_analyse.embed.mapping import METHODS, Mapped, engine_for, make_map
from visual_analyse.embed.source import ArraySource
from visual_analyse.errors import VisualAnalyseError


def mapped(method: str, features: np.ndarray, who: np.ndarray, bucket: int = 20_000, **request: object) -> Mapped:
    seed = int(request.get("seed", 7))  # type: ignore[call-overload]
    engine = engine_for(method, Request(len(features), class_size=20, jobs=1, **request))  # type: ignore[arg-type]
    return make_map(ArraySource(features), who, engine, bucket, seed)


@pytest.mark.parametrize("method", sorted(METHODS))
@pytest.mark.parametrize("dims", [1, 2, 3])
def test_every_method_separates_what_is_separate(method: str, dims: int) -> None:
    features, who = blobs()
    found = mapped(method, features, who, dims=dims)
    assert found.coordinates.shape == (120, max(dims, 2)) and found.coordinates.dtype == np.float32
    span = np.ptp(found.coordinates, axis=0)
    assert found.coordinates.min() >= 0 and span.max() == pytest.approx(1, abs=1e-6)
    if dims == 1:
        assert span[1] == 0
    if method != "pca" and dims > 1:
        assert found.quality["purity_map"] > 0.97
    assert found.neighbours.shape == (120, 10) and found.purity.min() > 0.9


@pytest.mark.parametrize("method", sorted(METHODS))
def test_same_seed_same_map(method: str) -> None:
    features, who = blobs()
    one, two = (mapped(method, features, who).coordinates for _ in range(2))
    assert np.array_equal(one, two)


def test_another_seed_another_map() -> None:
    features, who = blobs()
    one, two = (mapped("tsne", features, who, seed=seed, parameters={"init": "random"}) for seed in (1, 2))
    assert not np.allclose(one.coordinates, two.coordinates)


def test_labels_decide_no_place() -> None:
    features, who = blobs()
    one = mapped("tsne", features, who).coordinates
    two = mapped("tsne", features, np.random.default_rng(0).permutation(who)).coordinates
    assert np.array_equal(one, two)


def test_more_walks_than_the_bucket_are_one_map_still_and_a_notice() -> None:
    features, who = blobs(people=10, each=30, dims=60)
    found = mapped("tsne", features, who, bucket=100)
    assert found.quality["purity_map"] > 0.97 and found.basis.points.shape[1] in (25, 50, 60)
    assert any("more than --bucket_size 100" in notice for notice in found.notices)


def test_what_a_reader_should_know() -> None:
    features, who = blobs()
    features[[3, 5]] = features[4]
    features[60] = features[61] + 1e-6  # close, and no twin
    assert any("3 of 120 walks have an exact twin" in text for text in mapped("pca", features, who).notices)
    alone = mapped("pca", blobs()[0], np.full(120, "a"))
    assert any("one identity" in text for text in alone.notices) and alone.quality["purity_map"] is None
    with pytest.raises(VisualAnalyseError, match="120 embeddings and 119 labels"):
        mapped("pca", features, who[:119])


@pytest.mark.parametrize("count", [4, 5, 7, 12, 31])
@pytest.mark.parametrize("method", ["tsne", "pca"])
def test_few_walks_have_a_map(method: str, count: int) -> None:
    features, who = blobs(people=2, each=20)
    found = mapped(method, features[:count], who[:count])
    assert np.isfinite(found.coordinates).all() and found.coordinates.shape == (count, 2)


def test_equal_walks_among_others_do_not_break_a_map() -> None:
    features, who = blobs()
    features[:80] = features[0]
    for method in sorted(METHODS):
        assert np.isfinite(mapped(method, features, who).coordinates).all()
