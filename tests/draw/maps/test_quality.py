from __future__ import annotations

from collections.abc import Callable

import numpy as np

from visual_analyse.draw.maps.quality import origin, shape_notes, trust
from visual_analyse.results import EmbeddingMap

Make = Callable[..., EmbeddingMap]


def test_all_that_is_known_is_said(map_of: Make) -> None:
    quality = {"trustworthiness": 0.981, "kept": 0.55, "kept_k": 15, "purity_full": 0.99, "purity_map": 0.93,
               "purity_k": 10, "silhouette": 0.41, "sample": 5000, "points": 30}  # fmt: skip
    assert trust(map_of(quality=quality)) == [
        "trustworthiness 0.98",
        "55 % of the 15 nearest neighbours kept",
        "identity purity of 10 nearest: full space 99 % → map 93 %",
        "silhouette score 0.41",
        "on a sample of 5,000",
    ]


def test_placed_walks_are_told_apart_from_those_that_were_measured(map_of: Make) -> None:
    said = trust(map_of(quality={"kept": 0.5}, placed=np.arange(30) < 4))
    assert said == ["50 % of the nearest neighbours kept", "trust measured on the 26 walks of the map itself"]
    assert len(trust(map_of(quality={"kept": 0.5}, placed=np.zeros(30, bool)))) == 1


def test_what_is_missing_or_strange_is_left_out(map_of: Make) -> None:
    strange = {"trustworthiness": None, "kept": "much", "purity_map": 0.5, "silhouette": float("nan"), "sample": None}
    assert trust(map_of(quality=strange)) == ["identity purity: map 50 %"]


def test_a_users_own_file_is_said_to_be_of_unknown_quality(map_of: Make) -> None:
    unknown, own = trust(map_of(identities=2, each=20))
    assert unknown == "quality unknown: the file holds no full-space measure"
    assert own == "identity purity of 10 nearest: map 100 %"
    assert trust(map_of(identities=3, each=1)) == [unknown]


def test_origin_names_method_engine_and_size(map_of: Make) -> None:
    assert origin(map_of()) == ["t-SNE by openTSNE", "30 walks of 5 identities"]
    assert origin(map_of(identities=1, each=1, manifest={"model": {"name": "GaitSet"}, "dataset": 7})) == [
        "GaitSet",
        "1 walk of 1 identity",
    ]


def test_dimensions_that_cannot_be_shown_are_named(map_of: Make) -> None:
    assert shape_notes(map_of()) == [] == shape_notes(map_of(dims=3))
    assert shape_notes(map_of(dims=1)) == ["the map has one dimension: height means nothing"]
    assert shape_notes(map_of(dims=5)) == ["the first 3 of 5 dimensions"]
