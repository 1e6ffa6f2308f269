"""What became of all models, as lines of text."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence

from tests.zoo.check import Result, Share
from tests.zoo.rows import ROWS

HEAD = ("model", "embedding", "layers", "reached", "drawn", "frames", "places", "walks", "figures")


def in_order(results: Sequence[Result]) -> list[Result]:
    """Results in the order of the catalogue."""
    places = {row.name: place for place, row in enumerate(ROWS)}
    return sorted(results, key=lambda result: places[result.name])


def outcome(result: Result) -> str:
    """Why a model is not explained, in a few words; nothing where it is."""
    if not result.built:
        return "is not built here"
    if not result.embedded:
        return "has no embedding to compare walks by"
    if not result.reached:
        return "cuts the gradient above all of its layers"
    if result.complaints:
        return "has layers that are put back to where they do not lie"
    return "is not drawn on all layers" if result.missing or not result.pictures else ""


def row(result: Result) -> tuple[str, ...]:
    """The cells of one model's row, below `HEAD`."""
    if not result.embedded:
        return (result.name, "-", str(result.layers or "-"), *["-"] * 6)
    return (
        result.name, "x".join(map(str, result.embedded)), str(result.layers), str(result.reached), str(result.drawn),
        share(result.frames), share(result.places), str(result.mapped), str(result.pictures),
    )  # fmt: skip


def share(passed: Share) -> str:
    """Layers that passed, of those that were judged."""
    return f"{passed[0]}/{passed[1]}"


def lines(results: Sequence[Result]) -> Iterator[str]:
    """The table, and below it what each model's sentence and notes are."""
    cells = [HEAD, *map(row, results)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    for line in cells:
        first, *others = (
            text.ljust(width) if k == 0 else text.rjust(width)
            for k, (text, width) in enumerate(zip(line, widths, strict=True))
        )
        yield "  ".join([first, *others])
    yield ""
    for result in results:
        for text in (*([result.reason] if result.reason else []), *result.notes, *result.missing, *result.complaints):
            yield from textwrap.wrap(f"{result.name}: {text}", 118, subsequent_indent="    ")
