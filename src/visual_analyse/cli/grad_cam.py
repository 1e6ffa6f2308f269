"""`grad_cam`: for every probe one .npz with its frames and the maps of the chosen layers."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from visual_analyse.cli.parsing import Parser, run_command
from visual_analyse.cli.sources import add_sources, check_sources

RESULTS = Path("visual_analyse/Results/Grad_CAM")

DESCRIPTION = """\
Why did the model match these two walks? Writes, for every probe, one .npz with its frames and the maps of the
chosen layers."""
EPILOG = """\
The explained decision is the smallest probe-gallery distance, as OpenGait measures it. So the maps depend on the
gallery: with other gallery walks the smallest distance, and its gradient, is another. That is how explaining a match
works. Of a classifier (ScoNet) it is the class that it answers, and there is no gallery.

examples:
  python -m visual_analyse.grad_cam -c configs/gaitset/gaitset.yaml -p Probes -g Gallery --layers conv
  python -m visual_analyse.grad_cam -c configs/gaitset/gaitset.yaml --dataset CASIA-B-pkl --probe 001/nm-05/090
Draw what it writes with: python -m visual_analyse.visualizer visual_gradcam RESULTS"""


def parser() -> Parser:
    """All options of the contract, and the newer ones beside them."""
    made = Parser(prog="grad_cam", description=DESCRIPTION, epilog=EPILOG)
    add_sources(made, RESULTS)
    add = made.add_argument
    add("--layers", nargs="+", metavar="LAYER",
        help="numbers, ranges, dotted names, globs or a kind (conv); asked for where left out")  # fmt: skip
    add("--weights", choices=["frame", "clip"], default="frame",
        help="a channel's weight: its own on every frame, or one for the clip (default: frame)")  # fmt: skip
    return made


def command(arguments: Sequence[str] | None = None) -> int:
    """Run `grad_cam` and return its exit status."""
    options = parser().parse_args(arguments)
    return run_command(lambda: run(options), "grad_cam")


def run(options: Any) -> None:
    """Explain every probe; what an earlier run of the same content finished is taken as it is."""
    check_sources(options)
    # torch takes a moment to import: --help and wrong options need not wait for it.
    from visual_analyse.cli.explaining import Run, pairing_of
    from visual_analyse.cli.loading import chosen_model
    from visual_analyse.files import make_folder

    model = chosen_model(options)
    pairing = pairing_of(model, options)
    folder = make_folder(options.save_dir or RESULTS / time.strftime("%Y-%m-%d_%H-%M-%S"))
    Run(model, pairing, folder, options).explain_all()
