from __future__ import annotations

import pytest

from visual_analyse.draw.style import Style, read_scale
from visual_analyse.errors import VisualAnalyseError


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"opacity": 1.2}, "opacity is 1.2; it must lie from 0 to 1"),
        ({"opacity": float("nan")}, "opacity is nan"),
        ({"resize_ratio": 0}, "resize_ratio is 0"),
        ({"font_scale": -1}, "font_scale is -1"),
        ({"polarity": "up"}, "'up' is none of for, against, both, abs"),
        ({"scale": "frame"}, "'frame' is none of clip, shared"),
        ({"scale": "-1"}, "no number above zero"),
        ({"scale": float("inf")}, "no number above zero"),
        ({"colormap": "infernoo"}, "did you mean inferno"),
        ({"colormap": "Jett"}, "did you mean jet"),
        ({"colormap": "qqqqqq"}, "try inferno"),
    ],
)
def test_a_wrong_choice_says_what_would_be_right(wrong: dict[str, object], said: str) -> None:
    with pytest.raises(VisualAnalyseError, match=said):
        Style(**wrong)


def test_default_colours_are_dark_where_there_is_nothing() -> None:
    assert (Style().colours, Style(polarity="both").colours) == ("inferno", "berlin")
    assert Style(polarity="both", colormap="jet").colours == "jet"


def test_scale_is_a_word_or_a_number() -> None:
    assert [read_scale(text) for text in ("clip", "shared", "0.5", 2)] == ["clip", "shared", 0.5, 2.0]
