"""`visual-analyse COMMAND ...`: every command as a subcommand."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Sequence
from pathlib import Path

from visual_analyse.version import __version__

COMMANDS = {
    "grad_cam": ("visual_analyse.cli.grad_cam", "why a model matched two walks: maps of the evidence, as .npz"),
    "explain": ("visual_analyse.cli.explain", "a match, whole: both walks, parts, time, any target and method"),
    "summary": ("visual_analyse.cli.summary", "the mean evidence of many probes, by condition, view and outcome"),
    "visual_gradcam": ("visual_analyse.cli.visualizer", "those maps as pictures and films"),
    "tsne": ("visual_analyse.cli.tsne", "where a model puts everyone: a t-SNE map of all walks"),
    "umap": ("visual_analyse.cli.umap", "the same by UMAP"),
    "pacmap": ("visual_analyse.cli.pacmap", "the same by PaCMAP"),
    "pca": ("visual_analyse.cli.pca", "the same by principal components"),
    "visual_tsne": ("visual_analyse.cli.visualizer", "that map as a picture"),
    "visual_umap": ("visual_analyse.cli.visualizer", "the same of a UMAP map"),
    "visual_pacmap": ("visual_analyse.cli.visualizer", "the same of a PaCMAP map"),
    "visual_pca": ("visual_analyse.cli.visualizer", "the same of a map of components"),
    "visual_page": ("visual_analyse.cli.visualizer", "a map as a page to explore"),
    "adjust_3d": ("visual_analyse.cli.visualizer", "a map of three dimensions, turned"),
    "motion": ("visual_analyse.cli.motion", "whether a model looks at how people move or at what shape they have"),
    "trust": ("visual_analyse.cli.trust", "how far such a map can be trusted, measured"),
    "doctor": ("visual_analyse.cli.doctor", "whether config, checkout, checkpoint and dataset will work together"),
    "layers": ("visual_analyse.cli.layers", "the layers of a model, by number, and how they lie on the frames"),
    "synthesize": ("visual_analyse.cli.synthesize", "a dataset of synthetic walkers"),
    "train": ("visual_analyse.cli.train", "the small models that the demo uses, trained on walkers"),
    "demo": ("visual_analyse.cli.demo", "all of it on walkers: a folder to keep as an example"),
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; its exit status is returned. Status 2 is an error that the user can mend.

    >>> main(["--version"])  # doctest: +SKIP
    0
    """
    words = list(sys.argv[1:] if arguments is None else arguments)
    if not words or words[0] in {"--help", "-h", "help"}:
        print(_help())
        return 0
    if words[0] == "--version":
        print(__version__)
        return 0
    name = words[0].replace("-", "_")
    if name not in COMMANDS:
        print(f"visual-analyse: There is no command {words[0]!r}; there are {', '.join(COMMANDS)}.", file=sys.stderr)
        return 2
    if any(Path("visual_analyse", module).is_file() for module in ("__init__.py", "__main__.py")):
        print(
            "visual-analyse: A folder visual_analyse/ with an __init__.py is in the way here: 'python -m "
            f"visual_analyse' would run it instead. 'visual-analyse {name}' is not misled: go on typing that, or "
            "rename the folder.",
            file=sys.stderr,
        )
    module = importlib.import_module(COMMANDS[name][0])
    status: int = module.main([name, *words[1:]]) if hasattr(module, "main") else module.command(words[1:])
    return status


def _help() -> str:
    width = max(map(len, COMMANDS))
    lines = [f"  {name:<{width}}  {text}" for name, (_, text) in COMMANDS.items()]
    return "\n".join(
        [
            "usage: visual-analyse COMMAND [OPTIONS]",
            "",
            *lines,
            "",
            "'visual-analyse COMMAND --help' says more of each.",
        ]
    )
