"""Colours and legends: one rule for few classes, one for many, one for too many."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.draw.page.browser import Opener, Tab
from tests.draw.page.maps import blobs

CLASSES = "app.colours.classes.map(c => [c.name, c.colour, c.count])"


def test_everything_known_can_be_coloured_by(open_page: Opener) -> None:
    made = blobs(8, 20)
    tab = open_page(replace(made, placed=np.arange(160) < 5))
    assert tab.ask("[...document.getElementById('by').options].map(o => o.value)") == [
        "identity", "condition", "view", "correct", "purity", "placed",
    ]  # fmt: skip
    counts = {}
    for by in ("condition", "view", "correct", "purity", "placed"):
        tab.tab.select_option("#by", by)
        tab.settle()
        classes = tab.app(CLASSES)
        assert sum(count for _, _, count in classes) == 160 and tab.app("app.scene.marks.drawn") == 160
        counts[by] = [count for _, _, count in classes]
    assert counts["condition"] == np.unique(made.types, return_counts=True)[1].tolist()
    assert counts["correct"] == [int((made.correct == value).sum()) for value in (0, 1, -1)]
    assert counts["placed"] == [5, 155]


@pytest.mark.parametrize("dims", [2, 3])
@pytest.mark.parametrize("dark", [False, True])
def test_new_walks_stand_out_whatever_the_colours_are_of(open_page: Opener, dims: int, dark: bool) -> None:
    made = blobs(8, 40, dims)
    new = np.arange(320) % 80 == 7
    tab = open_page(replace(made, placed=new), color_scheme="dark" if dark else "light")
    for by in ("identity", "correct", "placed"):
        tab.tab.select_option("#by", by)
        tab.settle()
        assert tab.app("[...app.scene.marks.ring]") == new.astype(int).tolist()
        grown = np.array(tab.app("[...app.scene.marks.grow]"))
        assert grown[new].min() > 16
        assert "Outlined: 4 new walks" in tab.text("#legend-note")
    tab.tab.select_option("#by", "identity")
    assert tab.app("app.scene.marks.layers[2]") == 4
    assert set(tab.app("[...app.scene.marks.order.slice(-4)]")) == set(np.flatnonzero(new).tolist())
    ink = np.array((232, 234, 237) if dark else (29, 33, 39))
    assert all(_ring_of(tab, int(walk), ink) for walk in np.flatnonzero(new))
    assert not _ring_of(tab, 20, ink)
    tab.tab.fill("#search", made.labels[0])  # of the first identity, which has one new walk
    tab.settle()
    assert tab.app("[...app.scene.marks.ring]") == (new & (made.labels == made.labels[0])).astype(int).tolist()


def _ring_of(tab: Tab, walk: int, ink: np.ndarray) -> bool:
    """Whether pixels of ink lie about a walk's place."""
    pixels = tab.app(
        f"(() => {{ app.draw(); const gl = app.scene.renderer.getContext(); const [x, y] = app.screen.of({walk});"
        "const out = new Uint8Array(4 * 13 * 13);"
        "gl.readPixels(Math.round(x) - 6, gl.drawingBufferHeight - Math.round(y) - 6, 13, 13, gl.RGBA,"
        "gl.UNSIGNED_BYTE, out); return [...out]; })()"
    )
    near = np.array(pixels).reshape(-1, 4)
    return int(((np.abs(near[:, :3] - ink).max(1) < 40) & (near[:, 3] > 200)).sum()) >= 6


def test_what_is_unknown_is_not_offered(open_page: Opener) -> None:
    made = blobs(3, 6, thumbnails=False)
    blank = np.full(18, "")
    tab = open_page(replace(made, types=blank, views=blank, purity=None, correct=None, neighbours=None, quality={}))
    assert tab.ask("[...document.getElementById('by').options].map(o => o.value)") == ["identity"]
    assert "no quality numbers" in tab.text("#numbers")
    tab.point(3)
    assert tab.text("#card").strip() == "001"


def test_few_classes_have_a_colour_each(open_page: Opener) -> None:
    tab = open_page(blobs(12, 6))
    colours = [colour for _, colour, _ in tab.app(CLASSES)]
    assert len(set(colours)) == 12
    assert tab.app("app.overlay.names.length") > 6


def test_many_share_colours_so_that_neighbours_differ(open_page: Opener) -> None:
    tab = open_page(blobs(74, 20, thumbnails=False))
    classes = tab.app(CLASSES)
    assert len(classes) == 74 and 12 <= len({colour for _, colour, _ in classes}) <= 16
    assert "shared" in tab.text("#legend-note") and tab.app("app.overlay.names.length") > 40


def test_of_too_many_only_the_hardest_stand_out(open_page: Opener) -> None:
    people = 320
    rng = np.random.default_rng(0)
    made = blobs(16, 40, thumbnails=False)
    labels = np.array([f"p{number:03d}" for number in np.repeat(np.arange(people), 2)])
    purity = 0.3 + 0.7 * rng.random(640)
    purity[100:104] = [0.1, 0.2, 0.0, 0.06]
    purity[200:202] = np.nan
    tab = open_page(replace(made, labels=labels, purity=purity.astype(np.float32)))
    classes = tab.app("app.colours.classes.map(c => [c.name, c.detail, c.count])")
    assert classes[:2] == [["p051", "0.03", 2], ["p050", "0.15", 2]] and len(classes) == 13
    assert classes[-1][0] == "308 others" and classes[-1][2] == 616
    assert any(name.startswith("p051") and name.endswith("0.03") for name in tab.app("app.overlay.names"))
    assert "hardest" in tab.text("#legend-note")


def test_angles_go_round_and_other_views_never_do(open_page: Opener) -> None:
    made = blobs(4, 22)
    views = np.array(["010", "350", "180", "090"])[np.arange(88) % 4]
    tab = open_page(replace(made, views=views))
    tab.tab.select_option("#by", "view")
    colours = {name: _rgb(colour) for name, colour, _ in tab.app(CLASSES)}
    assert list(colours) == ["010", "090", "180", "350"]
    assert _apart(colours["010"], colours["350"]) < 0.35 * _apart(colours["010"], colours["180"])
    assert "010°" in tab.text("#classes")
    tab = open_page(replace(made, views=views, manifest={"checkpoint": "a.pt", "views_are_angles": False}))
    tab.tab.select_option("#by", "view")
    colours = {name: _rgb(colour) for name, colour, _ in tab.app(CLASSES)}
    assert _apart(colours["010"], colours["350"]) > 100 and "°" not in tab.text("#classes")


@pytest.mark.parametrize("dark", [False, True])
def test_the_page_follows_light_and_dark(open_page: Opener, dark: bool) -> None:
    tab = open_page(blobs(3, 6), color_scheme="dark" if dark else "light")
    paper = tab.ask("getComputedStyle(document.body).backgroundColor")
    assert (paper == "rgb(20, 22, 26)") == dark


def _rgb(colour: str) -> np.ndarray:
    return np.array([int(colour[at : at + 2], 16) for at in (1, 3, 5)])


def _apart(a: np.ndarray, b: np.ndarray) -> float:
    return float(np.linalg.norm(a - b))
