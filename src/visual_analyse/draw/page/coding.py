"""Colours and names of a page's classes: those of the map's pictures, so that both show one person alike."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.colors import to_hex
from numpy.typing import NDArray

from visual_analyse.draw.maps.coding.assignment import assign
from visual_analyse.draw.maps.coding.classes import angles, counted
from visual_analyse.draw.maps.coding.groups import Fragments, fragments, purity_on_map
from visual_analyse.draw.maps.coding.tables import SIXTEEN, around, palette
from visual_analyse.results import EmbeddingMap

LEGEND = 12  # classes up to which each has a colour of its own
NAMED = 300  # classes up to which colours are shared and every group is named; beyond, only the hardest are
_LARGE = 0.2  # of a class: a fragment this large has a name of its own

Codes = NDArray[np.int64]
Points = NDArray[np.float64]


def tables(map: EmbeddingMap, points: Points) -> tuple[dict[str, Any], dict[str, Codes]]:
    """What the viewer is told of identities, conditions and views, and each walk's place in those tables.

    `points` `[n, dims]` in 0..1. A table has its `texts`; where they are not too many `colours`, one a text; views
    that are angles `angles`, one a text; identities `spots` to write names at, or `hardest` where they are too many.
    """
    told: dict[str, Any] = {}
    codes: dict[str, Codes] = {}
    for name, texts in (("identity", map.labels), ("condition", map.types), ("view", map.views)):
        table, first, codes[name] = _in_order(texts)
        told[name] = {"texts": table}
        degrees = angles(map) if name == "view" else None
        if degrees is not None:
            told[name].update(_round_the_walker(degrees[first]))
        elif len(table) <= LEGEND:
            told[name]["colours"] = list(SIXTEEN[: len(table)])
    who, people = codes["identity"], len(told["identity"]["texts"])
    found = fragments(points, who)
    for name, facts in told.items():
        if LEGEND < len(facts["texts"]) <= NAMED and "colours" not in facts:
            pieces = found if name == "identity" else fragments(points, codes[name])
            rows = assign(points, codes[name], pieces, palette(None))
            facts["colours"] = [SIXTEEN[row] for row in rows.tolist()]
    if people > NAMED:
        told["identity"]["hardest"] = _hardest(map, who, points, people, found)
    elif people > 1:
        # Identities alone: conditions and views lie everywhere, and a name in one place would say they do not.
        told["identity"]["spots"] = _spots(found, points, np.arange(people))
    return told, codes


def _in_order(texts: NDArray[Any]) -> tuple[list[str], NDArray[Any], Codes]:
    """The different texts as people count, where each is first met, and the place of each walk's among them."""
    table, first, places = np.unique(texts, return_index=True, return_inverse=True)
    order = sorted(range(len(table)), key=lambda place: counted(str(table[place])))
    rank = np.empty(len(table), np.int64)
    rank[order] = np.arange(len(table))
    return [str(table[place]) for place in order], first[order], rank[places.reshape(-1)]


def _round_the_walker(degrees: NDArray[np.float64]) -> dict[str, Any]:
    colours = around(None, np.nan_to_num(degrees))
    known = np.isfinite(degrees)
    return {
        "angles": [float(value) if is_one else None for value, is_one in zip(degrees, known, strict=True)],
        "colours": [to_hex(colour) if is_one else None for colour, is_one in zip(colours, known, strict=True)],
    }


def _spots(found: Fragments, points: Points, classes: NDArray[Any]) -> list[list[float]]:
    """The densest point of each larger fragment, the largest of each class before all others."""
    whole = np.bincount(found.code, weights=found.size)
    large = found.primary | (found.size >= np.maximum(3, _LARGE * whole[found.code]))
    chosen = np.flatnonzero(large & np.isin(found.code, classes))
    return [[int(found.code[k]), *(round(value, 4) for value in points[found.peak[k]].tolist())] for k in chosen]


def _hardest(map: EmbeddingMap, who: Codes, points: Points, people: int, found: Fragments) -> dict[str, Any]:
    """The identities that the model knows worst, where there are too many to colour them all."""
    known = map.purity is not None and bool(np.isfinite(map.purity).any())
    values = np.asarray(map.purity if known else purity_on_map(points, who), dtype=np.float64)
    finite = np.isfinite(values)
    count = np.bincount(who[finite], minlength=people)
    total = np.bincount(who[finite], values[finite], people)
    mean = np.where(count > 0, total / np.maximum(count, 1), np.inf)
    worst = np.argsort(mean, kind="stable")[:LEGEND]
    worst = worst[count[worst] > 0]
    return {
        "of_map": not known,
        "groups": [[int(code), round(float(mean[code]), 4)] for code in worst],
        "colours": list(SIXTEEN[: len(worst)]),
        "spots": _spots(found, points, worst),
    }
