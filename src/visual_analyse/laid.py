"""An explanation as a person sees it: laid on the inputs that are drawn, with what made it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from visual_analyse.explain.description import unseen
from visual_analyse.explain.explanation import Explanation
from visual_analyse.explain.layers import Layer
from visual_analyse.explain.plan import Plan
from visual_analyse.facts import versions
from visual_analyse.probe import DRAWN, Probe
from visual_analyse.results import Evidence, InputKind, LayerEvidence

MADE = InputKind("model's own crop")  # what it cuts or stretches out of its frames
MADE_RGB = InputKind("RGB, resized", "rgb")


def laid_out(
    probe: Probe, explanation: Explanation, parts: NDArray[np.float64], plan: Plan, layers: Sequence[Layer],
    facts: Mapping[str, Any], name: str,
) -> Evidence:  # fmt: skip
    """The record of an explanation of one walk; `name`: what its target is called where further maps are kept."""
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
    first_maps, further = (
        tuple(
            laid(layer, probe, None if inner[layer.number] is None else int(own[inner[layer.number] or 0]))
            for layer in some
        )
        for some in (explanation.walks[0], explanation.further[0] if explanation.further else ())
    )
    return Evidence(
        probe.frames, first_maps, parts, manifest, {**probe.inputs, **pictures}, probe.kind, {**probe.kinds, **kinds},
        tuple(replace(layer, target=name) for layer in further),
    )  # fmt: skip


def _own_picture(frames: NDArray[np.float32]) -> NDArray[np.uint8]:
    """A picture of a model's own, `[t, c, h, w]` in whatever range, as uint8 `[t, h, w]` or `[t, h, w, 3]`."""
    low, high = float(frames.min()), float(frames.max())
    scaled = np.rint((frames - low) / max(high - low, 1e-12) * 255).astype(np.uint8)
    return np.ascontiguousarray(np.moveaxis(scaled, 1, -1)) if scaled.shape[1] == 3 else scaled[:, 0]


def laid(layer: LayerEvidence, probe: Probe, own: int | None = None) -> LayerEvidence:
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
