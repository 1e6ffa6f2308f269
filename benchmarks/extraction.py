"""What extracting costs beside the model's bare forward passes over the same walks: ratios of one run.

    python -m benchmarks.extraction [--walks 96] [--pairs 5] [--threads 2] [--models GaitSet GaitBase]

The bare forward passes take the batches that extraction makes, already in memory, and keep nothing. Extraction reads
the walks from disk, names their contents, makes their thumbnails, tries whether the model packs, and leaves every
embedding on disk; each time into an empty cache. The naive loop loads and embeds one walk at a time.
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import torch
import yaml

from visual_analyse.encode.extraction import extract
from visual_analyse.encode.forward import Forward, Loaded
from visual_analyse.explain.model import Batch
from visual_analyse.gait.sequences import Sequence as Walk
from visual_analyse.gait.sequences import scan
from visual_analyse.models.gait_model import GaitModel
from visual_analyse.models.load import load_model
from visual_analyse.synthetic.dataset import write_dataset

FACTS = Path(__file__).parents[1] / "tests" / "data" / "builtin_models.json"
VIEWS = [f"{angle:03d}" for angle in range(0, 181, 18)]


def model_of(name: str, folder: Path) -> GaitModel:
    """A built-in model by its official config, with random weights."""
    facts = json.loads(FACTS.read_text(encoding="utf-8"))[name]
    sections = {
        "data_cfg": {"dataset_name": "CASIA-B"},
        "evaluator_cfg": {"save_name": name, "restore_hint": 0, **facts["evaluator_cfg"]},
        "model_cfg": facts["model_cfg"],
    }
    path = folder / f"{name}.yaml"
    path.write_text(yaml.safe_dump(sections), encoding="utf-8")
    return load_model(path, checkpoint="none", device="0")


def batches_of(model: GaitModel, walks: Sequence[Walk], folder: Path) -> list[Batch]:
    """The batches that extraction gives the model."""
    groups: list[Sequence[Loaded]] = []
    real = Forward.start

    def spy(self: Forward, group: Sequence[Loaded]) -> object:
        groups.append(group)
        return real(self, group)

    Forward.start = spy  # type: ignore[method-assign,assignment]
    try:
        extract(model, walks, cache=folder)
    finally:
        Forward.start = real  # type: ignore[method-assign]
    return [model.join([walk.ready for walk in group], packed=len(group) > 1) for group in groups]


def seconds(run: Callable[[], object], device: torch.device) -> tuple[float, float]:
    """What something takes by the clock, and of all processors together."""
    started = time.perf_counter(), time.process_time()
    run()
    if device.type == "cuda":
        torch.cuda.synchronize()
    return time.perf_counter() - started[0], time.process_time() - started[1]


def measure(name: str, walks: Sequence[Walk], pairs: int) -> None:
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        model = model_of(name, folder)
        batches = batches_of(model, walks, folder / "first")
        runs = iter(range(10_000))

        def ours() -> None:
            found = extract(model, walks, cache=folder / str(next(runs)))
            assert found is not None
            assert len(found) == len(walks)
            found.close()

        def bare() -> None:
            with torch.no_grad():
                for batch in batches:
                    model.embed(batch)

        def naive() -> None:
            with torch.no_grad():
                np.stack([model.embed(model.batch([walk.load()])).cpu().numpy()[0] for walk in walks])

        times = [(seconds(ours, model.device), seconds(bare, model.device)) for _ in range(pairs)]
        floor = statistics.median(other[0] for _, other in times)
        frames = sum(sum(batch.lengths) for batch in batches)
        print(
            f"{name} on {model.device}, {len(walks)} walks, {frames} frames, {len(batches)} forwards, "
            f"{torch.get_num_threads()} threads"
        )
        for which, called in enumerate(("by the clock", "of processors")):
            ratios = [one[which] / other[which] for one, other in times]
            print(
                f"  ours / bare forward passes, {called}: {statistics.median(ratios):.3f}  (median of {pairs} "
                f"interleaved pairs, {min(ratios):.3f} to {max(ratios):.3f})"
            )
        print(f"  bare forward passes: {floor:.2f} s, {len(walks) / floor:.1f} walks a second")
        print(f"  naive loop / bare:   {seconds(naive, model.device)[0] / floor:.3f}")
        again = folder / "again"
        extract(model, walks, cache=again)
        second, _ = seconds(lambda: extract(model, walks, cache=again), model.device)
        print(f"  a second run / bare: {second / floor:.4f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--walks", type=int, default=96)
    parser.add_argument("--pairs", type=int, default=5)
    parser.add_argument("--threads", type=int, default=None)
    parser.add_argument("--models", nargs="+", default=["GaitSet", "GaitBase"])
    options = parser.parse_args()
    if options.threads:
        torch.set_num_threads(options.threads)
    with tempfile.TemporaryDirectory() as place:
        people = -(-options.walks // (2 * len(VIEWS)))
        write_dataset(Path(place), identities=people, conditions=["nm-01", "nm-05"], views=VIEWS)
        walks = scan(Path(place))[: options.walks]
        for name in options.models:
            measure(name, walks, options.pairs)
    print(f"at most {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3:.0f} MB held")


if __name__ == "__main__":
    main()
