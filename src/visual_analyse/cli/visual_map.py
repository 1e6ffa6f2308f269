"""The command that draws embedding maps: visual_tsne, visual_umap, visual_pca and visual_pacmap alike."""

from __future__ import annotations

import os
import sys
import zipfile
from argparse import ArgumentTypeError, Namespace
from collections.abc import Mapping, Sequence
from pathlib import Path

from visual_analyse.cli.parsing import Parser, number, run_command
from visual_analyse.cli.progress import DelayedBar
from visual_analyse.cli.results import Found, search
from visual_analyse.draw.maps.adjustable import ENDING, save_adjustable
from visual_analyse.draw.maps.coding.classes import LISTED
from visual_analyse.draw.maps.coding.coding import HARDEST, NAMED
from visual_analyse.draw.maps.picture import FORMATS, MapPicture
from visual_analyse.draw.maps.quality import RANDOM
from visual_analyse.draw.maps.style import ASPECTS, MapStyle, read_size
from visual_analyse.errors import VisualAnalyseError
from visual_analyse.names import listed, plain
from visual_analyse.results import EmbeddingMap

NAME = "visual_tsne"


def command(args: Sequence[str] | None = None, name: str = NAME) -> int:
    """Run the command with these words (None: those of the process); returns the exit status.

    >>> command(["GaitSet_CASIA-B.npz", "--colour_by", "view"], "visual_umap")  # doctest: +SKIP
    0
    """
    expected = "an .npz with feats and labels, or a folder that holds some"
    options = _parser(name).read_results(args, expected, swallowing="highlight")
    return run_command(lambda: _draw(options, name), name)


def _parser(name: str) -> Parser:
    parser = Parser(
        prog=name,
        description="Draws maps of walks: t-SNE, UMAP, PCA, or any .npz that holds feats [n, dims] and labels [n].",
        epilog=f"Up to {LISTED} identities have a legend; up to {NAMED} have colours of which neighbours differ, and "
        f"names on the map;\nbeyond, the map is grey but for the {HARDEST} hardest, named with their purity. How far "
        "a map can be trusted stands\non every picture. A map of three dimensions also gives a file for "
        "'python -m visual_analyse.visualizer adjust_3d'.",
    )
    add = parser.add_argument
    parser.results()
    add("--title", default="", help="title (default: none)")
    add("-f", "--fig_size", default="8,8", metavar="W,H", help='inches, as 8,8 or "(8.0, 8.0)" (default: 8,8)')
    add("-m", "--marker_size", type=number(0.01, 10000, float), metavar="AREA",
        help="size of a mark in square points, matplotlib's s (default: 50, less where there are many walks; a size "
        "given is kept)")  # fmt: skip
    add("-c", "--cmap", metavar="NAME",
        help="take colours from this colour map of matplotlib, such as Spectral (default: colours made to differ; a "
        "scale that closes for views)")  # fmt: skip
    parser.switch("transparent", default=True, help="transparent background; jpg and bmp are always white")
    add("--save_path", type=Path, metavar="PATH",
        help="the picture, or for several maps the folder of pictures (default: beside the .npz)")  # fmt: skip
    add(
        "--save_ext",
        type=picture_ending,
        metavar="EXT",
        help=f"{' '.join(FORMATS)}, with or without dot (default: png)",
    )
    add("--colour_by", "--color_by", type=str.lower, choices=ASPECTS, default="identity",
        help="what colours tell: identity, condition, view, or whether the nearest gallery walk was right "
        "(default: identity)")  # fmt: skip
    add("--marker_by", type=str.lower, choices=ASPECTS, help="what the shapes of marks tell (default: nothing)")
    add("--highlight", nargs="+", default=[], metavar="LABEL", help="identities that stand out; all others go grey")
    angles(parser)
    return parser


def angles(parser: Parser) -> None:
    """Add the options that say where a map of three dimensions is seen from."""
    for angle, what in (("elev", "height of the eye"), ("azim", "way around"), ("roll", "tilt")):
        parser.add_argument(f"--{angle}", type=number(-3600, 3600, float), metavar="DEGREES",
                            help=f"three dimensions: {what}, as in matplotlib")  # fmt: skip


def picture_ending(text: str) -> str:
    """Read the ending of a picture, with or without its dot."""
    ending = text.strip().lower().lstrip(".")
    if ending not in FORMATS:
        raise ArgumentTypeError(f"{text!r} is no format of pictures here; there are {', '.join(FORMATS)}")
    return ending


def _draw(options: Namespace, name: str) -> int:
    seen_from = {angle: getattr(options, angle) for angle in ("elev", "azim", "roll")}
    turned = [f"--{angle}" for angle, value in seen_from.items() if value is not None]
    style = MapStyle(
        title=options.title,
        size=read_size(options.fig_size),
        marker_size=options.marker_size,
        cmap=options.cmap,
        transparent=options.transparent,
        colour_by=options.colour_by,
        marker_by=options.marker_by,
        highlight=tuple(options.highlight),
        **{angle: value for angle, value in seen_from.items() if value is not None},
    )
    if style.highlight and style.colour_by != "identity":
        raise VisualAnalyseError(
            f"--highlight colours identities, so that --colour_by {style.colour_by} cannot be obeyed beside it. Leave "
            f"one of them out, or tell {style.colour_by} by marks: --marker_by {style.colour_by}."
        )
    found = list(search(options.paths, "tsne"))
    homes = _homes([file.path for file in found], options)
    maps = 0
    written: list[Path] = []
    with DelayedBar() as bar:
        for place, file in enumerate(found):
            bar.begin(file.path.name, place, len(found))
            map = _load(file, name)
            if map is None:
                continue
            if map.of_random_weights:
                _notice(f"{file.path}: {RANDOM}.", name)
            target = _target(file.path, options, homes)
            try:
                picture = MapPicture(map, style)
            except VisualAnalyseError as error:
                if not file.searched:
                    raise VisualAnalyseError(f"{file.path}: {error}") from error
                _notice(f"skipped: {file.path}: {error}", name)
                continue
            if turned and map.feats.shape[1] < 3:
                _notice(f"{file.path}: {listed(turned)} turn{'s' * (len(turned) == 1)} maps of three dimensions; this "
                        f"one has {map.feats.shape[1]} and is drawn as it is.", name)  # fmt: skip
            written.append(picture.save(target))
            if map.feats.shape[1] >= 3:
                written.append(save_adjustable(map, style, target.with_name(target.stem + ENDING), target.suffix[1:]))
            maps += 1
    if not maps:
        raise VisualAnalyseError(
            f"None of the {len(found)} .npz under {plain(', '.join(options.paths[:3]))} could be drawn. Name one with "
            "feats [n, dims] and labels [n], as 'python -m visual_analyse.tsne' writes."
        )
    said = " and ".join(str(path) for path in written) if len(written) <= 2 else (
        f"the pictures of {maps} maps; the last is {written[-1]}")  # fmt: skip
    print(plain(f"Wrote {said}."))
    return 0


def _load(file: Found, name: str) -> EmbeddingMap | None:
    """A map; None, with a notice, for another file that a searched folder holds."""
    try:
        if _is_evidence(file.path):
            raise VisualAnalyseError(f"{file.path} is a Grad-CAM result, not a map; 'visual_gradcam' draws it.")
        return EmbeddingMap.load(file.path)
    except VisualAnalyseError as error:
        if not file.searched:
            raise
        _notice(f"skipped: {error}", name)
        return None


def _is_evidence(path: Path) -> bool:
    """Whether it is a Grad-CAM result, which may be large: its names alone are read."""
    try:
        with zipfile.ZipFile(path) as archive:
            names = set(archive.namelist())
    except (OSError, zipfile.BadZipFile):
        return False
    return {"frames.npy", "parts.npy"} <= names and "feats.npy" not in names


def _homes(files: Sequence[Path], options: Namespace) -> dict[Path, Path]:
    """Where each of several maps lies below what was named: its picture lies so below --save_path."""
    if options.save_path is None:
        return dict.fromkeys(files, Path())
    # As they were named: a link leads out of the folder it lies in.
    parents = [Path(os.path.abspath(file)).parent for file in files]  # noqa: PTH100
    one_folder = len(options.paths) == 1 and Path(options.paths[0]).is_dir()
    top = os.path.abspath(options.paths[0]) if one_folder else os.path.commonpath(parents)  # noqa: PTH100
    return {file: parent.relative_to(top) for file, parent in zip(files, parents, strict=True)}


def _target(path: Path, options: Namespace, homes: Mapping[Path, Path]) -> Path:
    """Where the picture of a map goes."""
    ending = options.save_ext or "png"
    asked: Path | None = options.save_path
    if asked is None:
        return path.with_name(f"{path.stem}.{ending}")
    given = asked.suffix.lstrip(".").lower()
    if given in FORMATS and not asked.is_dir():
        if len(homes) > 1:
            raise VisualAnalyseError(
                f"--save_path names one picture, {plain(asked)}, for several maps. Name a folder, or one map."
            )
        if options.save_ext not in (None, given):
            raise VisualAnalyseError(f"--save_path ends in .{given} and --save_ext is {ending}: which of them?")
        return asked
    if asked.is_dir() or len(homes) > 1:
        return asked / homes[path] / f"{path.stem}.{ending}"
    return asked.with_name(f"{asked.name}.{ending}")


def _notice(sentence: str, name: str) -> None:
    print(f"{name}: {plain(sentence)}", file=sys.stderr)
