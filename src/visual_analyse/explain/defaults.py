"""What `explain` does where nobody says otherwise: what won on planted evidence (docs/planted.md)."""

from __future__ import annotations

from collections.abc import Sequence

from visual_analyse.errors import VisualAnalyseError
from visual_analyse.explain.layers import Layer
from visual_analyse.explain.methods import Deviation, Sign
from visual_analyse.explain.plan import Plan

METHOD = Deviation.name
SIGN: Sign = "abs"
LAYERS = "last but one of frames"  # as the table of planted evidence calls it


def default_layers(layers: Sequence[Layer], plan: Plan) -> list[Layer]:
    """The layer whose maps found planted evidence best, of any model: the last convolution but one of whole frames.

    Where all that has a grid is pooled over the walk, of those; where there are no convolutions, of all layers. Raises
    VisualAnalyseError where a model has no layer with a place.

    >>> default_layers(layers, plan)[0].number  # doctest: +SKIP
    11
    """
    drawn = [layer for layer in layers if not plan[layer.number].reason]
    some = [layer for layer in drawn if layer.kind.startswith("Conv") and plan.extent(layer.number)] or drawn
    if not some:
        raise VisualAnalyseError("None of the model's layers has a place in the frames: there is nothing to explain.")
    framed = [layer for layer in some if not plan[layer.number].pooled] or some
    return [framed[max(0, len(framed) - 2)]]
