"""`doctor`: whether a config, a checkout, a checkpoint and a dataset will work together, before anything runs long."""

from __future__ import annotations

import contextlib
import json
import platform
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.text import Text

from visual_analyse.cli.parsing import Parser, run_command
from visual_analyse.names import plain
from visual_analyse.version import __version__

if TYPE_CHECKING:
    from visual_analyse.doctor.finding import Finding

DESCRIPTION = """\
Will this config, checkout, checkpoint and dataset work together? One line a matter, and what to type for what is
missing. Builds the model and embeds one walk, so that what cannot work shows here; writes nothing."""
EPILOG = """\
marks: ok; note, nothing is stopped; missing or wrong, a run would stop or mislead; skipped, for what it says.
exit status: 0 where nothing is missing or wrong, 1 where something is, 2 where this command was typed wrongly.

examples:
  visual-analyse doctor configs/gaitset/gaitset.yaml
  visual-analyse doctor configs/gaitset/gaitset.yaml -d CASIA-B-pkl --checkpoint GaitSet-40000.pt
  visual-analyse doctor configs/gaitset/gaitset.yaml --quick --json"""
_STYLES = {"ok": "green", "note": "yellow", "missing": "bold red", "wrong": "bold red", "skipped": "dim"}
_MARKS, _SUBJECTS = 9, 12  # columns


def parser() -> Parser:
    """The options of `doctor`."""
    made = Parser(prog="doctor", description=DESCRIPTION, epilog=EPILOG)
    add = made.add_argument
    add("config", nargs="?", type=Path, metavar="CONFIG", help="OpenGait config (YAML)")
    add("-c", "--config_path", type=Path, metavar="FILE", help="the same, as the other commands have it")
    add("--checkpoint", metavar="FILE", help="the checkpoint (default: as the config says); 'none' for random weights")
    add(
        "--opengait", type=Path, metavar="DIR", help="the OpenGait checkout (default: OPENGAIT_ROOT, or the one around)"
    )
    add("-d", "--dataset_dir", type=Path, metavar="DIR", help="the dataset (default: dataset_root of the config)")
    add("--split", choices=["train", "test", "all"],
        help="which ids of the partition are meant (default: all with -d, else test)")  # fmt: skip
    made.device()
    # No values are taken, as other commands' switches do: `--quick CONFIG` must leave CONFIG what it is.
    add("--quick", action="store_true", help="build and run nothing")
    add("--json", action="store_true", help="print the findings as JSON")
    return made


def command(arguments: Sequence[str] | None = None) -> int:
    """Run `doctor` and return its exit status.

    >>> command(["configs/gaitset/gaitset.yaml"])  # doctest: +SKIP
    0
    """
    made = parser()
    options = made.parse_args(arguments)
    if (options.config is None) == (options.config_path is None):
        made.error("one config was expected: doctor CONFIG")
    return run_command(lambda: run(options), "doctor")


def run(options: Any) -> int:
    """Examine it all, print it, and return 1 where something would stop a run."""
    from visual_analyse.cli.progress import DelayedBar  # --help need not wait for torch
    from visual_analyse.doctor.case import Question
    from visual_analyse.doctor.examination import examine

    question = Question(
        config=options.config or options.config_path, checkpoint=options.checkpoint, opengait=options.opengait,
        dataset_dir=options.dataset_dir, device=options.device, split=options.split, quick=options.quick,
    )  # fmt: skip
    with DelayedBar() as bar, contextlib.redirect_stdout(sys.stderr):  # a checkout's code may print
        found = examine(question, lambda subject, number, count: bar.begin(f"looking at {subject}", number, count))
    status = int(any(finding.stops for finding in found))
    if options.json:
        print(as_json(found, status))
    else:
        show(found, Console(highlight=False))
    return status


def as_json(found: Sequence[Finding], status: int) -> str:
    """The findings for a script: `status`, `versions`, and `findings` of `subject`, `mark`, `text` and `remedy`.

    >>> as_json([], 0)[:11]
    '{"status": '
    """
    rows = [
        {"subject": item.subject, "mark": item.mark, "text": item.text, "remedy": item.remedy} for item in found
    ]  # fmt: skip
    return json.dumps({"status": status, "versions": _versions(), "findings": rows})


def show(found: Sequence[Finding], to: Console) -> None:
    """Print one line a finding, longer ones below their beginning; what to type stands unbroken, to be copied."""
    to.print(Text(", ".join(f"{name} {number}" for name, number in _versions().items()), style="dim"))
    for finding in _gathered(found):
        style = _STYLES[finding.mark]
        head = Text(f"{finding.mark:<{_MARKS}}", style=style)
        head.append(f"{finding.subject:<{_SUBJECTS}}", style="bold")
        room = max(20, to.width - _MARKS - _SUBJECTS)
        body = Text(plain(finding.text), style="dim" if finding.mark == "skipped" else "")
        indent = " " * (_MARKS + _SUBJECTS)
        for number, line in enumerate(body.wrap(to, room)):
            line.rstrip()
            to.print((Text(indent) if number else head) + line, soft_wrap=True)
        if finding.remedy and finding.mark not in ("ok", "skipped"):
            to.print(Text(f"{indent}-> {plain(finding.remedy)}", style="cyan"), soft_wrap=True)
    stops = sum(finding.stops for finding in found)
    notes = sum(finding.mark == "note" for finding in found)
    said = "Nothing is missing or wrong" if not stops else f"{stops} would stop or mislead a run"
    to.print(Text(f"{said}; {notes} note{'s' * (notes != 1)}.", style="bold red" if stops else "bold green"))


def _gathered(found: Sequence[Finding]) -> list[Finding]:
    """The findings with those that were skipped for one reason in one line, where the first of them stood."""
    together: dict[str, list[str]] = {}
    for finding in found:
        if finding.mark == "skipped":
            together.setdefault(finding.text, []).append(finding.subject)
    kept = []
    for finding in found:
        others = together.get(finding.text, []) if finding.mark == "skipped" else []
        if len(others) < 2:
            kept.append(finding)
        elif others[0] == finding.subject:
            subjects = ", ".join(dict.fromkeys(others))
            kept.append(replace(finding, subject="", text=f"{finding.text}: {subjects}"))
            together[finding.text] = ["", ""]  # said
    return kept


def _versions() -> dict[str, str]:
    from importlib.metadata import PackageNotFoundError, version

    try:
        torch = version("torch")
    except PackageNotFoundError:
        torch = "unknown"
    return {"visual_analyse": __version__, "Python": platform.python_version(), "torch": torch}
