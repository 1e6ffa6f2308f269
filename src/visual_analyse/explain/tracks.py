"""Which layers have maps, and which of their calls make one map each."""

from __future__ import annotations

from collections.abc import Sequence

from visual_analyse.errors import VisualAnalyseError
from visual_analyse.explain.layers import Layer
from visual_analyse.explain.plan import Plan


def must_have_places(plan: Plan, layers: Sequence[Layer]) -> None:
    """Raise VisualAnalyseError for a layer that is not called or has no place in the frames."""
    for layer in layers:
        if plan[layer.number].reason:
            raise VisualAnalyseError(
                f"Layer {layer} {plan[layer.number].reason}, so there is no map to draw. Choose others."
            )


def tracks_of(plan: Plan, layer: Layer, runs: int) -> list[tuple[int, ...]]:
    """The calls that make one map each, of a layer that ran so often.

    Raises VisualAnalyseError where the dry runs had more.
    """
    tracks = plan[layer.number].tracks
    if max(max(calls) for calls in tracks) >= runs:
        raise VisualAnalyseError(
            f"Layer {layer} ran {runs} times and {plan[layer.number].calls} were expected from the dry "
            "runs: the model does not take the same way every time. Choose another layer."
        )
    return tracks
