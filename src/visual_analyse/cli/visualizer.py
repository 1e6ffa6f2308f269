"""The commands that turn results into pictures, one a subcommand."""

from __future__ import annotations

import difflib
import sys
from collections.abc import Sequence
from importlib import import_module

# Name: its module, and what it makes. A module of several names is told by which of them it was called.
COMMANDS = {
    "visual_gradcam": ("visual_gradcam", "pictures and films of Grad-CAM results"),
    "visual_explain": ("visual_explain", "figures for a paper of what explains a match, and of the mean of many"),
    "visual_tsne": ("visual_map", "pictures of t-SNE maps, or of any .npz with feats and labels"),
    "visual_umap": ("visual_map", "the same of UMAP maps"),
    "visual_pca": ("visual_map", "the same of PCA maps"),
    "visual_pacmap": ("visual_map", "the same of PaCMAP maps"),
    "visual_page": ("visual_page", "a map as one offline page to search, zoom and turn"),
    "adjust_3d": ("adjust_3d", "a map of three dimensions, turned by hand or by angles"),
}


def main(args: Sequence[str] | None = None) -> int:
    """Run the subcommand that comes first; hyphens and underscores are alike. Returns the exit status.

    >>> main(["visual_gradcam", "result.npz"])  # doctest: +SKIP
    0
    """
    words = list(sys.argv[1:] if args is None else args)
    if words[:1] in (["--help"], ["-h"]):
        print(_help())
        return 0
    name = words[0].replace("-", "_") if words else ""
    if name not in COMMANDS:
        near = difflib.get_close_matches(name, COMMANDS, 1)
        found = f"{words[0]!r} is no command of it." if words else "a command is missing."
        hint = f" Did you mean {near[0]}?" if near else ""
        print(f"visualizer: {found}{hint} There is: {', '.join(COMMANDS)}.", file=sys.stderr)
        return 2
    module = import_module(f"visual_analyse.cli.{COMMANDS[name][0]}")
    shared = module.__name__.rpartition(".")[2] != name
    status: int = module.command(words[1:], name) if shared else module.command(words[1:])
    return status


def _help() -> str:
    lines = [f"  {name:<16}{what}" for name, (_, what) in COMMANDS.items()]
    return "\n".join(
        [
            "usage: python -m visual_analyse.visualizer COMMAND ...",
            "",
            "Turns results into pictures.",
            "",
            *lines,
            "",
            "'COMMAND --help' says what it takes.",
        ]
    )
