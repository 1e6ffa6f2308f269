"""The Python door: load a model, explain a probe, look at the evidence where you are."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from visual_analyse.decisions import decision_named
from visual_analyse.draw.inline import picture
from visual_analyse.draw.style import Style
from visual_analyse.encode.encoder import Encoder
from visual_analyse.encode.gallery import Galleries, Gallery
from visual_analyse.encode.store import Store
from visual_analyse.errors import VisualAnalyseError
from visual_analyse.explain.capture import frozen
from visual_analyse.explain.grad_cam import Weights
from visual_analyse.explain.layers import leaves, select
from visual_analyse.explain.methods import Deviation, GradCam, Sign, method_named
from visual_analyse.explain.resolving import resolve
from visual_analyse.explain.usual import USUAL, spaced, usual_outputs
from visual_analyse.facts import model_facts
from visual_analyse.gait.kinds import RGB, SILHOUETTE, frames_for_picture
from visual_analyse.gait.overlap import without_overlap
from visual_analyse.gait.sequences import Sequence as Walk
from visual_analyse.gait.sequences import scan
from visual_analyse.models.foreign import ForeignModel, wrap
from visual_analyse.models.gait_model import GaitModel
from visual_analyse.models.load import load_model
from visual_analyse.probe import Probe, read_probe
from visual_analyse.results import Evidence
from visual_analyse.why import explain_match

__all__ = ["Explained", "explain_probe", "load_model", "scan", "wrap"]


class Explained(Evidence):
    """Evidence that shows itself in a notebook: one frame of the figure, or any frame by `picture`."""

    def picture(self, frame: int | None = None, style: Style | None = None) -> Image.Image:
        """The figure of one frame, the one with most evidence where none is named."""
        return picture(self, frame=frame, style=style)

    def _repr_png_(self) -> bytes:
        stream = io.BytesIO()
        self.picture().save(stream, "PNG")
        return stream.getvalue()


def explain_probe(
    model: GaitModel | ForeignModel,
    probe: Any,
    gallery: Any,
    layers: str | Sequence[str | int] = "conv",
    *,
    weights: Weights = "frame",
    method: str = "grad_cam",
    sign: Sign = "signed",
    parts: Sequence[int] | None = None,
    target: str | Callable[[Tensor], Tensor] = "match",
    match: str | None = None,
) -> Explained:
    """Why `model` matched a probe to the nearest walk of a gallery: the maps of `layers`, and the ledger of parts.

    For OpenGait's models, `probe` is a walk of `scan(folder)`, or the folder `id/type/view` of one; `gallery` is a
    folder laid out as a dataset, or a list of walks. For a wrapped module both are arrays or tensors, the probe with
    the axes of one walk, the gallery with those of a batch, or a mapping from names to walks. `method`: one of METHODS;
    `sign`: evidence "for", "against" (negative), "signed", both together, or "abs", how much either way. `target`:
    "match", "contrast" (the best true match's distance minus the nearest impostor's), "crowd" (minus the mean of those
    to everybody else), or any function of embeddings `[n, c, p]` to values `[n]`, smaller being for; `match` names
    another gallery walk than the nearest. `parts`, counted from 0: explain what these add to the distance. Raises
    VisualAnalyseError for anything that cannot be read, compared or drawn.

    >>> explain_probe(model, "Probes/001/nm-05/090", "Gallery", layers="conv")  # doctest: +SKIP
    """
    decision = decision_named(target, match, parts)
    if isinstance(model, ForeignModel):
        shown, known = _foreign_probe(model, probe), _foreign_gallery(model, gallery)
        batches = [model.batch(walk) for walk in _foreign_walks(gallery).values()]
    else:
        walk = _walk(probe)
        walks = _walks(gallery)
        others, _ = without_overlap(walk, walks, model.config.data_in_use)
        shown = read_probe(model, walk)
        known = Galleries(Encoder(model, Store())).of(others)
        batches = [read_probe(model, walk).batch for walk in spaced(others, USUAL)]
    plan = resolve(model, shown.batch)
    chosen = select([layer for layer, _ in leaves(model.module)], layers)
    drawn = [layer for layer in chosen if not plan[layer.number].reason]
    if not drawn:
        reasons = "; ".join(f"{layer} {plan[layer.number].reason}" for layer in chosen[:3])
        raise VisualAnalyseError(f"None of the chosen layers can be drawn: {reasons}. Choose others.")
    way = GradCam(weights) if method == GradCam.name else method_named(method)
    if isinstance(way, Deviation):
        way = replace(way, usual=usual_outputs(model, batches[:USUAL], drawn, plan))
    facts = model_facts(model) if isinstance(model, GaitModel) else {"model": model.name}
    found = explain_match(model, shown, known, drawn, plan, way, facts, sign, decision)
    return Explained(**{item.name: getattr(found, item.name) for item in fields(found)})


def _walk(probe: Any) -> Walk:
    if isinstance(probe, Walk):
        return probe
    if not isinstance(probe, (str, Path)):
        raise _no_walk("The probe", probe)
    folder = Path(probe)
    files = sorted(folder.glob("*.pkl")) if folder.is_dir() else []
    place = folder.resolve().parts
    if not files or len(place) < 3:
        within = sorted({path.parent for path in folder.glob("*/*/*/*.pkl")}) if folder.is_dir() else []
        hint = f" It holds {len(within)} walks; name one, e.g. {within[0].as_posix()}." if within else ""
        raise VisualAnalyseError(
            f"{folder} is no folder of a walk: id/type/view with .pkl files in it is expected.{hint}"
        )
    identity, kind, view = place[-3:]
    return Walk(identity, kind, view, tuple(files))


def _walks(gallery: Any) -> list[Walk]:
    if isinstance(gallery, (str, Path)):
        return scan(Path(gallery))
    walks = list(gallery) if isinstance(gallery, Iterable) else [gallery]
    for walk in walks:
        if not isinstance(walk, Walk):
            raise _no_walk("A walk of the gallery", walk)
    return walks


def _no_walk(what: str, found: Any) -> VisualAnalyseError:
    return VisualAnalyseError(
        f"{what} is of type {type(found).__name__}; for a model of OpenGait a folder id/type/view, or a walk of "
        "scan(folder), is expected. For arrays use explain_probe(wrap(module, axes), probe, gallery)."
    )


def _foreign_probe(model: ForeignModel, probe: Any) -> Probe:
    batch = model.batch(probe)
    if len(batch) != 1:
        raise VisualAnalyseError(f"One walk is explained at a time, and the probe holds {len(batch)}: give probe[0].")
    seen = model.frames(batch).float().cpu().numpy()
    kind = RGB if seen.shape[1] == 3 else SILHOUETTE
    low, high = float(seen.min()), float(seen.max())
    if low < 0 or high > 255:  # no known scale of pixels: the walk's own range, one for the clip
        seen = (seen - low) / max(high - low, 1e-12)
    return Probe("probe", batch, frames_for_picture(kind, seen if kind is RGB else seen[:, :1]), kind, {})


def _foreign_gallery(model: ForeignModel, gallery: Any) -> Gallery:
    walks = _foreign_walks(gallery)
    with frozen(model.module), torch.no_grad():
        embeddings = [model.embed(model.batch(walk))[0].float().cpu().numpy() for walk in walks.values()]
    return Gallery(tuple(map(str, walks)), np.stack(embeddings) if embeddings else np.zeros((0, 1, 1), np.float32))


def _foreign_walks(gallery: Any) -> dict[Any, Any]:
    return dict(gallery) if isinstance(gallery, Mapping) else {f"gallery {k}": walk for k, walk in enumerate(gallery)}
