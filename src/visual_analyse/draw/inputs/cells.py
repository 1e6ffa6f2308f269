"""From the cells of a layer to the joints or points that they stand for."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from visual_analyse.draw.inputs.face import AGAIN
from visual_analyse.errors import VisualAnalyseError
from visual_analyse.results import LayerEvidence


def fitted(layer: LayerEvidence, count: int, what: str, steps: bool) -> LayerEvidence:
    """The layer, where its maps `[t, g]` and cells fit `count` joints or points; `[t, 1, 1]` is `[t, 1]`.

    `steps`: whether each step has its own cells, `[t, g, k]`, or all have the same, `[g, k]`.
    """
    maps, cells = layer.maps, layer.cells
    if maps.ndim == 3 and maps.shape[1:] == (1, 1):
        maps = maps[..., 0]
    if maps.ndim != 2 or not maps.size or maps.dtype.kind != "f":
        raise VisualAnalyseError(
            f"maps/{layer.key} is {maps.dtype} {list(maps.shape)}; {what} need float32 [t, g]. {AGAIN}"
        )
    if cells is None:
        if maps.shape[1] not in (1, count):
            raise VisualAnalyseError(
                f"maps/{layer.key} has {maps.shape[1]} values a step for {count} {what}, and there is no "
                f"cells/{layer.key} that says which of them each stands for. {AGAIN}"
            )
        return replace(layer, maps=maps)
    shape = maps.shape if steps else maps.shape[1:]
    if cells.dtype.kind not in "iu" or cells.shape[:-1] != shape:
        axes = "[t, g, k]" if steps else "[g, k]"
        raise VisualAnalyseError(
            f"cells/{layer.key} is {cells.dtype} {list(cells.shape)}; int32 {axes} that begins with {list(shape)} is "
            f"expected, as maps/{layer.key} is {list(maps.shape)}. {AGAIN}"
        )
    if cells.size and (int(cells.min()) < -1 or int(cells.max()) >= count):
        raise VisualAnalyseError(
            f"cells/{layer.key} names {what} from {int(cells.min())} to {int(cells.max())}; there are {count}, "
            f"0 to {count - 1}, and -1 stands for none. {AGAIN}"
        )
    return replace(layer, maps=maps)


def spread(values: NDArray[Any], cells: NDArray[Any] | None, count: int) -> tuple[NDArray[Any], NDArray[np.bool_]]:
    """Values of cells `[g]` as values of joints or points `[count]`, and which of them a cell stands for.

    What several cells stand for has the mean of their values. `cells` `[g, k]`, -1 for none; None where cell i is joint
    or point i, or where one cell is all of them.

    >>> spread(np.array([1.0, 3.0]), np.array([[0, 1], [1, -1]]), 3)[0].tolist()
    [1.0, 2.0, 0.0]
    """
    if cells is None:
        return np.broadcast_to(values, (count,)), np.ones(count, np.bool_)
    held = cells >= 0
    places = cells[held]
    often = np.bincount(places, minlength=count)
    sums = np.bincount(places, np.broadcast_to(values[:, None], cells.shape)[held], minlength=count)
    return (sums / np.maximum(often, 1)).astype(values.dtype), often > 0
