import numpy as np
import pytest

from visual_analyse.errors import VisualAnalyseError
from visual_analyse.synthetic.prepare import crop_of, prepare

PICTURE = np.zeros((2, 168, 144), np.uint8)
PICTURE[0, 20:148, 60:80] = 2
PICTURE[0, 20:40, 60:80] = 1
PICTURE[1, 30:94, 30:40] = 4
PICTURE[1, 30:94, 100:106] = 3


def test_the_body_fills_all_rows_and_is_centred_on_its_median_mass() -> None:
    silhouettes, regions = prepare(PICTURE, crop_of(PICTURE))
    assert silhouettes.shape == regions.shape == (2, 64, 64)
    assert silhouettes.dtype == regions.dtype == np.uint8
    assert (silhouettes.max(2) == 255).all()
    columns = np.nonzero(silhouettes[0].max(0) > 127)[0]
    assert columns.min() == 27 and columns.max() == 36  # 20 columns, at half the scale
    assert (regions[0][:10, 30] == 1).all() and (regions[0][11:, 30] == 2).all()
    # More than half of the second frame's mass lies in the wide bar: the median column is in it.
    assert (regions[1][:, 32] == 4).all()


def test_points_move_with_the_picture() -> None:
    spot = np.zeros((1, 168, 144), np.uint8)
    spot[0, 24:152, 66:78] = 2
    spot[0, 100:104, 66:70] = 4
    crop = crop_of(spot)
    x, y = crop.points(np.array([[67.5, 101.5]]))[0]
    _, regions = prepare(spot, crop)
    rows, columns = np.nonzero(regions[0] == 4)
    assert abs(rows.mean() - y) < 0.3 and abs(columns.mean() - x) < 0.3


def test_regions_are_exactly_the_bright_half() -> None:
    rng = np.random.default_rng(5)
    noisy = PICTURE.copy()
    noisy[0, 20:148, 50:90] = 0
    noisy[0, 20:137, 50:90] = rng.integers(0, 5, (117, 40))
    silhouettes, regions = prepare(noisy, crop_of(noisy))
    assert np.array_equal(regions > 0, silhouettes >= 128)
    assert len(np.unique(silhouettes)) > 100  # grey, as cubic resizing leaves it


def test_a_larger_picture_of_the_same_body_is_prepared_alike() -> None:
    double = np.zeros((1, 168, 144), np.uint8)
    double[0, 4:164, 52:92] = 2
    single = np.zeros((1, 168, 144), np.uint8)
    single[0, 44:124, 62:82] = 2
    shown = [prepare(picture, crop_of(picture))[0].astype(int) for picture in (double, single)]
    assert (np.abs(shown[0] - shown[1]) > 127).sum() <= 64  # at most a column: scaled widths are whole numbers


def test_an_empty_frame_is_refused_by_number() -> None:
    empty = PICTURE.copy()
    empty[1] = 0
    with pytest.raises(VisualAnalyseError, match=r"Frame 1 .* no body"):
        crop_of(empty)
