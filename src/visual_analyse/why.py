"""Why did the model match these two walks? One probe, a gallery, and the evidence of every layer."""

from __future__ import annotations

import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from visual_analyse.encode.gallery import Gallery
from visual_analyse.errors import VisualAnalyseError
from visual_analyse.explain.description import unseen
from visual_analyse.explain.explanation import explain
from visual_analyse.explain.grad_cam import Weights
from visual_analyse.explain.layers import Layer
from visual_analyse.explain.model import Batch, Explainable
from visual_analyse.explain.plan import Plan
from visual_analyse.explain.targets import distance_to
from visual_analyse.gait.kinds import frames_for_picture, kind_of
from visual_analyse.gait.sequences import Sequence as Walk
from visual_analyse.measure.distances import nearest, part_distances
from visual_analyse.models.gait_model import GaitModel
from visual_analyse.names import plain
from visual_analyse.results import Evidence, InputKind
from visual_analyse.version import __version__

# Embeddings no further apart than this share of the largest value are one walk's: packing may round that much.
SAME = 1e-5
DRAWN = {"grey", "palette", "planes", "rgb"}  # the kinds of picture that maps are laid on


@dataclass(frozen=True)
class Probe:
    """A walk to explain: its name, the batch that holds it alone, and its frames as a person sees them.

    `picture` is the input that the frames are of; `inputs` holds the others, numbered from 1.
    """

    name: str
    batch: Batch
    frames: NDArray[np.uint8]
    kind: InputKind
    facts: Mapping[str, Any]
    picture: int = 0
    inputs: Mapping[str, NDArray[Any]] = field(default_factory=dict)

    def number_of(self, place: int) -> int:
        """The number that a result knows an input of the model by: 0 for the frames, from 1 for the others."""
        return 0 if place == self.picture else place + (place < self.picture)


def explain_match(
    model: Explainable,
    probe: Probe,
    gallery: Gallery,
    layers: Sequence[Layer],
    plan: Plan,
    weights: Weights = "frame",
    facts: Mapping[str, Any] | None = None,
) -> Evidence:
    """The evidence of the smallest probe-gallery distance, on each layer.

    Gallery walks that are the probe itself to the model are left out, and named in the manifest: at distance zero there
    is no gradient. Raises VisualAnalyseError where none is left, an embedding is not finite, or no gradient reaches any
    of the layers.

    >>> explain_match(model, probe, gallery, layers, plan).distance  # doctest: +SKIP
    0.73
    """
    if not gallery.names:
        raise VisualAnalyseError(
            f"Probe {probe.name} has no gallery walk left to be compared with. Add gallery walks other than the probe."
        )
    found: dict[str, Any] = {}
    known = gallery.embeddings

    def distance(embeddings: Tensor) -> Tensor:
        own = embeddings.detach().float().cpu().numpy()[0]
        if not np.isfinite(own).all():
            raise VisualAnalyseError(
                f"Probe {probe.name} has an embedding that is not finite: check its frames and the checkpoint."
            )
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
        return distance_to(walk, model.metric)(embeddings.float())

    explanation = explain(model, probe.batch, distance, layers, plan=plan, weights=weights)
    length = probe.batch.lengths[0]
    manifest = {
        **(facts or {}),
        "tool": "visual_analyse",
        "versions": versions(),
        "method": "grad_cam",
        "weights": weights,
        "target": "distance to the nearest gallery walk, mean over parts; with another gallery the map is another",
        "metric": model.metric,
        "probe": {"name": probe.name, "frames": length, **probe.facts},
        "match": {"name": gallery.names[found["match"]]},
        "distance": float(found["parts"].sum()),
        "gallery": {"walks": len(gallery.names), "digest": gallery.digest, "same_as_probe": found["same"]},
        "unreached": [str(layer) for layer in explanation.unreached],
        "unseen_frames": unseen(plan, layers, length),
    }
    layers_on = tuple(replace(layer, on=probe.number_of(plan[layer.number].on)) for layer in explanation.walks[0])
    return Evidence(probe.frames, layers_on, found["parts"], manifest, probe.inputs, probe.kind)


def _same_walks(own: NDArray[np.float32], known: NDArray[np.float32]) -> NDArray[np.intp]:
    """The gallery walks that are the probe itself to the model, up to what packing rounds."""
    limit = SAME * np.abs(own).max()
    near = np.flatnonzero((np.abs(known[:, :, 0] - own[:, 0]) <= limit).all(1))  # one part rules out nearly all
    same: NDArray[np.intp] = near[(np.abs(known[near] - own) <= limit).all((1, 2))]
    return same


def read_probe(model: GaitModel, walk: Walk) -> Probe:
    """Read a walk, as the model takes it and as a person sees it.

    Raises VisualAnalyseError for files that cannot be read, do not fit the model, or hold no picture.

    >>> read_probe(model, scan(Path("Probes"))[0]).frames.shape  # doctest: +SKIP
    (30, 64, 44)
    """
    arrays = walk.load(model.config.data_in_use)
    batch = model.batch([arrays])
    pictures = [k for k, kind in enumerate(kind_of(arrays)) if kind.picture in DRAWN]
    if not pictures:
        raise VisualAnalyseError(
            f"Walk {plain(walk.name)} holds {', '.join(kind.name for kind in kind_of(arrays))}, and no pictures; "
            "maps are drawn on silhouettes, parsing, skeleton maps, RGB and depth."
        )
    picture = pictures[0]
    kind = kind_of(arrays)[picture]
    seen = [tensor[0].float().cpu().numpy() for tensor in batch.inputs]
    files = [file.name for file in walk.files_in_use(model.config.data_in_use)]
    facts = {"id": walk.id, "type": walk.type, "view": walk.view, "files": files}
    others = [array for k, array in enumerate(seen) if k != picture]
    inputs = {str(number): array for number, array in enumerate(others, 1)}
    return Probe(walk.name, batch, frames_for_picture(kind, seen[picture]), kind, facts, picture, inputs)


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
