from __future__ import annotations

import pytest

from visual_analyse.draw.figures import text
from visual_analyse.draw.figures.text import cut, elided, fitting, label, measure


def test_labels_of_one_size_are_equally_high_and_inked() -> None:
    short, deep = label("x", 14), label("gÄpq", 14)
    assert short.shape[0] == deep.shape[0] and short.min() < 80 and short.max() == 255


@pytest.mark.parametrize("name", ["set_block1.forward_block.0.conv", "averyveryverylongnamewithoutdots", "a.b"])
@pytest.mark.parametrize("width", [20, 60, 120])
def test_an_elided_text_fits(name: str, width: int) -> None:
    short = elided(name, 14, True, width)
    assert measure(short, 14, True) <= width and (short == name or "…" in short)
    assert label(name, 14, True, width=width).shape[1] <= width


def test_what_fits_is_left_alone() -> None:
    assert elided("conv1", 14, False, 500) == "conv1"


@pytest.mark.parametrize("hostile", ["步态识别", "a\nb\tc\x00", "name\udcff", "🦶", "", "عربي"])
def test_any_name_can_be_written(hostile: str) -> None:
    assert label(hostile, 12).shape[0] == label("x", 12).shape[0]


def test_without_a_font_for_it_a_character_is_drawn_as_a_box(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text, "_system_fonts", lambda: ())
    text._with_glyph.cache_clear()
    label.cache_clear()
    assert label("步", 14).min() < 80
    text._with_glyph.cache_clear()
    label.cache_clear()


def test_a_broken_font_of_the_system_is_passed_over(monkeypatch: pytest.MonkeyPatch, tmp_path) -> None:
    (tmp_path / "broken.ttf").write_bytes(b"no font")
    monkeypatch.setattr(text, "_system_fonts", lambda: (str(tmp_path / "broken.ttf"), str(tmp_path / "none.ttf")))
    text._with_glyph.cache_clear()
    label.cache_clear()
    assert label("态", 14).min() < 80
    text._with_glyph.cache_clear()
    label.cache_clear()


@pytest.mark.parametrize("width", [1, 20, 60, 120, 500])
def test_a_cut_text_fits_and_keeps_its_beginning(width: int) -> None:
    said = "on the model's own input"
    short = cut(said, 14, width)
    assert said.startswith(short.removesuffix("…")) and (measure(short, 14) <= width or short == "…")
    assert (short == said) == (measure(said, 14) <= width)


def test_the_first_wording_that_fits_is_taken() -> None:
    wordings = ["Conv2d · nothing for the match", "nothing for the match", "nothing"]
    for place, words in enumerate(wordings):
        assert fitting(wordings, 14, measure(words, 14)) == words
        assert fitting(wordings, 14, measure(words, 14) - 1) == wordings[min(place + 1, 2)]
