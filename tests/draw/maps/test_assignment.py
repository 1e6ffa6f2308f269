from __future__ import annotations

import numpy as np

from visual_analyse.draw.maps.coding.assignment import assign
from visual_analyse.draw.maps.coding.groups import fragments
from visual_analyse.draw.maps.coding.tables import palette, unlike


def test_groups_that_touch_on_the_map_look_different() -> None:
    side = 17
    at = np.stack(np.meshgrid(np.arange(side), np.arange(side)), -1).reshape(-1, 2)
    codes = np.repeat(np.arange(side**2), 8)
    points = at[codes] + 0.1 * np.random.default_rng(0).normal(size=(len(codes), 2))
    colours = palette(None)
    given = assign(points, codes, fragments(points, codes), colours).reshape(side, side)
    apart = unlike(colours)
    for one, other in ((given[1:], given[:-1]), (given[:, 1:], given[:, :-1]), (given[1:, 1:], given[:-1, :-1])):
        assert (one != other).all() and apart[one, other].min() > 0.1
    assert len(np.unique(given)) == 16
    assert (assign(points, codes, fragments(points, codes), colours).reshape(side, side) == given).all()
