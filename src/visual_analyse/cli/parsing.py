"""One parser for all commands: hyphens or underscores, and the spellings that people's scripts already hold."""

from __future__ import annotations

import argparse
import difflib
import io
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NoReturn, TypeVar

from visual_analyse.errors import VisualAnalyseError

T = TypeVar("T")


class Parser(argparse.ArgumentParser):
    """argparse with `--a_b` and `--a-b` alike, one-sentence errors, and exit status 2.

    >>> Parser(prog="x").parse_args([])
    Namespace()
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("allow_abbrev", False)
        kwargs.setdefault("formatter_class", argparse.RawDescriptionHelpFormatter)
        super().__init__(*args, **kwargs)

    def switch(self, name: str, *short: str, default: bool, help: str) -> None:
        """Add a yes-or-no option: `--name`, `--name=False`, `--name False`, `--noname`."""
        plain = name.replace("-", "_")
        self.add_argument(f"--{plain}", *short, nargs="?", const=True, default=default, type=yes_or_no,
                          metavar="True|False", help=f"{help} (default: {default})")  # fmt: skip
        self.add_argument(f"--no{plain}", f"--no_{plain}", dest=plain, action="store_false", help=argparse.SUPPRESS)
        self.set_defaults(**{plain: default})

    def results(self) -> None:
        """Add the paths of results, `npz`, which `read_results` reads wherever people write them."""
        self.add_argument("npz", nargs="*", metavar="NPZ_PATH",
                          help="an .npz, or a folder searched for them, subfolders too")  # fmt: skip
        self.add_argument("--npz_path", nargs="+", action="append", metavar="NPZ_PATH",
                          help="the same, as an option")  # fmt: skip

    def device(self) -> None:
        """The option that says where the model runs, as `pick_device` takes it."""
        self.add_argument(
            "--device", default="0", help="GPU index; also cpu, cuda:1, mps (default: 0; the CPU where no GPU is)"
        )

    def read_results(self, args: Sequence[str] | None, expected: str, swallowing: str = "") -> Any:
        """The options, with all paths of results in `paths`; ends with what is `expected` where there are none.

        `swallowing`: an option of several words, whose last one is the path where no other is given.
        """
        words = list(sys.argv[1:] if args is None else args)
        known, others = self.parse_known_args(words)
        # argparse takes paths in one place only; people write them before and after the options.
        unknown = [word for word in others if word.startswith("-")]
        if unknown:
            self.parse_args(unknown[:1])
        known.paths = [*known.npz, *(path for paths in known.npz_path or [] for path in paths), *others]
        taken = getattr(known, swallowing) if swallowing else None
        if not known.paths and taken and Path(taken[-1]).exists():
            known.paths = [taken.pop()]
        if not known.paths:
            self.error(f"NPZ_PATH is missing: name {expected}.")
        return known

    def parse_known_args(  # type: ignore[override]
        self, args: Sequence[str] | None = None, namespace: Any = None
    ) -> Any:
        """As argparse, after long options have been brought to their underscored spelling."""
        words = list(sys.argv[1:] if args is None else args)
        return super().parse_known_args([_underscored(word) for word in words], namespace)

    def parse_args(self, args: Sequence[str] | None = None, namespace: Any = None) -> Any:  # type: ignore[override]
        """As argparse; an unknown option is answered with the nearest known one."""
        known, unknown = self.parse_known_args(args, namespace)
        if unknown:
            options = [option for action in self._actions for option in action.option_strings]
            near = difflib.get_close_matches(unknown[0].split("=")[0], options, 1)
            hint = f" Did you mean {near[0]}?" if near else ""
            self.error(f"{unknown[0]!r} is not an option of this command.{hint}")
        return known

    def error(self, message: str) -> NoReturn:
        """Print one sentence and end with status 2."""
        message = message[0].upper() + message[1:]
        stop = "" if message.endswith((".", "?")) else "."
        print(f"{self.prog}: {message}{stop} '{self.prog} --help' lists what can be typed.", file=sys.stderr)
        raise SystemExit(2)


def yes_or_no(text: str) -> bool:
    """Read a truth value as people type it."""
    if text.lower() in {"true", "yes", "on", "1"}:
        return True
    if text.lower() in {"false", "no", "off", "0"}:
        return False
    raise argparse.ArgumentTypeError(f"{text!r} is neither True nor False")


def number(low: float, high: float, kind: Callable[[str], T]) -> Callable[[str], T]:
    """A checker for a number within bounds, both included."""

    def read(text: str) -> T:
        try:
            value = kind(text)
            inside = low <= float(text) <= high
        except ValueError:
            inside = False
        if not inside:
            raise argparse.ArgumentTypeError(f"{text!r} is no number from {low:g} to {high:g}")
        return value

    return read


def run_command(run: Callable[[], int | None], name: str) -> int:
    """Run a command; turn what a user can mend into one sentence and status 2, and Ctrl-C into status 130."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a console that lacks a letter of a path must not end the work
            stream.reconfigure(errors="backslashreplace")
    try:
        return run() or 0
    except VisualAnalyseError as error:
        print(f"{name}: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print(f"\n{name}: stopped. What was finished is kept; the same command goes on from there.", file=sys.stderr)
        return 130
    except BrokenPipeError:
        return 141


def _underscored(word: str) -> str:
    if not word.startswith("--") or len(word) == 2:
        return word
    head, equals, value = word.partition("=")
    return "--" + head[2:].replace("-", "_") + equals + value
