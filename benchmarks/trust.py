"""What it costs to measure how far a probe's maps can be trusted: beside one forward of the same walk, in one run.

    python -m benchmarks.trust [--model GaitSet] [--frames 30] [--layers 11 20] [--threads 2]

The model has its official widths and random weights. All that `trust` measures of a probe is timed, test by test.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections.abc import Callable

import numpy as np
import torch

from benchmarks.explaining import FACTS, Bench, seconds
from visual_analyse.explain.defaults import METHOD
from visual_analyse.explain.layers import leaves, select
from visual_analyse.explain.methods import method_named
from visual_analyse.explain.model import Batch
from visual_analyse.gait.kinds import SILHOUETTE
from visual_analyse.probe import Probe
from visual_analyse.synthetic.body import sample_person
from visual_analyse.synthetic.walk import walk
from visual_analyse.trust.assessment import RIVALS, Settings, measured
from visual_analyse.trust.case import TARGETS, Case

_PEOPLE = ["1", "1", "2", "3", "4"]  # of the walks; the first is the probe


def _walks(frames: int) -> list[Batch]:
    made = []
    for number, who in enumerate(_PEOPLE):
        shown = walk(sample_person(1597, int(who)), "nm-01", "090", frames, number).silhouettes
        pixels = torch.from_numpy(shown[None, :, :, 10:54] / np.float32(255))
        made.append(Batch((pixels,), ("n s h w",), (frames,)))
    return made


def forward(bench: Bench, batch: Batch) -> Callable[[], object]:
    def run() -> None:
        with torch.no_grad():
            bench.embed(batch)

    return run


def cost(name: str, frames: int, words: list[str], settings: Settings) -> None:
    bench = Bench(json.loads(FACTS.read_text(encoding="utf-8"))[name]["model_cfg"], frames)
    probe, *others = _walks(frames)
    with torch.no_grad():
        known = np.concatenate([bench.embed(batch).numpy() for batch in others])
    people = np.array(_PEOPLE[1:])
    names = [f"walk {k}" for k in range(len(others))]
    case = Case(bench, probe, "1", "probe", names, people, known, TARGETS[-1], others)
    pictures = np.rint(probe.inputs[0][0].numpy() * 255).astype(np.uint8)
    seen = Probe("probe", probe, pictures, SILHOUETTE, {})
    rivals = {end: others[end] for end in case.ends[: 1 + RIVALS]}
    layers = select([layer for layer, _ in leaves(bench.module)], words)
    one = forward(bench, probe)
    one()
    before = [seconds(one) for _ in range(5)]
    took: dict[str, float] = {}
    last, began = "maps", time.perf_counter()

    def tick(what: str, done: int, of: int) -> None:
        nonlocal last, began
        if what != last:
            now = time.perf_counter()
            took[last] = took.get(last, 0) + now - began
            last, began = what, now

    total = seconds(
        lambda: list(measured(case, seen, rivals, layers, bench.plan, [method_named(METHOD)], settings, tick))
    )
    took[last] = took.get(last, 0) + time.perf_counter() - began
    once = statistics.median(before + [seconds(one) for _ in range(5)])
    print(f"{name}, {frames} frames, {len(layers)} layer(s), {torch.get_num_threads()} threads")
    print(f"  all of it / one forward: {total / once:.0f}  ({total:.1f} s, a forward {once * 1000:.0f} ms)")
    for what, spent in took.items():
        print(f"    {spent / once:6.0f}  {what}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="GaitSet")
    parser.add_argument("--frames", type=int, default=30)
    parser.add_argument("--layers", nargs="+", default=["11", "20"])
    parser.add_argument("--draws", type=int, default=Settings().draws)
    parser.add_argument("--threads", type=int, default=None)
    options = parser.parse_args()
    if options.threads:
        torch.set_num_threads(options.threads)
    cost(options.model, options.frames, options.layers, Settings(draws=options.draws))


if __name__ == "__main__":
    main()
