"""What projections stand on: exact in the full space where that was asked for, reduced and said so where not."""

from __future__ import annotations

import numpy as np
import pytest

from tests.embed.blobs import blobs
from visual_analyse.embed import ground
from visual_analyse.embed.ground import prepare
from visual_analyse.embed.neighbours import same_places
from visual_analyse.embed.source import ArraySource
from visual_analyse.errors import VisualAnalyseError


def quiet(what: str, done: int, of: int) -> None:
    pass


def nearest(features: np.ndarray, k: int) -> np.ndarray:
    apart = np.square(features[:, None] - features[None]).sum(2)
    np.fill_diagonal(apart, np.inf)
    return np.argsort(apart, 1)[:, :k]


def test_up_to_the_bucket_neighbours_are_those_of_the_full_space() -> None:
    features, _ = blobs(dims=150)
    found = prepare(ArraySource(features), 10, 1000, 0, str, quiet)
    assert not found.reduced and not found.notices and found.points.shape == (120, 100)
    assert np.array_equal(found.neighbours.indices, nearest(features, 15))
    assert np.array_equal(found.truth, nearest(features, 15)) and len(found.sample) == 120


def test_beyond_it_a_probe_chooses_the_fewest_dimensions_that_keep_neighbours() -> None:
    rng = np.random.default_rng(0)
    plane = rng.normal(size=(600, 30)) @ np.linalg.qr(rng.normal(size=(120, 30)))[0].T
    found = prepare(ArraySource(plane + 1e-4 * rng.normal(size=plane.shape)), 20, 100, 0, str, quiet)
    assert found.reduced and found.points.shape == (600, 50)  # 30 are needed: 25 are too few
    assert "dimensions to 50, which keeps 100% of the 15 nearest" in found.notices[0]
    assert same_places(nearest(plane, 15), found.truth).mean() > 0.999


def test_a_large_set_is_judged_by_a_sample(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ground, "_ALL", 100)
    monkeypatch.setattr(ground, "_SAMPLE", 40)
    features, _ = blobs()
    found = prepare(ArraySource(features), 10, 1000, 3, str, quiet)
    assert len(found.sample) == 40 and np.array_equal(found.truth, nearest(features, 15)[found.sample])


def test_libraries_that_seek_neighbours_get_the_full_features_up_to_the_bucket() -> None:
    features = blobs(dims=150)[0] + 5
    assert np.array_equal(prepare(ArraySource(features), 5, 1000, 0, str, quiet).features, features)
    plane = features @ np.linalg.qr(np.random.default_rng(0).normal(size=(150, 20)))[0]
    found = prepare(ArraySource(np.repeat(plane, 2, axis=1)), 5, 100, 0, str, quiet)
    assert found.reduced and found.space == "25 principal components"
    # beyond it angles are still measured from the origin
    assert np.allclose(found.features @ found.features.T, 2 * plane @ plane.T, rtol=1e-3)


@pytest.mark.parametrize("value", [np.nan, np.inf])
@pytest.mark.parametrize("count", [60, 3000])
def test_nan_is_told_by_the_name_of_its_walk(value: float, count: int) -> None:
    features = np.random.default_rng(0).normal(size=(count, 40)).astype(np.float32)
    features[[41, 45], 3] = value
    with pytest.raises(VisualAnalyseError, match="embedding of walk 41 and 1 more hold NaN or infinity"):
        prepare(ArraySource(features), 5, 1000, 0, lambda row: f"walk {row}", quiet)


@pytest.mark.parametrize("value", [0.0, 3.7, -1e6])
def test_constant_features_have_no_map(value: float) -> None:
    with pytest.raises(VisualAnalyseError, match="All 50 embeddings are equal"):
        prepare(ArraySource(np.full((50, 33), value)), 5, 1000, 0, str, quiet)


def test_three_walks_make_no_map() -> None:
    with pytest.raises(VisualAnalyseError, match="at least 4 walks, and there are 3"):
        prepare(ArraySource(np.eye(3)), 5, 1000, 0, str, quiet)
