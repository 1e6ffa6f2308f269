"""What explaining costs, beside the bare minimum and beside what a user would use instead: ratios of one run.

    python -m benchmarks.explaining [--pairs 9] [--probes 10000] [--threads 2]

The bare minimum is one forward of GaitBase (official widths, 30 frames of 64x44, parameters frozen) and one
`autograd.grad` of the distance to its first convolution. Ours gives the maps of all its convolutions.
"""

from __future__ import annotations

import argparse
import gc
import json
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from captum.attr import LayerGradCam
from torch import Tensor, nn
from torch.profiler import ProfilerActivity, profile

from visual_analyse.cli import visual_gradcam
from visual_analyse.explain.explanation import explain
from visual_analyse.explain.layers import Layer, leaves, select
from visual_analyse.explain.model import Batch
from visual_analyse.explain.plan import Plan, resolve
from visual_analyse.explain.targets import distance_to
from visual_analyse.models.builtin import build
from visual_analyse.results import Evidence
from visual_analyse.synthetic.body import sample_person
from visual_analyse.synthetic.walk import walk

FACTS = Path(__file__).parents[1] / "tests" / "data" / "builtin_models.json"


class Bench:
    """A model by its official config with random weights, a walker, and another walker's embedding as the match."""

    metric = "euc"

    def __init__(self, cfg: dict[str, Any], frames: int = 30) -> None:
        torch.manual_seed(0)
        self.module: nn.Module = build(cfg).eval().requires_grad_(False)
        self.batch, other = (_walker(number, frames) for number in (1, 2))
        with torch.no_grad():
            self.match = self.embed(other)
        self.target = distance_to(self.match, self.metric)
        self.plan: Plan = resolve(self, self.batch)
        found = [layer for layer, _ in leaves(self.module)]
        self.layers: list[Layer] = [layer for layer in select(found, "conv") if not self.plan[layer.number].reason]

    def embed(self, batch: Batch) -> Tensor:
        answer = self.module((list(batch.inputs), None, None, None, torch.tensor([batch.lengths])))
        embeddings: Tensor = answer["inference_feat"]["embeddings"]
        return embeddings

    def ours(self) -> None:
        explain(self, self.batch, self.target, self.layers, plan=self.plan)

    def bare(self) -> None:
        kept: list[Tensor] = []
        first = {layer.number: module for layer, module in leaves(self.module)}[self.layers[0].number]

        def keep(module: nn.Module, inputs: Any, output: Tensor) -> Tensor:
            kept.append(output.requires_grad_())
            return output

        handle = first.register_forward_hook(keep)
        try:
            torch.autograd.grad(self.target(self.embed(self.batch)).sum(), kept)
        finally:
            handle.remove()

    def captum(self) -> None:
        """What a user would use instead: captum's LayerGradCam, layer by layer, with a full graph of the parameters."""
        modules = {layer.number: module for layer, module in leaves(self.module)}

        def forward(frames: Tensor) -> Tensor:
            return self.target(self.embed(Batch((frames,), self.batch.axes, self.batch.lengths)))

        self.module.requires_grad_(True)
        try:
            for layer in self.layers:
                LayerGradCam(forward, modules[layer.number]).attribute(self.batch.inputs[0])
        finally:
            self.module.requires_grad_(False)


def _walker(number: int, frames: int) -> Batch:
    shown = walk(sample_person(1597, number), "nm-01", "090", frames, number).silhouettes
    return Batch((torch.from_numpy(shown[None, :, :, 10:54] / np.float32(255)),), ("n s h w",), (frames,))


def seconds(run: Callable[[], object]) -> float:
    started = time.perf_counter()
    run()
    return time.perf_counter() - started


def transient(run: Callable[[], object]) -> float:
    """The peak of memory that torch allocates while something runs, in megabytes."""
    gc.collect()
    with profile(activities=[ProfilerActivity.CPU], profile_memory=True) as seen:
        run()
    total = peak = 0
    for event in seen.profiler.kineto_results.events():
        if event.name() == "[memory]":
            total += event.nbytes()
            peak = max(peak, total)
    return peak / 1e6


def cost(pairs: int) -> None:
    bench = Bench(json.loads(FACTS.read_text(encoding="utf-8"))["GaitBase"]["model_cfg"])
    bench.bare()
    bench.ours()
    ratios, bare = [], []
    for _ in range(pairs):
        ours, minimum = seconds(bench.ours), seconds(bench.bare)
        ratios.append(ours / minimum)
        bare.append(minimum)
    print(f"GaitBase, {len(bench.layers)} convolutions, 30 frames, {torch.get_num_threads()} threads")
    how = f"median of {pairs} interleaved pairs; bare {statistics.median(bare):.2f} s"
    print(f"  time   ours / bare minimum: {statistics.median(ratios):.3f}  ({how})")
    memory = [transient(bench.bare), transient(bench.ours)]
    print(f"  memory ours / bare minimum: {memory[1] / memory[0]:.3f}  ({memory[1]:.0f} MB, {memory[0]:.0f} MB)")
    instead = statistics.median(seconds(bench.captum) / seconds(bench.ours) for _ in range(3))
    print(f"  time   captum, layer by layer / ours: {instead:.1f}")


def pictures() -> None:
    bench = Bench(json.loads(FACTS.read_text(encoding="utf-8"))["GaitBase"]["model_cfg"])
    found = explain(bench, bench.batch, bench.target, bench.layers, plan=bench.plan)
    manifest = {"model": "GaitBase", "probe": {"name": "001-nm-05-090"}, "match": {"name": "001-nm-01-090"}}
    frames = np.rint(bench.batch.inputs[0][0].numpy() * 255).astype(np.uint8)
    evidence = Evidence(frames, found.walks[0], np.ones(16) / 16, manifest)
    with tempfile.TemporaryDirectory() as folder:
        path = evidence.save(Path(folder) / "GaitBase_001-nm-05-090.npz")
        for mode, count in (("merge", 30 * (len(bench.layers) + 1)), ("compare", 30)):
            words = [str(path), "-d", mode, "-s", f"{folder}/{mode}"]
            took = seconds(partial(visual_gradcam.command, words))
            print(f"  {mode}: {count / took:.0f} pictures a second, {1000 * took / count:.1f} ms each")


def leaks(probes: int) -> None:
    """Explain one small walk again and again; what the process holds must not grow."""
    names = {"model": "GaitSet", "in_channels": [1, 4, 6, 8], "bin_num": [16, 8, 4, 2, 1]}
    bench = Bench({**names, "SeparateFCs": {"in_channels": 8, "out_channels": 8, "parts_num": 62}}, frames=3)
    unit = 1 if sys.platform == "darwin" else 1024
    marks = []
    for k in range(probes + 1):
        bench.ours()
        if k in (probes // 10, probes):
            gc.collect()
            tensors = sum(issubclass(type(thing), Tensor) for thing in gc.get_objects())
            marks.append((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6, tensors))
    print(f"  after {probes // 10} probes: {marks[0][0]:.0f} MB at most, {marks[0][1]} tensors alive")
    print(f"  after {probes} probes: {marks[1][0]:.0f} MB at most, {marks[1][1]} tensors alive")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pairs", type=int, default=9)
    parser.add_argument("--probes", type=int, default=10_000)
    parser.add_argument("--threads", type=int, default=None)
    options = parser.parse_args()
    if options.threads:
        torch.set_num_threads(options.threads)
    cost(options.pairs)
    print("Pictures")
    pictures()
    print("Leaks")
    leaks(options.probes)


if __name__ == "__main__":
    main()
