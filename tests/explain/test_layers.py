import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from visual_analyse.errors import VisualAnalyseError
from visual_analyse.explain.layers import Layer, select

LAYERS = [
    Layer(1, "body.0.conv", "Conv2d"),
    Layer(2, "body.1", "LeakyReLU"),
    Layer(3, "body.2.conv", "Conv3d"),
    Layer(4, "head", "Linear"),
]


@pytest.mark.parametrize(
    ("wanted", "numbers"),
    [
        ("conv", [1, 3]),
        ("1 3", [1, 3]),
        ("3,1", [1, 3]),
        ("2-4", [2, 3, 4]),
        ("body.*", [1, 2, 3]),
        ("body", [1, 2, 3]),
        ("head", [4]),
        ("leakyrelu", [2]),
        ("all", [1, 2, 3, 4]),
        (["1-2", "head"], [1, 2, 4]),
        ([4, 4], [4]),
        ("1，3", [1, 3]),
    ],
)
def test_words(wanted, numbers):
    assert [layer.number for layer in select(LAYERS, wanted)] == numbers


@pytest.mark.parametrize(
    ("wanted", "said"),
    [("9", "numbered from 1 to 4"), ("0", "numbered"), ("3-2", "numbered"), ("bodi.1", "body.1"), ("", "conv")],
)
def test_layers_nobody_has(wanted, said):
    with pytest.raises(VisualAnalyseError, match=said):
        select(LAYERS, wanted)


@given(st.text(max_size=30))
def test_any_text_chooses_layers_or_says_why_not(text):
    with contextlib.suppress(VisualAnalyseError):
        assert set(select(LAYERS, text)) <= set(LAYERS)
