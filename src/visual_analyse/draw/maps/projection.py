"""From coordinates of a map to a plane: flat ones as they are, three dimensions as seen from an angle."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations, product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from visual_analyse.draw.maps.style import MapStyle

Array = NDArray[Any]


@dataclass(frozen=True)
class Plane:
    """`xy` `[n, 2]`, y upwards; in three dimensions also `near` `[n]`, 0 farthest to 1 nearest, and `edges` `[e, 2, 2]`
    of the box, those behind the points."""

    xy: NDArray[np.float64]
    near: NDArray[np.float64] | None = None
    edges: NDArray[np.float64] | None = None


@dataclass(frozen=True)
class Sheet:
    """From a plane, y upwards, to a sheet, y downwards: one factor, and the middle of both."""

    factor: float
    middle: NDArray[np.float64]
    centre: NDArray[np.float64]

    @staticmethod
    def fitting(extent: Array, box: tuple[float, float, float, float]) -> Sheet:
        """As large as `extent` `[n, 2]` may be within left, top, right, bottom.

        >>> Sheet.fitting(np.array([[0.0, 0.0], [1.0, 2.0]]), (0, 0, 10, 10))(np.array([[1.0, 2.0]])).tolist()
        [[7.5, 0.0]]
        """
        low, high, room = extent.min(0), extent.max(0), np.array([box[2] - box[0], box[3] - box[1]])
        factor = float((room / np.maximum(high - low, 1e-9)).min()) if (high > low).any() else 0.0
        return Sheet(max(factor, 0.0), (low + high) / 2, np.array(box).reshape(2, 2).mean(0))

    def __call__(self, xy: Array) -> NDArray[np.float64]:
        return np.asarray((xy - self.middle) * np.array([self.factor, -self.factor]) + self.centre)


def flat(points: Array) -> NDArray[np.float64]:
    """Coordinates that can be drawn, `[n, 2..3]`: one dimension is padded to two, more than three are cut to three.

    >>> flat(np.zeros((5, 1))).shape, flat(np.zeros((5, 4))).shape
    ((5, 2), (5, 3))
    """
    points = np.asarray(points, dtype=np.float64)[:, :3]
    if points.shape[1] == 1:
        points = np.concatenate([points, np.zeros_like(points)], 1)
    span = float(np.ptp(points, axis=0).max())
    middle = (points.max(0) + points.min(0)) / 2
    return np.asarray((points - middle) / (span or 1.0))  # whatever a user's own numbers are, within -0.5..0.5


def project(points: Array, style: MapStyle) -> Plane:
    """The plane that `points` `[n, 2..3]` of `flat` are drawn on: parallel, under matplotlib's angles.

    >>> project(np.array([[0.0, 1.0]]), MapStyle()).xy.tolist()
    [[0.0, 1.0]]
    """
    if points.shape[1] == 2:
        return Plane(points)
    right, up, eye = axes(style)
    depth = points @ eye
    low, high = float(depth.min()), float(depth.max())
    near = (depth - low) / (high - low) if high > low else np.ones(len(points))
    half = np.abs(points).max(0).clip(1e-9) * 1.03
    corners = np.array(list(product((-1, 1), repeat=3))) * half
    nearest = int((corners @ eye).argmax())
    plane = np.stack([corners @ right, corners @ up], 1)
    edges = [
        plane[[a, b]]
        for a, b in combinations(range(8), 2)
        if (corners[a] != corners[b]).sum() == 1 and nearest not in (a, b)
    ]
    return Plane(np.stack([points @ right, points @ up], 1), near, np.array(edges))


def axes(style: MapStyle) -> tuple[Array, Array, Array]:
    """Right, up and towards the eye, unit vectors `[3]`, for the angles of a style."""
    elev, azim, roll = np.radians([style.elev, style.azim, style.roll])
    eye = np.array([np.cos(elev) * np.cos(azim), np.cos(elev) * np.sin(azim), np.sin(elev)])
    right = np.array([-np.sin(azim), np.cos(azim), 0.0])
    up = np.cross(eye, right)
    return right * np.cos(roll) - up * np.sin(roll), up * np.cos(roll) + right * np.sin(roll), eye
