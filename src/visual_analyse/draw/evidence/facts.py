"""What stands above a figure: who was matched with whom, whether rightly, and what the colours are made of."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from visual_analyse.draw.colours import worded
from visual_analyse.draw.figures.rows import answers, model_name, named
from visual_analyse.results import Evidence, LayerEvidence

RANDOM = "RANDOM WEIGHTS: this model was never trained, and its evidence means nothing"
EXPLAIN = "'visual-analyse explain'"
_METHODS = {
    "grad_cam": "Grad-CAM", "grad_cam++": "Grad-CAM++", "hirescam": "HiResCAM", "layercam": "LayerCAM",
    "xgrad_cam": "XGrad-CAM", "element_wise": "element-wise gradient × activation", "eigen_cam": "Eigen-CAM",
}  # fmt: skip


def right(evidence: Evidence) -> bool | None:
    """Whether the match is of the probe's identity; None where the record does not tell."""
    roles = {ledger.role for ledger in evidence.ledgers}
    if roles & {"true match", "impostor"}:
        return "impostor" in roles
    who = [evidence.manifest.get(walk) for walk in ("probe", "match")]
    ids = [walk.get("id") if isinstance(walk, Mapping) else None for walk in who]
    return ids[0] == ids[1] if all(isinstance(id, str) for id in ids) else None


def short(name: str, most: int = 32) -> str:
    """A name of at most so many characters, its middle left out.

    >>> short("abcdefgh", 5)
    'abc…h'
    """
    return name if len(name) <= most else f"{name[: most - most // 3 - 1]}…{name[len(name) - most // 3 :]}"


def probe_name(evidence: Evidence) -> str:
    """The probe's name, or that it has none."""
    return named(evidence.manifest, "probe") or "of no name"


def match_name(evidence: Evidence) -> str:
    """The name of the walk it matched, or that it has none."""
    return named(evidence.manifest, "match") or "of no name"


def title(evidence: Evidence) -> str:
    """The one sentence that a figure is headed by.

    >>> title(Evidence.load(Path("GaitSet_001-nm-05-090.npz")))  # doctest: +SKIP
    'GaitSet matched 001-nm-05-090 with 001-nm-01-090: the right person'
    """
    model = short(model_name(evidence, Path("the model")))
    probe, match = short(probe_name(evidence)), short(match_name(evidence))
    if answers(evidence):
        return f"{model} answered {match} for {probe}"
    verdict = {True: ": the right person", False: ": the WRONG person", None: ""}[right(evidence)]
    return f"{model} matched {probe} with {match}{verdict}"


def distance(evidence: Evidence) -> str:
    """The distance in words, or the score of a classifier's answer."""
    if answers(evidence):
        return f"score {signed(-evidence.distance)}"
    metrics = {"euc": "Euclidean", "cos": "cosine"}
    kind = metrics.get(str(evidence.manifest.get("metric")), "")
    return f"distance {worded(evidence.distance)}" + (f" ({kind}, mean over parts)" if kind else "")


def alarm(evidence: Evidence) -> str:
    """What a reader must know before all else; else nothing."""
    return RANDOM if evidence.of_random_weights else ""


def made_how(evidence: Evidence, layer: LayerEvidence) -> list[str]:
    """Which layer a map is of, how it was made, and of what."""
    method = layer.method or str(evidence.manifest.get("method") or "")
    target = layer.target or str(evidence.manifest.get("target") or "").split(";")[0]
    facts = [f"layer {layer.number} {layer.name} ({layer.kind})" if layer.number else "the input itself"]
    facts += [f"method {_method(method)}"] if method else []
    return facts + ([f"explained: {target}"] if target else [])


def signed(value: float) -> str:
    """A number with its sign as it is written on a figure.

    >>> signed(-0.5), signed(0.5), signed(0)
    ('−0.500', '+0.500', '0')
    """
    return worded(value) if value == 0 else f"{'−' if value < 0 else '+'}{worded(abs(value))}"


def _method(name: str) -> str:
    for ending in ("-for", "-against", "-abs"):
        if name.endswith(ending):
            return f"{_method(name.removesuffix(ending))} ({ending[1:]} alone)"
    return _METHODS.get(name, name)
