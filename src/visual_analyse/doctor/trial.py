"""One walk through the model, and what explaining it would take."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch

from visual_analyse.doctor.case import Case, fact
from visual_analyse.doctor.data.sample import Read, sound
from visual_analyse.doctor.finding import Finding
from visual_analyse.doctor.machine.device import free_memory
from visual_analyse.doctor.model.built import built
from visual_analyse.doctor.model.config import config
from visual_analyse.errors import VisualAnalyseError
from visual_analyse.explain.description import bound, megabytes
from visual_analyse.explain.layers import Layer, leaves, select
from visual_analyse.explain.memory import enough_memory
from visual_analyse.explain.model import Batch
from visual_analyse.explain.plan import Plan
from visual_analyse.explain.resolving import resolve
from visual_analyse.names import plain


@dataclass(frozen=True, eq=False)
class Trial:
    """What one walk gave: its batch, the shape of its embedding `(c, p)`, the seconds of the forward."""

    read: Read
    batch: Batch
    shape: tuple[int, ...]
    seconds: float
    finite: bool


@fact("no walk went through the model")
def trial(case: Case) -> Trial:
    """The walk of the sample with the median number of frames, embedded.

    Raises VisualAnalyseError where transforms or model fail on it, or memory does not suffice.
    """
    model, _ = built(case)
    reads = sorted(sound(case), key=lambda read: read.frames)
    read = reads[len(reads) // 2]
    with torch.no_grad(), enough_memory("one walk"):
        batch = model.batch([read.arrays])
        began = time.perf_counter()
        embedding = model.embed(batch)[0].float().cpu()  # which waits for a GPU
        seconds = time.perf_counter() - began
    case.proven.add("run")
    return Trial(read, batch, tuple(embedding.shape), seconds, bool(torch.isfinite(embedding).all()))


def check_forward(case: Case) -> Iterator[Finding]:
    """Whether a walk of the dataset goes through the model."""
    done = trial.demand(case)
    inputs = " and ".join("x".join(map(str, x.shape[2:])) for x in done.batch.inputs)
    said = (
        f"one walk of {done.read.frames} frames ({plain(done.read.walk.name)}), each {inputs} to the model: "
        f"{done.seconds:.2f} s, embedding {' x '.join(map(str, done.shape))}"
    )
    if done.finite:
        yield Finding("forward", "ok", said)
    else:
        yield Finding(
            "forward", "wrong", f"{said}, which is not finite: the weights or the walk are broken",
            "--checkpoint FILE with another checkpoint, to see which of the two it is",
        )  # fmt: skip


def check_memory(case: Case) -> Iterator[Finding]:
    """A bound of the memory that explaining all convolutions would take."""
    model, _ = built(case)
    done, reads = trial(case), sound(case)
    with enough_memory("finding how the layers lie on the frames"):
        plan = resolve(model, done.batch)
    layers, what = explained(plan, [layer for layer, _ in leaves(model.module)])
    if not layers:
        yield Finding("memory", "wrong", "no layer has a place in the frames: there is no map to draw",
                      f'visual-analyse layers -c "{config(case).path}", to see why')  # fmt: skip
        return
    usual, longest = done.batch.lengths[0], max(read.frames for read in reads)
    needs = bound(plan, layers, usual)
    said = f"explaining {what} of a walk of {usual} frames keeps {megabytes(needs)}"
    if longest > usual and usual == done.read.frames:
        needs = bound(plan, layers, longest)
        said += f", of the longest read ({longest} frames) {megabytes(needs)}"
    free = free_memory(model.device)
    if free is not None and needs > free:
        later = f"--layers {layers[len(layers) // 2].number}-{layers[-1].number}"
        yield Finding(
            "memory", "note", f"{said}, and {free / 1e6:.0f} MB are free", f"{later}, which keeps less, or --device cpu"
        )
    else:
        yield Finding("memory", "ok", said + ("" if free is None else f"; {free / 1e6:,.0f} MB are free"))


def explained(plan: Plan, layers: Sequence[Layer]) -> tuple[list[Layer], str]:
    """The convolutions that can be drawn, or where there are none all layers that can; and what they are called."""
    drawable = [layer for layer in layers if not plan[layer.number].reason]
    try:
        convolutions = set(select(layers, "conv"))
    except VisualAnalyseError:
        convolutions = set()
    kept = [layer for layer in drawable if layer in convolutions]
    return (kept, f"all {len(kept)} convolutions") if kept else (drawable, f"all {len(drawable)} layers")
