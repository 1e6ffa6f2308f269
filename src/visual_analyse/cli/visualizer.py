"""The commands that turn results into pictures, one a subcommand."""

from __future__ import annotations

import difflib
import sys
from collections.abc import Sequence
from importlib import import_module

COMMANDS = {
    "visual_gradcam": "pictures and films of Grad-CAM results",
}


def main(args: Sequence[str] | None = None) -> int:
    """Run the subcommand that comes first; hyphens and underscores are alike. Returns the exit status.

    >>> main(["visual_gradcam", "result.npz"])  # doctest: +SKIP
    0
    """
    words = list(sys.argv[1:] if args is None else args)
    if words[:1] == ["--help"]:
        print(_help())
        return 0
    name = words[0].replace("-", "_") if words else ""
    if name not in COMMANDS:
        near = difflib.get_close_matches(name, COMMANDS, 1)
        found = f"{words[0]!r} is no command of it." if words else "a command is missing."
        hint = f" Did you mean {near[0]}?" if near else ""
        print(f"visualizer: {found}{hint} There is: {', '.join(COMMANDS)}.", file=sys.stderr)
        return 2
    status: int = import_module(f"visual_analyse.cli.{name}").command(words[1:])
    return status


def _help() -> str:
    lines = [f"  {name:<16}{what}" for name, what in COMMANDS.items()]
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
