"""What `explain` does where nobody says otherwise: what won on planted evidence (docs/planted.md)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeVar

from visual_analyse.errors import VisualAnalyseError
from visual_analyse.explain.layers import Layer
from visual_analyse.explain.methods import IntegratedDeviation, Sign
from visual_analyse.explain.plan import Plan

METHOD = IntegratedDeviation.name
SIGN: Sign = "for"
LAYERS = "first on the last grid"  # as the table of planted evidence calls it
LAYERS_OF_TIME = "first on the last grid of single frames"  # where the other does not see frames one by one
TARGET = "crowd"  # where the gallery allows it
_FRAMES = 30  # of a walk on which layers are compared
L = TypeVar("L")


def default_layers(layers: Sequence[Layer], plan: Plan) -> list[Layer]:
    """The layers whose maps found planted evidence best, of any model: one for where, and one for when if it must be.

    Where: the first convolution on the last grid. It sees what the last ones see and, of these, is the nearest to the
    frames: what it says in a cell comes from around there. When: where that one is pooled over the walk, or each of its
    steps sees several frames while others see fewer (`plan.reach`), the first on the last grid of those that see
    fewest: what it says of a frame comes from that frame. Where there are no convolutions with a grid, all layers with
    a place count. Raises VisualAnalyseError where there is none.

    >>> default_layers(layers, plan)[0].number  # doctest: +SKIP
    20
    """
    some = eligible(layers, plan)
    if not some:
        raise VisualAnalyseError("None of the model's layers has a place in the frames: there is nothing to explain.")
    grids = {layer: grid_of(plan, layer) for layer in some}
    reach = {layer: plan.reach.get(layer.number, 1) for layer in some if not plan[layer.number].pooled}
    chosen = first_of_last(some, grids)
    if not reach or reach.get(chosen) == min(reach.values()):
        return [chosen]
    return [chosen, first_of_last(nearest(list(reach), reach), grids)]


def eligible(layers: Sequence[Layer], plan: Plan) -> list[Layer]:
    """The layers among which defaults are chosen: convolutions with a grid, or where there is none all with a place.

    >>> [layer.number for layer in eligible(layers, plan)]  # doctest: +SKIP
    [1, 3, 6, 8, 11, 13, 15, 17, 20, 22]
    """
    drawn = [layer for layer in layers if not plan[layer.number].reason]
    return [layer for layer in drawn if layer.kind.startswith("Conv") and plan.extent(layer.number)] or drawn


def nearest(layers: Sequence[L], reach: Mapping[L, int]) -> list[L]:
    """Of some layers those whose steps see fewest frames.

    >>> nearest([1, 3, 5], {1: 1, 3: 1, 5: 9})
    [1, 3]
    """
    least = min(reach[layer] for layer in layers)
    return [layer for layer in layers if reach[layer] == least]


def grid_of(plan: Plan, layer: Layer) -> tuple[int, ...]:
    """The sizes of a layer's maps on a walk of some frames: steps, and rows and columns or joints."""
    return plan.steps(layer.number, _FRAMES), *plan.extent(layer.number)


def first_of_last(layers: Sequence[L], grids: Mapping[L, object]) -> L:
    """Of layers in order, the first of those at the end that have one grid.

    >>> first_of_last([1, 3, 5, 7], {1: "a", 3: "b", 5: "b", 7: "b"})
    3
    """
    found = layers[-1]
    for layer in reversed(layers):
        if grids[layer] != grids[found]:
            break
        found = layer
    return found
