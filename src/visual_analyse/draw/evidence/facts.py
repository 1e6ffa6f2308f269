"""What stands above a figure: who was matched with whom, whether rightly, and what the colours are made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from visual_analyse.draw.colours import worded
from visual_analyse.draw.figures.rows import answers, model_name, named
from visual_analyse.draw.style import Style
from visual_analyse.results import Evidence, LayerEvidence, Ledger

RANDOM = "RANDOM WEIGHTS: this model was never trained, and its evidence means nothing"
EXPLAIN = "'visual-analyse explain'"
_METHODS = {
    "grad_cam": "Grad-CAM", "grad_cam++": "Grad-CAM++", "hirescam": "HiResCAM", "layercam": "LayerCAM",
    "xgrad_cam": "XGrad-CAM", "element_wise": "element-wise gradient × activation", "eigen_cam": "Eigen-CAM",
    "deviation": "deviation from what is usual", "integrated_gradients": "integrated gradients",
    "integrated_deviation": "integrated deviation from what is usual",
}  # fmt: skip


def right(evidence: Evidence) -> bool | None:
    """Whether the match is of the probe's identity; None where the record does not tell."""
    match = evidence.manifest.get("match")
    told = match.get("right") if isinstance(match, Mapping) else None
    if isinstance(told, bool):
        return told
    roles = {ledger.role for ledger in evidence.ledgers}
    return not roles & {"true match"} if roles & {"true match", "impostor"} else None


def contrasted(evidence: Evidence) -> Ledger | None:
    """The impostor, where it is explained why the probe is nearer to its true match, or not."""
    roles = {ledger.role: ledger for ledger in evidence.ledgers}
    return roles.get("impostor") if "true match" in roles else None


def ledgers(evidence: Evidence) -> list[Ledger]:
    """That of the match, which every record knows, and then those of other walks."""
    name = match_name(evidence)
    known = [ledger for ledger in evidence.ledgers if len(ledger.parts) == len(evidence.parts)]
    own = next((ledger for ledger in known if ledger.role == "match" or ledger.walk == name), None)
    own = own or Ledger(name, "answer" if answers(evidence) else "match", evidence.parts)
    return [own, *(ledger for ledger in known if ledger is not own)]


def either_way(evidence: Evidence, layer: LayerEvidence) -> bool:
    """Whether a map says how much there is to see, and not whether for or against."""
    method = layer.method or str(evidence.manifest.get("method") or "")
    if method.startswith("eigen_cam"):
        return True
    return method.endswith("-abs") if layer.method else evidence.manifest.get("sign") == "abs"


def coloured(evidence: Evidence, layer: LayerEvidence, style: Style) -> Style:
    """The style, but of a map without a sign only one that has none."""
    return replace(style, polarity="abs") if either_way(evidence, layer) else style


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
    impostor = contrasted(evidence)
    if impostor is not None:
        near, far = f"{match}, the right person,", short(impostor.walk)
        if impostor.distance < evidence.distance:
            near, far = f"{far}, the WRONG person,", match
        return f"{model}: {probe} is nearer to {near} than to {far}"
    if str(evidence.manifest.get("asked", "")).startswith("given"):
        verdict = {True: ": the same person", False: ": two persons", None: ""}[right(evidence)]
        return f"{model} compared {probe} with {match}{verdict}"
    verdict = {True: ": the right person", False: ": the WRONG person", None: ""}[right(evidence)]
    return f"{model} matched {probe} with {match}{verdict}"


def distance(evidence: Evidence) -> str:
    """The distance in words, or the score of a classifier's answer."""
    if answers(evidence):
        return f"score {signed(-evidence.distance)}"
    metrics = {"euc": "Euclidean", "cos": "cosine"}
    kind = metrics.get(str(evidence.manifest.get("metric")), "")
    impostor = contrasted(evidence)
    both = f" to the true match, {worded(impostor.distance)} to the impostor" if impostor else ""
    return f"distance {worded(evidence.distance)}{both}" + (f" ({kind}, mean over parts)" if kind else "")


def spoken_of(evidence: Evidence) -> str:
    """What evidence is for or against: the match, the true match, or an answer."""
    return "answer" if answers(evidence) else "true match" if contrasted(evidence) else "match"


def alarm(evidence: Evidence) -> str:
    """What a reader must know before all else; else nothing."""
    return RANDOM if evidence.of_random_weights else ""


def made_how(evidence: Evidence, layer: LayerEvidence) -> list[str]:
    """Which layer a map is of, how it was made, and of what."""
    method, sign = layer.method or str(evidence.manifest.get("method") or ""), evidence.manifest.get("sign")
    if method and not layer.method and sign in ("for", "against"):
        method = f"{method}-{sign}"
    own = layer.target in ("", evidence.manifest.get("asked"))
    target = str(evidence.manifest.get("target") or "").split(";")[0] if own else layer.target
    facts = [f"layer {layer.number} {layer.name} ({layer.kind})" if layer.number else "the input itself"]
    facts += [f"method {_method(method)}"] if method else []
    facts += ["how much, for or against alike"] if either_way(evidence, layer) else []
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
