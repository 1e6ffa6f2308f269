"""How a map is coded: the colour, mark and size of every walk, the order of drawing, legend and names."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from matplotlib.colors import to_rgb
from numpy.typing import NDArray

from visual_analyse.draw.maps.coding.assignment import assign
from visual_analyse.draw.maps.coding.classes import (
    LISTED,
    LISTED_AT_MOST,
    Classes,
    angles,
    few,
    identities,
    judged,
)
from visual_analyse.draw.maps.coding.groups import Fragments, fragments, purity_on_map
from visual_analyse.draw.maps.coding.tables import NEUTRAL, around, palette
from visual_analyse.draw.maps.coding.tables import judged as judged_colours
from visual_analyse.draw.maps.style import MapStyle
from visual_analyse.errors import VisualAnalyseError
from visual_analyse.names import listed
from visual_analyse.results import EmbeddingMap

Array = NDArray[Any]
Colour = tuple[float, float, float]

NAMED = 300  # identities with colours of their own; beyond, only the hardest stand out
HARDEST = 12
MARKS = ("o", "s", "^", "D", "v", "P", "X", "p")
_GREY: Colour = to_rgb(NEUTRAL)
_LARGE_FRAGMENT = 0.2  # of a class: such a piece has a name of its own
_PLACED_NAMED = 200
_SEED = 1597


@dataclass(frozen=True)
class Entry:
    """A line of a legend; no `colour`: a line about marks; no `mark`: text alone."""

    text: str
    colour: Colour | None = None
    mark: str = "o"


@dataclass(frozen=True)
class Block:
    """A part of the legend: its heading and lines, or a `ring` of angles in degrees."""

    heading: str
    entries: tuple[Entry, ...] = ()
    ring: tuple[float, ...] = ()
    ring_colours: tuple[Colour, ...] = ()
    cmap: str | None = None


@dataclass(frozen=True)
class Name:
    """A text at a point of the map; those of a map stand by falling importance."""

    point: int
    text: str
    of_placed: bool = False


@dataclass(frozen=True)
class Coding:
    """`colours` `[n, 3]`; `order` `[n]`, who is drawn after whom; `bold` bool `[n]`, who is drawn larger; `mark`
    int `[n]`, into MARKS; `opacity` `[n]`; `piece` int `[n]`, into `names`: whose text tells of this walk, -1 for none.
    """

    colours: NDArray[np.float64]
    order: NDArray[np.int64]
    bold: NDArray[np.bool_]
    opacity: NDArray[np.float64]
    mark: NDArray[np.int64]
    piece: NDArray[np.int64]
    legend: tuple[Block, ...] = ()
    names: tuple[Name, ...] = ()
    notes: tuple[str, ...] = field(default=())


def coding(map: EmbeddingMap, points: Array, style: MapStyle) -> Coding:
    """The coding of a map whose `points` `[n, 1..3]` are drawn in this style.

    Raises VisualAnalyseError where the map does not know what is asked for, or knows too many classes to show.
    """
    who = identities(map)
    chosen = _chosen(who, style.highlight)
    if chosen is not None:
        made = _standing_out(points, who, chosen, [who.names[code] for code in chosen], style, "highlighted")
    elif style.colour_by == "identity":
        made = _by_identity(map, points, who, style)
    elif style.colour_by == "correctness":
        made = _by_correctness(map, style)
    else:
        degrees = angles(map) if style.colour_by == "view" else None
        made = _by_class(few(map, style.colour_by, LISTED_AT_MOST), style) if degrees is None else (
            _by_angle(degrees, style))  # fmt: skip
    if style.marker_by is not None:
        kinds = few(map, style.marker_by, len(MARKS))
        entries = tuple(Entry(name, None, MARKS[place]) for place, name in enumerate(kinds.names))
        made = replace(made, mark=kinds.codes, legend=(*made.legend, Block(kinds.heading, entries)))
    return _with_placed(map, made)


def _plain(colours: Array, legend: tuple[Block, ...], **rest: Any) -> Coding:
    n = len(colours)
    given: dict[str, Any] = {
        "order": np.random.default_rng(_SEED).permutation(n),
        "bold": np.zeros(n, bool),
        "opacity": np.full(n, 0.9),
        "mark": np.zeros(n, np.int64),
        "piece": np.full(n, -1, np.int64),
    }
    return Coding(colours=np.asarray(colours, np.float64), legend=legend, **{**given, **rest})


def _by_class(classes: Classes, style: MapStyle) -> Coding:
    """A colour a class, all in a legend."""
    table = palette(style.cmap, len(classes))
    table = table[np.arange(len(classes)) % len(table)]
    entries = tuple(Entry(name, _rgb(table[place])) for place, name in enumerate(classes.names))
    return _plain(table[classes.codes], (Block(classes.heading, entries),))


def _by_identity(map: EmbeddingMap, points: Array, who: Classes, style: MapStyle) -> Coding:
    if len(who) <= LISTED:
        return _by_class(who, style)
    if len(who) > NAMED:
        codes, purities = _hardest(map, points, who)
        if not codes:
            return replace(
                _plain(np.tile(_GREY, (len(points), 1)), ()),
                notes=(f"grey: {len(who):,} identities are too many for colours, and no two walks are of one",),
            )
        texts = [f"{who.names[code]} · {100 * purity:.0f} %" for code, purity in zip(codes, purities, strict=True)]
        sought = map.manifest.get("neighbours_in") if _knows_purity(map) else "map"
        where = f" ({sought})" if isinstance(sought, str) and sought else ""
        made = _standing_out(points, who, codes, texts, style, f"hardest identities,\npurity{where}")
        return replace(made, notes=(*made.notes, f"grey: the other {len(who) - len(codes):,} identities"))
    found = fragments(points, who.codes)
    table = palette(style.cmap, min(len(who), LISTED_AT_MOST))
    colours = table[assign(points, who.codes, found, table)]
    names, piece = _names(found, who.names)
    notes = (f"{len(table)} colours, neighbours differ",) if len(who) > len(table) else ()
    return _plain(colours[who.codes], (), names=names, piece=piece, notes=notes)


def _standing_out(
    points: Array, who: Classes, codes: list[int], texts: list[str], style: MapStyle, heading: str
) -> Coding:
    """All grey but the identities `codes`, which are large, on top, and named."""
    inside = np.isin(who.codes, codes)
    (own,) = np.nonzero(inside)
    place = np.full(len(who), -1, np.int64)
    place[codes] = np.arange(len(codes))
    mine = place[who.codes[own]]
    found = fragments(points[own], mine)
    table = palette(style.cmap, max(1, min(len(codes), LISTED_AT_MOST)))
    one_each = len(codes) <= len(table)
    given = np.arange(len(codes)) if one_each else assign(points[own], mine, found, table)
    colours = np.tile(_GREY, (len(points), 1))
    colours[own] = table[given[mine]]
    order = np.random.default_rng(_SEED).permutation(len(points))
    names, mine_in = _names(found, texts)
    piece = np.full(len(points), -1, np.int64)
    piece[own] = mine_in
    entries = tuple(Entry(text, _rgb(table[given[k]])) for k, text in enumerate(texts)) if one_each else ()
    return _plain(
        colours,
        (Block(heading, entries),) if entries else (),
        order=order[np.argsort(inside[order], kind="stable")],
        bold=inside,
        opacity=np.where(inside, 1.0, 0.65),
        names=tuple(replace(name, point=int(own[name.point])) for name in names),
        piece=piece,
    )


def _by_correctness(map: EmbeddingMap, style: MapStyle) -> Coding:
    classes, table = judged(map), judged_colours(style.cmap)
    counts = np.bincount(classes.codes, minlength=3)
    probes = max(1, int(counts[:2].sum()))
    entries = [
        Entry(f"{name} {counts[place]:,}" + (f" ({100 * counts[place] / probes:.1f} %)" if place < 2 else ""),
              _rgb(table[place]))
        for place, name in enumerate(classes.names)
    ]  # fmt: skip
    order = np.random.default_rng(_SEED).permutation(len(map))
    order = order[np.argsort(-classes.codes[order], kind="stable")]  # not a probe, right, wrong on top
    wrong = classes.codes == 0
    return _plain(
        table[classes.codes],
        (Block(classes.heading, tuple(entry for entry, count in zip(entries, counts, strict=True) if count)),),
        order=order,
        bold=wrong,
        opacity=np.array([1.0, 0.8, 0.5])[classes.codes],
    )


def _by_angle(degrees: NDArray[np.float64], style: MapStyle) -> Coding:
    unknown = np.isnan(degrees)
    colours = around(style.cmap, np.where(unknown, 0, degrees))
    colours[unknown] = _GREY
    seen = np.unique(degrees[~unknown])
    ring = Block("view", (), tuple(map(float, seen)), tuple(map(_rgb, around(style.cmap, seen))), style.cmap)
    rest = (Block("", (Entry("no angle", _GREY),)),) if unknown.any() else ()
    return _plain(colours, (ring, *rest))


def _with_placed(map: EmbeddingMap, made: Coding) -> Coding:
    """New walks on a finished map: on top of all, and named."""
    if map.placed is None or not np.any(map.placed):
        return made
    new = np.asarray(map.placed, dtype=bool)
    order = made.order[np.argsort(new[made.order], kind="stable")]
    (points,) = np.nonzero(new)
    names = tuple(Name(int(point), str(map.labels[point]), True) for point in points[:_PLACED_NAMED])
    piece = np.where(new, -1, made.piece)
    told = np.unique(piece[piece >= 0])  # a name that told of new walks alone goes: they have names of their own
    piece[piece >= 0] = len(names) + np.searchsorted(told, piece[piece >= 0])
    piece[points[:_PLACED_NAMED]] = np.arange(len(names))
    names = (*names, *(made.names[k] for k in told))
    count = len(points)
    block = Block("", (Entry(f"placed anew ({count:,})", None, "*"),))
    return replace(made, order=order, names=names, legend=(*made.legend, block),
                   opacity=np.where(new, 1.0, made.opacity), piece=piece)  # fmt: skip


def _chosen(who: Classes, highlight: tuple[str, ...]) -> list[int] | None:
    if not highlight:
        return None
    place = {name: code for code, name in enumerate(who.names)}
    unknown = [name for name in highlight if name not in place]
    if unknown:
        near = difflib.get_close_matches(unknown[0][:80], [name[:80] for name in who.names], 3, 0.4)
        hint = f"did you mean {listed(near)}?" if near else f"there are {listed(list(who.names))}"
        raise VisualAnalyseError(f"No walk of this map is of {listed(unknown)}; {hint}")
    return sorted({place[name] for name in highlight})


def _hardest(map: EmbeddingMap, points: Array, who: Classes) -> tuple[list[int], list[float]]:
    """The identities of lowest mean purity, lowest first, and that purity."""
    values = map.purity if _knows_purity(map) else purity_on_map(points, who.codes)
    purity = np.asarray(values, dtype=np.float64)
    known = ~np.isnan(purity) & (np.bincount(who.codes)[who.codes] > 1)  # of one walk, nothing can be said
    count = np.bincount(who.codes[known], minlength=len(who))
    total = np.bincount(who.codes[known], weights=purity[known], minlength=len(who))
    mean = np.where(count > 0, total / np.maximum(count, 1), np.inf)
    order = [int(code) for code in np.lexsort((np.arange(len(who)), mean))[:HARDEST] if count[code]]
    return order, [float(mean[code]) for code in order]


def _knows_purity(map: EmbeddingMap) -> bool:
    return map.purity is not None and not np.isnan(np.asarray(map.purity, dtype=np.float64)).all()


def _names(found: Fragments, texts: Sequence[str]) -> tuple[tuple[Name, ...], Array]:
    """A name at the densest point of every larger fragment, the largest of each class before all others; and for each
    point the name that tells of it."""
    whole = np.bincount(found.code, weights=found.size)
    large = found.primary | (found.size >= np.maximum(3, _LARGE_FRAGMENT * whole[found.code]))
    names = tuple(Name(int(found.peak[k]), texts[int(found.code[k])]) for k in np.nonzero(large)[0])
    return names, np.where(large, np.cumsum(large) - 1, -1)[found.piece]


def _rgb(colour: Array) -> Colour:
    return float(colour[0]), float(colour[1]), float(colour[2])
