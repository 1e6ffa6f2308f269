"""The picture of a map: points, names, legend and what is known of its quality, on one sheet."""

from __future__ import annotations

import io
import warnings
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import LineCollection
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from numpy.typing import NDArray
from PIL import Image

from visual_analyse.draw.maps.coding.coding import MARKS, Coding, coding
from visual_analyse.draw.maps.coding.tables import NEUTRAL
from visual_analyse.draw.maps.labels import Bounds, place, tries
from visual_analyse.draw.maps.legend import Legend
from visual_analyse.draw.maps.page import ALARM, DPI, HALO, INK, PALE, Page, fitted, width_of, wrapped
from visual_analyse.draw.maps.projection import Plane, Sheet, flat, project
from visual_analyse.draw.maps.quality import RANDOM, origin, shape_notes, trust
from visual_analyse.draw.maps.style import MapStyle
from visual_analyse.files import write_whole
from visual_analyse.results import EmbeddingMap

Array = NDArray[Any]
FORMATS = ("png", "jpg", "jpeg", "bmp", "tiff", "tif", "svg", "pdf")
_OPAQUE = frozenset(["jpg", "jpeg", "bmp"])
_VECTOR = frozenset(["svg", "pdf"])
_SHAPES = 20_000  # points; with more, a vector file holds them as one picture
_SLICES = 12  # of the drawing order, where marks differ: no mark lies over all others
_DARKER = 0.55  # names have the colour of their group, dark enough to be read
_BOLD = 14.0  # square points at least, for a few who stand out
_DEPTHS = 12  # sizes of marks, far to near
_FEW = 800  # walks; with more, marks shrink
# Letters stay letters in both vector formats; the outline of a name is the viewer's to draw, under the letters. The
# rest keeps a person's own matplotlibrc from cutting the sheet, or from handing names to LaTeX.
_SETTINGS: Any = {
    "svg.fonttype": "none", "svg.hashsalt": "map", "pdf.fonttype": 42, "text.usetex": False, "savefig.bbox": None,
    "savefig.transparent": False, "savefig.facecolor": "auto", "path.sketch": None, "text.antialiased": True,
}  # fmt: skip
_SVG_HALO = (
    f'<style type="text/css">g[id^="{HALO}"] text {{stroke: #fff; stroke-opacity: 0.9; stroke-width: 0.3em; '
    "stroke-linejoin: round; paint-order: stroke}</style>"
)


class MapPicture:
    """A map made ready to be drawn in a style.

    Raises VisualAnalyseError where the map does not know what the style asks for.

    >>> MapPicture(EmbeddingMap.load(Path("GaitSet_CASIA-B.npz"))).save(Path("map.svg"))  # doctest: +SKIP
    """

    def __init__(self, map: EmbeddingMap, style: MapStyle | None = None) -> None:
        self.map, self.style = map, style or MapStyle()
        self.points = flat(map.feats)
        self.coding: Coding = coding(map, self.points, self.style)
        self._plane: Plane = project(self.points, self.style)
        self._quality = trust(map)

    def save(self, path: Path) -> Path:
        """Write it, whole or not at all; the ending says which format, of FORMATS."""
        ending = path.suffix.lstrip(".").lower()
        with matplotlib.rc_context(_SETTINGS), warnings.catch_warnings():
            warnings.filterwarnings("ignore", "Glyph .* missing")  # a box stands for it
            contents = self._vector(ending) if ending in _VECTOR else self._pixels(ending)
        return write_whole(path, lambda stream: stream.write(contents))

    def figure(self, vector: str = "") -> Figure:
        """It as a figure of matplotlib."""
        style = self.style
        figure = Figure(figsize=style.size, dpi=DPI, facecolor="white")
        figure.patch.set_alpha(0.0 if style.transparent else 1.0)
        page = Page(figure, style, vector)
        top, bottom = self._above(page), self._below(page)
        legend = Legend(page, self.coding.legend, bottom - top)
        sheet, corner = self._arranged(page, (12 * page.unit, top, page.width - 12 * page.unit, bottom), legend)
        if corner is not None:
            legend.draw(corner[0], corner[1])
        if self._plane.edges is not None:
            edges = LineCollection(list(sheet(self._plane.edges)), colors=NEUTRAL, linewidths=0.7 * page.unit,
                                   alpha=0.6, zorder=1)  # fmt: skip
            page.axes.add_collection(edges)
        xy = sheet(self._plane.xy)
        self._marks(page, xy, bool(vector) and len(self.map) > _SHAPES)
        self._names(page, xy, (6 * page.unit, top, page.width - 6 * page.unit, bottom), corner)
        return figure

    def _arranged(self, page: Page, box: Bounds, legend: Legend) -> tuple[Sheet, Bounds | None]:
        """Where the map lies, and the box of the legend: in the upper right corner, beside as much of the map as is
        needed to lie on none of its points."""
        left, top, right, bottom = box
        plane = self._plane
        extent = plane.xy if plane.edges is None else np.concatenate([plane.xy, plane.edges.reshape(-1, 2)])
        rim = min(8 * page.unit, (right - left) / 10)
        sheet = Sheet.fitting(extent, (left + rim, top + rim, right - rim, bottom - rim))
        if not self.coding.legend:
            return sheet, None
        corner = (right - legend.width, top, right, min(bottom, top + legend.height))
        free = np.array([corner[0] - 16 * page.unit, corner[3] + 4 * page.unit])
        for share in np.linspace(0, 1, 9):
            edge = right - share * (legend.width + 16 * page.unit)
            sheet = Sheet.fitting(extent, (left + rim, top + rim, edge - rim, bottom - rim))
            xy = sheet(extent)
            if not ((xy[:, 0] > free[0]) & (xy[:, 1] < free[1])).any():
                break
        return sheet, corner

    def _above(self, page: Page) -> float:
        """Title and caution; returns where the map may begin."""
        y, unit = 10 * page.unit, page.unit
        room = page.width - 24 * unit
        if self.style.title.strip():
            y += 13 * unit
            page.text(12 * unit, y, fitted(self.style.title, 13 * unit, room, True), 13 * unit, bold=True)
            y += 7 * unit
        if self.map.of_random_weights:
            y += 11 * unit
            size = min(11 * unit, 11 * unit * room / width_of(RANDOM, 11 * unit, True))
            page.text(12 * unit, y, RANDOM, size, bold=True, colour=ALARM)
            y += 6 * unit
        return y

    def _below(self, page: Page) -> float:
        """Origin and quality; returns where the map must end."""
        unit, style = page.unit, self.style
        size, room = 7.5 * unit, page.width - 24 * unit
        notes = [*shape_notes(self.map), *self.coding.notes]
        if self._plane.near is not None:
            notes.append(f"seen from elev {style.elev:g}, azim {style.azim:g}, roll {style.roll:g}")
        lines = [(line, PALE) for line in wrapped([*origin(self.map), *notes], size, room)]
        lines += [(line, INK) for line in wrapped(self._quality, size, room)]
        y = page.height - 10 * unit
        for line, colour in reversed(lines):
            page.text(12 * unit, y, line, size, colour=colour)
            y -= 1.35 * size
        return max(y, 0.3 * page.height)

    def _marks(self, page: Page, xy: Array, as_picture: bool) -> None:
        coding, near = self.coding, self._plane.near
        large = _BOLD * page.unit**2 * min(1.0, _FEW / max(1, int(coding.bold.sum())))
        area = np.where(coding.bold, max(1.6 * self.marker_area, large), self.marker_area)
        colours = np.concatenate([coding.colours, coding.opacity[:, None]], 1)
        order = coding.order
        if near is not None:  # what is far is smaller and paler, and lies below
            area = area * (0.45 + 0.8 * np.round(_DEPTHS * near) / _DEPTHS) ** 2
            colours[:, :3] += (np.array([0.62] * 3) - colours[:, :3]) * 0.45 * (1 - near[:, None])
            order = order[np.argsort(near[order], kind="stable")]
            order = order[np.argsort(coding.bold[order], kind="stable")]
        placed = np.zeros(len(xy), bool) if self.map.placed is None else np.asarray(self.map.placed, dtype=bool)
        new, order = order[placed[order]], order[~placed[order]]
        kinds = np.unique(coding.mark)
        for run in np.array_split(order, _SLICES if len(kinds) > 1 else 1):
            for kind in kinds:
                some = run[coding.mark[run] == kind]
                # Marks of one size are written as one shape and its places: a fifth of an SVG's bytes.
                for part in np.split(some, np.nonzero(np.diff(area[some]))[0] + 1):
                    if len(part):
                        page.scatter(xy[part], colours[part], area[part[0]], MARKS[kind], 2.0, rasterized=as_picture)
        if len(new):
            star = self._star(page)
            page.scatter(xy[new], np.ones((1, 3)), 2.2 * star, "o", 3.0, linewidths=0, alpha=0.85)
            page.scatter(xy[new], "none", 2.2 * star, "o", 3.1, linewidths=1.1 * page.unit, edgecolors=INK)
            page.scatter(xy[new], coding.colours[new], star, "*", 3.2, linewidths=0.6 * page.unit, edgecolors=INK)

    def _names(self, page: Page, xy: Array, box: Bounds, taken: Bounds | None) -> None:
        names, colours = self.coding.names, self.coding.colours
        if not names:
            return
        size = float(np.interp(len(names), [20, 150, 400], [9.5, 8.0, 6.2])) * page.unit
        texts = [fitted(name.text, size, 0.22 * page.width) for name in names]
        sizes = np.array([[width_of(text, size) + 0.3 * size, 1.05 * size] for text in texts])
        middles, halves = self._extents(xy)
        star = 1.5 * np.sqrt(self._star(page) / np.pi)
        options = [
            tries(xy[name.point], xy[name.point], np.full(2, star), extent, aside=True) if name.of_placed
            else tries(xy[name.point], middles[k], halves[k], extent)
            for k, (name, extent) in enumerate(zip(names, sizes, strict=True))
        ]  # fmt: skip
        full = np.array([] if taken is None else [taken]).reshape(-1, 4)
        stars = xy[[name.point for name in names if name.of_placed]]
        full = np.concatenate([full, np.concatenate([stars - star, stars + star], 1)])
        named: set[str] = set()
        for middle, text, name in zip(place(options, sizes, box, full), texts, names, strict=True):
            if not np.isnan(middle[0]):
                named.add(name.text)
                x, y, ink = float(middle[0]), float(middle[1]), to_hex(_DARKER * colours[name.point])
                page.text(x, y, text, size, colour=ink, across="center", down="center_baseline", layer=6.0)
        if nameless := len({name.text for name in names} - named):
            said = f"{nameless:,} more {'name has' if nameless == 1 else 'names have'} no room"
            page.text(box[2], box[3], said, 7.5 * page.unit, colour=PALE, across="right", layer=7.0)

    def _extents(self, xy: Array) -> tuple[Array, Array]:
        """The middle of what each name tells of and how far it reaches, `[m, 2]` each."""
        piece = self.coding.piece
        inside = piece >= 0
        count = np.bincount(piece[inside], minlength=len(self.coding.names)).clip(1)[:, None]
        sums = [
            np.stack([np.bincount(piece[inside], weights=xy[inside, axis] ** power, minlength=len(count))
                      for axis in (0, 1)], 1) / count
            for power in (1, 2)
        ]  # fmt: skip
        radius = np.sqrt(self.marker_area / np.pi)
        return sums[0], 1.5 * np.sqrt((sums[1] - sums[0] ** 2).clip(0)) + radius

    def _star(self, page: Page) -> float:
        return max(150.0 * page.unit**2, 3 * self.marker_area)

    @property
    def marker_area(self) -> float:
        """The area of a mark in square points: what was asked for, else 50 or what many walks leave room for."""
        if self.style.marker_size is not None:
            return self.style.marker_size
        sheet = self.style.size[0] * self.style.size[1] / 64
        return float(np.clip(50 * min(1.0, _FEW / len(self.map)) * sheet, 0.7, 50 * max(1.0, sheet)))

    def _pixels(self, ending: str) -> bytes:
        figure = self.figure()
        if ending in _OPAQUE:
            figure.patch.set(alpha=1.0, facecolor="white")
        canvas: Any = FigureCanvasAgg(figure)
        canvas.draw()
        image: Image.Image = Image.fromarray(np.asarray(canvas.buffer_rgba()))
        if ending in _OPAQUE or not self.style.transparent:
            image = image.convert("RGB")
        kind = {"jpg": "jpeg", "tif": "tiff"}.get(ending, ending)
        how: dict[str, dict[str, Any]] = {"jpeg": {"quality": 95}, "tiff": {"compression": "tiff_lzw"}}
        stream = io.BytesIO()
        image.save(stream, kind, dpi=(DPI, DPI), **how.get(kind, {}))
        return stream.getvalue()

    def _vector(self, ending: str) -> bytes:
        stream = io.BytesIO()
        no_date = {"Date": None} if ending == "svg" else {"CreationDate": None}
        self.figure(ending).savefig(stream, format=ending, dpi=DPI, metadata=no_date)
        contents = stream.getvalue()
        return contents.replace(b"<defs>", f"<defs>{_SVG_HALO}".encode(), 1) if ending == "svg" else contents
