"""The question of layers: all of them shown, any number chosen."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from visual_analyse.cli.progress import console
from visual_analyse.errors import VisualAnalyseError
from visual_analyse.explain.description import cost, lies
from visual_analyse.explain.layers import Layer, select
from visual_analyse.explain.plan import Plan


def show_layers(layers: Sequence[Layer], plan: Plan, length: int, to: Console = console) -> None:
    """Print every layer's number, name, kind, output shape and how it lies on the frames of a walk."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("no.", justify="right")
    for title in ("layer", "kind", "output", "lies on"):
        table.add_column(title, overflow="fold")
    for layer in layers:
        place = plan[layer.number]
        shape = "x".join(map(str, plan.shape(layer.number, length))) if place.shape else "-"
        style = "dim" if place.reason else None
        table.add_row(
            str(layer.number), escape(layer.name), layer.kind, shape, lies(plan, layer.number, length), style=style
        )
    to.print(table)


def show_plan(layers: Sequence[Layer], plan: Plan, length: int) -> None:
    """Print what will run: the chosen layers, their runs and strides, and what it costs."""
    for layer in layers:
        console.print(f"  {escape(str(layer))}: {lies(plan, layer.number, length)}", style="dim")
    console.print(f"{len(layers)} layers: {cost(plan, layers, length)}.")


def choose_layers(layers: Sequence[Layer], plan: Plan, length: int, wanted: Sequence[str] | None) -> list[Layer]:
    """The layers that `--layers` names, or that a person or a pipe answers with.

    Layers chosen by a kind, a glob or a range that have no place in the frames are left out with a line; one named by
    itself is an error. Raises VisualAnalyseError where nothing answers, or nothing is left.
    """
    if wanted:
        return _drawable(layers, plan, list(wanted))
    show_layers(layers, plan, length)
    while True:
        answer = _answer(len(layers))
        try:
            return _drawable(layers, plan, answer.split())
        except VisualAnalyseError as error:
            if not sys.stdin.isatty():
                raise
            console.print(f"[red]{escape(str(error))}[/]")


def _answer(count: int) -> str:
    console.print(
        f"Which layers? Numbers from 1 to {count}, ranges (1-5), names, with spaces between, or 'conv' for all:"
    )
    try:
        answer = input("> " if sys.stdin.isatty() else "")
    except EOFError:
        answer = ""
    if not answer.strip() and not sys.stdin.isatty():
        raise VisualAnalyseError(
            "No layer was chosen and nothing answers here: type --layers conv, or --layers and numbers from above."
        )
    return answer


def _drawable(layers: Sequence[Layer], plan: Plan, words: list[str]) -> list[Layer]:
    chosen = select(layers, words)
    kept = []
    for layer in chosen:
        reason = plan[layer.number].reason
        if not reason:
            kept.append(layer)
        elif {str(layer.number), layer.name} & set(" ".join(words).replace(",", " ").split()):
            raise VisualAnalyseError(
                f"Layer {layer} {reason}, so there is no map to draw. Choose others, e.g. --layers conv."
            )
        else:
            console.print(f"Layer {escape(str(layer))} {reason}: left out.", style="dim")
    if not kept:
        raise VisualAnalyseError(
            "None of the chosen layers has a place in the frames. Choose others, e.g. --layers conv."
        )
    return kept
