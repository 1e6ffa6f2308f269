"""Maps in three dimensions turn; flat ones do not."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from tests.draw.page.browser import Opener
from tests.draw.page.maps import blobs

MAP = blobs(6, 15, 3)


def test_a_drag_turns_it_about_its_middle(open_page: Opener) -> None:
    tab = open_page(MAP)
    middle = tab.app("app.screen.place(0, 0, 0)")
    distance = tab.app("app.screen.eye.distance")
    before = np.array([tab.place(i) for i in range(0, 90, 9)])
    tab.drag((400, 350), (520, 380))
    after = np.array([tab.place(i) for i in range(0, 90, 9)])
    steps = after - before
    assert np.allclose(tab.app("app.screen.place(0, 0, 0)"), middle, atol=0.5)
    assert tab.app("app.screen.eye.distance") == distance
    assert np.ptp(steps[:, 0]) > 60  # what is in front goes one way, what is behind the other


def test_the_right_button_moves_it_and_the_wheel_comes_nearer(open_page: Opener) -> None:
    tab = open_page(MAP)
    middle = tab.app("app.screen.place(0, 0, 0)")
    tab.drag((400, 350), (440, 330), button="right")
    assert np.allclose(np.subtract(tab.app("app.screen.place(0, 0, 0)"), middle), (40, -20), atol=3)
    tab.tab.mouse.wheel(0, -120)
    tab.until("window.__viewer.app.screen.eye.nearness > 1.2")


def test_pointing_and_lasso_work_after_a_turn(open_page: Opener) -> None:
    tab = open_page(MAP)
    tab.drag((400, 350), (300, 300))
    found = 0
    for walk in (5, 40, 80):
        tab.point(walk)
        x, y = tab.app(f"app.screen.of({walk})")
        hovered = tab.app("app.hovered")
        found += hovered == walk
        there = tab.app(f"app.screen.of({hovered})")
        assert np.hypot(there[0] - x, there[1] - y) < 5  # another may lie in front of it
    assert found >= 1
    tab.tab.keyboard.down("Shift")
    tab.drag((20, 60), (780, 60), (780, 690), (20, 690))
    tab.tab.keyboard.up("Shift")
    assert tab.app("app.selection.walks.length") == len(MAP)


def test_a_map_of_one_dimension_is_a_line(open_page: Opener) -> None:
    tab = open_page(blobs(3, 8, 1))
    ys = [tab.place(i)[1] for i in range(24)]
    assert max(ys) - min(ys) < 1


def test_of_many_dimensions_the_first_three_are_drawn_and_it_is_said(open_page: Opener) -> None:
    wide = replace(MAP, feats=np.concatenate([MAP.feats, MAP.feats[:, :2]], 1))
    tab = open_page(wide)
    assert tab.text("#what").endswith("6 identities · the first 3 of 5 dimensions")
    assert np.allclose(tab.app("app.walks.original(7)"), MAP.feats[7], atol=1e-4)
