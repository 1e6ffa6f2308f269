from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from visual_analyse.draw.inputs.cells import fitted, spread
from visual_analyse.errors import VisualAnalyseError
from visual_analyse.results import LayerEvidence

MakeLayer = Callable[..., LayerEvidence]


def test_what_several_cells_hold_has_their_mean_and_what_none_holds_is_said() -> None:
    cells = np.array([[0, 1, -1], [1, 3, -1], [1, -1, -1], [-1, -1, -1]], np.int32)
    values, held = spread(np.array([1.0, 2.0, 6.0, 99.0], np.float32), cells, 5)
    assert values[[0, 1, 3]].tolist() == [1, (1 + 2 + 6) / 3, 2] and held.tolist() == [True, True, False, True, False]


def test_without_cells_each_is_its_own_or_one_is_all() -> None:
    assert spread(np.array([1.0, 2.0]), None, 2)[0].tolist() == [1, 2]
    assert spread(np.array([3.0]), None, 4)[0].tolist() == [3, 3, 3, 3]


def test_one_value_a_step_may_come_as_a_grid(layer_of: MakeLayer) -> None:
    assert fitted(layer_of(np.ones((4, 1, 1))), 17, "joints", False).maps.shape == (4, 1)


@pytest.mark.parametrize(
    ("maps", "cells", "steps", "said"),
    [
        (np.ones((4, 2, 2)), None, False, r"maps/1_conv1 is float32 \[4, 2, 2\]; joints need float32 \[t, g\]"),
        (np.ones((4, 0)), None, False, r"float32 \[4, 0\]"),
        (np.ones((4, 6)), None, False, "6 values a step for 17 joints, and there is no cells/1_conv1"),
        (np.ones((4, 6)), np.zeros((5, 2), int), False, r"cells/1_conv1 is int64 \[5, 2\]; .* begins with \[6\]"),
        (np.ones((4, 6)), np.zeros((6, 2)), False, "is float64"),
        (np.ones((4, 6)), np.zeros((6, 2), int), True, r"\[t, g, k\] that begins with \[4, 6\]"),
        (np.ones((4, 6)), np.full((6, 2), 17), False, "names joints from 17 to 17; there are 17, 0 to 16"),
        (np.ones((4, 6)), np.full((6, 2), -2), False, "from -2 to -2"),
    ],
)
def test_cells_that_fit_nothing_say_why(
    maps: np.ndarray, cells: np.ndarray | None, steps: bool, said: str, layer_of: MakeLayer
) -> None:
    with pytest.raises(VisualAnalyseError, match=said):
        fitted(layer_of(maps, cells=cells), 17, "joints", steps)
