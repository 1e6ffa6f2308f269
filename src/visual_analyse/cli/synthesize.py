"""`synthesize`: a dataset of synthetic walkers, or one whose evidence is planted and so known."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from visual_analyse.cli.parsing import Parser, number, run_command
from visual_analyse.cli.progress import DelayedBar
from visual_analyse.errors import VisualAnalyseError

EPILOG = """\
examples:
  visual-analyse synthesize -s walkers --identities 10 --views 054 090
  visual-analyse synthesize -s planted --plant arms
  visual-analyse synthesize --sheet walkers.png"""


def parser() -> Parser:
    """The options of `synthesize`."""
    made = Parser(
        prog="synthesize",
        description="Write walkers as an OpenGait dataset: silhouettes; beside them poses, body regions, gait phase.",
        epilog=EPILOG,
    )
    add = made.add_argument
    add(
        "-s",
        "--save_dir",
        type=Path,
        metavar="DIR",
        help="the dataset's folder; the partition lies beside it as DIR.json",
    )
    add("--identities", type=number(1, 9999, int), help="how many people (default: 20; 8 where evidence is planted)")
    add(
        "--conditions",
        nargs="+",
        metavar="TYPE",
        help="of nm-01..06, bg-01, bg-02, cl-01, cl-02 (default: all; planted: nm)",
    )
    add("--views", nargs="+", metavar="VIEW", help="of 000, 018 .. 180 (default: all; planted: 090)")
    add("--frames", type=number(1, 100000, int), help="frames of a walk (default: 40; planted: 58)")
    add(
        "--plant",
        metavar="WHAT",
        help="let identities differ in this alone: head, trunk, arms, legs, phase, swing or cadence",
    )
    add("--seed", type=number(0, 2**32 - 1, int), default=1597, help="same seed, same bytes (default: 1597)")
    add("--sheet", type=Path, metavar="PNG", help="draw the first people of such a dataset instead of writing one")
    return made


def command(arguments: Sequence[str] | None = None) -> int:
    """Run `synthesize` and return its exit status."""
    made = parser()
    options = made.parse_args(arguments)
    if (options.save_dir is None) == (options.sheet is None):
        made.error("either --save_dir or --sheet is needed")
    return run_command(lambda: run(options), "synthesize")


def run(options: Any) -> None:
    """Write the dataset, or draw the sheet."""
    from visual_analyse.synthetic.contact_sheet import write_contact_sheet
    from visual_analyse.synthetic.dataset import write_dataset
    from visual_analyse.synthetic.planted import write_planted

    if options.sheet is not None:
        print(f"Wrote {write_contact_sheet(options.sheet, seed=options.seed)}.")
        return
    names = ("identities", "conditions", "views", "frames")
    wanted = {name: getattr(options, name) for name in names if getattr(options, name) is not None}
    refuse_others(options.save_dir, wanted, options.plant)
    with DelayedBar() as bar:
        bar.begin("walking", 0, 1)
        if options.plant is None:
            made = write_dataset(options.save_dir, seed=options.seed, progress=bar.within, **wanted)
        else:
            made = write_planted(options.save_dir, options.plant, seed=options.seed, progress=bar.within, **wanted)
    print(f"Wrote the walkers in {options.save_dir}, and their partition {made}.")


def refuse_others(folder: Path, wanted: dict[str, Any], plant: str | None) -> None:
    """Refuse a folder that holds anything but walks which these options would write again."""
    from visual_analyse.synthetic.walk import CONDITIONS, VIEWS

    if not folder.is_dir():
        return
    people = wanted.get("identities", 20 if plant is None else 8)
    kinds = set(wanted.get("conditions", CONDITIONS if plant is None else CONDITIONS[:6]))
    views = set(wanted.get("views", VIEWS if plant is None else ("090",)))
    for path in sorted(path for path in folder.rglob("*") if path.is_file() and not path.name.startswith(".")):
        place = path.relative_to(folder).parts
        known = len(place) == 4 and place[0].isdigit() and int(place[0]) <= people
        if not known or place[1] not in kinds or place[2] not in views:
            raise VisualAnalyseError(
                f"{folder} holds {'/'.join(place[:3])}, which is not of this dataset; the two would be mixed. Name "
                "another folder with --save_dir, or remove that one."
            )
