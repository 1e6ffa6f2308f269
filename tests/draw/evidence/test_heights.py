from __future__ import annotations

import numpy as np

from visual_analyse.draw.evidence.heights import Place, lanes, places

SCALES = (1, 2, 4, 8)


def strips(rows: int, times: int) -> np.ndarray:
    """Every strip of every scale of a pyramid, all of them `times` over."""
    found = []
    for scale in SCALES:
        for strip in range(scale):
            weights = np.zeros(rows)
            weights[strip * rows // scale : (strip + 1) * rows // scale] = scale / rows
            found.append(weights)
    return np.array(found * times)


def test_places_stand_from_head_to_feet_and_those_alike_together() -> None:
    found = places(strips(64, 2), 30)
    assert len(found) == 15 and all(len(place.parts) == 2 for place in found)
    assert all(one + 15 == other for one, other in (place.parts for place in found))
    middles = [place.middle for place in found]
    assert middles == sorted(middles)
    whole = next(place for place in found if 0 in place.parts)
    assert np.allclose([whole.middle, whole.first, whole.last], [0.5, 0.1, 0.9])


def test_the_reach_of_a_place_is_where_a_tenth_and_nine_tenths_lie() -> None:
    weights = np.zeros((1, 10))
    weights[0, 4] = weights[0, 5] = 0.5  # from 0.4 to 0.6 of the height
    (place,) = places(weights, 1)
    assert np.allclose([place.first, place.middle, place.last], [0.42, 0.5, 0.58])


def test_parts_that_look_at_joints_stand_at_their_heights() -> None:
    rows = np.array([0.0, 0.9, 0.5])  # head, foot, hip
    found = places(np.array([[0, 1, 0], [0.5, 0.25, 0.25], [1, 0, 0]]), 3, rows)
    assert [place.parts for place in found] == [(2,), (1,), (0,)]
    assert np.allclose([place.middle for place in found], [0.0, 0.35, 0.9])
    assert [place.parts for place in places(np.ones((2, 17)), 2, rows)] == [(0,), (1,)]  # of other joints


def test_without_heights_parts_are_numbered() -> None:
    assert [place.parts for place in places(None, 3)] == [(0,), (1,), (2,)]
    assert [place.parts for place in places(np.ones((2, 8)), 3)] == [(0,), (1,), (2,)]  # of another model


def test_a_part_that_looks_at_nothing_stands_last() -> None:
    weights = np.array([[np.nan, 1], [0, 0], [0, 1], [1, 0]])
    assert [place.parts for place in places(weights, 4)] == [(3,), (2,), (0,), (1,)]


def test_places_of_one_lane_do_not_lie_on_each_other() -> None:
    found = places(strips(64, 1), 15)
    lane = lanes(found)
    assert sorted(set(lane)) == [0, 1, 2, 3]  # one a scale
    for k, one in enumerate(found):
        for n, other in enumerate(found[:k]):
            assert lane[k] != lane[n] or one.first >= other.last or other.first >= one.last
    assert max(lanes([Place((k,), 0.5, 0.1, 0.9) for k in range(30)])) == 23
