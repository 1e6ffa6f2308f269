"""The command that lets a person turn a map of three dimensions, and saves what is seen."""

from __future__ import annotations

import sys
from argparse import Namespace
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from visual_analyse.cli.parsing import Parser, run_command
from visual_analyse.cli.visual_map import angles, picture_ending
from visual_analyse.draw.maps.adjustable import ENDING, load_adjustable
from visual_analyse.draw.maps.picture import FORMATS, MapPicture
from visual_analyse.draw.maps.window import turned_by_hand
from visual_analyse.errors import VisualAnalyseError
from visual_analyse.names import plain

NAME = "adjust_3d"


def command(args: Sequence[str] | None = None) -> int:
    """Run the command with these words (None: those of the process); returns the exit status.

    >>> command(["GaitSet_CASIA-B_adjust3d.pkl", "--azim", "45"])  # doctest: +SKIP
    0
    """
    parser = Parser(
        prog=NAME,
        description="Opens a map of three dimensions in a window; turn it, close the window, and what was seen is "
        "saved.\nWith --elev, --azim or --roll it is saved as seen from there, and no window opens.",
        epilog=f"PKL is the {ENDING[1:]} beside the picture of a map of three dimensions. Reading it runs no code.",
    )
    add = parser.add_argument
    add("pkl", nargs="?", metavar="PKL", help="the file that visual_tsne wrote; a map's .npz will do")
    add("--pkl_path", dest="named", metavar="PKL", help="the same, as an option")
    angles(parser)
    add("--save_path", type=Path, metavar="PATH", help="the picture (default: beside PKL, of its name)")
    add("--save_ext", type=picture_ending, metavar="EXT", help=f"{' '.join(FORMATS)} (default: as drawn before)")
    options = parser.parse_args(sys.argv[1:] if args is None else args)
    path = options.pkl or options.named
    if not path:
        parser.error(f"PKL is missing: name the {ENDING[1:]} that visual_tsne wrote.")
    return run_command(lambda: _adjust(Path(path), options), NAME)


def _adjust(path: Path, options: Namespace) -> int:
    map, style, ending = load_adjustable(path)
    asked = {angle: getattr(options, angle) for angle in ("elev", "azim", "roll")}
    asked = {angle: value for angle, value in asked.items() if value is not None}
    style = replace(style, **asked)
    if not asked:
        style = turned_by_hand(MapPicture(map, style))
    target = _target(path, options, ending)
    MapPicture(map, style).save(target)
    seen = f"--elev {style.elev:.4g} --azim {style.azim:.4g} --roll {style.roll:.4g}"
    print(f"Wrote {plain(target)}, seen from {seen}.")
    return 0


def _target(path: Path, options: Namespace, ending: str) -> Path:
    ending = options.save_ext or (ending if ending in FORMATS else "png")
    asked: Path | None = options.save_path
    if asked is None or asked.is_dir():
        return (asked or path.parent) / f"{path.stem}.{ending}"
    given = asked.suffix.lstrip(".").lower()
    if given not in FORMATS:
        return asked.with_name(f"{asked.name}.{ending}")
    if options.save_ext not in (None, given):
        raise VisualAnalyseError(f"--save_path ends in .{given} and --save_ext is {ending}: which of them?")
    return asked
