"""What is said of a result in words: whose it is, which inputs its layers lie on and see, what each input adds."""

from __future__ import annotations

import math
from collections.abc import Mapping

from visual_analyse.draw.colours import worded
from visual_analyse.draw.figures.rows import answers, named
from visual_analyse.draw.style import POLARITIES
from visual_analyse.draw.walk import View, Walk
from visual_analyse.results import Evidence, LayerEvidence

_NEXT_TO_NOTHING = 0.02  # of the colour scale: no eye sees it


def outcome(evidence: Evidence) -> list[str]:
    """What a result explains: the match and its distance, or the class that a classifier answers and its score.

    >>> outcome(Evidence.load(Path("GaitSet_001-nm-05-090.npz")))  # doctest: +SKIP
    ['match 001-nm-01-090', 'distance 2.5']
    """
    name, score = named(evidence.manifest, "match"), -evidence.distance
    if not answers(evidence):
        return ([f"match {name}"] if name else []) + [f"distance {evidence.distance:.4g}"]
    # What stands in the place of a distance is minus the logit.
    return ([f"answer {name}"] if name else []) + [f"score {'−' if score < 0 else ''}{abs(score):.3g}"]


def about(evidence: Evidence, polarity: str) -> str:
    """What the colours of a polarity show, in words.

    >>> about(Evidence.load(Path("GaitSet_001-nm-05-090.npz")), "for")  # doctest: +SKIP
    'evidence for the match'
    """
    words = POLARITIES[polarity]
    return words.replace("the match", "the answer") if answers(evidence) else words


def shown(evidence: Evidence) -> list[int]:
    """The walk's own number, from 1, of each frame, where a sampler chose them; else nothing."""
    probe = evidence.manifest.get("probe")
    found = probe.get("shown") if isinstance(probe, Mapping) else None
    if not isinstance(found, list) or len(found) != len(evidence.frames) or any(type(n) is not int for n in found):
        return []
    return [number + 1 for number in found]


def frame_words(walk: Walk, frame: int) -> list[str]:
    """Which frame is shown, from 0 here and from 1 in words; its number in the walk too, where frames were chosen.

    Several wordings, the longest first.

    >>> frame_words(Walk(evidence), 20)  # doctest: +SKIP
    ["frame 21 of 60 (the walk's 9)", "21 of 60 (walk's 9)", "21 (walk's 9)"]
    """
    number, numbers = frame + 1, shown(walk.evidence)
    words = f"frame {number} of {len(walk)}"
    if not numbers:
        return [words]
    known = numbers[frame]
    return [f"{words} (the walk's {known})", f"{number} of {len(walk)} (walk's {known})", f"{number} (walk's {known})"]


def blank(layer: LayerEvidence, polarity: str) -> bool:
    """Whether a layer holds next to nothing of what a polarity shows, by the largest of its own values."""
    if polarity not in ("for", "against") or not layer.maps.size:
        return False
    most = float(layer.maps.max() if polarity == "for" else -layer.maps.min())
    return most <= _NEXT_TO_NOTHING * layer.strength


def nothing(evidence: Evidence, layer: LayerEvidence, polarity: str) -> str:
    """What is said of a layer that stays blank; nothing of others.

    >>> nothing(evidence, evidence.layers[0], "for")  # doctest: +SKIP
    'nothing for the match'
    """
    if not blank(layer, polarity):
        return ""
    return f"nothing {polarity} the {'answer' if answers(evidence) else 'match'}"


def subtitles(facts: str, empty: str) -> list[str]:
    """What stands under the name of a layer, longest first: its facts, and above all that it stays blank."""
    return [f"{facts} · {empty}", empty, empty.split(" the ")[0]] if empty else [facts]


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
