from __future__ import annotations

import matplotlib
import numpy as np
import pytest

from visual_analyse.draw.colours import Paint, muted, worded
from visual_analyse.draw.style import Style

VALUES = np.array([[-2.0, -1.0, 0.0], [0.5, 1.0, 2.0]], np.float32)


def expected_unit(polarity: str, values: np.ndarray, scale: float) -> np.ndarray:
    unit = values / scale
    return {"for": unit, "against": -unit, "abs": np.abs(unit), "both": (unit + 1) / 2}[polarity].clip(0, 1)


@pytest.mark.parametrize("polarity", ["for", "against", "both", "abs"])
@pytest.mark.parametrize("colormap", ["inferno", "berlin", "jet"])
@pytest.mark.parametrize("channels", [1, 3])
def test_colours_are_matplotlibs_blended_by_hand(polarity: str, colormap: str, channels: int) -> None:
    style = Style(opacity=0.3, colormap=colormap, polarity=polarity)
    frame = np.array([[0, 10, 200], [255, 100, 3]], np.uint8)
    scene = frame if channels == 1 else np.stack([frame, 255 - frame, frame // 2], -1)
    paint = Paint(style)
    drawn = paint.over(scene, paint.shades(VALUES, 2.0))

    colours = matplotlib.colormaps[colormap](expected_unit(polarity, VALUES, 2.0))[..., :3] * 255
    below = scene[..., None] if channels == 1 else scene
    by_hand = 0.3 * colours + 0.7 * below
    assert np.abs(drawn - by_hand).max() <= 1.0
    assert drawn.shape == (2, 3, 3) and drawn.dtype == np.uint8


def test_opacity_0_is_the_frame_and_1_only_colours() -> None:
    frame = np.arange(256, dtype=np.uint8).reshape(16, 16)
    shades = frame[::-1].copy()
    clear, full = Paint(Style(opacity=0)), Paint(Style(opacity=1))
    assert (clear.over(frame, shades) == frame[..., None]).all()
    assert (full.over(frame, shades) == full.table[shades]).all()
    rgb = np.stack([frame, frame // 2, 255 - frame], -1)
    assert (clear.over(rgb, shades) == rgb).all()
    assert (full.over(rgb, shades) == full.table[shades]).all()


def test_nothing_stays_dark_so_that_the_body_is_seen() -> None:
    for polarity in ("for", "against", "both", "abs"):
        paint = Paint(Style(polarity=polarity))
        assert paint.table[paint.shades(np.zeros((1, 1), np.float32), 1.0)].max() < 32


@pytest.mark.parametrize("scale", [0.0, 1e-40])
def test_an_all_zero_scale_is_flat_and_no_number_is_lost(scale: float) -> None:
    for polarity in ("for", "both"):
        paint = Paint(Style(polarity=polarity))
        zero = paint.shades(np.zeros((2, 2), np.float32), 1.0)
        assert (paint.shades(np.zeros((2, 2), np.float32), scale) == zero).all()


def test_values_beyond_a_set_scale_take_its_end() -> None:
    paint = Paint(Style())
    assert paint.shades(np.array([[5.0]], np.float32), 1.0)[0, 0] == 255


def test_the_bar_runs_through_the_whole_colour_map() -> None:
    paint = Paint(Style(opacity=1))
    bar = paint.bar(256, 4)
    assert bar.shape == (4, 256, 3) and (bar == paint.table).all()


def test_the_bar_shows_the_colours_that_are_seen() -> None:
    """Over black above, over white below: what 0.4 of black and of white and 0.6 of the colour mix to."""
    paint = Paint(Style(opacity=0.6))
    bar = paint.bar(256, 4).astype(float)
    assert np.abs(bar[1] - 0.6 * paint.table).max() <= 1
    assert np.abs(bar[2] - (0.4 * 255 + 0.6 * paint.table)).max() <= 1


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "0"), (0.5, "0.500"), (12.3456, "12.3"), (123.4, "123"), (999.9, "1.00×10³"), (0.00123, "0.00123"),
     (0.000999, "9.99×10⁻⁴"), (1.5e-12, "1.50×10⁻¹²"), (45678, "4.57×10⁴")],
)  # fmt: skip
def test_numbers_are_written_with_three_digits(value: float, text: str) -> None:
    assert worded(value) == text


def test_shares_are_written_as_percent() -> None:
    assert worded(0.0123, percent=True) == "1.23 %"


def test_colours_on_discs_run_from_white_to_the_colour_map() -> None:
    assert (Paint(Style(opacity=0)).solid == 255).all()
    full = Paint(Style(opacity=1))
    assert (full.solid == full.table).all() and (full.bar(256, 4, solid=True) == full.table).all()
    half = Paint(Style(opacity=0.5))  # a quarter of the white is left
    assert np.abs(half.solid - (0.25 * 255 + 0.75 * half.table)).max() <= 0.5


def test_strength_is_how_far_a_shade_is_from_nothing() -> None:
    shades = np.array([0, 255, 51])
    assert Paint(Style()).strength(shades) == pytest.approx([0, 1, 0.2])
    assert Paint(Style(polarity="both")).strength(shades) == pytest.approx([1, 1, 0.6])


def test_muted_colours_keep_their_light() -> None:
    scene = np.array([[[255, 0, 0], [10, 10, 10]]], np.uint8)
    assert (muted(scene, 0.0) == scene).all()
    assert muted(scene, 1.0)[0].tolist() == [[round(0.299 * 255)] * 3, [10] * 3]
