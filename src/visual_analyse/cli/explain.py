"""`explain`: a match, whole: any target and method, both walks, the ledger of parts, time and regions."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from visual_analyse.cli.parsing import Parser, number, run_command
from visual_analyse.cli.sources import add_sources, check_sources
from visual_analyse.errors import VisualAnalyseError

RESULTS = Path("visual_analyse/Results/Explain")
DESCRIPTION = """\
Explains a match, whole: any target, by any method, on any layer; the walk and its match, aligned by gait phase; what
each part adds to the distance, at the height that it looks at; when in the stride; and which region of the body.
Writes an .npz a probe, and figures of it."""
EPILOG = """\
targets:
  match      the smallest probe-gallery distance, as OpenGait measures it
  contrast   why this person and not that one: the best true match's distance minus the nearest impostor's
  crowd      why this person and not the others: minus the mean of those to the nearest walk of everybody else
  auto       crowd where the gallery holds the person and others, else match (the default: it found planted
             evidence best, see docs/planted.md)
A classifier (ScoNet) is asked for the class that it answers, or for --class NAME.

examples:
  visual-analyse explain -c gaitset.yaml --dataset CASIA-B-pkl --probe 001/nm-05/090
  visual-analyse explain -c gaitset.yaml --dataset CASIA-B-pkl --worst 5
  visual-analyse explain -c gaitset.yaml -p Probes -g Gallery --target contrast --method grad_cam hirescam
  visual-analyse explain -c gaitset.yaml -p Probes -g Gallery --match 001-nm-01-090 --parts 0-15
Many probes together: visual-analyse summary RESULTS. How far to trust it: visual-analyse trust."""


def parser() -> Parser:
    """The options of `explain`: those of `grad_cam`, and what is asked."""
    made = Parser(prog="explain", description=DESCRIPTION, epilog=EPILOG)
    add = made.add_argument
    add_sources(made, RESULTS)
    add("--layers", nargs="+", metavar="LAYER",
        help="numbers, ranges, names, globs or a kind (default: what found planted evidence best)")  # fmt: skip
    add("--method", nargs="+", metavar="NAME",
        help="how maps are made, the first of them drawn; or all (default: integrated_deviation)")  # fmt: skip
    add("--sign", choices=["signed", "for", "against", "abs"],
        help="for and against in one map, one of them, or how much either way (abs)")  # fmt: skip
    add(
        "--target",
        choices=["auto", "match", "contrast", "crowd"],
        default="auto",
        help="what is explained (default: auto)",
    )
    add("--match", metavar="ID-TYPE-VIEW", help="explain the distance to this gallery walk instead of the nearest")
    add(
        "--parts", nargs="+", metavar="PART", help="what these parts add to the distance: numbers from 0, ranges (0-15)"
    )
    made.switch("each_part", default=False, help="keep the map of every part as well")
    add("--class", dest="wanted", metavar="NAME", help="of a classifier: the class to explain, not the one it answers")
    add("--worst", type=number(1, 10**6, int), metavar="N",
        help="with --dataset: the N probes that the model gets most wrong")  # fmt: skip
    made.switch("both", default=True, help="explain the matched walk as well")
    made.switch("figures", default=True, help="draw figures beside the results")
    return made


def command(arguments: Sequence[str] | None = None) -> int:
    """Run `explain` and return its exit status."""
    options = parser().parse_args(arguments)
    return run_command(lambda: run(options), "explain")


def run(options: Any) -> None:
    """Explain every probe; what an earlier run of the same content finished is taken as it is."""
    if options.worst is not None and options.probe is not None:
        raise VisualAnalyseError(
            "--worst finds the probes itself: leave --probe out, or name the probes without --worst."
        )
    if options.worst is not None and options.dataset is None:
        raise VisualAnalyseError("--worst picks from a whole dataset: name it with --dataset ROOT.")
    check_sources(options, finds_probes=options.worst is not None)
    # torch takes a moment to import: --help and wrong options need not wait for it.
    from visual_analyse.cli.explaining import pairing_of
    from visual_analyse.cli.loading import chosen_model
    from visual_analyse.cli.studying import Studying
    from visual_analyse.files import make_folder

    model = chosen_model(options)
    pairing = pairing_of(model, options)
    folder = make_folder(options.save_dir or RESULTS / time.strftime("%Y-%m-%d_%H-%M-%S"))
    Studying(model, pairing, folder, options).explain_all()
