"""Replaced walks stay walks."""

from __future__ import annotations

import numpy as np
import pytest

from visual_analyse.gait.kinds import PARSING, POSE, RGB, SILHOUETTE
from visual_analyse.synthetic.body import sample_person
from visual_analyse.synthetic.walk import walk
from visual_analyse.trust.replacements import (
    REPLACEMENTS,
    Erosion,
    MeanSilhouette,
    Neighbour,
    changed,
    half_step,
)


def frames_of(view="090", frames=40, number=1):
    shown = walk(sample_person(7, number), "nm-01", view, frames, number)
    return shown.silhouettes.astype(np.float32) / 255, shown.phase


@pytest.mark.parametrize("replacement", REPLACEMENTS, ids=lambda one: one.name)
def test_only_what_is_masked_is_replaced(replacement):
    frames, _ = frames_of()
    before = frames.copy()
    whole = replacement.whole(frames, SILHOUETTE)
    mask = np.zeros(frames.shape, bool)
    mask[::2, 20:40] = True
    made = replacement.change(frames, mask, SILHOUETTE)
    assert (made[mask] == whole[mask]).all()
    assert (made[~mask] == frames[~mask]).all()
    assert changed(frames, whole).any()
    assert (frames == before).all()
    assert whole.dtype == frames.dtype
    assert 0 <= whole.min() < whole.max() <= 1


@pytest.mark.parametrize("view", ["036", "090", "144"])
def test_half_a_step_is_found(view):
    for number in range(1, 4):
        frames, phase = frames_of(view, 60, number)
        cycle = 1 / np.median(np.diff(phase) % 1)  # frames of two steps
        assert abs(half_step(frames > 0) - cycle / 4) < 1.5


def test_the_neighbour_is_a_frame_of_the_walk_itself():
    frames, _ = frames_of()
    half = half_step(frames > 0)
    whole = Neighbour().whole(frames, SILHOUETTE)
    assert (whole[:-half] == frames[half:]).all()
    assert (whole[-half:] == frames[-2 * half : -half]).all()


def test_what_erosion_takes_is_at_the_outline():
    frames = np.zeros((1, 64, 44), np.float32)
    frames[0, 10:50, 10:30] = 1
    whole = Erosion().whole(frames, SILHOUETTE)
    kept = np.zeros_like(frames)
    kept[0, 12:48, 12:28] = 1  # two of 64 rows on each side
    assert (whole == kept).all()


def test_the_mean_is_the_same_on_all_frames():
    frames, _ = frames_of()
    whole = MeanSilhouette().whole(frames, SILHOUETTE)
    assert np.allclose(whole, frames.mean(0), atol=1e-6)


def test_what_cannot_be_made_is_left_out():
    one = np.ones((1, 16, 16), np.float32)
    assert MeanSilhouette().whole(one, SILHOUETTE) is None
    assert Neighbour().whole(one, SILHOUETTE) is None
    two = np.ones((2, 16, 16), np.float32)
    assert MeanSilhouette().whole(two, PARSING) is None
    assert Erosion().whole(np.ones((2, 3, 16, 16)), RGB) is None
    assert Erosion().change(np.ones((2, 17, 3)), np.ones((2, 17, 3), bool), POSE) is None


def test_channels_are_replaced_together():
    frames = np.random.default_rng(0).random((4, 3, 8, 8))
    mask = np.zeros((4, 8, 8), bool)
    mask[1, 2, 3] = True
    made = MeanSilhouette().change(frames, mask, RGB)
    assert np.argwhere((made != frames).any(1)).tolist() == [[1, 2, 3]]
    assert np.allclose(made[1, :, 2, 3], frames[:, :, 2, 3].mean(0))
