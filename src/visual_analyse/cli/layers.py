"""`layers`: what can be explained in a model, and how each layer lies on the frames."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.console import Console

from visual_analyse.cli.parsing import Parser, number, run_command
from visual_analyse.gait.config import Config
from visual_analyse.gait.pose_transforms import POSE_TRANSFORMS


def parser() -> Parser:
    """The options of `layers`."""
    made = Parser(
        prog="layers", description="List a model's layers by number, and how each lies on the frames of a walk."
    )
    add = made.add_argument
    add("-c", "--config_path", type=Path, required=True, metavar="FILE", help="OpenGait config (YAML)")
    add(
        "-p",
        "--probe_dir",
        type=Path,
        metavar="DIR",
        help="walks to try it on, id/type/view/*.pkl (default: a synthetic one)",
    )
    add("--frames", type=number(1, 720, int), default=30, help="frames of the synthetic walk (default: 30)")
    add(
        "--opengait", type=Path, metavar="DIR", help="the OpenGait checkout (default: OPENGAIT_ROOT, or the one around)"
    )
    return made


def command(arguments: Sequence[str] | None = None) -> int:
    """Run `layers` and return its exit status."""
    options = parser().parse_args(arguments)
    return run_command(lambda: run(options), "layers")


def run(options: Any) -> None:
    """Build the model without its checkpoint, which changes no layer's place, and show them all."""
    from visual_analyse.cli.picker import show_layers
    from visual_analyse.explain.layers import leaves
    from visual_analyse.explain.resolving import resolve
    from visual_analyse.gait.sequences import scan
    from visual_analyse.models.load import load_model
    from visual_analyse.synthetic.body import sample_person
    from visual_analyse.synthetic.walk import walk

    model = load_model(options.config_path, checkout=options.opengait, checkpoint="none", device="cpu")
    arrays: list[Any]
    if options.probe_dir is None:
        shown = walk(sample_person(1597, 1), "nm-01", "090", options.frames, 1597)
        arrays = [shown.joints if _takes_poses(model.config) else shown.silhouettes]
    else:
        arrays = scan(options.probe_dir, "--probe_dir")[0].load(model.config.data_in_use)
    plan = resolve(model, model.batch([arrays]))
    width = None if sys.stdout.isatty() else 200  # in a file or a pipe no name is cut
    show_layers(
        [layer for layer, _ in leaves(model.module)], plan, len(arrays[0]), Console(width=width, highlight=False)
    )


def _takes_poses(config: Config) -> bool:
    """Whether the first transform of a config, or of its first list of them, is one for poses."""
    asked = repr(config.transforms[:1])
    return any(f"{name!r}" in asked for name in POSE_TRANSFORMS if name != "RatioHW")
