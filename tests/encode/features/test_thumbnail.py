"""A walk at a glance, whatever it is made of."""

from __future__ import annotations

import numpy as np
import pytest

from tests.workshop import silhouettes
from visual_analyse.encode.features.thumbnail import thumbnail


def body(height=64, width=64, s=3):
    frames = np.zeros((s, height, width), np.uint8)
    frames[:, height // 4 : height // 2, width // 2 - width // 8 : width // 2 + width // 8] = 255
    return frames


def test_it_is_the_mean_silhouette_cut_as_opengait_cuts():
    frames = silhouettes(3, frames=5)
    found = thumbnail([frames])
    expected = np.rint(frames.mean(0)).astype(np.uint8)[:, 10:54].reshape(32, 2, 22, 2).mean((1, 3))
    assert found.shape == (32, 22)
    assert np.abs(found - expected).max() <= 1


@pytest.mark.parametrize(
    "walk",
    [
        [body()],
        [body(128, 128)],
        [body(64, 44)],
        [(body() > 0).astype(np.uint8)],
        [body() / 255.0],
        [np.where(body() > 0, np.arange(64) % 10 + 1, 0).astype(np.uint8)],
        [np.repeat(body()[:, None], 3, 1)],
        [np.repeat(body(128, 128)[..., None], 3, 3)],
        [np.zeros((3, 17, 3)), body()],
    ],
    ids=["silhouette", "128", "44", "0 and 1", "floats", "parsing", "RGB", "channels last", "second modality"],
)
def test_every_picture_shows_the_body_where_it_is(walk):
    found = thumbnail(walk).astype(float)
    assert found.dtype == float
    inside = found[9:15, 9:13]
    assert inside.min() > 200
    assert found[:7].max() == 0
    assert found[17:].max() == 0
    assert found[:, :4].max() == 0


def test_a_skeleton_map_is_a_picture_and_wide_gaps_are_black():
    maps = np.stack([body(64, 32), body(64, 32) // 2], 1)
    found = thumbnail([maps])
    assert found[9:15, 10:12].min() > 60
    assert found[:, 0].max() == 0


@pytest.mark.parametrize(
    "walk", [[np.zeros((3, 17, 3))], [[np.zeros((5, 3)), np.zeros((6, 3))]], [np.zeros(3)], [np.zeros((3, 4, 9, 9, 2))]]
)
def test_what_is_no_picture_has_none(walk):
    assert thumbnail(walk) is None
