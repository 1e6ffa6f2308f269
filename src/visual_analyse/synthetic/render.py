"""A camera that sees a body of ellipsoids and hulls as regions in the right order of depth."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from visual_analyse.synthetic.flesh import Flesh, arrays
from visual_analyse.synthetic.skeleton import Skeleton

Array = NDArray[Any]

ROWS, COLUMNS = 168, 144  # multiples of six, for the patches of the noise
# Outlines are the support function of each hull in 24 directions: 0.9 % of a limb's radius from the exact outline.
_TURNS = np.deg2rad(np.arange(24) * 15.0)
_NORMALS = np.stack([np.cos(_TURNS), np.sin(_TURNS)], -1)
_RIGHT, _LEFT = [0, 1, 2, 3, 4, 5, 19, 20, 21, 22, 23], [7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17]
_DOWN, _UP = 6, 18


@dataclass(frozen=True)
class Camera:
    """Where the camera stands: `view` in degrees (0 before the person, 90 at the right side, 180 behind).

    `distance` and `height` in metres; `drift` degrees by which the view changes over a walk; `roll` in degrees; `zoom`
    in pixels for a metre at the person; `shift`, parts of a pixel by which the picture is moved (x, y).
    """

    view: float = 90.0
    distance: float = 6.0
    height: float = 1.2
    drift: float = 0.0
    roll: float = 0.0
    zoom: float = 70.0
    shift: tuple[float, float] = (0.0, 0.0)


def look(camera: Camera, frames: int) -> tuple[Array, Array]:
    """The camera's place `[t, 3]` and axes `[t, 3, 3]` (rows: right, down, away) in each frame."""
    view = np.deg2rad(camera.view + camera.drift * (np.linspace(-0.5, 0.5, frames) if frames > 1 else np.zeros(1)))
    place = np.stack([np.cos(view) * camera.distance, -np.sin(view) * camera.distance,
                      np.full(frames, camera.height)], -1)  # fmt: skip
    away = np.array([0.0, 0.0, 0.88]) - place  # aimed at the middle of a body
    away /= np.linalg.norm(away, axis=-1, keepdims=True)
    right = np.stack([-away[:, 1] * -1.0, -away[:, 0], np.zeros(frames)], -1)
    right /= np.linalg.norm(right, axis=-1, keepdims=True)
    down = np.cross(away, right)
    tilt = np.deg2rad(camera.roll)
    turned = np.cos(tilt) * right + np.sin(tilt) * down
    down = np.cos(tilt) * down - np.sin(tilt) * right
    return place, np.stack([turned, down, away], -2)


def project(camera: Camera, points: Array) -> tuple[Array, Array, Array]:
    """Points `[..., t, 3]` in metres to pixels (x, y) `[..., t, 2]`, their depth and pixels a metre `[..., t]`."""
    place, axes = look(camera, points.shape[-2])
    seen = np.einsum("tij,...tj->...ti", axes, points - place)
    depth = seen[..., 2]
    scale = camera.zoom * camera.distance / depth
    middle = np.array([COLUMNS / 2 + camera.shift[0], ROWS / 2 + camera.shift[1]])
    return seen[..., :2] * scale[..., None] + middle, depth, scale


def draw(skeleton: Skeleton, flesh: Flesh, camera: Camera) -> tuple[Array, Array]:
    """Draw a body: regions uint8 `[t, ROWS, COLUMNS]` and the depth in metres of what is seen, float32, same shape.

    >>> from visual_analyse.synthetic.body import sample_person
    >>> from visual_analyse.synthetic.flesh import Outfit, clothe
    >>> from visual_analyse.synthetic.skeleton import pose
    >>> person = sample_person(1, 1)
    >>> draw(pose(person, np.zeros(1)), clothe(person.build, Outfit()), Camera())[0].shape
    (1, 168, 144)
    """
    support, centre, depth = _supports(skeleton, flesh, camera)
    frames = support.shape[1]
    labels = np.zeros((frames, ROWS, COLUMNS), np.uint8)
    nearest = np.full((frames, ROWS, COLUMNS), np.inf, np.float32)
    for lumps, region, near in flesh.hulls:
        chosen = list(lumps)
        outline = support[chosen].max(0)
        top, bottom = (
            max(int(np.floor(-outline[:, _UP].max())), 0),
            min(int(np.ceil(outline[:, _DOWN].max())) + 1, ROWS),
        )
        left, right = max(int(np.floor(-outline[:, 12].max())), 0), min(int(np.ceil(outline[:, 0].max())) + 1, COLUMNS)
        if top >= bottom or left >= right:
            continue
        rows = np.arange(top, bottom, dtype=np.float64)
        ends = _edges(outline, rows)
        columns = np.arange(left, right, dtype=np.float64)
        inside = (columns >= ends[0][..., None]) & (columns <= ends[1][..., None])
        away = _depth(centre[chosen], depth[chosen], rows) - near
        seen = nearest[:, top:bottom, left:right]
        inside &= away[..., None] < seen
        np.copyto(seen, np.broadcast_to(away[..., None], seen.shape), where=inside)
        np.copyto(labels[:, top:bottom, left:right], np.uint8(region), where=inside)
    return labels, nearest


def _supports(skeleton: Skeleton, flesh: Flesh, camera: Camera) -> tuple[Array, Array, Array]:
    """Of each ellipsoid: the support in each direction `[e, t, 24]`, its centre's row and its depth `[e, t]`."""
    part, offset, semi, box = arrays(flesh)
    turns = skeleton.turns[part]
    places = skeleton.origins[part] + np.einsum("etij,ej->eti", turns, offset)
    _, axes = look(camera, places.shape[1])
    centre, depth, scale = project(camera, places)
    spread = np.einsum("tij,etjk->etik", axes[:, :2], turns * semi[:, None, None, :]) * scale[..., None, None]
    reach = np.abs(np.einsum("ni,etik->etnk", _NORMALS, spread))
    rounded = np.sqrt((reach * reach).sum(-1))
    square = reach.sum(-1)
    # A mixture of a box and an ellipsoid is their Minkowski sum: a box with round corners.
    share = 0.75 * box[:, None, None]
    support = np.einsum("ni,eti->etn", _NORMALS, centre) + (1 - share) * rounded + share * square
    deep = np.abs(np.einsum("ti,etij->etj", axes[:, 2], turns * semi[:, None, None, :])).max(-1)
    return support, centre[..., 1], depth - 0.5 * deep


def _edges(outline: Array, rows: Array) -> tuple[Array, Array]:
    """The first and last column `[t, rows]` of a convex body in each row, from its support function."""
    ahead = (outline[:, _RIGHT, None] - _NORMALS[_RIGHT, 1, None] * rows) / _NORMALS[_RIGHT, 0, None]
    behind = (outline[:, _LEFT, None] - _NORMALS[_LEFT, 1, None] * rows) / _NORMALS[_LEFT, 0, None]
    last = ahead.min(1)
    outside = (rows < -outline[:, _UP, None]) | (rows > outline[:, _DOWN, None])
    return behind.max(1), np.where(outside, -np.inf, last)


def _depth(centre: Array, depth: Array, rows: Array) -> Array:
    """The depth along a hull, from its first ellipsoid's to the mean of the others', float32 `[t, rows]`."""
    if len(depth) == 1:
        return np.repeat(depth[0][:, None], len(rows), 1).astype(np.float32)
    start, end, near, far = centre[0], centre[1:].mean(0), depth[0], depth[1:].mean(0)
    span = end - start
    span = np.where(np.abs(span) < 2.0, np.inf, span)
    along = np.where(np.isinf(span)[:, None], 0.5, (rows - start[:, None]) / span[:, None])
    return np.asarray(near[:, None] + np.clip(along, 0.0, 1.0) * (far - near)[:, None], np.float32)
