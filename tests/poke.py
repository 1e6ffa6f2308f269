"""The poke test: change one frame, or one band of rows, and see where a layer's restored output changes.

It knows nothing of how a plan is made: receptive fields come from the kernels of the layers that ran before.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from visual_analyse.explain.capture import Capture
from visual_analyse.explain.layers import Layer, leaves
from visual_analyse.explain.model import Batch, Explainable
from visual_analyse.explain.plan import Plan


@dataclass(frozen=True)
class Reach:
    """How far a change can spread from its place, in frames and in rows of the input, and the stride of rows."""

    frames: float
    rows: float


def reaches(model: Explainable, batch: Batch) -> dict[int, Reach]:
    """An upper bound of every layer's receptive field: the kernels of all layers up to it, as if one after another."""
    found: dict[int, Reach] = {}
    state = {"t": 0.0, "h": 0.0, "jt": 1.0, "jh": 1.0}
    height = batch.inputs[0].shape[-2]
    handles = []

    def hook(number: int):
        def note(module: nn.Module, inputs, output):
            kernel, stride, dilation = (getattr(module, name, None) for name in ("kernel_size", "stride", "dilation"))
            x = inputs[0] if inputs and isinstance(inputs[0], Tensor) else None
            if kernel is not None and x is not None and isinstance(output, Tensor):
                dims = int(type(module).__name__[-2]) if type(module).__name__[-1] == "d" else 2
                size = [kernel] * dims if isinstance(kernel, int) else list(kernel)
                spread = [dilation or 1] * dims if isinstance(dilation or 1, int) else list(dilation)
                if dims >= 2:
                    jump = height / x.shape[-2] if number not in strips else state["jh"]
                    state["h"] += (size[-2] - 1) * spread[-2] * max(jump, state["jh"])
                    state["jh"] = max(state["jh"], jump)
                    if size[-2] > 1 and isinstance(stride, (int, tuple)):
                        state["jh"] *= stride if isinstance(stride, int) else stride[-2]
                if dims in (1, 3):
                    state["t"] += (size[0] - 1) * spread[0] * state["jt"]
                    state["jt"] *= stride[0] if isinstance(stride, tuple) else stride or 1
            found[number] = Reach(state["t"], state["h"])

        return note

    counts: dict[int, int] = {}
    for layer, module in leaves(model.module):
        handles.append(
            module.register_forward_hook(lambda m, i, o, n=layer.number: counts.update({n: counts.get(n, 0) + 1}))
        )
    with torch.no_grad():
        model.embed(batch)
    strips = {number for number, count in counts.items() if count > 1}
    for handle in handles:
        handle.remove()
    handles = [module.register_forward_hook(hook(layer.number)) for layer, module in leaves(model.module)]
    with torch.no_grad():
        model.embed(batch)
    for handle in handles:
        handle.remove()
    return found


def restored(model: Explainable, plan: Plan, layers: list[Layer], batch: Batch) -> dict[int, list[np.ndarray]]:
    """Each layer's output, put back by the plan: per sequence, `[c, t, gh, gw]`; the first track of each layer."""
    modules = {layer.number: module for layer, module in leaves(model.module)}
    with (
        torch.no_grad(),
        Capture([(layer.number, modules[layer.number]) for layer in layers], plan.overwritten) as capture,
    ):
        model.embed(batch)
    return {
        layer.number: [
            part.double().numpy()
            for part in plan.restore(
                layer.number, [capture.outputs[layer.number][k] for k in plan[layer.number].tracks[0]], batch.lengths
            )
        ]
        for layer in layers
    }


def changed(batch: Batch, walk: int, frames: slice, rows: slice) -> Batch:
    """The batch with some rows of some frames of one walk made unlike what they were."""
    tensor = batch.inputs[0].clone()
    start = sum(batch.lengths[:walk]) if batch.packed else 0
    index = slice(start + (frames.start or 0), start + (batch.lengths[walk] if frames.stop is None else frames.stop))
    piece = tensor[0 if batch.packed else walk, index, ..., rows, :]
    noise = torch.rand(piece.shape, generator=torch.Generator().manual_seed(7))
    tensor[0 if batch.packed else walk, index, ..., rows, :] = (piece - 1).abs() * 0.5 + noise
    return Batch((tensor,), batch.axes, batch.lengths, batch.packed)


def poke_frames(model: Explainable, plan: Plan, layers: list[Layer], batch: Batch) -> list[str]:
    """Poke single frames of every walk; complaints where a change is in the wrong place."""
    far = reaches(model, batch)
    before = restored(model, plan, layers, batch)
    complaints = []
    for walk, length in enumerate(batch.lengths):
        for frame in sorted({0, length // 3, length // 2, length - 1}):
            after = restored(model, plan, layers, changed(batch, walk, slice(frame, frame + 1), slice(None)))
            for layer in layers:
                moved = [
                    np.abs(a - b).sum((0, 2, 3)) for a, b in zip(after[layer.number], before[layer.number], strict=True)
                ]
                spans = plan.spans(layer.number, length, len(moved[walk]))
                complaints += _frame_complaints(layer, moved, walk, frame, spans, far[layer.number].frames, length)
    return complaints


def _frame_complaints(layer, moved, walk, frame, spans, reach, length) -> list[str]:
    where = f"{layer} walk {walk} of {len(moved)} frame {frame} of {length}"
    top = moved[walk].max()
    if any(other.max() > 1e-6 * max(top, 1e-30) for k, other in enumerate(moved) if k != walk):
        return [f"{where}: another walk changed"]
    seen = frame < spans[-1][1]
    if top == 0:
        return [f"{where}: nothing changed"] if seen else []
    peak = int(moved[walk].argmax())
    steps = [k for k, (first, end) in enumerate(spans) if first <= frame < end] or [len(spans) - 1]
    found = []
    if min(abs(peak - k) for k in steps) > 1:
        found.append(f"{where}: peaks at step {peak}, not at {steps}")
    for k, (first, end) in enumerate(spans):
        gap = max(first - frame, frame - (end - 1), 0)
        if gap > reach / 2 and moved[walk][k] > 1e-6 * top:
            found.append(f"{where}: step {k} changed, {gap} frames away of {reach / 2}")
    return found


def poke_rows(model: Explainable, plan: Plan, layers: list[Layer], batch: Batch) -> list[str]:
    """Poke bands of rows, one cell of the layer high, in all frames of one walk."""
    far = reaches(model, batch)
    height = batch.inputs[0].shape[-2]
    before = restored(model, plan, layers, batch)
    complaints = []
    grids: dict[int, list[Layer]] = {}
    for layer in layers:
        grids.setdefault(before[layer.number][0].shape[2], []).append(layer)
    for rows, group in grids.items():
        cell = height / rows
        for place in sorted({0, rows // 4, rows // 2, (3 * rows) // 4, rows - 1}):
            band = slice(math.floor(place * cell), math.ceil((place + 1) * cell))
            after = restored(model, plan, group, changed(batch, 0, slice(0, None), band))
            for layer in group:
                moved = np.abs(after[layer.number][0] - before[layer.number][0]).sum((0, 1, 3))
                where = f"{layer} rows {band.start}-{band.stop} of {height}"
                peak = int(moved.argmax())
                if moved.max() == 0:
                    complaints.append(f"{where}: nothing changed")
                elif abs(peak - place) > 1:
                    complaints.append(f"{where}: peaks at cell {peak} of {rows}, not at {place}")
                for k in range(rows):
                    gap = max(k * cell - band.stop, band.start - (k + 1) * cell, 0)
                    if gap > far[layer.number].rows / 2 + cell and moved[k] > 1e-6 * moved.max():
                        complaints.append(
                            f"{where}: cell {k} changed, {gap:.0f} rows away of {far[layer.number].rows / 2:.0f}"
                        )
    return complaints
