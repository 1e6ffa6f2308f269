"""What goes into a page comes out of it: read back here as the viewer reads it."""

from __future__ import annotations

import json
import zlib
from dataclasses import replace
from importlib.resources import files
from typing import Any

import numpy as np
import pytest
from matplotlib.colors import to_hex

from tests.draw.page.maps import blobs
from visual_analyse.draw.maps.coding.coding import coding
from visual_analyse.draw.maps.coding.tables import RIGHT, SIXTEEN, WRONG
from visual_analyse.draw.maps.style import MapStyle
from visual_analyse.draw.page import build_page
from visual_analyse.draw.page.payload import payload, unit
from visual_analyse.draw.page.sprites import sprites
from visual_analyse.errors import VisualAnalyseError


def unpacked(packed: bytes) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    raw = zlib.decompress(packed)
    start = 4 + int.from_bytes(raw[:4], "little")
    header = json.loads(raw[4:start])
    arrays = {}
    for name, facts in header["arrays"].items():
        width, size = facts["width"], facts["size"]
        planes = np.frombuffer(raw, np.uint8, width * size, start).reshape(width, size).astype(np.int64)
        arrays[name] = (planes << 8 * np.arange(width)[:, None]).sum(0)
        start += width * size
    assert start == len(raw)
    return header, arrays


def test_what_goes_in_comes_out() -> None:
    made = blobs(20, 30, 3)
    header, arrays = unpacked(payload(made, "t", {"notes": ["n"]}, {}))
    assert header["title"] == "t" and header["notes"] == ["n"] and header["count"] == 600
    points = arrays["points"].reshape(3, 600).T / 65535
    back = points * header["scale"]["range"] + header["scale"]["low"]
    assert np.abs(back - made.feats).max() < 1 / 65535
    for name, attribute in (("identity", "labels"), ("condition", "types"), ("view", "views")):
        assert np.array_equal(np.array(header["tables"][name]["texts"])[arrays[name]], getattr(made, attribute))
    assert np.array_equal(arrays["correct"] - 1, made.correct)
    assert np.abs(arrays["purity"] / 200 - made.purity).max() < 0.003
    step = arrays["neighbours"].reshape(-1, 600).T
    near = np.arange(600)[:, None] + np.where(step % 2, -(step + 1) // 2, step // 2)
    assert np.array_equal(near, made.neighbours)
    assert set(header["tables"]["identity"]["colours"]) <= set(SIXTEEN)
    assert header["what"] == "600 walks of 20 identities"


def test_of_many_dimensions_the_first_three_are_kept() -> None:
    made = blobs(2, 6, 3)
    wide = replace(made, feats=np.concatenate([made.feats, np.full((12, 4), 9.0, np.float32)], 1))
    header, arrays = unpacked(payload(wide, "t", {}, {}))
    assert header["shape"] == ["the first 3 of 7 dimensions"] and len(header["scale"]["low"]) == 3
    assert np.array_equal(arrays["points"], unpacked(payload(made, "t", {}, {}))[1]["points"])
    shapes = [unpacked(payload(blobs(2, 6, dims), "t", {}, {}))[0]["shape"] for dims in (2, 3)]
    assert shapes == [[], ["three dimensions"]]


def test_page_and_pictures_colour_alike() -> None:
    """A person who lays a picture beside the page must find the same colours on the same people and angles."""
    for people in (9, 40):
        made = blobs(people, 12)
        header, arrays = unpacked(payload(made, "t", {}, {}))
        for name in ("identity", "view"):
            table = np.array(header["tables"][name]["colours"])
            drawn = coding(made, unit(made.feats), MapStyle(colour_by=name)).colours
            assert table[arrays[name]].tolist() == [to_hex(row) for row in drawn]
    text = files("visual_analyse.draw.page").joinpath("viewer.js").read_text("utf-8")
    assert RIGHT in text and WRONG in text


def test_unknown_purity_and_neighbours_that_are_none_stay_so() -> None:
    made = blobs(2, 6)
    purity = made.purity.copy()
    purity[3] = np.nan
    near = made.neighbours.astype(float)
    near[0] = [-1, 99, np.nan, 5, 0, 1, 2, 3]
    _, arrays = unpacked(payload(replace(made, purity=purity, neighbours=near), "t", {}, {}))
    assert arrays["purity"][3] == 255
    assert arrays["neighbours"].reshape(-1, 12)[:, 0].tolist() == [0, 0, 0, 10, 0, 2, 4, 6]


def test_one_factor_for_all_axes() -> None:
    assert unit(np.array([[-3.0, 10], [5, 12]])).tolist() == [[0, 0], [1, 0.25]]
    assert unit(np.array([[2.0, 2.0]])).tolist() == [[0, 0]]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"purity": np.array(["a"] * 4)}, "purity is <U1"),
        ({"correct": np.zeros((4, 2))}, "correct is float64 of shape \\[4, 2\\]"),
        ({"neighbours": np.zeros(4)}, "neighbours is"),
        ({"thumbnails": np.zeros((4, 64), np.uint8)}, "uint8 \\[n, h, w\\]"),
        ({"thumbnails": np.zeros((4, 8, 8))}, "float64"),
        ({"thumbnails": np.zeros((4, 0, 8), np.uint8)}, "uint8 \\[n, h, w\\]"),
    ],
)
def test_values_that_are_no_maps_are_a_sentence(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(VisualAnalyseError, match=said):
        build_page(replace(blobs(2, 2), **changes))


def test_too_many_walks_are_a_sentence_that_names_the_way_out() -> None:
    count = 200_001
    blank = np.full(count, "")
    made = replace(
        blobs(2, 2), feats=np.zeros((count, 2), np.float32), labels=blank, types=blank, views=blank,
        purity=None, correct=None, neighbours=None, thumbnails=None,
    )  # fmt: skip
    with pytest.raises(VisualAnalyseError, match="--atlas"):
        build_page(made)


def test_pictures_beyond_the_most_are_those_least_worth_seeing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("visual_analyse.draw.page.sprites.MOST", 3)
    kept = sprites(np.zeros((5, 8, 4), np.uint8), np.array([0.5, -1, 0.9, 0.1, 1.0]))
    assert kept.pictured.tolist() == [True, True, False, True, False] and (kept.width, kept.height) == (4, 8)
    large = sprites(np.zeros((2, 200, 100), np.uint8), np.zeros(2))
    assert (large.width, large.height) == (25, 50)


def test_a_page_of_ou_mvlps_size_is_under_three_megabytes() -> None:
    from benchmarks.page import islands

    page = build_page(islands(133_000, 5_153, 2))
    assert len(page.encode()) < 3_000_000
