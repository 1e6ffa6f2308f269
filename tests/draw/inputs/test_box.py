from __future__ import annotations

import numpy as np

from visual_analyse.draw.inputs.box import middle_and_reach, steadied

ALL = np.ones((6, 3), bool)


def body(wide: float = 1.0, high: float = 4.0) -> np.ndarray:
    return np.array([[0.0, 0.0], [wide, high], [wide / 2, high / 2]])


def test_a_walk_that_crosses_its_picture_stays_in_its_middle() -> None:
    sway = np.array([0.0, 0.1, 0.0, 0.0, 0.1, 0.0])  # the same forwards and backwards: no drift of its own
    places = np.stack([body() + np.array([5.0 * k + sway[k], 0.0]) for k in range(6)])
    steady = steadied(places, ALL, upright=1)
    assert np.allclose(steady[:, 0, 0] - steady[0, 0, 0], sway)
    assert (steady[..., 1] == places[..., 1]).all()


def test_what_moves_less_than_the_body_is_high_is_left_as_it_is() -> None:
    places = np.stack([body() + np.array([0.4 * k, 0.0]) for k in range(6)])
    assert (steadied(places, ALL, upright=1) == places).all()


def test_places_that_are_not_there_move_nothing() -> None:
    places = np.stack([body() + np.array([5.0 * k, 0.0]) for k in range(6)])
    there = ALL.copy()
    places[2], there[2] = 0, False
    places[4, 1], there[4, 1] = 999, False
    places[5, 2], there[5, 2] = -999, False
    steady = steadied(places, there, upright=1)
    assert np.ptp(steady[[0, 1, 3, 5], 0, 0]) < 1.0
    middle, reach = middle_and_reach(np.stack([body(2, 4)] * 6), ALL, margin=0.25)
    assert middle.tolist() == [1, 2] and reach.tolist() == [2 + 2 * 0.25 * 4, 4 + 2 * 0.25 * 4]


def test_a_clip_without_any_place_has_a_box_too() -> None:
    places = np.zeros((2, 3, 2))
    assert (steadied(places, ~ALL[:2], upright=1) == 0).all()
    assert middle_and_reach(places, ~ALL[:2], 0.1)[1].tolist() == [1, 1]
    assert (middle_and_reach(places, ALL[:2], 0.1)[1] > 0).all()
