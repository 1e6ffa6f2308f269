"""`visual-analyse COMMAND ...`: every command as a subcommand."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Sequence
from pathlib import Path

from visual_analyse.version import __version__

COMMANDS = {
    "grad_cam": ("visual_analyse.cli.grad_cam", "why a model matched two walks: maps of the evidence, as .npz"),
    "visual_gradcam": ("visual_analyse.cli.visual_gradcam", "those maps as pictures and films"),
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
    status: int = importlib.import_module(COMMANDS[name][0]).command(words[1:])
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
