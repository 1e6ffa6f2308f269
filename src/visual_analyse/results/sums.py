"""What the maps of a layer add up to: on each pixel, frame, and region of the body."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from visual_analyse.results.archive import Array
from visual_analyse.results.layer import LayerEvidence

Floats = NDArray[np.float64]


def on_pixels(layer: LayerEvidence, frames: int, size: tuple[int, int]) -> Floats:
    """A layer's evidence as it lies on the pixels of each frame, `[frames, h, w]`; its sum is that of the maps.

    A cell's evidence is spread evenly over its pixels, and a step's over the frames of its span. For maps on pictures.

    >>> layer = LayerEvidence(1, "conv", "Conv2d", np.ones((1, 1, 1), np.float32), np.array([[0, 2]]))
    >>> on_pixels(layer, 2, (2, 2)).tolist()[0]
    [[0.125, 0.125], [0.125, 0.125]]
    """
    maps = layer.maps.astype(np.float64)
    rows, columns = _spread(maps.shape[1], size[0]), _spread(maps.shape[2], size[1])
    spread = rows.T @ maps @ columns
    return np.asarray(np.tensordot(_steps(layer, frames).T, spread, 1))


def by_frame(layer: LayerEvidence, frames: int) -> tuple[Floats, Floats]:
    """The evidence for and against in each frame, `[frames]` both, the second negative; they sum to the maps' sum.

    >>> layer = LayerEvidence(1, "conv", "Conv2d", np.array([[[1, -2]]], np.float32), np.array([[0, 2]]))
    >>> [sums.tolist() for sums in by_frame(layer, 2)]
    [[0.5, 0.5], [-1.0, -1.0]]
    """
    maps = layer.maps.astype(np.float64).reshape(len(layer.maps), -1)
    steps = _steps(layer, frames)
    return np.maximum(maps, 0).sum(1) @ steps, np.minimum(maps, 0).sum(1) @ steps


def on_joints(layer: LayerEvidence, frames: int, joints: int) -> Floats:
    """A layer's evidence on each joint of each frame, `[frames, joints]`; its sum is that of the maps.

    A cell's evidence is spread evenly over the joints that it stands for. For maps on joints.

    >>> layer = LayerEvidence(1, "conv", "Conv2d", np.ones((1, 1), np.float32), np.array([[0, 1]]),
    ...                       cells=np.array([[0, 2, -1]]))
    >>> on_joints(layer, 1, 3).tolist()
    [[0.5, 0.0, 0.5]]
    """
    maps = layer.maps.astype(np.float64).reshape(len(layer.maps), -1)
    share = np.eye(joints) if maps.shape[1] == joints else np.full((maps.shape[1], joints), 1 / joints)
    if layer.cells is not None:
        held = layer.cells >= 0
        share = np.zeros((maps.shape[1], joints))
        rows, places = np.nonzero(held)
        np.add.at(share, (rows, layer.cells[rows, places]), 1.0)
        share /= np.maximum(held.sum(1, keepdims=True), 1)
    return np.asarray(_steps(layer, frames).T @ maps @ share)


def by_region(layer: LayerEvidence, regions: Array, count: int) -> tuple[Floats, Floats]:
    """The evidence for and against in each frame and region, `[s, count + 1]` both; region 0 is what is none.

    `regions` `[s, h, w]`, or of joints `[s, v]`, as Evidence has them, of `count` regions. Where a cell lies on two,
    they share it by area.

    >>> layer = LayerEvidence(1, "conv", "Conv2d", np.ones((1, 1, 1), np.float32), np.array([[0, 1]]))
    >>> by_region(layer, np.array([[[0, 1]]]), 1)[0].tolist()
    [[0.5, 0.5]]
    """
    laid = spread_on(layer, len(regions), regions.shape[1:]).reshape(len(regions), -1)
    known = regions.reshape(len(regions), -1, 1) == np.arange(count + 1)
    up, down = (np.einsum("sx,sxr->sr", part, known) for part in (np.maximum(laid, 0), np.minimum(laid, 0)))
    return up, down


def spread_on(layer: LayerEvidence, frames: int, size: Sequence[int]) -> Floats:
    """A layer's evidence on each pixel (of a `size` of two) or each joint (of one) of each frame, `[frames, *size]`.

    >>> layer = LayerEvidence(1, "conv", "Conv2d", np.ones((1, 2), np.float32), np.array([[0, 1]]))
    >>> spread_on(layer, 1, (2,)).tolist()
    [[1.0, 1.0]]
    """
    return on_joints(layer, frames, size[0]) if len(size) == 1 else on_pixels(layer, frames, (size[0], size[1]))


def _steps(layer: LayerEvidence, frames: int) -> Floats:
    """How much of each step each frame has, `[t, frames]`; every step's sum is one."""
    share = np.zeros((len(layer.spans), frames))
    for row, (first, end) in zip(share, layer.spans, strict=True):
        row[first:end] = 1 / max(1, min(end, frames) - first)
    return share


def _spread(cells: int, pixels: int) -> Floats:
    """How much of each cell lies on each pixel of an axis, `[cells, pixels]`; every cell's sum is one."""
    edges = np.arange(cells + 1) * pixels / cells
    low, high = edges[:-1, None], edges[1:, None]
    places = np.arange(pixels)
    shared = np.clip(np.minimum(high, places + 1) - np.maximum(low, places), 0, None)
    return np.asarray(shared * cells / pixels)
