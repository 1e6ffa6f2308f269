"""A plan in words: what a person reads before choosing layers."""

from __future__ import annotations

from collections.abc import Sequence

from visual_analyse.explain.layers import Layer
from visual_analyse.explain.plan import Place, Plan

_BYTES = 4  # a float32


def lies(plan: Plan, number: int, length: int) -> str:
    """How a layer lies on the frames of a walk of `length` frames, in a few words.

    >>> lies(plan, 1, 30)  # doctest: +SKIP
    'each frame, 64x44'
    """
    place = plan[number]
    if place.reason or place.axes is None:
        return place.reason
    words = [_time(plan, number, length)]
    extent = plan.extent(number)
    if place.strips is not None:
        words.append(f"{place.calls} strips joined")
    if place.fold is not None and len(place.fold.backwards) > 1:
        words.append(f"{len(place.fold.backwards)} views of the walk folded")
    if extent:
        words.append("x".join(map(str, extent)) + _cells(place))
    else:
        words.append("one value a step")
    if place.strips is None and place.calls > 1:
        words.append(f"{place.calls} runs, a map each")
    return ", ".join(words)


def _cells(place: Place) -> str:
    if not place.flat or place.chosen:
        return " chosen points" if place.chosen else ""
    pooled = place.fold is not None and any(len(some) != 1 for some in place.fold.members)
    return " nodes of several joints" if pooled else f" {place.flat}"


def _time(plan: Plan, number: int, length: int) -> str:
    if plan[number].pooled:
        return "whole walk"
    steps = plan.steps(number, length)
    spans = plan.spans(number, length, steps)
    if len(spans) == length and all(end - first == 1 for first, end in spans):
        return "each frame"
    if not steps:
        return f"steps of more than {_frames(length)}"
    sizes = sorted({int(end - first) for first, end in spans})
    many = f"{sizes[0]} to {sizes[-1]}" if len(sizes) > 2 else " or ".join(map(str, sizes))
    text = f"{steps} {'step' if steps == 1 else 'steps'} of {_frames(many)}"
    unseen = length - int(spans[-1][1]) if len(spans) else length
    return text + (f" (the last {unseen} unseen)" if unseen else "")


def unseen(plan: Plan, layers: Sequence[Layer], length: int) -> int:
    """How many frames at the end of a walk no step of some layer sees."""
    ends = [plan.spans(layer.number, length, plan.steps(layer.number, length)) for layer in layers]
    return max((length - int(spans[-1][1]) for spans in ends if len(spans)), default=0)


def cost(plan: Plan, layers: Sequence[Layer], length: int) -> str:
    """What explaining takes: which way the gradient goes, and a bound on the memory of what is kept on it.

    >>> cost(plan, layers, 30)  # doctest: +SKIP
    'one forward, one backward down to layer 1; keeps up to 61 MB for walks of 30 frames'
    """
    first = min(layer.number for layer in layers)
    memory = megabytes(bound(plan, layers, length))
    return f"one forward, one backward down to layer {first}; keeps {memory} for walks of {_frames(length)}"


def bound(plan: Plan, layers: Sequence[Layer], length: int) -> int:
    """The bytes that explaining some layers of a walk of `length` frames keeps at most.

    >>> bound(plan, layers, 30)  # doctest: +SKIP
    61341696
    """
    first = min(layer.number for layer in layers)
    # From the first layer on every output may be saved by autograd; a gradient and its map pass one layer at a time.
    kept = [plan.values(number, length) for number in plan.places if number >= first]
    return _BYTES * (sum(kept) + 2 * max(kept, default=0))


def megabytes(most: int) -> str:
    """A bound of memory in words.

    >>> megabytes(61_341_696)
    'up to 61 MB'
    """
    return f"up to {most / 1e6:.0f} MB" if most >= 1e6 else "under 1 MB"


def _frames(many: int | str) -> str:
    return f"{many} {'frame' if str(many) == '1' else 'frames'}"
