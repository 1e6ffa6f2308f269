"""What a person does on the page, with a real mouse in a real browser."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.draw.page.browser import Opener, Tab
from tests.draw.page.maps import blobs

MAP = blobs(8, 20)
CENTRE = (400.0, 350.0)


@pytest.fixture
def tab(open_page: Opener) -> Tab:
    return open_page(MAP)


def test_a_drag_moves_the_map_with_the_mouse(tab: Tab) -> None:
    before = tab.place(5)
    tab.drag(CENTRE, (470, 310))
    after = tab.place(5)
    assert np.allclose(np.subtract(after, before), (70, -40), atol=0.6)


def test_the_wheel_zooms_to_the_mouse(tab: Tab) -> None:
    under, other = tab.place(5), tab.place(100)
    tab.tab.mouse.move(*under)
    for _ in range(4):
        tab.tab.mouse.wheel(0, -120)
    tab.until("window.__viewer.app.screen.eye.nearness > 3")
    tab.settle()
    assert np.allclose(
        tab.place(5), under, atol=3
    )  # wheel events have whole pixels, and half of one grows with the zoom
    assert np.hypot(*np.subtract(tab.place(100), under)) > 3 * np.hypot(*np.subtract(other, under))


def test_keys_move_zoom_and_show_all(tab: Tab) -> None:
    before = tab.place(5)
    tab.tab.focus("#stage")
    tab.tab.keyboard.press("ArrowRight")
    tab.settle()
    assert np.allclose(np.subtract(tab.place(5), before), (-60, 0), atol=0.6)
    tab.tab.keyboard.press("+")
    assert tab.app("app.screen.eye.nearness") == pytest.approx(1.4)
    tab.tab.keyboard.press("0")
    tab.settle()
    assert np.allclose(tab.place(5), before, atol=0.6)


def test_pointing_at_a_walk_says_what_it_is(tab: Tab) -> None:
    tab.point(33)
    said = tab.text("#card")
    assert tab.app("app.hovered") == 33
    for word in (MAP.labels[33], MAP.types[33], f"{MAP.views[33]}°", f"{MAP.purity[33]:.2f}"):
        assert word in said
    assert tab.ask("document.querySelectorAll('#card .near li').length") == 8
    assert [int(i) for i in tab.app("app.walks.neighbours(33)")] == MAP.neighbours[33].tolist()
    tab.tab.mouse.move(3, 690)
    tab.settle()
    assert tab.ask("document.getElementById('card').hidden")


def test_its_picture_is_its_own(tab: Tab) -> None:
    """The sheet is lossy: the picture must be nearer to its own thumbnail than to all but a few others."""
    tab.point(33)
    pixels = """(() => {
        const shown = document.querySelector('#card canvas.picture');
        const copy = Object.assign(document.createElement('canvas'), {width: shown.width, height: shown.height});
        const context = copy.getContext('2d', {willReadFrequently: true});
        context.drawImage(shown, 0, 0);
        return [...context.getImageData(0, 0, copy.width, copy.height).data].filter((_, i) => i % 4 === 0);
    })()"""
    tab.until(f"{pixels}.some(Boolean)")
    shown = np.array(tab.ask(pixels)).reshape(64, 44)
    apart = np.abs(MAP.thumbnails.astype(int) - shown).mean((1, 2))
    assert apart[33] < 3 and (apart < apart[33]).sum() < 5


def test_lines_lead_to_the_neighbours(tab: Tab) -> None:
    a, b = tab.app("app.screen.of(33)"), tab.app(f"app.screen.of({MAP.neighbours[33][-1]})")
    ink = f"""(() => {{ const c = document.getElementById('above'), r = c.width / c.clientWidth;
        const d = c.getContext('2d').getImageData({(a[0] + b[0]) / 2} * r - 3, {(a[1] + b[1]) / 2} * r - 3, 7, 7).data;
        return d.some((v, i) => i % 4 === 3 && v > 0) }})()"""
    tab.point(33)
    assert tab.ask(ink)


def test_a_click_keeps_a_walk_and_its_neighbours_lead_on(tab: Tab) -> None:
    tab.tab.mouse.click(*tab.place(33))
    tab.tab.mouse.move(3, 690)
    tab.settle()
    assert tab.app("app.pinned") == 33 and not tab.ask("document.getElementById('card').hidden")
    tab.tab.click("#card .near li:nth-child(3) button")
    tab.settle()
    assert tab.app("app.pinned") == MAP.neighbours[33][2]
    tab.tab.keyboard.press("Escape")
    tab.settle()
    assert tab.app("app.pinned") == -1 and tab.ask("document.getElementById('card').hidden")


def test_search_finds_by_all_words_and_centres_the_first(tab: Tab) -> None:
    tab.tab.keyboard.press("/")
    tab.tab.keyboard.type("003 nm 090")
    tab.settle()
    right = (MAP.labels == "003") & (MAP.views == "090") & np.char.startswith(MAP.types, "nm")
    assert tab.app("[...app.matches]") == right.astype(int).tolist()
    assert f"{right.sum()} walk" in tab.text("#found") and "1 identity" in tab.text("#found")
    x, y = tab.app(f"app.screen.of({np.flatnonzero(right)[0]})")
    assert np.allclose((x, y), tab.app("[app.screen.width / 2, app.screen.height / 2]"), atol=1)
    tab.tab.keyboard.press("Enter")
    assert tab.app("app.pinned") == np.flatnonzero(right)[0]
    tab.tab.fill("#search", "nobody")
    assert "No walk" in tab.text("#found")
    tab.tab.keyboard.press("Escape")
    assert tab.app("app.matches === null")


def test_a_whole_name_means_that_name_alone(open_page: Opener) -> None:
    made = blobs(3, 4, names=["01", "001", "0011"])
    tab = open_page(replace(made, views=np.full(12, "")))
    for query, found in {"001": 4, "00": 8, "1": 12}.items():
        tab.tab.fill("#search", query)
        assert tab.app("app.matches.reduce((a, b) => a + b)") == found


def test_the_legend_hides_shows_and_isolates(tab: Tab) -> None:
    drawn = "app.scene.marks.drawn"
    tab.tab.click("#classes li:nth-child(2) button")
    assert tab.app(drawn) == 140
    tab.settle()
    assert "002" not in tab.app("app.overlay.names")
    x, y = tab.place(25)  # of 002: what is hidden is not there for the mouse either
    tab.tab.mouse.move(x, y)
    tab.settle()
    assert tab.app("app.hovered") != 25
    tab.tab.click("#classes li:nth-child(2) button")
    assert tab.app(drawn) == 160
    tab.tab.click("#classes li:nth-child(3) button", modifiers=["Alt"])
    assert tab.app(drawn) == 20 and tab.app("app.legend.hidden[2]") == 0
    tab.tab.click("#all")
    assert tab.app(drawn) == 160
    tab.tab.dblclick("#classes li:nth-child(4) button")
    assert tab.app(drawn) == 20 and tab.app("app.legend.hidden[3]") == 0
    tab.tab.dblclick("#classes li:nth-child(4) button")
    assert tab.app(drawn) == 160


def around(tab: Tab, walk: int, reach: float) -> list[tuple[float, float]]:
    x, y = tab.place(walk)
    return [(x - reach, y - reach), (x + reach, y - reach), (x + reach, y + reach), (x - reach, y + reach)]


@pytest.mark.parametrize("how", ["shift", "button", "key"])
def test_a_lasso_lists_what_it_encloses(tab: Tab, how: str) -> None:
    corners = around(tab, 47, 60)
    every = np.array([tab.place(i) for i in range(len(MAP))])
    inside = np.flatnonzero((np.abs(every - tab.place(47)) < 60).all(1))
    if how == "shift":
        tab.tab.keyboard.down("Shift")
    elif how == "button":
        tab.tab.click("#lasso")
    else:
        tab.tab.keyboard.press("l")
    tab.drag(*corners)
    tab.tab.keyboard.up("Shift")
    assert tab.app("app.selection.walks") == inside.tolist()
    assert f"{len(inside)} walks" in tab.text("#selected")
    assert tab.ask("document.querySelectorAll('#rows li').length") == len(inside)
    assert tab.ask("document.getElementById('lasso').ariaPressed") == "false"
    tab.tab.click("#clear")
    assert tab.app("app.selection.walks.length") == 0


def test_the_list_can_be_kept_as_csv(tab: Tab, tmp_path: Path) -> None:
    tab.tab.keyboard.down("Shift")
    tab.drag(*around(tab, 47, 60))
    tab.tab.keyboard.up("Shift")
    with tab.tab.expect_download() as waited:
        tab.tab.click("#save")
    waited.value.save_as(tmp_path / "walks.csv")
    rows = list(csv.DictReader(io.StringIO((tmp_path / "walks.csv").read_text("utf-8-sig"))))
    assert [int(row["row"]) for row in rows] == tab.app("app.selection.walks")
    for row in rows:
        i = int(row["row"])
        assert (row["identity"], row["condition"], row["view"]) == (MAP.labels[i], MAP.types[i], MAP.views[i])
        assert row["correct"] == {-1: "", 0: "0", 1: "1"}[int(MAP.correct[i])]
        assert float(row["purity"]) == pytest.approx(float(MAP.purity[i]), abs=0.003)
        assert np.allclose([float(row["x"]), float(row["y"])], MAP.feats[i], atol=2e-5)


def test_the_list_can_be_copied(open_page: Opener) -> None:
    tab = open_page(MAP, permissions=["clipboard-read", "clipboard-write"])
    tab.tab.keyboard.down("Shift")
    tab.drag(*around(tab, 47, 60))
    tab.tab.keyboard.up("Shift")
    tab.tab.click("#copy")
    tab.until("document.getElementById('copied').textContent === 'Copied.'")
    kept = tab.ask("navigator.clipboard.readText()").splitlines()
    assert kept[0].split("\t")[:4] == ["row", "identity", "condition", "view"]
    assert len(kept) == 1 + tab.app("app.selection.walks.length")
