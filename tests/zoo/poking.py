"""The poke test for any input: change one frame, and one band of rows, joint or cluster of points, and look where a
layer's restored output changes most."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from tests.explain.nets import centre
from visual_analyse.explain.capture import Capture, frozen
from visual_analyse.explain.layers import Layer, leaves
from visual_analyse.explain.model import Batch, Explainable
from visual_analyse.explain.plan import Fit, Plan
from visual_analyse.explain.resolving import fit

# A change that reaches this share of its largest value on average, everywhere, has spread over the whole of its input.
SPREAD = 0.25
MOST_BANDS = 3
LITTLE = 1e-8  # of their spread, that points are moved by: a model chooses the same ones (see `doubled`)


@dataclass
class Poked:
    """What became of the pokes of one model: names of layers. `complaints` say where a change came out instead."""

    passed: set[str] = field(default_factory=set)
    spread: set[str] = field(default_factory=set)
    failed: set[str] = field(default_factory=set)
    blind: set[str] = field(default_factory=set)
    complaints: list[str] = field(default_factory=list)

    @property
    def applicable(self) -> int:
        return len(self.passed | self.failed)

    def note(self, layer: Layer, response: np.ndarray, place: int, allowed: Sequence[int], what: str) -> None:
        """Judge one poke: `response` along an axis, which ought to be largest within `allowed`."""
        name = str(layer)
        top = float(response.max())
        peak = int(response.argmax())
        if top == 0:  # not seen: told at the end, where nothing else was
            self.blind.add(name)
            return
        if peak in allowed:
            self.passed.add(name)
            return
        if response.mean() > SPREAD * top:
            self.spread.add(name)
            return
        self.failed.add(name)
        self.complaints.append(f"{name}: {what} {place} came out at {peak}, not in {list(allowed)[:6]}")

    def settle(self) -> None:
        """A layer that failed once has failed; one that spread once is listed as such, and not as passed."""
        self.passed -= self.failed | self.spread
        self.spread -= self.failed
        never = self.blind - self.passed - self.failed - self.spread
        self.failed |= never
        self.complaints += [f"{name}: nothing that was changed came out" for name in sorted(never)]


def merged(attempts: Sequence[Poked]) -> Poked:
    """What holds of layers that were poked on several walks: one that passes on one of them lies where it should.

    A layer that is laid wrongly fails on all. One that is laid rightly may fail on some, where a model's own decisions,
    masks of random weights say, answer to any change louder than the place that was changed.
    """
    found = Poked()
    for poked in attempts:
        found.passed |= poked.passed
        found.spread |= poked.spread
        found.failed |= poked.failed
    found.spread -= found.passed
    found.failed -= found.passed | found.spread
    found.complaints = [x for x in attempts[-1].complaints if any(x.startswith(f"{name}: ") for name in found.failed)]
    return found


@contextlib.contextmanager
def doubled(model: Explainable, batch: Batch) -> Iterator[Batch]:
    """A model in float64, and a batch for it, inside the block.

    Points are moved by so little that a model chooses the same ones: of that, float32 leaves nothing but rounding.
    """
    model.module.double()
    torch.set_default_dtype(torch.float64)
    try:
        yield replace(batch, inputs=tuple(x.double() for x in batch.inputs))
    finally:
        torch.set_default_dtype(torch.float32)
        model.module.float()


def centred(model: Explainable) -> None:
    """Make kernels and graphs look hardest at their middle, so that a change is largest where it was made."""
    with torch.no_grad():
        for module in model.module.modules():
            if isinstance(module, nn.Conv1d | nn.Conv2d | nn.Conv3d) and max(module.kernel_size) > 1:
                centre(module.weight)
                if max(module.kernel_size) > 5:  # the middle of nine is still less than the rest
                    centre(module.weight)
            for weight in module.parameters(recurse=False):
                if weight.ndim == 3 and weight.shape[1] == weight.shape[2] <= 18:  # importance of a graph's edges
                    weight *= 0.02 + 0.98 * torch.eye(weight.shape[1])


class Poker:
    """Pokes one model with one batch of one walk."""

    def __init__(self, model: Explainable, plan: Plan, batch: Batch, layers: Sequence[Layer]) -> None:
        self.model, self.plan, self.batch = model, plan, batch
        self.modules = {layer.number: module for layer, module in leaves(model.module)}
        self.layers = [layer for layer in layers if not plan[layer.number].reason]
        self.length = batch.lengths[0]
        self.fit: Fit = fit(model, batch, plan, self.layers)
        self.before = self._restored(batch)

    def _restored(self, batch: Batch) -> dict[int, Tensor]:
        with (
            torch.no_grad(),
            frozen(self.model.module),
            Capture([(x.number, self.modules[x.number]) for x in self.layers], self.plan.overwritten) as capture,
        ):
            self.model.embed(batch)
        found = {}
        for layer in self.layers:
            track = [capture.outputs[layer.number][k] for k in self.plan[layer.number].tracks[0]]
            found[layer.number] = self.plan.restore(layer.number, track, batch.lengths, self.fit)[0].clone()
        return found

    def _response(self, batch: Batch) -> dict[int, np.ndarray]:
        """How much every cell changes: `[t, gh, gw]`."""
        after = self._restored(batch)
        return {
            layer.number: (after[layer.number] - self.before[layer.number]).abs().sum(0).double().numpy()
            for layer in self.layers
        }

    def _changed(self, source: int, index: dict[str, Any], scale: float = 1.0) -> Batch:
        told = self.batch.told_apart[source]
        tensor = self.batch.inputs[told.tensor].clone()
        part = self.batch.part(told, tensor)
        names = self.batch.axes[told.tensor].split()
        place = tuple(index.get(name, slice(None)) for name in names)
        some = torch.rand(part[place].shape, generator=torch.Generator().manual_seed(7)).to(part)
        spread = part.std() if part.numel() > 1 and float(part.std()) > 0 else torch.ones(())
        part[place] += scale * spread * (0.5 + some)
        inputs = tuple(tensor if k == told.tensor else x for k, x in enumerate(self.batch.inputs))
        return replace(self.batch, inputs=inputs)

    def _on(self, source: int, axis: str = "s") -> list[Layer]:
        """The layers of which this is the first input seen that has such an axis."""
        found = []
        for layer in self.layers:
            has = [k for k in self.plan[layer.number].sees if axis in self._names(k)]
            if has and has[0] == source:
                found.append(layer)
        return found

    def _names(self, source: int) -> list[str]:
        return self.batch.axes[self.batch.told_apart[source].tensor].split()

    def frames(self) -> Poked:
        """Single frames, for every layer that has steps."""
        found = Poked()
        for source in range(len(self.batch.told_apart)):
            layers = [layer for layer in self._on(source) if not self.plan[layer.number].pooled]
            if not layers or self.length < 2:
                continue
            for frame in sorted({0, self.length // 2, self.length - 1}):
                response = self._response(self._changed(source, {"s": frame}))
                for layer in layers:
                    steps = response[layer.number].sum((1, 2))
                    spans = self.plan.spans(layer.number, self.length, len(steps))
                    if not len(spans) or frame >= spans[-1][1]:
                        continue
                    own = [k for k, (first, end) in enumerate(spans) if first <= frame < end]
                    near = sorted({k + d for k in own for d in (-1, 0, 1)})
                    found.note(layer, steps, frame, near, "frame")
        found.settle()
        return found

    def places(self) -> Poked:
        """Bands of rows, joints, or clusters of points, for every layer that has a grid."""
        found = Poked()
        for source in range(len(self.batch.told_apart)):
            for axis, kind, judge in (
                ("h", "", self._rows),
                ("v", "joints", self._joints),
                ("q", "points", self._points),
            ):
                layers = [x for x in self._on(source, axis) if self.plan.extent(x.number)]
                judge(source, [x for x in layers if self.plan[x.number].flat == kind], found)
        found.settle()
        return found

    def _rows(self, source: int, layers: list[Layer], found: Poked) -> None:
        told = self.batch.told_apart[source]
        names = self.batch.axes[told.tensor].split()
        if "h" not in names or not layers:
            return
        height = self.batch.inputs[told.tensor].shape[names.index("h")]
        grids: dict[int, list[Layer]] = {}
        for layer in layers:
            grids.setdefault(self.plan.extent(layer.number)[0], []).append(layer)
        for rows, group in grids.items():
            if rows < 2:
                continue
            cell = height / rows
            inner = {number for x in group if (number := self.plan[x.number].inner) is not None}
            for number in inner:
                own = [x for x in group if self.plan[x.number].inner == number]
                self._rows_of_own_picture(number, rows, own, found)
            group = [x for x in group if self.plan[x.number].inner is None]
            if not group:
                continue
            for place in sorted(set(np.linspace(rows * 0.15, rows * 0.85, MOST_BANDS).astype(int).tolist())):
                band = slice(math.floor(place * cell), max(math.ceil((place + 1) * cell), math.floor(place * cell) + 1))
                response = self._response(self._changed(source, {"h": band}))
                for layer in group:
                    near = range(place - 1, place + 2)
                    found.note(layer, response[layer.number].sum((0, 2)), place, near, f"rows of {rows}, cell")

    def _rows_of_own_picture(self, number: int, rows: int, layers: list[Layer], found: Poked) -> None:
        """Layers on a picture that the model cuts or stretches by itself: bands of that."""
        for place in sorted(set(np.linspace(rows * 0.15, rows * 0.85, MOST_BANDS).astype(int).tolist())):

            def poke(module: nn.Module, inputs: tuple[Any, ...], place: int = place) -> tuple[Any, ...]:
                picture = inputs[0].clone()
                cell = picture.shape[-2] / rows
                first, end = math.floor(place * cell), max(math.ceil((place + 1) * cell), math.floor(place * cell) + 1)
                some = torch.rand(picture[..., first:end, :].shape, generator=torch.Generator().manual_seed(7))
                picture[..., first:end, :] += picture.std() * (0.5 + some)
                return (picture, *inputs[1:])

            handle = self.modules[number].register_forward_pre_hook(poke)
            try:
                response = self._response(self.batch)
            finally:
                handle.remove()
            for layer in layers:
                near = range(place - 1, place + 2)
                found.note(layer, response[layer.number].sum((0, 2)), place, near, f"rows of {rows}, cell")

    def _joints(self, source: int, layers: list[Layer], found: Poked) -> None:
        told = self.batch.told_apart[source]
        names = self.batch.axes[told.tensor].split()
        if not layers:
            return
        joints = self.batch.inputs[told.tensor].shape[names.index("v")]
        # There and back, as an angle may hardly change one way.
        ways = [[self._response(self._changed(source, {"v": v}, way)) for v in range(joints)] for way in (1.0, -1.0)]
        for layer in layers:
            members = self.plan.members(layer.number, self.fit)
            moved = sum(np.stack([response[layer.number].sum((0, 1)) for response in way]) for way in ways)  # [v, g]
            # A joint that others are measured from moves them all, and some nodes feel every joint: what is left when
            # all rows and columns add up to the same is who belongs to whom (Sinkhorn and Knopp 1967).
            alone = moved + 1e-9 * moved.max()
            for _ in range(4):
                alone = alone / alone.sum(1, keepdims=True)
                alone = alone / alone.sum(0, keepdims=True)
            for joint in range(joints):
                own = [joint] if members is None else [g for g, some in enumerate(members) if joint in some]
                found.note(layer, alone[joint], joint, own, "joint")

    def _points(self, source: int, layers: list[Layer], found: Poked) -> None:
        if not layers:
            return
        told = self.batch.told_apart[source]
        cloud = self.batch.part(told)[0, 0, :, :3]
        alike: dict[bytes, list[Layer]] = {}
        for layer in layers:
            if layer.number in self.fit.cells:
                alike.setdefault(self.fit.cells[layer.number].tobytes(), []).append(layer)
        for group in alike.values():
            cells = self.fit.cells[group[0].number][0]
            middles = torch.stack([cloud[[int(k) for k in some if k >= 0]].mean(0) for some in cells])
            for cell in (0, len(middles) // 3, len(middles) - 1):
                members = [int(k) for k in cells[cell] if k >= 0]
                response = self._response(self._changed(source, {"s": 0, "q": members}, LITTLE))
                near = (middles - middles[cell]).norm(dim=1).argsort()[: max(3, len(middles) // 16)].tolist()
                for layer in group:
                    found.note(layer, response[layer.number][0].sum(0), cell, near, "points of cell")
