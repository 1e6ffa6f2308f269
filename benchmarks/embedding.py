"""Embedding maps beside what a user would use instead, each in a process of its own, on embeddings of known structure.

`python -m benchmarks.embedding [casia] [oumvlp] [million] [--data DIR]`; CASIA-B's size where none is named. DIR keeps
the features (90 MB, 8.4 GB, 1 GB) for another run. CPU seconds are of the whole process, imports too.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.gaitlike import CASIA_B, MILLION, OU_MVLP, Shape, write
from visual_analyse.embed.engines.engine import Request
from visual_analyse.embed.ground import KEPT, Ground
from visual_analyse.embed.mapping import engine_for, make_map
from visual_analyse.embed.neighbours import Neighbours, nearest_to, without_themselves
from visual_analyse.embed.quality import quality
from visual_analyse.embed.reduction import Components
from visual_analyse.embed.source import FileSource, blocks

SIZES = {"casia": CASIA_B, "oumvlp": OU_MVLP, "million": MILLION}
BUCKET = 20_000
EXACT = (1_000, 2_000)  # points on which scikit-learn's exact t-SNE is run to its end; then it is extrapolated
REPEATS = 3


def main() -> None:
    """Print one table for each size."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sizes", nargs="*", default=["casia"], metavar="SIZE", help=f"of {', '.join(SIZES)}")
    parser.add_argument("--data", type=Path, help="where features are kept (default: a folder that is removed)")
    parser.add_argument("--only-ours", action="store_true", help="leave out what it is compared with")
    parser.add_argument("--one", nargs=2, metavar=("HOW", "SIZE"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        _one(options.one[0], options.one[1], options.data)
        return
    with tempfile.TemporaryDirectory() as spare:
        folder = options.data or Path(spare)
        folder.mkdir(parents=True, exist_ok=True)
        for name in options.sizes or ["casia"]:
            _size(name, folder, options.only_ours)


def _size(name: str, folder: Path, only_ours: bool) -> None:
    shape = SIZES[name]
    path = folder / f"{name}.npy"
    if not path.is_file():
        write(shape, path.with_suffix(".part"))
        path.with_suffix(".part").replace(path)
    truth = _truth(path)
    print(f"\n{shape.points:,} points x {shape.dims:,} dims, {shape.identities:,} identities, {os.cpu_count()} cores")
    print(f"{'':44}{'CPU s':>9}{'wall s':>9}{'peak MB':>9}{'purity':>8}{'kept':>7}{'trust':>7}")
    ours = _run("ours", name, folder)
    _row("visual_analyse tsne", ours, path, shape, truth)
    if name != "casia":
        if name == "oumvlp" and not only_ours:
            for how in ("plain", "plain-small"):
                perplexity = 30 if how == "plain" else 8
                title = f"openTSNE, our neighbours, perplexity {perplexity}"
                _row(title, _run(how, name, folder), path, shape, truth)
        return
    _row("visual_analyse umap", _run("ours-umap", name, folder), path, shape, truth)
    if only_ours:
        return
    barnes = [_run("sklearn", name, folder) for _ in range(REPEATS)]
    cpu = statistics.median(found["cpu"] for found in barnes)
    _row(f"scikit-learn, Barnes-Hut (last of {REPEATS})", barnes[-1], path, shape, truth)
    _row("openTSNE, defaults", _run("opentsne", name, folder), path, shape, truth)
    _row("umap-learn, defaults", _run("umap", name, folder), path, shape, truth)
    each = {count: _run(f"exact-{count}", name, folder)["cpu"] for count in EXACT}
    for count, seconds in each.items():
        print(f"{f'scikit-learn, exact, {count:,} points':44}{seconds:9.1f}")
    largest = max(EXACT)
    exact = each[largest] * (shape.points / largest) ** 2
    print(f"{f'  extrapolated quadratically to {shape.points:,}':44}{exact:9.1f}")
    print(f"ours / exact {ours['cpu'] / exact:.3f}, ours / Barnes-Hut (median of {REPEATS}) {ours['cpu'] / cpu:.2f}")


def _run(how: str, name: str, folder: Path) -> dict[str, Any]:
    started = time.monotonic()
    # Threads that wait for one another count as work; a process of its own has its own peak.
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.embedding", "--one", how, name, "--data", str(folder)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        raise SystemExit(f"{how} failed: {done.stderr[-2000:]}")
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    found["wall"] = time.monotonic() - started
    found["map"] = folder / f"{name}-{how}.npy"
    return found


def _row(title: str, found: dict[str, Any], path: Path, shape: Shape, truth: Ground) -> None:
    coordinates = np.load(found["map"])
    identities = latent_identities(shape).astype(np.str_)
    measured = quality(FileSource(path), truth, coordinates, identities)
    print(
        f"{title:44}{found['cpu']:9.1f}{found['wall']:9.1f}{found['peak']:9.0f}{measured['purity_map']:8.3f}"
        f"{measured['kept']:7.3f}{measured['trustworthiness']:7.3f}   full space {measured['purity_full']:.3f}",
        flush=True,
    )


def latent_identities(shape: Shape) -> NDArray[np.int64]:
    """Who each walk of a synthetic set is of."""
    found: NDArray[np.int64] = np.arange(shape.points) * shape.identities // shape.points
    return found


def _truth(path: Path) -> Ground:
    """A sample's neighbours in the full space, by which every map is judged."""
    source = FileSource(path)
    count = len(source)
    rows = np.arange(count) if count <= 6_000 else np.sort(np.random.default_rng(5).choice(count, 1_000, replace=False))
    found = without_themselves(*nearest_to(source, source.take(rows), KEPT + 1), rows).indices
    nothing = np.empty((0, 0), np.float32)
    return Ground(nothing, Components(nothing, nothing), Neighbours(found, nothing), rows, found, False)


def _one(how: str, name: str, folder: Path) -> None:
    path = folder / f"{name}.npy"
    coordinates = _made(how, name, path)
    np.save(folder / f"{name}-{how}.npy", np.asarray(coordinates, np.float32))
    used = resource.getrusage(resource.RUSAGE_SELF)
    unit = 1024 if sys.platform != "darwin" else 1024**2
    print(json.dumps({"cpu": used.ru_utime + used.ru_stime, "peak": used.ru_maxrss / unit}))


def _made(how: str, name: str, path: Path) -> Any:
    shape = SIZES[name]
    source = FileSource(path)
    identities = latent_identities(shape).astype(np.str_)
    if how.startswith(("ours", "plain")):
        own = {"plain": {"perplexity": 30, "n_iter": 500}, "plain-small": {"perplexity": 8, "n_iter": 500}}.get(how, {})
        size = shape.points / shape.identities
        engine = engine_for("umap" if how == "ours-umap" else "tsne", Request(len(source), 2, own, size))
        return make_map(source, identities, engine, BUCKET, 1597).coordinates
    features = np.concatenate([block.copy() for _, block in blocks(source)])
    if how == "sklearn":
        from sklearn.manifold import TSNE

        return TSNE(random_state=0).fit_transform(features)
    if how.startswith("exact"):
        from sklearn.manifold import TSNE

        some = np.random.default_rng(0).choice(len(features), int(how.split("-")[1]), replace=False)
        return TSNE(random_state=0, method="exact").fit_transform(features[some])
    if how == "opentsne":
        import openTSNE

        return openTSNE.TSNE(random_state=0).fit(features)
    import umap

    return umap.UMAP(random_state=0).fit_transform(features)


if __name__ == "__main__":
    main()
