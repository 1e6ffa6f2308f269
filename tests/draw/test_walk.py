from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from visual_analyse.draw.colours import Paint
from visual_analyse.draw.style import Style
from visual_analyse.draw.walk import Walk
from visual_analyse.errors import VisualAnalyseError
from visual_analyse.results import Evidence, InputKind, LayerEvidence

Make = Callable[..., Evidence]
MakeLayer = Callable[..., LayerEvidence]


def test_a_frame_shows_the_step_whose_window_it_is_in(evidence_of: Make, layer_of: MakeLayer) -> None:
    frames = np.zeros((7, 4, 4), np.uint8)
    view = Walk(evidence_of(layer_of(np.ones((2, 2, 2)), [[0, 3], [3, 6]]), frames=frames)).views[0]
    assert view.strided and not view.pooled and view.pictures == 2
    assert view.step_of.tolist() == [0, 0, 0, 1, 1, 1, -1]  # no step saw the last frame
    assert view.window(1) == (4, 6)


def test_of_overlapping_windows_the_nearest_middle_is_shown(evidence_of: Make, layer_of: MakeLayer) -> None:
    frames = np.zeros((6, 4, 4), np.uint8)
    view = Walk(evidence_of(layer_of(np.ones((2, 2, 2)), [[0, 4], [2, 6]]), frames=frames)).views[0]
    assert view.step_of.tolist() == [0, 0, 0, 1, 1, 1]


def test_a_pooled_layer_has_a_picture_for_every_frame(evidence_of: Make, layer_of: MakeLayer) -> None:
    view = Walk(evidence_of(layer_of(np.ones((1, 2, 2)), [[0, 4]], pooled=True))).views[0]
    assert view.pooled and not view.strided and view.pictures == 4 and view.step_of.tolist() == [0, 0, 0, 0]


def test_one_frame_and_one_step_is_a_frame(evidence_of: Make, layer_of: MakeLayer) -> None:
    view = Walk(evidence_of(layer_of(np.ones((1, 2, 2))), frames=np.zeros((1, 4, 4), np.uint8))).views[0]
    assert not view.strided and not view.pooled


def test_strided_maps_lie_on_the_mean_of_their_frames(evidence_of: Make, layer_of: MakeLayer) -> None:
    frames = np.random.default_rng(0).integers(0, 256, (6, 8, 6), dtype=np.uint8)
    walk = Walk(evidence_of(layer_of(np.ones((2, 2, 2)), [[0, 3], [2, 6]]), frames=frames))
    drawn = walk.below(walk.views[0], 1, 8, 6, False)
    assert np.abs(drawn - frames[2:6].mean(0)).max() <= 0.5


def test_a_mirrored_walk_gives_a_mirrored_picture(evidence_of: Make, layer_of: MakeLayer) -> None:
    rng = np.random.default_rng(0)
    frames, maps = rng.integers(0, 256, (2, 16, 11), dtype=np.uint8), rng.normal(size=(2, 4, 3))
    pictures = []
    for flip in (1, -1):
        walk, paint = Walk(evidence_of(layer_of(maps[..., ::flip]), frames=frames[..., ::flip])), Paint(Style())
        shades = walk.shades(walk.views[0], 1, 2.0, paint, 32, 22)
        pictures.append(paint.over(walk.below(walk.views[0], 1, 32, 22, False), shades).astype(int))
    assert np.abs(pictures[0] - pictures[1][:, ::-1]).max() <= 3  # a shade may round the other way


def test_parsing_is_shown_in_its_colours(evidence_of: Make, palette_kind: InputKind, layer_of: MakeLayer) -> None:
    frames = np.array([[[0, 1, 2, 9]]], np.uint8)
    walk = Walk(evidence_of(layer_of(np.ones((1, 1, 1))), frames=frames, kind=palette_kind))
    colours = walk.scene(0, 0, 1, 1, 4, False)[0].tolist()
    assert colours == [[0, 0, 0], [255, 0, 0], [0, 200, 50], [255, 255, 255]]


def test_a_layer_lies_on_its_own_input(evidence_of: Make, layer_of: MakeLayer) -> None:
    other = np.full((4, 6, 6, 3), 77, np.uint8)
    walk = Walk(evidence_of(layer_of(np.ones((4, 2, 2)), on=1), inputs={"1": other}))
    assert walk.size(1) == (6, 6) and (walk.below(walk.views[0], 2, 6, 6, False) == 77).all()


def test_results_that_cannot_be_drawn_say_why(evidence_of: Make, layer_of: MakeLayer) -> None:
    good = np.ones((4, 2, 2))
    for evidence, said in [
        (evidence_of(frames=np.zeros((4, 17, 3), np.float32)), r"frames \(silhouette\) is float32 \[4, 17, 3\]"),
        (
            evidence_of(layer_of(np.ones((0, 2, 2)), np.zeros((0, 2))), frames=np.zeros((0, 4, 4), np.uint8)),
            "one frame",
        ),
        (evidence_of(layer_of(np.full((4, 2, 2), np.nan))), "no numbers"),
        (evidence_of(layer_of(np.ones((4, 2)))), r"float32 \[4, 2\]"),
        (evidence_of(layer_of(good, [[0, 1]])), "does not say which of the 4 frames"),
        (evidence_of(layer_of(good, [[0, 1], [1, 2], [2, 3], [3, 9]])), "does not say which of the 4 frames"),
        (evidence_of(layer_of(good, [[0, 1], [1, 2], [3, 3], [3, 4]])), "does not say which"),
        (evidence_of(layer_of(good, on=2)), "lies on input 2, which is not stored"),
        (evidence_of(layer_of(good, on=1), inputs={"1": np.zeros((3, 4, 4), np.uint8)}), "has 3 frames"),
        (evidence_of(layer_of(good, on=1), kinds={"1": InputKind("RGB", "rgb")}), "lies on input 1, which is not"),
        (evidence_of(kind=InputKind("SMPL", "none")), r"frames \(SMPL\) is nothing that can be drawn"),
        (
            evidence_of(
                layer_of(good, on=1),
                inputs={"1": np.zeros((4, 17, 3), np.uint8)},
                kinds={"1": InputKind("p", "joints")},
            ),
            r"inputs/1 \(p\) is uint8 .* joints need float32",
        ),
    ]:
        with pytest.raises(VisualAnalyseError, match=said):
            Walk(evidence)


def test_every_input_is_looked_at_in_its_own_way(many_evidence: Evidence) -> None:
    walk = Walk(many_evidence)
    assert [type(one).__name__ for one in walk.inputs.values()] == ["Pictures", "Joints", "Points", "Pictures"]
    assert walk.names == {0: "silhouette", 1: "pose", 2: "points", 3: "RGB", 4: "SMPL"} and walk.several
    assert [view.on for view in walk.views] == [0, 1, 2, 3, 0]  # what cannot be drawn lies on the first


def test_inputs_of_one_kind_are_numbered(evidence_of: Make) -> None:
    other = np.zeros((4, 8, 8), np.uint8)
    kinds = {"1": InputKind("silhouette"), "2": InputKind("silhouette")}
    walk = Walk(evidence_of(inputs={"1": other, "2": other}, kinds=kinds))
    assert list(walk.names.values()) == ["silhouette", "silhouette 2", "silhouette 3"]
    assert not Walk(evidence_of()).several


def test_an_input_that_nobody_needs_may_be_left_out(evidence_of: Make) -> None:
    walk = Walk(evidence_of(kinds={"1": InputKind("RGB", "rgb")}))
    assert list(walk.inputs) == [0] and walk.several


def test_a_window_of_poses_is_drawn_on_its_middle_frame(joints_evidence_of: Make, layer_of: MakeLayer) -> None:
    layer = layer_of(np.ones((1, 3)), [[1, 4]])
    walk = Walk(joints_evidence_of(layer))
    size = walk.size()
    assert (walk.below(walk.views[0], 0, *size, False) == walk.scene(0, 2, 3, *size, False)).all()


@pytest.mark.parametrize("opacity", [0.0, 0.6, 1.0])
def test_colours_of_a_frame_step_back_under_the_evidence(
    opacity: float, evidence_of: Make, layer_of: MakeLayer
) -> None:
    frames = np.zeros((1, 4, 4, 3), np.uint8)
    frames[..., 0] = 200  # red
    walk, paint = Walk(evidence_of(layer_of(np.zeros((1, 2, 2))), frames=frames)), Paint(Style(opacity=opacity))
    shades = walk.shades(walk.views[0], 0, 1.0, paint, 4, 4)
    red, green = (
        walk.coloured(walk.views[0], 0, shades, paint, 4, 4)[0, 0, :2].astype(int) - opacity * paint.table[0, :2]
    )
    light = 0.299 * 200
    kept = (1 - opacity) ** 2  # of how far each channel is from the light of all
    assert red == pytest.approx((1 - opacity) * (light + kept * (200 - light)), abs=1)
    assert green == pytest.approx((1 - opacity) * (light - kept * light), abs=1)
