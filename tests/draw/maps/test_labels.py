from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from visual_analyse.draw.maps.labels import place, tries

_coordinate = st.integers(0, 100)


@settings(max_examples=80, deadline=None)
@given(st.lists(st.tuples(_coordinate, _coordinate, st.integers(1, 60), st.integers(1, 20)), min_size=1, max_size=30))
def test_names_lie_within_the_sheet_and_none_over_another(rows: list[tuple[int, int, int, int]]) -> None:
    table = np.array(rows, dtype=float)
    at, sizes = table[:, :2], table[:, 2:]
    taken = np.array([[80.0, 0.0, 100.0, 30.0]])
    options = [tries(point, point, np.array([3.0, 3.0]), size) for point, size in zip(at, sizes, strict=True)]
    middles = place(options, sizes, (0, 0, 100, 100), taken)
    kept = np.nonzero(~np.isnan(middles[:, 0]))[0]
    boxes = np.concatenate([middles[kept] - sizes[kept] / 2, middles[kept] + sizes[kept] / 2], 1)
    assert (boxes[:, :2] >= -1e-9).all() and (boxes[:, 2:] <= 100 + 1e-9).all()
    boxes = np.concatenate([boxes, taken])
    for k, one in enumerate(boxes):
        for other in boxes[k + 1 :]:
            assert not ((one[:2] < other[2:] - 1e-9) & (other[:2] < one[2:] - 1e-9)).all()


def test_the_more_important_name_stays() -> None:
    middles = place([np.zeros((1, 2))] * 2, np.full((2, 2), 4.0), (-9, -9, 9, 9))
    assert middles[0].tolist() == [0, 0] and np.isnan(middles[1]).all()


def test_a_name_lies_on_a_group_larger_than_it_and_beside_one_it_would_hide() -> None:
    peak, middle, size = np.array([5.0, 5.0]), np.array([4.0, 4.0]), np.array([10.0, 4.0])
    assert tries(peak, middle, np.array([20.0, 20.0]), size)[0].tolist() == [5, 5]
    first = tries(peak, middle, np.array([2.0, 2.0]), size)[0]
    assert first.tolist() == [4, 0]  # above it, touching
