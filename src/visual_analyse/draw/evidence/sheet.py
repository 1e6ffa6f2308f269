"""The sheet that a figure is drawn on: places in inches from its upper left corner, one font, one way to save."""

from __future__ import annotations

import io
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import wraps
from pathlib import Path
from typing import Any, TypeVar

import matplotlib
from matplotlib.axes import Axes
from matplotlib.colors import to_hex
from matplotlib.figure import Figure

from visual_analyse.draw.colours import Scene, table
from visual_analyse.draw.maps.page import ALARM, INK, PALE, families, fitted, width_of, wrapped
from visual_analyse.draw.style import Style
from visual_analyse.files import write_whole

FORMATS = ("png", "svg", "pdf")
DPI = 200
PAGE = 7.2  # inches: the width of a paper's page
EDGE = 0.12  # inches around everything
TITLE, TEXT, SMALL = 9.5, 7.5, 6.5  # points
LINE = 1.35 / 72  # inches that a line takes for each point of its size
BAR, FAINT = "#5f5f5f", "#d4d4d4"
FOR, AGAINST = (to_hex(table(Style(polarity="both").colours)[shade] / 255) for shade in (208, 47))
# Letters stay letters in vector formats, and names never become formulas.
_SETTINGS: dict[str, Any] = {
    "svg.fonttype": "none", "svg.hashsalt": "evidence", "pdf.fonttype": 42, "text.parse_math": False,
    "font.size": TEXT, "axes.linewidth": 0.6, "xtick.major.width": 0.6, "ytick.major.width": 0.6,
    "xtick.major.size": 2.5, "ytick.major.size": 2.5, "text.color": INK, "axes.edgecolor": PALE,
    "xtick.color": PALE, "ytick.color": PALE,
}  # fmt: skip

Drawing = TypeVar("Drawing", bound=Callable[..., Figure])


@contextmanager
def settings() -> Iterator[None]:
    """The settings of these figures, whatever a person's own matplotlibrc says."""
    with matplotlib.rc_context(), warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph .* missing")  # a box stands for it
        matplotlib.rcdefaults()
        chosen: Any = {**_SETTINGS, "font.family": list(families())}
        matplotlib.rcParams.update(chosen)
        yield


def on_a_sheet(draw: Drawing) -> Drawing:
    """Let a function draw under these settings."""

    @wraps(draw)
    def drawn(*args: Any, **given: Any) -> Figure:
        with settings():
            return draw(*args, **given)

    return drawn  # type: ignore[return-value]


def save(figure: Figure, path: Path) -> Path:
    """Write a figure, whole or not at all; the ending of the path, one of FORMATS, says as what.

    >>> save(Sheet().finish(1.0), Path("empty.pdf"))  # doctest: +SKIP
    """
    ending = path.suffix.lstrip(".").lower()
    dates = {"svg": {"Date": None}, "pdf": {"CreationDate": None}}
    stream = io.BytesIO()
    with settings():
        figure.savefig(stream, format=ending, dpi=DPI, metadata=dates.get(ending, {}))
    return write_whole(path, lambda out: out.write(stream.getvalue()))


class Sheet:
    """A white page that is filled from above and cut to its height in the end.

    >>> sheet = Sheet()
    >>> sheet.finish(sheet.heading("Why", ["distance 2.5"])).get_size_inches().tolist()[0]
    7.2
    """

    def __init__(self, width: float = PAGE) -> None:
        self.width = width
        self.figure = Figure(figsize=(width, 1), dpi=DPI, facecolor="white")
        self._placed: list[tuple[Axes, tuple[float, float, float, float]]] = []
        self.page = self.axes(0, 0, width, 1)
        self.page.set_axis_off()
        self.page.set(xlim=(0, width), zorder=5)

    def axes(self, x: float, y: float, width: float, height: float, name: str = "") -> Axes:
        """Axes at a place, without their upper and right lines; `name` is their label, to find them by."""
        made = self.figure.add_axes((0.0, 0.0, 1.0, 1.0), label=name)
        made.spines[["top", "right"]].set_visible(False)
        made.tick_params(labelsize=SMALL, pad=2)
        self._placed.append((made, (x, y, width, height)))
        return made

    def picture(self, scene: Any, x: float, y: float, width: float, height: float, name: str = "") -> Axes:
        """A picture at a place: uint8 `[h, w, 3]`, or of any other kind that matplotlib shows."""
        made = self.axes(x, y, width, height, name)
        made.set_axis_off()
        made.imshow(scene, aspect="auto", interpolation="antialiased", cmap="gray", vmin=0, vmax=255)
        return made

    def text(
        self, x: float, y: float, words: str, size: float = TEXT, *, bold: bool = False, colour: str = INK,
        across: str = "left", down: str = "top", room: float = 0.0, turned: float = 0.0,
    ) -> None:  # fmt: skip
        """One line; `room`, where given, the inches that it may take, the middle of what is longer left out."""
        if not words:
            return
        words = fitted(words, size, 72 * room if room else 1e6, bold)
        self.page.text(x, y, words, fontsize=size, weight="bold" if bold else "normal", color=colour, ha=across,
                       va=down, rotation=turned, rotation_mode="anchor")  # fmt: skip

    def lines(self, y: float, pieces: Sequence[str], size: float = TEXT, colour: str = PALE, x: float = EDGE) -> float:
        """Pieces of text in as many lines as they need; returns where the next thing may begin."""
        for line in wrapped(list(pieces), size, 72 * (self.width - x - EDGE)):
            self.text(x, y, line, size, colour=colour)
            y += LINE * size
        return y

    def prose(self, y: float, sentences: Sequence[str], size: float = SMALL, colour: str = PALE) -> float:
        """Sentences, each from a new line, broken between words; returns where the next thing may begin."""
        for sentence in sentences:
            for line in wrapped(sentence.split(), size, 72 * (self.width - 2 * EDGE), " "):
                self.text(EDGE, y, line, size, colour=colour)
                y += LINE * size
        return y

    def heading(self, title: str, pieces: Sequence[str], alarm: str = "") -> float:
        """Title, caution and facts of a figure; returns where the rest may begin."""
        room = self.width - 2 * EDGE
        size = min(TITLE, max(TEXT, TITLE * room / points(title, TITLE, True)))  # smaller before anything is left out
        self.text(EDGE, EDGE, title, size, bold=True, room=room)
        y = EDGE + LINE * TITLE
        if alarm:
            self.text(EDGE, y, alarm, TEXT, bold=True, colour=ALARM)
            y += LINE * TEXT
        return self.lines(y, pieces) + 0.05

    def line(self, xs: Sequence[float], ys: Sequence[float], colour: str = FAINT, width: float = 0.6) -> None:
        """A line through places of the sheet."""
        self.page.plot(xs, ys, color=colour, linewidth=width, solid_capstyle="butt", zorder=1)

    def finish(self, height: float) -> Figure:
        """The figure, as high as it has become."""
        self.figure.set_size_inches(self.width, height)
        self._placed[0] = self.page, (0, 0, self.width, height)
        for axes, (x, y, wide, high) in self._placed:
            axes.set_position((x / self.width, 1 - (y + high) / height, wide / self.width, high / height))
        self.page.set(xlim=(0, self.width), ylim=(height, 0))
        return self.figure


def points(words: str, size: float, bold: bool = False) -> float:
    """The width of a line in inches."""
    return width_of(words, size, bold) / 72


def colour_bar(sheet: Sheet, x: float, y: float, bar: Scene, ends: tuple[str, str], width: float = 2.0) -> float:
    """A bar of colours with words at its ends; returns where the next thing may begin."""
    sheet.text(x, y, ends[0], SMALL)
    x += points(ends[0], SMALL) + 0.06
    sheet.picture(bar, x, y + 0.01, width, 0.1, "colours")
    sheet.text(x + width + 0.06, y, ends[1], SMALL)
    return y + LINE * SMALL
