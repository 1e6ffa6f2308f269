"""Short texts as pixels, in the font that matplotlib brings."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

import matplotlib
import numpy as np
from matplotlib.ft2font import FT2Font
from PIL import Image, ImageDraw, ImageFont

from visual_analyse.draw.colours import Scene

BLACK, GREY = (20, 20, 20), (105, 105, 105)
# Words in the names of fonts that hold Chinese, Japanese or Korean.
_WIDE = ("CJK", "Source Han", "WenQuanYi", "YaHei", "PingFang", "Hiragino", "Heiti", "SimHei", "SimSun", "Fallback")


@lru_cache(maxsize=2048)
def label(text: str, size: int, bold: bool = False, colour: tuple[int, int, int] = BLACK, width: int = 0) -> Scene:
    """One line of text on white, uint8 `[height, width, 3]`; every label of one size has one height and baseline.

    `size` in pixels; `width`, where given, the most it may take (see `elided`). Characters without a glyph are
    taken from a font of the system, where one has them, else drawn as boxes.

    >>> label("conv1", 14).shape[2]
    3
    """
    text = _printable(elided(text, size, bold, width) if width else text)
    own = _font(_own(bold), size)
    ascent, descent = own.getmetrics()
    image = Image.new("RGB", (max(1, measure(text, size, bold)), ascent + descent), "white")
    draw = ImageDraw.Draw(image)
    x = 0.0
    for font, run in _runs(text, size, bold):
        draw.text((x, ascent), run, fill=colour, font=font, anchor="ls")
        x += font.getlength(run)
    return np.asarray(image)


def elided(text: str, size: int, bold: bool, width: int) -> str:
    """A text that fits a width: both ends of a layer's name tell more than its middle, so it is the middle that goes.

    >>> elided("set_block1.forward_block.0.conv", 14, False, 140)
    'set_block1…0.conv'
    """
    if measure(text, size, bold) <= width:
        return text
    first, *rest = text.split(".")
    for dropped in range(1, len(rest)):
        short = f"{first}…{'.'.join(rest[dropped:])}"
        if measure(short, size, bold) <= width:
            return short
    short = text
    for kept in range(len(text) - 1, -1, -1):
        head = (kept + 1) // 2
        short = f"{text[:head]}…{text[len(text) - (kept - head) :]}"
        if measure(short, size, bold) <= width:
            break
    return short


def cut(text: str, size: int, width: int) -> str:
    """A text that fits a width, its end left out: of a sentence the beginning tells most.

    >>> cut("sees the silhouette", 14, 60)
    'sees th…'
    """
    if measure(text, size) <= width:
        return text
    short = (f"{text[:kept]}…" for kept in range(len(text) - 1, -1, -1))
    return next((words for words in short if measure(words, size) <= width), "…")


def fitting(wordings: Sequence[str], size: int, width: int) -> str:
    """The first of several wordings that fits a width, or the last.

    >>> fitting(["Conv2d · nothing for the match", "nothing for the match"], 11, 140)
    'nothing for the match'
    """
    return next((words for words in wordings if measure(words, size) <= width), wordings[-1])


def measure(text: str, size: int, bold: bool = False) -> int:
    """The width of a text in pixels."""
    return int(np.ceil(sum(font.getlength(run) for font, run in _runs(_printable(text), size, bold))))


def line_height(size: int) -> int:
    """The height of a label in pixels."""
    return sum(_font(_own(False), size).getmetrics())


def ascent(size: int) -> int:
    """How far below a label's top its baseline lies, in pixels."""
    return int(_font(_own(False), size).getmetrics()[0])


def _runs(text: str, size: int, bold: bool) -> list[tuple[ImageFont.FreeTypeFont, str]]:
    runs: list[tuple[str, str]] = []
    for character in text:
        path = _own(bold) if ord(character) < 128 else _with_glyph(character, bold)
        if runs and runs[-1][0] == path:
            runs[-1] = (path, runs[-1][1] + character)
        else:
            runs.append((path, character))
    return [(_font(path, size), run) for path, run in runs]


def _printable(text: str) -> str:
    # Lone surrogates are what Python makes of file names that are not UTF-8; no font draws them.
    return "".join(c if c.isprintable() else "�" for c in text.encode("utf-8", "replace").decode("utf-8"))


def _own(bold: bool) -> str:
    return str(Path(matplotlib.get_data_path(), "fonts", "ttf", "DejaVuSans-Bold.ttf" if bold else "DejaVuSans.ttf"))


@lru_cache(maxsize=64)
def _font(path: str, size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(path, size, layout_engine=ImageFont.Layout.BASIC)


@lru_cache(maxsize=16)
def _face(path: str) -> FT2Font | None:
    try:
        return FT2Font(path)
    except (OSError, RuntimeError):  # a font file of the system that cannot be opened
        return None


@lru_cache(maxsize=4096)
def _with_glyph(character: str, bold: bool) -> str:
    own = _own(bold)
    face = _face(own)
    if face is not None and face.get_char_index(ord(character)):
        return own
    for path in _system_fonts():
        face = _face(path)
        if face is not None and face.get_char_index(ord(character)):
            return path
    return own


@lru_cache(maxsize=1)
def _system_fonts() -> tuple[str, ...]:
    from matplotlib import font_manager  # it searches the system on import: only where it is needed

    entries = [font for font in font_manager.fontManager.ttflist if any(word in font.name for word in _WIDE)]
    return tuple(dict.fromkeys(font.fname for font in sorted(entries, key=lambda font: (font.name, font.fname))))
