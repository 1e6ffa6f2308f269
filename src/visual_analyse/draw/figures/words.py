"""What is said of a result in words: whose it is, which inputs its layers lie on and see, what each input adds."""

from __future__ import annotations

import math
from collections.abc import Mapping

from visual_analyse.draw.colours import worded
from visual_analyse.draw.walk import View, Walk
from visual_analyse.results import Evidence


def whereabouts(walk: Walk, view: View) -> str:
    """Which input a layer lies on, and which others it sees; nothing where the model has one input alone.

    >>> whereabouts(Walk(evidence), view)  # doctest: +SKIP
    'on skeleton map, sees both'
    """
    if not walk.several:
        return ""
    on, sees = view.layer.on, set(view.layer.sees)
    known = walk.called(on)
    place = f"on {known}" if view.on == on else f"of {known}, drawn on {walk.called(view.on)}"
    if sees <= {on}:
        return place
    if sees >= set(walk.names):
        return f"{place}, sees {'both' if len(walk.names) == 2 else 'all inputs'}"
    others = " + ".join(walk.called(number) for number in sorted(sees - {on}))
    return f"{place}, sees {others}{' too' if on in sees else ''}"


def sighted(walk: Walk, view: View) -> str:
    """The inputs that a layer depends on, by name."""
    return " + ".join(walk.called(number) for number in sorted(view.layer.sees))


def on_what(walk: Walk, view: View) -> str:
    """What the pictures of a layer are drawn on."""
    if view.pooled:
        return "the whole walk"
    if view.strided:
        return "the middle frames of its windows" if walk.inputs[view.on].still else "the means of its windows"
    return "each frame"


def shares(evidence: Evidence) -> str:
    """How much of the evidence each input of the model adds, where the result says so; else nothing.

    >>> shares(Evidence(..., manifest={"shares": {"silhouette": 0.7, "SMPL": 0.3}}))  # doctest: +SKIP
    'evidence by input: silhouette 70.0 %, SMPL 30.0 %'
    """
    found = evidence.manifest.get("shares")
    if not isinstance(found, Mapping):
        return ""
    said = [f"{name} {worded(value, True)}" for name, value in found.items() if _is_number(value)]
    return f"evidence by input: {', '.join(said)}" if said else ""


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and math.isfinite(value)
