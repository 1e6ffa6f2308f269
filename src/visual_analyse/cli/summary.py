"""`summary`: the mean evidence of many probes, per condition, view and outcome."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from visual_analyse.cli.parsing import Parser, run_command
from visual_analyse.cli.progress import track
from visual_analyse.errors import VisualAnalyseError
from visual_analyse.files import make_folder, write_whole
from visual_analyse.names import plain, safe_name
from visual_analyse.results import Evidence, Group, Summary
from visual_analyse.summary import summarise

DESCRIPTION = """\
The mean evidence of many probes that 'visual-analyse explain' explained: per condition, view, and right or wrong, on
the mean body, per region, part and phase of the step, with 95 % intervals over probes. One probe's map is an anecdote.
Writes <model>_summary.npz, a table as .csv, and a figure."""


def parser() -> Parser:
    """The options of `summary`."""
    made = Parser(prog="summary", description=DESCRIPTION)
    made.add_argument("results", type=Path, metavar="DIR", help="the folder that 'visual-analyse explain' wrote")
    made.add_argument("-s", "--save_dir", type=Path, metavar="DIR", help="where the summary goes (default: the same)")
    made.add_argument("--layer", metavar="KEY", help="the layer, as its key in the results (default: their first)")
    made.switch("figures", default=True, help="draw the figure as well")
    return made


def command(arguments: Sequence[str] | None = None) -> int:
    """Run `summary` and return its exit status."""
    options = parser().parse_args(arguments)
    return run_command(lambda: run(options), "summary")


def run(options: Any) -> None:
    """Take the means, write them, and say the main ones."""
    paths = sorted(path for path in options.results.rglob("*.npz") if not path.stem.endswith(("_summary", "_trust")))
    if not paths:
        raise VisualAnalyseError(
            f"{options.results} holds no results (.npz). Name a folder that 'visual-analyse explain' wrote."
        )

    def read() -> Iterator[Evidence]:
        for path in track(paths, len(paths), "reading results"):
            yield Evidence.load(path)

    found = summarise(read(), options.layer)
    folder = make_folder(options.save_dir or options.results)
    name = safe_name(f"{found.manifest.get('model', 'model')}_{found.layer}")
    archive = found.save(folder / f"{name}_summary.npz")
    table = table_of(found)
    write_whole(folder / f"{name}_summary.csv", lambda stream: stream.write(table.encode("utf-8")))
    for group in found.groups:
        print(f"{plain(_title(group))} ({group.probes} probes): {_regions(found, group)}")
    print(f"Wrote {archive}, and the table beside it.")
    if options.figures:
        from visual_analyse.cli.visual_explain import command as draw

        draw([str(archive)])


def table_of(summary: Summary) -> str:
    """Every mean with its interval, a line each."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("by", "group", "probes", "what", "name", "side", "mean", "low", "high"))
    for group in summary.groups:
        head = (group.by, group.name, group.probes)
        for name, sides in zip(summary.region_names, group.regions, strict=True):
            for side, values in zip(("for", "against"), sides, strict=True):
                writer.writerow((*head, "region", name, side, *_known(values)))
        for part, values in enumerate(group.parts):
            writer.writerow((*head, "part", part, "share of the distance", *_known(values)))
        for place, values in enumerate(group.phases):
            writer.writerow((*head, "phase", f"{place / len(group.phases):.2f}", "net, a frame", *_known(values)))
    return text.getvalue()


def _known(values: Any) -> list[Any]:
    return ["" if np.isnan(value) else value for value in values]


def _title(group: Group) -> str:
    return "all" if group.by == "all" else f"{group.by} {group.name}"


def _regions(summary: Summary, group: Group) -> str:
    said = []
    for name, (speaks, against) in zip(summary.region_names, group.regions, strict=True):
        mean, low, high = speaks
        interval = f" [{low:.0%}, {high:.0%}]" if np.isfinite(low) else ""
        said.append(f"{name} for {mean:.0%}{interval}, against {-against[0]:.0%}")
    return "; ".join(said) or "no regions are known of these walks"
