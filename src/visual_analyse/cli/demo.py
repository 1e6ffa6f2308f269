"""`demo`: the main job, whole, on walkers: a folder of fixed size to keep as an example."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from visual_analyse.cli import explain as explaining
from visual_analyse.cli import grad_cam, synthesize, tsne, visualizer
from visual_analyse.cli.parsing import Parser, run_command
from visual_analyse.errors import VisualAnalyseError
from visual_analyse.files import copy_whole, write_whole
from visual_analyse.synthetic.small import MODELS, POSE_MODELS, checkpoint_of, config_of

SEED = "2026"  # people that the shipped models never saw
PROBES = ("001/nm-05/090", "002/bg-01/090", "003/cl-01/090")
GALLERY = ("nm-01/054", "nm-01/072")
# For the map: more people, from around, few frames each.
CROWD = ("--identities", "10", "--conditions", "nm-01", "nm-05", "bg-01", "cl-01",
         "--views", "000", "036", "072", "108", "144", "--frames", "16")  # fmt: skip
TYPED = "commands.txt"  # and the mark of a folder that the demo may write over
# For the figure of both models: the first layer, the middle and the last of each.
FIGURE = {"gaitset": ["1", "6", "13", "22"], "gaitbase": ["1", "10", "20", "27"]}
# Of skeletons: the first model is the demo's, on the end of two branches and of the trunk.
SKELETON = POSE_MODELS[0]
JOINTS = ["19", "42", "79", "103"]


def parser() -> Parser:
    """The options of `demo`."""
    made = Parser(
        prog="demo", description="Make walkers, explain two small models on them, map more of them, and draw it all."
    )
    made.add_argument(
        "-s", "--save_dir", type=Path, default=Path("demo"), metavar="DIR", help="the folder (default: demo)"
    )
    return made


def command(arguments: Sequence[str] | None = None) -> int:
    """Run the demo and return its exit status."""
    options = parser().parse_args(arguments)
    return run_command(lambda: run(options), "demo")


def run(options: Any) -> None:
    """Write the folder, by the very commands that it prints; what a stopped demo had made is made anew."""
    folder: Path = options.save_dir
    if folder.exists() and not folder.is_dir():
        raise VisualAnalyseError(f"{folder} is a file; name a folder with --save_dir.")
    if folder.exists() and any(folder.iterdir()) and not (folder / TYPED).is_file():
        raise VisualAnalyseError(
            f"The folder {folder} is not empty and holds no demo, which would replace its probes and gallery. "
            "Name another with --save_dir."
        )
    steps: list[tuple[str, float]] = []
    typed: list[str] = []

    def step(title: str, door: str, run_it: Callable[[Sequence[str]], int], words: Sequence[str]) -> None:
        line = f"{door} {quoted(words)}"
        typed.append(f"# {title}\n{line}\n")
        write_whole(folder / TYPED, lambda stream: stream.write("\n".join(typed).encode()))
        print(f"\n# {title}\n{line}", flush=True)
        started = time.monotonic()
        status = run_it(words)
        if status == 130:
            raise KeyboardInterrupt
        if status:
            raise VisualAnalyseError(f"The demo stopped at this command: {line}")
        steps.append((title, time.monotonic() - started))

    views = sorted({Path(name).name for name in (*PROBES, *GALLERY)})
    kinds = sorted({name.split("/")[-2] for name in (*PROBES, *GALLERY)})
    step("Make walkers: a dataset in OpenGait's layout", "visual-analyse synthesize", synthesize.command,
         ["-s", str(folder / "walkers"), "--identities", "4", "--conditions", *kinds, "--views", *views,
          "--frames", "24", "--seed", SEED])  # fmt: skip
    started = time.monotonic()
    furnish(folder)
    steps.append(("Copy probes, gallery, configs and checkpoints", time.monotonic() - started))
    explain, draw = "python -m visual_analyse.grad_cam", "python -m visual_analyse.visualizer"
    cache = ["--cache", str(folder / "cache")]
    for name in MODELS:
        common = ["-c", str(folder / "configs" / f"{name}.yaml"), "-p", str(folder / "probes"),
                  "-g", str(folder / "gallery"), *cache]  # fmt: skip
        step(f"Why did {name} match? All its convolutions", explain, grad_cam.command,
             [*common, "-s", str(folder / "results"), "--layers", "conv"])  # fmt: skip
        step(f"Four layers of {name} for a figure", explain, grad_cam.command,
             [*common, "-s", str(folder / "results-figure" / name), "--layers", *FIGURE[name]])  # fmt: skip
    step("One picture a frame and layer", draw, visualizer.main,
         ["visual_gradcam", str(folder / "results"), "-s", str(folder / "pictures"), "-d", "merge"])  # fmt: skip
    probe = PROBES[0].replace("/", "-")
    rows = [str(path) for name in MODELS for path in (folder / "results-figure" / name).glob(f"*_{probe}.npz")]
    step("Both models in one figure, and as a film", draw, visualizer.main,
         ["visual_gradcam", *rows, "-s", str(folder / "figures"), "-d", "compare", "--film", "gif"])  # fmt: skip
    studies = str(folder / "studies")
    step("The whole study of each match: both walks, parts, time", "visual-analyse explain", explaining.command,
         ["-c", str(folder / "configs" / "gaitset.yaml"), "-p", str(folder / "probes"),
          "-g", str(folder / "gallery"), *cache, "-s", studies])  # fmt: skip
    poses = str(folder / "results-poses")
    step("Why did a model of skeletons match? The same walks as poses", explain, grad_cam.command,
         ["-c", str(folder / "configs" / f"{SKELETON}.yaml"), "-p", str(folder / "pose-probes"),
          "-g", str(folder / "pose-gallery"), *cache, "-s", poses, "--layers", *JOINTS])  # fmt: skip
    step("Skeletons, and charts of joints by time", draw, visualizer.main,
         ["visual_gradcam", poses, "-s", str(folder / "skeletons"), "-d", "compare"])  # fmt: skip
    step("Walkers for a map", "visual-analyse synthesize", synthesize.command,
         ["-s", str(folder / "crowd"), *CROWD, "--seed", SEED])  # fmt: skip
    step("Where does gaitset put everyone?", "python -m visual_analyse.tsne", tsne.command,
         ["-c", str(folder / "configs" / "gaitset.yaml"), "-d", str(folder / "crowd"), "-s", str(folder / "maps"),
          "--device", "cpu", *cache])  # fmt: skip
    for by in ("identity", "view"):
        step(f"The map by {by}", draw, visualizer.main,
             ["visual_tsne", str(folder / "maps"), "--colour_by", by, "--transparent", "False",
              "--save_path", str(folder / "maps" / f"{by}.png")])  # fmt: skip
    step("The map as a page: open it in a browser", draw, visualizer.main, ["visual_page", str(folder / "maps")])
    write_whole(folder / "commands.txt", lambda stream: stream.write("\n".join(typed).encode()))
    print(
        f"\nThe folder {folder}, {size_of(folder) / 1e6:.0f} MB; the commands above are in {folder / 'commands.txt'}."
    )
    for title, seconds in steps:
        print(f"  {seconds:5.1f} s  {title}")


def furnish(folder: Path) -> None:
    """Lay out probes, gallery, configs and checkpoints of the demo beside its walkers, and the same walks as poses."""
    people = sorted(path.name for path in (folder / "walkers").iterdir() if path.is_dir())
    names = {"probes": PROBES, "gallery": [f"{person}/{name}" for person in people for name in GALLERY]}
    for before, walkers in (("", "walkers"), ("pose-", "walkers-poses")):
        for which, walks in names.items():
            shutil.rmtree(folder / f"{before}{which}", ignore_errors=True)
            for name in walks:
                for file in (folder / walkers / name).glob("*.pkl"):
                    copy_whole(file, folder / f"{before}{which}" / name / file.name)
    for name in (*MODELS, SKELETON):
        for file in (config_of(name), checkpoint_of(name)):
            copy_whole(file, folder / "configs" / file.name)


def quoted(words: Sequence[str]) -> str:
    """A command line as the shell of this system reads it."""
    return subprocess.list2cmdline(words) if os.name == "nt" else shlex.join(words)


def size_of(folder: Path) -> int:
    """Bytes of all files below a folder."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
