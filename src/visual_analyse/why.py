"""Why did the model match these two walks? One probe, a gallery, and the evidence of every layer."""

from __future__ import annotations

import platform
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from visual_analyse.encode.gallery import Gallery
from visual_analyse.errors import VisualAnalyseError
from visual_analyse.explain.description import unseen
from visual_analyse.explain.explanation import Explanation, explain
from visual_analyse.explain.layers import Layer
from visual_analyse.explain.methods import GradCam, Method, Sign
from visual_analyse.explain.model import Explainable
from visual_analyse.explain.plan import Plan
from visual_analyse.explain.targets import Target, class_score, distance_to
from visual_analyse.measure.distances import nearest, part_distances
from visual_analyse.models.gait_model import GaitModel
from visual_analyse.probe import DRAWN, Probe
from visual_analyse.results import Evidence, InputKind, LayerEvidence
from visual_analyse.version import __version__

# Embeddings no further apart than this share of the largest value are one walk's: packing may round that much.
SAME = 1e-5
MADE = InputKind("model's own crop")  # what it cuts or stretches out of its frames
MADE_RGB = InputKind("RGB, resized", "rgb")


def explain_match(
    model: Explainable,
    probe: Probe,
    gallery: Gallery,
    layers: Sequence[Layer],
    plan: Plan,
    method: Method | None = None,
    facts: Mapping[str, Any] | None = None,
    sign: Sign = "signed",
    parts: Sequence[int] | None = None,
) -> Evidence:
    """The evidence of the smallest probe-gallery distance, on each layer.

    Gallery walks that are the probe itself to the model are left out, and named in the manifest: at distance zero there
    is no gradient. `parts`, counted from 0: what they alone add to the distance is explained; of a linear method the
    maps of all parts add up to that of the whole. Raises VisualAnalyseError where no walk is left, there is no such
    part, an embedding is not finite, or no gradient reaches any of the layers.

    >>> explain_match(model, probe, gallery, layers, plan).distance  # doctest: +SKIP
    0.73
    """
    if not gallery.names:
        raise VisualAnalyseError(
            f"Probe {probe.name} has no gallery walk left to be compared with. Add gallery walks other than the probe."
        )
    found: dict[str, Any] = {}
    decided: list[Target] = []
    known = gallery.embeddings

    def distance(embeddings: Tensor) -> Tensor:
        if decided:  # asked again, of a changed probe: the decision on the probe stays
            return decided[0](embeddings.float())
        own = _finite(embeddings, probe)
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
        others = np.delete(np.arange(len(known)), same)
        rivals = known[others] if len(same) else known
        match = int(others[nearest(own[None], rivals, model.metric)[0]])
        found["match"], found["same"] = match, [gallery.names[k] for k in same]
        found["parts"] = part_distances(own, known[match : match + 1], model.metric)[0]
        walk = torch.from_numpy(known[match : match + 1]).to(embeddings.device)
        decided.append(distance_to(walk, model.metric, _within(parts, own.shape[1])))
        return decided[0](embeddings.float())

    explanation = explain(model, probe.batch, distance, layers, plan=plan, method=method, sign=sign)
    of_parts = "mean over parts" if parts is None else f"what parts {', '.join(map(str, parts))} add to it"
    manifest = {
        "target": f"distance to the nearest gallery walk, {of_parts}; with another gallery the map is another",
        "metric": model.metric,
        "match": {"name": gallery.names[found["match"]]},
        "distance": float(found["parts"].sum()),
        "gallery": {"walks": len(gallery.names), "digest": gallery.digest, "same_as_probe": found["same"]},
    }
    return _evidence(
        probe, explanation, found["parts"], plan, layers, {**(facts or {}), **_how(method, sign), **manifest}
    )


def explain_class(
    model: Explainable,
    probe: Probe,
    classes: Sequence[str],
    layers: Sequence[Layer],
    plan: Plan,
    method: Method | None = None,
    facts: Mapping[str, Any] | None = None,
    sign: Sign = "signed",
) -> Evidence:
    """The evidence of the class that a classifier answers, on each layer: its logit, mean over parts.

    `classes` names the channels of the embeddings. What stands in the place of a distance is minus the logit, so that
    evidence for the class is positive, and `parts` add up to it. Raises VisualAnalyseError where there are other
    channels than classes, and as `explain_match`.

    >>> explain_class(model, probe, ("negative", "neutral", "positive"), layers, plan)  # doctest: +SKIP
    """
    found: dict[str, Any] = {}

    def score(embeddings: Tensor) -> Tensor:
        if "answer" in found:
            return class_score(found["answer"])(embeddings.float())
        logits = _finite(embeddings, probe)
        if len(logits) != len(classes):
            raise VisualAnalyseError(
                f"The model answers probe {probe.name} with {len(logits)} classes, and its dataset has {len(classes)}: "
                f"{', '.join(classes)}. Name the config of a classifier of these, or its checkpoint."
            )
        answer = int(logits.mean(1).argmax())
        found["answer"], found["logits"] = answer, dict(zip(classes, logits.mean(1).tolist(), strict=True))
        found["parts"] = -logits[answer].astype(np.float64) / logits.shape[1]
        return class_score(answer)(embeddings.float())

    explanation = explain(model, probe.batch, score, layers, plan=plan, method=method, sign=sign)
    manifest = {
        "target": f"minus the logit of the class {classes[found['answer']]}, mean over parts",
        "metric": "logit",
        "match": {"name": f"class {classes[found['answer']]}"},
        "distance": float(found["parts"].sum()),
        "logits": found["logits"],
        "gallery": {"walks": 0, "digest": "", "same_as_probe": []},
    }
    return _evidence(
        probe, explanation, found["parts"], plan, layers, {**(facts or {}), **_how(method, sign), **manifest}
    )


def _evidence(
    probe: Probe, explanation: Explanation, parts: NDArray[np.float64], plan: Plan, layers: Sequence[Layer],
    facts: Mapping[str, Any],
) -> Evidence:  # fmt: skip
    length = probe.batch.lengths[0]
    manifest = {
        **facts,
        "tool": "visual_analyse",
        "versions": versions(),
        "probe": {"name": probe.name, "frames": length, **probe.facts},
        "unreached": [str(layer) for layer in explanation.unreached],
        "unseen_frames": unseen(plan, layers, length),
    }
    if explanation.shares.size:
        names = _distinct([probe.kind_of_input(k).name for k in range(explanation.shares.shape[1])])
        manifest["shares"] = dict(zip(names, explanation.shares[0].round(4).tolist(), strict=True))
    # What the model cut or stretched out of its frames is an input more, for the layers that lie on it.
    first = len(probe.inputs) + 1
    own = {number: str(first + k) for k, number in enumerate(sorted(explanation.pictures))}
    pictures = {own[number]: _own_picture(frames) for number, frames in explanation.pictures.items()}
    kinds = {own[number]: MADE_RGB if frames.shape[1] == 3 else MADE for number, frames in explanation.pictures.items()}
    inner = {layer.number: plan[layer.number].inner for layer in layers}
    laid = tuple(
        _laid(layer, probe, None if inner[layer.number] is None else int(own[inner[layer.number] or 0]))
        for layer in explanation.walks[0]
    )
    return Evidence(
        probe.frames, laid, parts, manifest, {**probe.inputs, **pictures}, probe.kind, {**probe.kinds, **kinds}
    )


def _how(method: Method | None, sign: Sign) -> dict[str, Any]:
    method = method or GradCam()
    weights = {"weights": method.weights} if isinstance(method, GradCam) else {}
    return {"method": method.name, **weights, "sign": sign}


def _within(parts: Sequence[int] | None, count: int) -> Sequence[int] | None:
    wrong = [part for part in parts or () if not 0 <= part < count]
    if wrong or (parts is not None and not len(parts)):
        raise VisualAnalyseError(
            f"There is no part {', '.join(map(str, wrong)) or 'named'}: the model's parts are numbered from 0 to "
            f"{count - 1}. Name some of these."
        )
    return parts


def _own_picture(frames: NDArray[np.float32]) -> NDArray[np.uint8]:
    """A picture of a model's own, `[t, c, h, w]` in whatever range, as uint8 `[t, h, w]` or `[t, h, w, 3]`."""
    low, high = float(frames.min()), float(frames.max())
    scaled = np.rint((frames - low) / max(high - low, 1e-12) * 255).astype(np.uint8)
    return np.ascontiguousarray(np.moveaxis(scaled, 1, -1)) if scaled.shape[1] == 3 else scaled[:, 0]


def _laid(layer: LayerEvidence, probe: Probe, own: int | None) -> LayerEvidence:
    """A layer as it lies on what is drawn: inputs by their numbers there, joints as they stand on disk.

    `own`: the number of the picture of the model's own that it lies on.
    """
    cells = layer.cells
    joints = probe.joints.get(layer.on)
    if joints is not None and layer.maps.ndim == 2 and layer.maps.shape[1] > 1:
        cells = (
            joints[:, None].astype(np.int32)
            if cells is None
            else np.where(cells < 0, -1, joints[cells]).astype(np.int32)
        )
    sees = tuple(sorted(probe.number_of(k) for k in layer.sees))
    # Where it sees several inputs, the first that can be drawn is drawn below it.
    drawn = [k for k in layer.sees if probe.kind_of_input(k).picture != "none"] or [layer.on]
    same_form = [k for k in drawn if (probe.kind_of_input(k).picture in DRAWN) == (layer.maps.ndim == 3)] or drawn
    on = probe.number_of(same_form[0]) if own is None else own
    return replace(layer, on=on, sees=sees, cells=cells)


def _distinct(names: Sequence[str]) -> list[str]:
    return [name if names.count(name) == 1 else f"{name} {k + 1}" for k, name in enumerate(names)]


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


def model_facts(model: GaitModel) -> dict[str, Any]:
    """Which model computed a result, for its manifest."""
    return {
        "model": model.name,
        "class": model.class_name,
        "source": model.source,
        "config": str(model.config.path),
        "checkpoint": None if model.checkpoint is None else str(model.checkpoint),
        "checkpoint_digest": model.checkpoint_digest or None,
        "device": str(model.device),
        "seed": model.seed,
    }


def versions() -> dict[str, str]:
    """What computed a result, for its manifest."""
    return {
        "visual_analyse": __version__,
        "torch": str(torch.__version__),
        "numpy": np.__version__,
        "python": platform.python_version(),
    }
