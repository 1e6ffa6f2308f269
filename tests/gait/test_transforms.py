"""Transforms against what their names stand for, written out."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from visual_analyse.errors import VisualAnalyseError
from visual_analyse.gait.transforms import build_transforms

GREY = np.random.default_rng(0).integers(0, 256, (4, 64, 64), dtype=np.uint8)
GREY[0, 0, :64] = 255  # also after cutting


def _applied(array: Any, name: str, **settings: Any) -> np.ndarray:
    return build_transforms([{"type": name, **settings}])[0](array)


@pytest.mark.parametrize(("width", "left"), [(64, 44), (44, 44), (128, 88), (63, 63), (192, 132)])
def test_cutting_by_width(width: int, left: int) -> None:
    wide = np.random.default_rng(1).integers(0, 256, (3, 64, width), dtype=np.uint8)
    seen = _applied(wide, "BaseSilCuttingTransform")
    side = (width - left) // 2
    assert seen.dtype == np.float32
    np.testing.assert_array_equal(seen, (wide[..., side : side + left] / 255.0).astype(np.float32))


def test_settings_of_cutting() -> None:
    cut = _applied(GREY, "BaseSilCuttingTransform", cutting=5, divsor=1.0)
    np.testing.assert_array_equal(cut, GREY[..., 5:-5])
    assert _applied(GREY, "BaseSilCuttingTransform", cutting=0).shape == GREY.shape
    np.testing.assert_array_equal(_applied(GREY, "BaseSilCuttingTransform", disvor=2), GREY[..., 10:-10] / 2)
    np.testing.assert_array_equal(
        _applied(GREY, "BaseSilCuttingTransform", img_w=128), _applied(GREY, "BaseSilCuttingTransform")
    )


def test_channels_are_kept() -> None:
    maps = np.repeat(GREY[:, None], 2, 1)
    np.testing.assert_array_equal(
        _applied(maps, "BaseSilCuttingTransform")[:, 1], _applied(GREY, "BaseSilCuttingTransform")
    )


def test_dividing() -> None:
    np.testing.assert_array_equal(_applied(GREY, "BaseSilTransform"), (GREY / 255.0).astype(np.float32))
    assert _applied(GREY.reshape(4, -1), "BaseSilTransform", img_shape=[64, 64]).shape == (4, 64, 64)


def test_parsing_is_divided_only_where_it_is_grey() -> None:
    ids = np.random.default_rng(2).integers(0, 11, (4, 64, 64), dtype=np.uint8)
    np.testing.assert_array_equal(_applied(ids, "BaseParsingCuttingTransform"), ids[..., 10:-10])
    np.testing.assert_array_equal(
        _applied(GREY, "BaseParsingCuttingTransform"), (GREY[..., 10:-10] / 255.0).astype(np.float32)
    )


def test_colours() -> None:
    rgb = np.random.default_rng(3).integers(0, 256, (2, 3, 32, 16), dtype=np.uint8)
    seen = _applied(rgb, "BaseRgbTransform")
    np.testing.assert_allclose(seen[:, 1], (rgb[:, 1] / 255 - 0.456) / 0.224, atol=1e-5)
    assert seen.dtype == np.float32
    np.testing.assert_allclose(
        _applied(rgb, "BaseRgbTransform", mean=[1, 2, 3], std=[1, 1, 2])[:, 2], (rgb[:, 2] - 3.0) / 2
    )


def test_no_operation_and_order() -> None:
    first, second = build_transforms([{"type": "NoOperation"}, {"type": "BaseSilTransform"}])
    assert first(GREY) is GREY
    assert second(GREY).max() == 1


def test_one_after_another() -> None:
    steps = [{"type": "BaseSilCuttingTransform"}, {"type": "BaseSilTransform", "divsor": 2}]
    seen = _applied(GREY, "Compose", trf_cfg=steps)
    np.testing.assert_array_equal(seen, (GREY[..., 10:-10] / 255.0).astype(np.float32) / 2)
    within = _applied(GREY, "Compose", trf_cfg=[{"type": "Compose", "trf_cfg": steps[:1]}, steps[1]])
    np.testing.assert_array_equal(seen, within)


@pytest.mark.parametrize(
    ("configured", "said"),
    [
        ([{"type": "PointNoise"}], "'PointNoise'.*BaseSilCuttingTransform, .*NoOperation.*--opengait"),
        ([{"type": "Compose"}], "trf_cfg .* is None; a list of transforms"),
        ([{"type": "Compose", "trf_cfg": []}], r"trf_cfg .* is \[\]"),
        ([{"type": "Compose", "trf_cfg": ["NormalizeEmpty"]}], "trf_cfg .* is"),
        ([{"type": "Compose", "trf_cfg": [{"type": "RandomMove"}]}], "'RandomMove'.*Compose"),
        ([{}], "the transform None"),
        ([{"type": ["a"]}], "the transform"),
        ({"type": "BaseSilTransform"}, "a list with one entry an input"),
        ([], "a list with one entry an input"),
        (None, "a list with one entry an input"),
        (["BaseSilTransform"], "a list with one entry an input"),
        ([{"type": "BaseSilTransform", "divsor": 0}], "divsor .* is 0; a number above 0"),
        ([{"type": "BaseSilTransform", "divsor": "255"}], "divsor .* is '255'"),
        ([{"type": "BaseSilCuttingTransform", "cutting": -3}], "cutting .* is -3"),
        ([{"type": "BaseSilCuttingTransform", "cutting": 2.5}], "cutting .* is 2.5"),
        ([{"type": "BaseRgbTransform", "mean": [1, 2]}], "mean .* three numbers"),
        ([{"type": "BaseRgbTransform", "std": [1, 0, 2]}], "std .* none of them 0"),
    ],
)
def test_wrong_configs(configured: Any, said: str) -> None:
    with pytest.raises(VisualAnalyseError, match=said):
        build_transforms(configured)


@pytest.mark.parametrize(
    ("name", "array", "said"),
    [
        ("BaseSilCuttingTransform", np.zeros((5, 17, 3)), r"shape \(5, 17, 3\) was given where .* clip of pictures"),
        ("BaseSilCuttingTransform", np.zeros((5, 3, 64)), r"shape \(5, 3, 64\)"),
        ("BaseSilTransform", np.zeros((5, 85)), r"shape \(5, 85\)"),
        ("BaseParsingCuttingTransform", np.zeros(5), r"shape \(5,\)"),
        ("BaseSilTransform", [np.zeros((5, 3)), np.zeros((4, 3))], "a list of 2 point clouds"),
        ("BaseRgbTransform", np.zeros((5, 64, 64)), r"shape \(5, 64, 64\) was given where RGB"),
        ("BaseRgbTransform", np.zeros((5, 64, 64, 3)), r"data_in_use"),
        ("BaseRgbTransform", np.zeros((5, 2, 64, 64)), r"where RGB frames"),
    ],
)
def test_other_modalities_are_refused(name: str, array: Any, said: str) -> None:
    with pytest.raises(VisualAnalyseError, match=said):
        _applied(array, name)


def test_cutting_too_much_and_shapes_that_do_not_fit() -> None:
    with pytest.raises(VisualAnalyseError, match="cutting of 30 columns"):
        _applied(GREY, "BaseSilCuttingTransform", cutting=30)
    with pytest.raises(VisualAnalyseError, match="cannot take the img_shape"):
        _applied(GREY, "BaseSilTransform", img_shape=[3, 64])
