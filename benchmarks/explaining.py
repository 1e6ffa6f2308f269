"""What explaining costs, beside the bare minimum and beside what a user would use instead: ratios of one run.

    python -m benchmarks.explaining [--pairs 9] [--probes 10000] [--threads 2]

The bare minimum is one forward of GaitBase (official widths, 30 frames of 64x44, parameters frozen) and one
`autograd.grad` of the distance to its first convolution. Ours gives the maps of all its convolutions.
"""

from __future__ import annotations

import argparse
import contextlib
import gc
import io
import json
import os
import re
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from captum.attr import LayerGradCam
from torch import Tensor, nn
from torch.profiler import ProfilerActivity, profile

from visual_analyse.cli import demo, visual_gradcam
from visual_analyse.cli.explaining import Run
from visual_analyse.explain.defaults import default_layers
from visual_analyse.explain.explanation import explain
from visual_analyse.explain.layers import Layer, leaves, select
from visual_analyse.explain.methods import IntegratedDeviation
from visual_analyse.explain.model import Batch
from visual_analyse.explain.perturbing import CELLS, perturbing
from visual_analyse.explain.plan import Plan
from visual_analyse.explain.resolving import resolve
from visual_analyse.explain.targets import distance_to
from visual_analyse.explain.usual import usual_outputs
from visual_analyse.gait.pairing import Pairing
from visual_analyse.gait.sequences import scan
from visual_analyse.models.builtin import build
from visual_analyse.models.load import load_model
from visual_analyse.results import Evidence
from visual_analyse.synthetic.body import sample_person
from visual_analyse.synthetic.dataset import write_dataset
from visual_analyse.synthetic.small import config_of
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
    one = default_layers(bench.layers, bench.plan)[:1]
    usual = usual_outputs(bench, [bench.batch], one, bench.plan)
    along = IntegratedDeviation(usual=usual)

    def default() -> None:
        explain(bench, bench.batch, bench.target, one, plan=bench.plan, method=along)

    def changed() -> None:
        perturbing(bench, bench.batch, bench.target, one, bench.plan)

    for name, run, forwards in (("integrated_deviation", default, 0), ("perturbing", changed, CELLS)):
        took = statistics.median(seconds(run) / seconds(bench.bare) for _ in range(3))
        said = f", {forwards} forwards" if forwards else ""
        print(f"  time   {name} of {one[0].name}{said} / bare minimum: {took:.1f}")


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
    """Explain one small walk under thousands of names, as `grad_cam` does; what the process holds must not grow."""
    with tempfile.TemporaryDirectory() as name, contextlib.redirect_stdout(io.StringIO()):
        folder = Path(name)
        write_dataset(folder / "walkers", identities=2, conditions=["nm-01"], views=["090"], frames=3)
        model = load_model(config_of("gaitset"), device="cpu")
        first, second = scan(folder / "walkers")
        pairing = Pairing(tuple(replace(first, id=f"{k:05d}") for k in range(probes)), (second,))
        options = argparse.Namespace(cache=folder / "cache", layers=["22"], weights="frame")
        marks: list[tuple[int, float, int]] = []

        class Watched(Run):
            count = 0

            def _explain(self, *words: Any) -> None:
                super()._explain(*words)
                self.count += 1
                if self.count in (probes // 10, probes):
                    gc.collect()
                    alive = sum(issubclass(type(thing), Tensor) for thing in gc.get_objects())
                    marks.append((self.count, resident(), alive))

        Watched(model, pairing, folder / "out", options).explain_all()
    for done, megabytes, alive in marks:
        print(f"  after {done} probes: {megabytes:.0f} MB held, {alive} tensors alive")


def resident() -> float:
    """What the process holds now, in megabytes; the most it ever held where the system does not say."""
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
    except OSError:
        try:
            import resource
        except ImportError:  # Windows
            return float("nan")
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1e6 if sys.platform == "darwin" else 1e3)
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def stages() -> None:
    """The seconds of each stage of the demo, as it prints them itself."""
    said = io.StringIO()
    with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stdout(said):
        took = seconds(lambda: demo.command(["-s", f"{folder}/demo"]))
    print("\n".join(line for line in said.getvalue().splitlines() if re.match(r" +\d+\.\d s ", line)))
    print(f"  {took:5.1f} s  in all, in one process that has loaded torch")


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
    print("The demo")
    stages()
    print("Leaks")
    leaks(options.probes)


if __name__ == "__main__":
    main()
