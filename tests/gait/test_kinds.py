"""Kinds told from shapes, and the pictures a person gets to see of what the model saw."""

from __future__ import annotations

import numpy as np
import pytest

from visual_analyse.errors import VisualAnalyseError
from visual_analyse.gait import kinds
from visual_analyse.gait.kinds import frames_for_picture, kind_of

RANDOM = np.random.default_rng(0)
RGB = RANDOM.integers(0, 256, (5, 3, 32, 24), dtype=np.uint8)


@pytest.mark.parametrize(
    ("array", "kind"),
    [
        (RANDOM.integers(0, 256, (5, 64, 64), dtype=np.uint8), kinds.SILHOUETTE),
        (RANDOM.integers(0, 2, (5, 64, 44), dtype=np.uint8), kinds.SILHOUETTE),
        (RANDOM.random((5, 128, 128)), kinds.SILHOUETTE),
        (np.zeros((5, 64, 64), np.uint8), kinds.SILHOUETTE),
        (np.ones((5, 64, 64), bool), kinds.SILHOUETTE),
        (np.zeros((5, 1, 64, 64), np.uint8), kinds.SILHOUETTE),
        (RANDOM.integers(0, 12, (5, 64, 64), dtype=np.uint8), kinds.PARSING),
        (np.zeros((5, 2, 64, 64), np.uint8), kinds.SKELETON_MAP),
        (np.zeros((5, 17, 3)), kinds.POSE),
        (np.zeros((5, 18, 3)), kinds.POSE_18),
        (np.zeros((5, 85)), kinds.SMPL),
        (RGB, kinds.RGB),
        (np.moveaxis(RGB, 1, -1), kinds.RGB),
        (np.repeat(RGB[:, :1], 3, 1), kinds.DEPTH),
        (np.zeros(5), kinds.RATIO),
        (np.zeros((5, 2)), kinds.RATIO),
        (np.zeros((5, 300, 4)), kinds.POINTS),
        ([np.zeros((5, 3)), np.zeros((4, 3))], kinds.POINTS),
        (np.zeros((5, 4, 96, 48)), kinds.FEATURES),
    ],
)
def test_shapes(array: np.ndarray, kind: object) -> None:
    assert kind_of([array]) == [kind]


def test_several_at_once() -> None:
    assert kind_of([np.zeros((5, 2, 64, 64)), np.zeros((5, 64, 64))]) == [kinds.SKELETON_MAP, kinds.SILHOUETTE]


@pytest.mark.parametrize("shape", [(5, 7), (5, 3, 2), (5, 64, 2), (5, 2, 3, 64), (5, 17, 2)])
def test_shapes_of_nothing(shape: tuple[int, ...]) -> None:
    with pytest.raises(VisualAnalyseError, match=r"is no modality of a walk that is known.*Known are \(T,h,w\)"):
        kind_of([np.zeros(shape)])


def test_edges_are_a_body() -> None:
    for kind, joints in ((kinds.POSE, 17), (kinds.POSE_18, 18)):
        assert {joint for edge in kind.edges for joint in edge} == set(range(joints))


@pytest.mark.parametrize("layout", [(5, 32, 24), (5, 1, 32, 24)])
def test_grey_in_either_scale(layout: tuple[int, ...]) -> None:
    grey = RANDOM.integers(0, 256, (5, 32, 24), dtype=np.uint8)
    for scale in (1, 255.0):
        seen = frames_for_picture(kinds.SILHOUETTE, (grey / scale).astype(np.float32).reshape(layout))
        assert seen.dtype == np.uint8
        np.testing.assert_array_equal(seen, grey)
    assert not frames_for_picture(kinds.SILHOUETTE, np.zeros(layout)).any()
    assert (frames_for_picture(kinds.SILHOUETTE, np.ones(layout, bool)) == 255).all()


def test_one_scale_for_the_clip() -> None:
    faint = np.stack([np.full((32, 24), 0.2), np.full((32, 24), 1.0)])
    assert frames_for_picture(kinds.SILHOUETTE, faint)[:, 0, 0].tolist() == [51, 255]


def test_parsing_stays_ids() -> None:
    ids = RANDOM.integers(0, 11, (5, 32, 24))
    for seen in (ids.astype(np.float32), ids / 255.0):
        np.testing.assert_array_equal(frames_for_picture(kinds.PARSING, seen), ids)
    assert len(kinds.PARSING.palette) == 12 == len(set(kinds.PARSING.palette))
    assert frames_for_picture(kinds.PARSING, np.full((1, 32, 24), 99.0)).max() == 11


def test_skeleton_maps_become_colours() -> None:
    planes = np.zeros((1, 3, 32, 24))
    planes[0, 0, 3, 3] = planes[0, 1, 5, 5] = planes[0, 2, 7, 7] = 1
    for channels in (2, 3):
        seen = frames_for_picture(kinds.SKELETON_MAP, planes[:, :channels])
        assert seen.shape == (1, 32, 24, 3)
        for number, place in enumerate([3, 5, 7][:channels]):
            assert tuple(seen[0, place, place]) == kinds.SKELETON_MAP.palette[number]
    np.testing.assert_array_equal(
        frames_for_picture(kinds.SKELETON_MAP, planes * 255), frames_for_picture(kinds.SKELETON_MAP, planes)
    )


def test_colours_come_back_from_any_scale() -> None:
    expected = np.moveaxis(RGB, 1, -1)
    mean, deviation = (np.array(v).reshape(1, 3, 1, 1) * 255 for v in ([0.485, 0.456, 0.406], [0.229, 0.224, 0.225]))
    for seen in (RGB, RGB / 255.0, ((RGB - mean) / deviation).astype(np.float32), expected):
        np.testing.assert_array_equal(frames_for_picture(kinds.RGB, seen), expected)


def test_depth_is_grey() -> None:
    depth = np.repeat(RGB[:, :1], 3, 1)
    np.testing.assert_array_equal(frames_for_picture(kinds.DEPTH, depth / 255.0), RGB[:, 0])


def test_what_is_no_picture() -> None:
    for kind, shape in ((kinds.POSE, (5, 17, 3)), (kinds.SILHOUETTE, (5, 4, 32, 24)), (kinds.RGB, (5, 32, 24))):
        with pytest.raises(VisualAnalyseError, match=f"kind {kind.name} and shape"):
            frames_for_picture(kind, np.zeros(shape))
