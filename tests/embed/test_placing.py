"""New walks on a finished map."""

from __future__ import annotations

import numpy as np
import pytest

from tests.embed.blobs import blobs
from visual_analyse.embed.engines.engine import Request
from visual_analyse.embed.mapping import METHODS, engine_for, make_map
from visual_analyse.embed.placing import place
from visual_analyse.embed.source import ArraySource


@pytest.mark.parametrize("method", sorted(METHODS))
def test_a_new_walk_lies_among_those_of_its_identity(method: str) -> None:
    features, who = blobs(people=5, each=30)
    old, new = features[:140], features[140:]
    made = make_map(ArraySource(old), who[:140], engine_for(method, Request(140, class_size=30, jobs=1)), 1000, 0)
    turn = made.basis.components.T
    reduced = new @ turn - made.basis.mean @ turn
    lying, far = place(method, made.basis.points, made.coordinates, made.scale, reduced, 0)
    apart = np.linalg.norm(lying[:, None] - made.coordinates[None], axis=2)
    found = who[:140][apart.argmin(1)]
    assert (found == who[140:]).mean() >= (0.9 if method != "pca" else 0.5)
    true = np.linalg.norm(new[:, None] - old[None], axis=2).min(1)
    assert np.allclose(far, true, rtol=1e-3)


def test_the_maps_own_walks_come_back_to_their_places_on_components() -> None:
    features, who = blobs(people=3, each=10)
    made = make_map(ArraySource(features), who, engine_for("pca", Request(30)), 1000, 0)
    lying, _ = place("pca", made.basis.points, made.coordinates, made.scale, made.basis.points[:4], 0)
    assert np.allclose(lying, made.coordinates[:4], atol=1e-5)


@pytest.mark.parametrize(("dims", "held"), [(1, 8), (5, 3)])
def test_dimensions_without_components_stay_zero(dims: int, held: int) -> None:
    features, who = blobs(people=3, each=10, dims=held)
    made = make_map(ArraySource(features), who, engine_for("pca", Request(30, dims)), 1000, 0)
    lying, _ = place("pca", made.basis.points, made.coordinates, made.scale, made.basis.points[:4], 0)
    assert np.allclose(lying, made.coordinates[:4], atol=1e-5)
