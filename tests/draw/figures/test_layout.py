from __future__ import annotations

import numpy as np
import pytest

from visual_analyse.draw.figures.layout import paste


@pytest.mark.parametrize(("y", "x"), [(0, 0), (-2, 1), (1, -2), (4, 5), (-9, 0), (0, -9), (9, 9), (-1, -1)])
def test_a_patch_is_cut_where_it_leaves_the_canvas(y: int, x: int) -> None:
    canvas, patch = np.zeros((6, 7, 3), np.uint8), np.arange(1, 28, dtype=np.uint8).reshape(3, 3, 3)
    wide = np.zeros((40, 40, 3), np.uint8)  # the same with room on all sides
    wide[20 + y : 23 + y, 20 + x : 23 + x] = patch
    paste(canvas, patch, y, x)
    assert (canvas == wide[20:26, 20:27]).all()
