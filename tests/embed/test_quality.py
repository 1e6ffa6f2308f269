"""The numbers on every map, beside scikit-learn's and beside counting by hand."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.manifold import trustworthiness
from sklearn.metrics import silhouette_score

from tests.embed.blobs import blobs
from visual_analyse.embed import ground
from visual_analyse.embed.ground import prepare
from visual_analyse.embed.quality import purity, quality
from visual_analyse.embed.source import ArraySource


def measured(features: np.ndarray, coordinates: np.ndarray, who: np.ndarray) -> dict[str, object]:
    source = ArraySource(features)
    return quality(source, prepare(source, 15, 1000, 0, str, lambda *_: None), coordinates, who)


def test_scikit_learn_agrees() -> None:
    features, who = blobs(spread=0.9)
    flat = (features[:, :2] + np.random.default_rng(1).normal(size=(120, 2))).astype(np.float32)
    found = measured(features, flat, who)
    assert found["trustworthiness"] == pytest.approx(trustworthiness(features, flat, n_neighbors=15), abs=1e-6)
    assert found["silhouette"] == pytest.approx(silhouette_score(flat, who), abs=1e-6)
    assert found["sample"] is None and found["points"] == 120


def test_a_perfect_map_keeps_all_and_a_random_one_what_chance_leaves() -> None:
    features, who = blobs(dims=2, spread=0.4)
    same = measured(features, features, who)
    assert same["kept"] == same["trustworthiness"] == 1 and same["purity_full"] == same["purity_map"]
    none = measured(features, np.random.default_rng(0).normal(size=(120, 2)).astype(np.float32), who)
    assert none["kept"] < 0.25 and none["purity_map"] < 0.35 and none["silhouette"] < 0.1  # chance: .13 and .16


def test_a_sample_is_measured_against_all_walks(monkeypatch: pytest.MonkeyPatch) -> None:
    features, who = blobs(people=8, each=25, spread=0.9)
    flat = features[:, :2].copy()
    whole = measured(features, flat, who)
    monkeypatch.setattr(ground, "_ALL", 100)
    monkeypatch.setattr(ground, "_SAMPLE", 150)
    some = measured(features, flat, who)
    assert some["sample"] == 150
    for name in ("trustworthiness", "kept", "purity_full", "purity_map", "silhouette"):
        assert some[name] == pytest.approx(whole[name], abs=0.05)


def test_purity_by_hand() -> None:
    code = np.array([0, 0, 0, 1, 1, 2])
    near = np.array([[1, 3, 2], [3, 4, 0], [0, 1, 5], [4, 0, 1], [0, 3, 1], [0, 1, 2]])
    found = purity(near, np.arange(6), code)
    # of the 2 others of identity 0 count the 2 nearest, of the 1 other of identity 1 the nearest, of 2 none
    assert found[:5].tolist() == [0.5, 0.0, 1.0, 1.0, 0.0] and np.isnan(found[5])


@pytest.mark.parametrize("who", [["a"] * 40, [str(k) for k in range(40)], ["a", "a", *map(str, range(38))]])
def test_without_two_identities_of_two_walks_nothing_is_said_of_purity(who: list[str]) -> None:
    features = np.random.default_rng(0).normal(size=(40, 9)).astype(np.float32)
    found = measured(features, features[:, :2].copy(), np.array(who))
    assert found["purity_full"] is found["purity_map"] is found["silhouette"] is None and found["kept"] is not None
