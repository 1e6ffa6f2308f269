from __future__ import annotations

import pytest

from visual_analyse.draw.figures import text
from visual_analyse.draw.figures.text import elided, label, measure


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
