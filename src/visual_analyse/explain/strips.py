"""Calls of one layer on strips cut from one tensor, and how to put them together again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from visual_analyse.explain.trace import View


@dataclass(frozen=True)
class Strips:
    """The axis that the inputs were cut along, and the calls in the order in which they lie on it."""

    axis: int
    order: tuple[int, ...]


def find_strips(inputs: Sequence[View | None]) -> Strips | None:
    """Tell strips of one tensor from a layer that just runs several times.

    Strips share a storage and strides, and tile one axis without gap or overlap. Anything else is None.

    >>> a, b = View(1, 0, (8, 2, 1), (1, 2, 2)), View(1, 4, (8, 2, 1), (1, 2, 2))
    >>> find_strips([a, b])
    Strips(axis=1, order=(0, 1))
    """
    views = [view for view in inputs if view is not None]
    if len(views) < 2 or len(views) != len(inputs):
        return None
    if len({(view.storage, view.stride) for view in views}) != 1:
        return None
    order = tuple(sorted(range(len(views)), key=lambda k: views[k].offset))
    for axis in range(len(views[0].shape)):
        if _tiles([views[k] for k in order], axis):
            return Strips(axis, order)
    return None


def _tiles(views: Sequence[View], axis: int) -> bool:
    if len({view.shape[:axis] + view.shape[axis + 1 :] for view in views}) != 1:
        return False
    place = views[0].offset
    for view in views:
        if view.offset != place:
            return False
        place += view.shape[axis] * view.stride[axis]
    # A cut along this axis stays inside one step of the next axis out; else the tiles would be something else.
    outer = [stride for k, stride in enumerate(views[0].stride) if k != axis and stride > views[0].stride[axis]]
    return not outer or place - views[0].offset <= min(outer)
