from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from visual_analyse.draw.colours import Paint
from visual_analyse.draw.inputs.points import Points
from visual_analyse.draw.style import Style
from visual_analyse.errors import VisualAnalyseError
from visual_analyse.results import InputKind, LayerEvidence

MakeLayer = Callable[..., LayerEvidence]
KIND = InputKind("points", "points")
# The corners of a block that is deeper (x) than wide (y), and higher (z) than deep.
BLOCK = np.stack(np.meshgrid([0, 1.0], [0, 0.5], [0, 2.0], indexing="ij"), -1).reshape(-1, 3).astype(np.float32)


def drawn(cloud: Points, layer: LayerEvidence, paint: Paint, step: int = 0, frame: int = 0) -> np.ndarray:
    shades = cloud.shades(cloud.fitted(layer), step, layer.strength, paint, *cloud.size)
    return cloud.coloured(frame, frame + 1, shades, paint, *cloud.size)


def spots(scene: np.ndarray, colour: Any) -> list[tuple[float, float]]:
    """The middles, as row and column, of the spots of a colour, from left to right."""
    found = np.argwhere((scene == np.asarray(colour)).all(-1))
    found = found[np.argsort(found[:, 1], kind="stable")]
    groups = np.split(found, np.flatnonzero(np.diff(found[:, 1]) > 1) + 1)
    return [tuple(group.mean(0)) for group in groups]


def alone(point: int) -> list[list[float]]:
    return [[float(k == point) for k in range(8)]]


def test_three_views_show_where_a_point_is(layer_of: MakeLayer) -> None:
    cloud, paint = Points(BLOCK[None], KIND, "points"), Paint(Style())
    ahead_top = int(np.flatnonzero((BLOCK == (1, 0, 2)).all(1))[0])
    back_low = int(np.flatnonzero((BLOCK == (0, 0, 0)).all(1))[0])
    left_low = int(np.flatnonzero((BLOCK == (0, 0.5, 0)).all(1))[0])
    high, low, other = (spots(drawn(cloud, layer_of(alone(k)), paint), paint.solid[255])
                        for k in (ahead_top, back_low, left_low))  # fmt: skip
    assert len(high) == len(low) == len(other) == 3  # front, side, top
    scale = low[0][0] - high[0][0]  # pixels of two metres of height
    assert low[1][0] - high[1][0] == pytest.approx(scale, abs=1)
    assert high[0][1] == pytest.approx(low[0][1], abs=1)  # the front knows no x
    assert high[1][1] - low[1][1] == pytest.approx(scale / 2, abs=1.5)  # one metre ahead, to the right from the side
    assert high[2][1] - low[2][1] == pytest.approx(scale / 2, abs=1.5)  # and from above
    assert other[0][1] - low[0][1] == pytest.approx(scale / 4, abs=1.5)  # half a metre to the side, from the front
    assert other[1] == pytest.approx(low[1], abs=1)  # which the side does not show
    assert low[2][0] - other[2][0] == pytest.approx(scale / 4, abs=1.5)  # and the top shows upwards


def test_one_scale_for_the_clip_and_one_speed(layer_of: MakeLayer) -> None:
    cloud, paint = Points(np.stack([BLOCK, BLOCK / 2]), KIND, "points"), Paint(Style())
    layer = layer_of([[1.0] * 8] * 2)
    rows = [np.array(spots(drawn(cloud, layer, paint, k, k), paint.solid[255]))[:, 0] for k in (0, 1)]
    tops = [np.argwhere((drawn(cloud, layer, paint, k, k)[:, :60] == paint.solid[255]).all(-1))[:, 0] for k in (0, 1)]
    assert len(rows[0]) >= 4
    assert np.ptp(tops[1]) < 0.6 * np.ptp(tops[0])
    walking = Points(np.stack([BLOCK + np.float32([4.0 * k, 0, 0]) for k in range(4)]), KIND, "points")
    assert all((walking.scene(k, k + 1, *walking.size, False) == walking.scene(0, 1, *walking.size, False)).all()
               for k in range(4))  # fmt: skip
    assert walking.size == Points(BLOCK[None], KIND, "points").size


def test_points_of_several_cells_have_their_mean_and_others_are_grey(layer_of: MakeLayer) -> None:
    cloud, paint = Points(np.stack([BLOCK, BLOCK]), KIND, "points"), Paint(Style())
    cells = np.array([[[0, 1], [1, 2]], [[3, -1], [4, -1]]], np.int32)  # another frame, other points
    layer = cloud.fitted(layer_of([[1.0, 0.0], [1.0, 0.5]], cells=cells))
    first, second = (cloud.shades(layer, step, 1.0, paint, *cloud.size) for step in (0, 1))
    assert first.tolist() == [255, 128, 0, -1, -1, -1, -1, -1]
    assert second.tolist() == [-1, -1, -1, 255, 128, -1, -1, -1]
    scene = cloud.coloured(0, 1, first, paint, *cloud.size)
    grey = (scene[..., 0] == scene[..., 1]) & (scene[..., 1] == scene[..., 2]) & (scene[..., 0] > 100)
    assert grey[20:].any()


def test_what_has_evidence_lies_on_top(layer_of: MakeLayer) -> None:
    paint = Paint(Style())
    behind = np.array([[0, 0, 0], [1, 0, 0], [1, 0, 1.0]], np.float32)  # the second hides the first from the front
    scene = drawn(Points(behind[None], KIND, "points"), layer_of([[1.0, 0.0, 0.0]]), paint)
    assert len(spots(scene, paint.solid[255])) == 3


@pytest.mark.parametrize(("axis", "nearer"), [(0, 1.0), (1, 0.0), (2, 1.0)])
@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_of_points_with_equal_evidence_the_nearer_is_seen(
    axis: int, nearer: float, sign: float, layer_of: MakeLayer
) -> None:
    """Seen from the front x comes nearer, from the side y goes away, from above z comes nearer."""
    paint = Paint(Style(polarity="both"))
    places = np.array([[0, 0, 0], [0, 0, 0], [3, 3, 3]], np.float32)
    places[1, axis] = 1.0
    scene = drawn(Points(places[None], KIND, "points"), layer_of([[sign, -sign, 0.0]]), paint)
    value_of_nearer = -sign if nearer else sign
    shades = (255, 0) if value_of_nearer > 0 else (0, 255)
    assert [len(spots(scene, paint.solid[shade])) for shade in shades] == [3, 2]  # the other is hidden in one view


def test_one_value_colours_the_whole_cloud(layer_of: MakeLayer) -> None:
    cloud, paint = Points(BLOCK[None], KIND, "points"), Paint(Style())
    assert cloud.shades(cloud.fitted(layer_of([[2.0]])), 0, 2.0, paint, *cloud.size).tolist() == [255] * 8


@pytest.mark.parametrize("ratio", [0.1, 0.5, 3.0])
def test_clouds_of_any_size_are_drawn(ratio: float) -> None:
    cloud = Points(BLOCK[None], KIND, "points")
    height, width = (round(ratio * side) for side in cloud.size)
    assert cloud.scene(0, 1, height, width, False).shape == (height, width, 3)


@pytest.mark.parametrize(
    ("frames", "said"),
    [
        (np.zeros((4, 64), np.float32), r"points \(points\) is float32 \[4, 64\]; points need float32 \[s, q, 3\]"),
        (np.zeros((4, 64, 4), np.float32), r"\[4, 64, 4\]"),
        (np.zeros((4, 0, 3), np.float32), "at least one frame"),
        (np.full((4, 2, 3), np.inf, np.float32), "at no place"),
    ],
)
def test_clouds_that_cannot_be_drawn_say_why(frames: np.ndarray, said: str) -> None:
    with pytest.raises(VisualAnalyseError, match=said):
        Points(frames, KIND, "points")
