from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from visual_analyse.draw.colours import Paint
from visual_analyse.draw.inputs.joints import Joints
from visual_analyse.draw.style import Style
from visual_analyse.errors import VisualAnalyseError
from visual_analyse.results import InputKind, LayerEvidence

MakeLayer = Callable[..., LayerEvidence]

# A cross: head above, foot below, a hand to either side.
CROSS = np.array([[10, 0, 1], [10, 20, 1], [0, 10, 1], [20, 10, 1]], np.float32)
KIND = InputKind("pose", "joints", edges=((0, 1), (2, 3)), joints=("head", "foot", "left hand", "right hand"))


def clip(*poses: Any) -> Joints:
    return Joints(np.stack(poses).astype(np.float32), KIND, "joints")


def bare(body: Joints, frame: int = 0, ratio: float = 1.0) -> np.ndarray:
    height, width = (round(ratio * side) for side in body.size)
    return body.scene(frame, frame + 1, height, width, False)


def drawn(body: Joints, layer: LayerEvidence, paint: Paint, step: int = 0, frame: int = 0) -> np.ndarray:
    shades = body.shades(body.fitted(layer), step, layer.strength, paint, *body.size)
    return body.coloured(frame, frame + 1, shades, paint, *body.size)


def where(scene: np.ndarray, colour: Any) -> np.ndarray:
    """Rows and columns of the pixels of a colour."""
    return np.argwhere((scene == np.asarray(colour)).all(-1))


def extent(scene: np.ndarray) -> tuple[int, int]:
    rows, columns = np.nonzero(scene.any(-1))
    return int(np.ptp(rows)), int(np.ptp(columns))


def test_a_body_is_as_wide_as_it_is_high_where_it_is_and_lies_in_the_middle() -> None:
    scene = bare(clip(CROSS))
    high, wide = extent(scene)
    assert abs(high - wide) <= 1 and 180 < high < 256
    rows, columns = np.nonzero(scene.any(-1))
    assert abs(rows.min() + rows.max() - 255) <= 1 and abs(columns.min() + columns.max() - scene.shape[1] + 1) <= 1


def test_one_scale_for_the_clip_so_that_nobody_pulses() -> None:
    small = CROSS * (0.5, 0.5, 1)
    body = clip(CROSS, small)
    discs = 2 * body._reach.max() * 256
    assert (extent(bare(body, 1))[0] - discs) / (extent(bare(body, 0))[0] - discs) == pytest.approx(0.5, abs=0.03)


def test_rows_grow_downwards_and_numbers_may_be_normalised(layer_of: MakeLayer) -> None:
    paint = Paint(Style())
    layer = layer_of([[1.0, 0, 0, 0]])
    for scale, shift in ((1.0, 0.0), (0.01, -0.1)):
        pose = CROSS * (scale, scale, 1) + (shift, shift, 0)
        head = where(drawn(clip(pose), layer, paint), paint.solid[255]).mean(0)
        assert head[0] < 40 and abs(head[1] - clip(pose).size[1] / 2) < 2


def test_a_walk_across_the_picture_is_followed_at_one_speed() -> None:
    body = clip(*(CROSS + np.float32([50 * k, 0, 0]) for k in range(5)))
    assert all((bare(body, k) == bare(body)).all() for k in range(5))


def test_a_missing_joint_is_not_drawn_nor_are_its_bones() -> None:
    pose = CROSS.copy()
    pose[2] = 0
    body = clip(CROSS, pose)
    whole, part = bare(body, 0), bare(body, 1)
    middle = whole.shape[1] // 2
    assert whole[:, : middle - 20].any() and not part[:, : middle - 20].any()  # neither the hand nor the bone to it
    corner = CROSS.copy()
    corner[2] = (0, 0, 0.5)  # seen, in the corner
    assert bare(clip(CROSS, corner), 1)[:60, : middle - 20].any()


@pytest.mark.parametrize("polarity", ["for", "against", "both", "abs"])
def test_discs_have_the_colours_of_the_scale(polarity: str, layer_of: MakeLayer) -> None:
    paint = Paint(Style(polarity=polarity))
    values = np.array([[1.0, -1.0, 0.5, 0.0]], np.float32)
    scene = drawn(clip(CROSS), layer_of(values), paint)
    unit = {"for": values, "against": -values, "abs": np.abs(values), "both": (values + 1) / 2}[polarity].clip(0, 1)[0]
    white = where(bare(clip(CROSS)), (255, 255, 255))
    middle = bare(clip(CROSS)).shape[1] / 2
    homes = {"head": white[white[:, 0] < 60], "foot": white[white[:, 0] > 200],
             "left": white[white[:, 1] < middle - 60], "right": white[white[:, 1] > middle + 60]}  # fmt: skip
    for place, share in zip(homes.values(), unit, strict=True):
        row, column = place.mean(0).round().astype(int)
        assert scene[row, column].tolist() == paint.solid[min(255, int(share * 256))].tolist()


def test_more_evidence_is_a_larger_disc(layer_of: MakeLayer) -> None:
    paint = Paint(Style())
    scene = drawn(clip(CROSS), layer_of([[1.0, 0.5, 0.0, 0.0]]), paint)
    full, half = (len(where(scene, paint.solid[shade])) for shade in (255, 128))
    plain = len(where(scene, paint.solid[0])) / 2
    assert full > half > plain > 0 and full < 3.5 * plain


def test_bones_are_grey_unless_one_value_is_the_whole_bodys(layer_of: MakeLayer) -> None:
    paint, body = Paint(Style()), clip(CROSS)
    of_joints, of_body = (drawn(body, layer_of(maps), paint) for maps in ([[1.0] * 4], [[1.0]]))
    row, column = 128, body.size[1] // 2 + 30  # on the bone between the hands
    assert len(set(of_joints[row, column].tolist())) == 1 and 60 < of_joints[row, column, 0] < 160
    assert of_body[row, column].tolist() == paint.solid[255].tolist()


def test_joints_that_no_cell_holds_are_small_and_grey(layer_of: MakeLayer) -> None:
    paint, body = Paint(Style()), clip(CROSS)
    cells = np.array([[0, 2, -1], [3, -1, -1]], np.int32)
    scene = drawn(body, layer_of([[1.0, 0.5]], cells=cells), paint)
    discs = where(scene, paint.solid[255])
    middle = body.size[1] / 2
    assert (discs[:, 0] < 60).any() and (discs[:, 1] < middle - 60).any()  # head and left hand share a cell
    assert not (discs[:, 1] > middle + 60).any() and len(where(scene, paint.solid[128]))
    foot = scene[200:]
    assert foot.any() and (foot[..., 0] == foot[..., 1]).all() and foot.max() < 130


def test_nothing_is_laid_over_at_opacity_0(layer_of: MakeLayer) -> None:
    body = clip(CROSS)
    assert (drawn(body, layer_of([[1.0, -0.5, 0.2, 0.0]]), Paint(Style(opacity=0))) == bare(body)).all()


def test_a_window_shows_its_middle_frame(layer_of: MakeLayer) -> None:
    body = clip(CROSS, CROSS * (0.8, 0.8, 1), CROSS * (0.6, 0.6, 1))
    assert (body.scene(0, 3, *body.size, False) == bare(body, 1)).all()
    paint = Paint(Style())
    shades = body.shades(body.fitted(layer_of([[1.0, 0, 0, 0]])), 0, 1.0, paint, *body.size)
    window, middle = (body.coloured(*frames, shades, paint, *body.size) for frames in ((0, 3), (1, 2)))
    assert (window == middle).all() and (window != body.coloured(0, 1, shades, paint, *body.size)).any()


def test_joints_in_a_crowd_have_smaller_discs() -> None:
    pose = np.concatenate([CROSS, CROSS[:1] + np.float32([0.2, 0, 0])])
    crowded = Joints(pose[None], InputKind("pose", "joints"), "joints")._reach
    assert crowded[0] == crowded[4] < crowded[1] == crowded[2]


@pytest.mark.parametrize("ratio", [0.1, 0.5, 3.0])
def test_pictures_of_any_size_are_drawn(ratio: float) -> None:
    scene = bare(clip(CROSS), ratio=ratio)
    assert scene.any() and scene.shape[0] == round(256 * ratio)


def test_a_clip_without_joints_is_black() -> None:
    assert not bare(clip(np.zeros((4, 3)), np.zeros((4, 3)))).any()


@pytest.mark.parametrize(
    ("frames", "kind", "said"),
    [
        (np.zeros((4, 17, 2), np.float32), KIND, r"joints \(pose\) is float32 \[4, 17, 2\]; joints need float32"),
        (np.zeros((4, 17, 3), np.uint8), KIND, "is uint8"),
        (np.zeros((0, 4, 3), np.float32), KIND, "at least one frame"),
        (np.full((2, 4, 3), np.nan, np.float32), KIND, "at no place"),
        (np.ones((2, 3, 3), np.float32), KIND, "A bone of joints .* ends at joint 3; there are 3, 0 to 2"),
        (np.ones((2, 5, 3), np.float32), KIND, "has 5 joints, and names for 4"),
    ],
)
def test_joints_that_cannot_be_drawn_say_why(frames: np.ndarray, kind: InputKind, said: str) -> None:
    with pytest.raises(VisualAnalyseError, match=said):
        Joints(frames, kind, "joints")
