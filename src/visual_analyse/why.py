"""Why did the model match these two walks? One probe, a gallery, and the evidence of every layer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from visual_analyse.decisions import Decided, Decision, Nearest
from visual_analyse.encode.gallery import Gallery
from visual_analyse.errors import VisualAnalyseError
from visual_analyse.explain.capture import frozen
from visual_analyse.explain.explanation import explain
from visual_analyse.explain.layers import Layer
from visual_analyse.explain.methods import GradCam, How, Method, Sign
from visual_analyse.explain.model import Explainable
from visual_analyse.explain.perturbing import perturbing
from visual_analyse.explain.plan import Plan
from visual_analyse.explain.targets import Target, class_score
from visual_analyse.laid import laid_out
from visual_analyse.lineup import Lineup
from visual_analyse.measure.distances import part_distances
from visual_analyse.names import plain
from visual_analyse.probe import Probe
from visual_analyse.results import Evidence

# Embeddings no further apart than this share of the largest value are one walk's: packing may round that much.
SAME = 1e-5


def explain_match(
    model: Explainable,
    probe: Probe,
    gallery: Gallery,
    layers: Sequence[Layer],
    plan: Plan,
    method: Method | None = None,
    facts: Mapping[str, Any] | None = None,
    sign: Sign = "signed",
    decision: Decision | None = None,
    further: Sequence[How] = (),
    instead: bool = False,
) -> Evidence:
    """The evidence of a decision about a probe on each layer, by default that of the smallest probe-gallery distance.

    Gallery walks that are the probe itself to the model are left out, and named in the manifest: at distance zero there
    is no gradient. `further`: other ways to make maps of it. `instead`: layers that no gradient reaches are explained
    by changing what they put out, and named in the manifest ("perturbed"). Raises VisualAnalyseError where no walk is
    left, the decision cannot be taken, an embedding is not finite, or no gradient reaches any of the layers.

    >>> explain_match(model, probe, gallery, layers, plan).distance  # doctest: +SKIP
    0.73
    """
    if not gallery.names:
        raise VisualAnalyseError(
            f"Probe {probe.name} has no gallery walk left to be compared with. Add gallery walks other than the probe."
        )
    decision = decision or Nearest()
    taken: list[Decided] = []
    same: list[str] = []
    known = gallery.embeddings

    def target(embeddings: Tensor) -> Tensor:
        if not taken:  # asked again, of a changed probe: the decision on the probe stays
            lineup, left_out = line_up(_finite(embeddings, probe), probe, gallery, model.metric)
            same.extend(gallery.names[k] for k in left_out)
            taken.append(decision.decide(lineup, embeddings))
        return taken[0].target(embeddings.float())

    explanation = explain(
        model, probe.batch, target, layers, plan=plan, method=method, sign=sign, further=further, must_reach=not instead
    )
    changed = perturbing(model, probe.batch, target, explanation.unreached, plan) if instead else ()
    decided = taken[0]
    parts = part_distances(explanation.embeddings[0], known[decided.match : decided.match + 1], model.metric)[0]
    manifest: dict[str, Any] = {
        "target": decided.what,
        "asked": decided.name,
        "metric": model.metric,
        "match": {"name": gallery.names[decided.match]},
        "distance": float(parts.sum()),
        "gallery": {"walks": len(gallery.names), "digest": gallery.digest, "same_as_probe": same},
    }
    own = probe.facts.get("id")
    if gallery.ids and own is not None:
        manifest["match"] = {**manifest["match"], "right": gallery.ids[decided.match] == own}
    if changed:
        manifest["perturbed"] = [layer.key for layer in changed]
        explanation = replace(explanation, walks=((*explanation.walks[0], *changed),), unreached=())
    evidence = laid_out(
        probe, explanation, parts, plan, layers, {**(facts or {}), **_how(method, sign), **manifest}, decided.name
    )
    return replace(evidence, ledgers=decided.ledgers)


def decided_of(model: Explainable, probe: Probe, gallery: Gallery, decision: Decision) -> Decided:
    """A decision as it falls on a probe; errors as `explain_match` has them.

    >>> decided_of(model, probe, gallery, Nearest()).match  # doctest: +SKIP
    0
    """
    with frozen(model.module), torch.no_grad():
        embeddings = model.embed(probe.batch).float()
    lineup, _ = line_up(_finite(embeddings, probe), probe, gallery, model.metric)
    return decision.decide(lineup, embeddings)


def line_up(own: NDArray[np.float32], probe: Probe, gallery: Gallery, metric: str) -> tuple[Lineup, NDArray[np.intp]]:
    """A probe of that embedding beside the gallery, and the places of the walks that are the probe itself.

    Raises VisualAnalyseError where no other walk is left, or embeddings do not fit.
    """
    known = gallery.embeddings
    if own.shape != known.shape[1:]:
        raise VisualAnalyseError(
            f"Probe {probe.name} has an embedding of {list(own.shape)} and the gallery's are "
            f"{list(known.shape[1:])}: both must come from one model and walks of one size."
        )
    same = _same_walks(own, known)
    if len(same) == len(known):
        raise VisualAnalyseError(
            f"Probe {probe.name} and gallery walk {gallery.names[0]} are at distance zero: they are the same "
            "walk to this model, and there is no gradient to draw. Add gallery walks other than the probe."
        )
    identity = probe.facts.get("id")
    rows = np.delete(np.arange(len(known)), same)
    return Lineup(probe.name, own, gallery, rows, metric, None if identity is None else str(identity)), same


def explain_walk(
    model: Explainable,
    walk: Probe,
    target: Target,
    layers: Sequence[Layer],
    plan: Plan,
    method: Method | None = None,
    sign: Sign = "signed",
    further: Sequence[How] = (),
    name: str = "",
) -> Evidence:
    """The evidence of any target on one walk; of the matched walk, say, for its distance to the probe.

    `name`: what the target is called where further maps are kept. Raises VisualAnalyseError as `explain` does.

    >>> explain_walk(model, match, distance_to(probe_embedding, "euc"), layers, plan)  # doctest: +SKIP
    """
    explanation = explain(
        model, walk.batch, lambda embeddings: target(embeddings.float()), layers, plan=plan, method=method, sign=sign,
        further=further,
    )  # fmt: skip
    facts = {**_how(method, sign), "value": float(explanation.values[0])}
    return laid_out(walk, explanation, np.zeros(0), plan, layers, facts, name)


def explain_class(
    model: Explainable,
    probe: Probe,
    classes: Sequence[str],
    layers: Sequence[Layer],
    plan: Plan,
    method: Method | None = None,
    facts: Mapping[str, Any] | None = None,
    sign: Sign = "signed",
    wanted: str | None = None,
    further: Sequence[How] = (),
) -> Evidence:
    """The evidence of the class that a classifier answers, on each layer: its logit, mean over parts.

    `wanted`: the evidence of another class instead. `classes` names the channels of the embeddings. What stands in the
    place of a distance is minus the logit, so that evidence for the class is positive, and `parts` add up to it. Raises
    VisualAnalyseError where there are other channels than classes, no such class, and as `explain_match`.

    >>> explain_class(model, probe, ("negative", "neutral", "positive"), layers, plan)  # doctest: +SKIP
    """
    found: dict[str, Any] = {}
    if wanted is not None and wanted not in classes:
        raise VisualAnalyseError(
            f"There is no class {plain(wanted)}: there are {', '.join(classes)}. Name one of these."
        )

    def score(embeddings: Tensor) -> Tensor:
        if "answer" in found:
            return class_score(found["answer"])(embeddings.float())
        logits = _finite(embeddings, probe)
        if len(logits) != len(classes):
            raise VisualAnalyseError(
                f"The model answers probe {probe.name} with {len(logits)} classes, and its dataset has {len(classes)}: "
                f"{', '.join(classes)}. Name the config of a classifier of these, or its checkpoint."
            )
        answer = int(logits.mean(1).argmax()) if wanted is None else list(classes).index(wanted)
        found["answer"], found["logits"] = answer, dict(zip(classes, logits.mean(1).tolist(), strict=True))
        found["parts"] = -logits[answer].astype(np.float64) / logits.shape[1]
        return class_score(answer)(embeddings.float())

    explanation = explain(model, probe.batch, score, layers, plan=plan, method=method, sign=sign, further=further)
    name = f"class-{classes[found['answer']]}"
    manifest = {
        "asked": name,
        "target": f"minus the logit of the class {classes[found['answer']]}, mean over parts",
        "metric": "logit",
        "match": {"name": f"class {classes[found['answer']]}"},
        "distance": float(found["parts"].sum()),
        "logits": found["logits"],
        "gallery": {"walks": 0, "digest": "", "same_as_probe": []},
    }
    return laid_out(
        probe, explanation, found["parts"], plan, layers, {**(facts or {}), **_how(method, sign), **manifest}, name
    )


def _how(method: Method | None, sign: Sign) -> dict[str, Any]:
    method = method or GradCam()
    weights = {"weights": method.weights} if isinstance(method, GradCam) else {}
    return {"method": method.name, **weights, "sign": sign}


def _finite(embeddings: Tensor, probe: Probe) -> NDArray[np.float32]:
    own: NDArray[np.float32] = embeddings.detach().float().cpu().numpy()[0]
    if not np.isfinite(own).all():
        raise VisualAnalyseError(
            f"Probe {probe.name} has an embedding that is not finite: check its frames and the checkpoint."
        )
    return own


def _same_walks(own: NDArray[np.float32], known: NDArray[np.float32]) -> NDArray[np.intp]:
    """The gallery walks that are the probe itself to the model, up to what packing rounds."""
    limit = SAME * np.abs(own).max()
    near = np.flatnonzero((np.abs(known[:, :, 0] - own[:, 0]) <= limit).all(1))  # one part rules out nearly all
    same: NDArray[np.intp] = near[(np.abs(known[near] - own) <= limit).all((1, 2))]
    return same
