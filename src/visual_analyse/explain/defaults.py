"""What `explain` does where nobody says otherwise: what won on planted evidence (docs/planted.md)."""

from __future__ import annotations

from collections.abc import Sequence

from visual_analyse.errors import VisualAnalyseError
from visual_analyse.explain.layers import Layer
from visual_analyse.explain.methods import Deviation, Sign
from visual_analyse.explain.plan import Plan

METHOD = Deviation.name
SIGN: Sign = "abs"
LAYERS = "last but one"  # as the table of planted evidence calls it
TARGET = "contrast"  # where the gallery allows it


def default_layers(layers: Sequence[Layer], plan: Plan) -> list[Layer]:
    """The layer whose maps found planted evidence best, of any model: the last convolution but one.

    Where it is pooled over the walk, and so knows no time, the last but one of those that are not comes second. Where
    there are no convolutions with a grid, all layers with a place count. Raises VisualAnalyseError where there is none.

    >>> default_layers(layers, plan)[0].number  # doctest: +SKIP
    20
    """
    drawn = [layer for layer in layers if not plan[layer.number].reason]
    some = [layer for layer in drawn if layer.kind.startswith("Conv") and plan.extent(layer.number)] or drawn
    if not some:
        raise VisualAnalyseError("None of the model's layers has a place in the frames: there is nothing to explain.")
    chosen = some[max(0, len(some) - 2)]
    framed = [layer for layer in some if not plan[layer.number].pooled]
    if not plan[chosen.number].pooled or not framed:
        return [chosen]
    return [chosen, framed[max(0, len(framed) - 2)]]
