"""The command that draws Grad-CAM results: pictures, figures, films."""

from __future__ import annotations

import os
import sys
from argparse import Namespace
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from visual_analyse.cli.parsing import Parser, number, run_command
from visual_analyse.cli.progress import DelayedBar
from visual_analyse.cli.results import Found, search
from visual_analyse.draw.album import Album
from visual_analyse.draw.figures.rows import Card, Row, group, model_name, row_names
from visual_analyse.draw.figures.words import blank
from visual_analyse.draw.sinks.films import FILMS, need_av
from visual_analyse.draw.sinks.names import distinct_names
from visual_analyse.draw.style import POLARITIES, Style, read_scale
from visual_analyse.draw.walk import View, Walk
from visual_analyse.errors import VisualAnalyseError
from visual_analyse.files import digest, make_folder
from visual_analyse.results import Evidence

NAME = "visual_gradcam"
_MODES = ("merge", "compare", "both")
_MADE = {"pictures": "", "figures": "", "films": "", "charts": " of joints by time"}


@dataclass(frozen=True)
class _Job:
    """What is drawn together: one result, or several in rows under the names of their models."""

    paths: tuple[Path, ...]
    models: tuple[str, ...]
    folder: Path
    products: tuple[str, ...]
    searched: bool = False


def command(args: Sequence[str] | None = None) -> int:
    """Run the command with these words (None: those of the process); returns the exit status.

    >>> command(["results", "--draw_mode", "compare"])  # doctest: +SKIP
    0
    """
    options = _parser().read_results(args, "an .npz written by grad_cam, or a folder that holds some")
    return run_command(lambda: _draw(options), NAME)


def _parser() -> Parser:
    parser = Parser(
        prog=NAME,
        add_help=False,  # -h is the opacity
        description="Draws Grad-CAM results: each layer's map over the frames it was made of.",
        epilog="Several NPZ_PATHs: results of one probe by several models become rows of one figure, on one scale.\n"
        "One colour scale holds for a whole walk, never for a frame. Frames are counted from 1.\n"
        "Of skeletons, charts in joints_by_time say when each joint mattered.",
    )
    add = parser.add_argument
    parser.results()
    add("--help", action="help", help="show this help (-h is the opacity)")
    add("-s", "--save_dir", type=Path, help="where pictures go (default: beside the .npz, in a folder of its name)")
    add("-h", "--heatmap_opacity", type=number(0, 1, float), default=0.6, metavar="0..1",
        help="opacity of the colours (default: 0.6)")  # fmt: skip
    add("-d", "--draw_mode", type=str.lower, choices=_MODES, default="merge",
        help="merge: one picture per frame and layer; compare: the frame and all layers in one figure per frame; "
        "both (default: merge)")  # fmt: skip
    add("-r", "--resize_ratio", type=number(0.1, 32, float), default=1.0, metavar="RATIO",
        help="scale of the pictures (default: 1.0)")  # fmt: skip
    add("-f", "--font_scale", type=number(0.5, 20, float), default=2.5, metavar="SCALE",
        help="size of titles, compare and films only (default: 2.5)")  # fmt: skip
    add("--polarity", type=str.lower, choices=tuple(POLARITIES), default="for",
        help="evidence for the match, against it, both, or its absolute value (default: for)")  # fmt: skip
    add("--scale", default="clip", metavar="clip|shared|NUMBER",
        help="one colour scale for each layer of a walk; one for all layers and results given; or its end as a number, "
        "in rows of several models as a share of the distance, 0.01 for one percent (default: clip)")  # fmt: skip
    add("--colormap", metavar="NAME", help="a colour map of matplotlib (default: inferno; berlin for both)")
    add("--film", type=str.lower, choices=FILMS, help="also write the figure over time, as one film per result")
    add("--fps", type=number(0.1, 50, float), default=10.0, help="frames a second of films (default: 10)")
    parser.switch("pixelated", default=False, help="show the cells of the layer's grid as they are, not smoothed")
    return parser


def _draw(options: Namespace) -> int:
    style = Style(
        options.heatmap_opacity, options.colormap, options.polarity, options.resize_ratio, options.font_scale,
        options.pixelated, read_scale(options.scale),
    )  # fmt: skip
    if options.film == "mp4":
        need_av()
    if options.save_dir:
        make_folder(options.save_dir)
    found = list(search(options.paths, "grad_cam"))
    with DelayedBar() as bar:
        jobs, styles = _plan(found, options, style, bar)
        written: Counter[str] = Counter()
        cautions: dict[str, set[Path]] = {}
        for place, job in enumerate(jobs):
            bar.begin(job.folder.name, place, len(jobs))
            rows = _rows(job)
            if rows is None:
                continue
            for path, row in zip(job.paths, rows, strict=True):
                for sentence in _cautions(row, style.polarity):
                    cautions.setdefault(sentence, set()).add(path)
            album = Album(rows, make_folder(job.folder), styles[len(rows) > 1], [digest(path) for path in job.paths],
                          bar.within)  # fmt: skip
            drawn = {"pictures": album.merge() if "merge" in job.products else 0,
                     "figures": album.compare() if "compare" in job.products else 0,
                     "films": album.film(options.film, options.fps) if "film" in job.products else 0,
                     "charts": album.charts()}  # fmt: skip
            written.update(drawn)
            written["results" if any(drawn.values()) else "before"] += 1
    if not written["results"] + written["before"]:
        raise VisualAnalyseError(
            f"None of the {len(found)} .npz under {_listed(options.paths)} is a Grad-CAM result that can be drawn. "
            "Name one written by 'python -m visual_analyse.grad_cam'."
        )
    for sentence, paths in cautions.items():
        _notice(sentence + (f" ({len(paths)} results)" if len(paths) > 1 else ""))
    _summary(written, jobs, options.save_dir)
    return 0


def _plan(found: list[Found], options: Namespace, style: Style, bar: DelayedBar) -> tuple[list[_Job], list[Style]]:
    """What to draw into which folders, and the styles of single results and of rows."""
    figures = (("compare",) if options.draw_mode != "merge" else ()) + (("film",) if options.film else ())
    merge = ("merge",) if options.draw_mode != "compare" else ()
    in_rows = len(options.paths) > 1 and bool(figures)
    folders = _folders([file.path for file in found], options)
    if not in_rows and style.scale != "shared":
        return [_Job((file.path,), (), folders[file.path], merge + figures, file.searched) for file in found], [
            style
        ] * 2
    cards = []
    for place, file in enumerate(found):
        bar.begin("reading", place, len(found))
        evidence = _load(file.path, file.searched)
        if evidence is not None:
            cards.append(Card.of(file.path, evidence))
    groups, sentences = group(cards) if in_rows else ([(card,) for card in cards], [])
    for sentence in sentences:
        _notice(sentence)
    jobs, together = [], [cards for cards in groups if len(cards) > 1]
    alone = {card.path for cards in groups if len(cards) == 1 for card in cards}
    for card in cards:
        products = merge + (figures if card.path in alone else ())
        if products:
            jobs.append(_Job((card.path,), (), folders[card.path], products))
    names = [row_names(cards) for cards in together]
    titles = distinct_names(
        f"{'_vs_'.join(models)}_{cards[0].probe}" for models, cards in zip(names, together, strict=True)
    )
    for title, models, members in zip(titles, names, together, strict=True):
        home = options.save_dir or members[0].path.parent
        jobs.append(_Job(tuple(card.path for card in members), tuple(models), home / title, figures))
    if style.scale != "shared":
        return jobs, [style, style]
    tops = [max((card.strength for card in cards), default=0.0),
            max((card.share for cards in together for card in cards), default=0.0)]  # fmt: skip
    return jobs, [replace(style, scale=top) if top > 0 else style for top in tops]


def _folders(files: list[Path], options: Namespace) -> dict[Path, Path]:
    """The folder of each file's pictures: beside it, or below --save_dir as it lies below what was named."""
    if not options.save_dir:
        return {file: file.parent / file.stem for file in files}
    parents = [file.resolve().parent for file in files]
    one_folder = len(options.paths) == 1 and Path(options.paths[0]).is_dir()
    top = Path(options.paths[0]).resolve() if one_folder else Path(os.path.commonpath(parents))
    return {
        file: options.save_dir / os.path.relpath(parent, top) / file.stem
        for file, parent in zip(files, parents, strict=True)
    }


def _rows(job: _Job) -> list[Row] | None:
    rows = []
    for place, path in enumerate(job.paths):
        evidence = _load(path, job.searched)
        if evidence is None:
            return None
        rows.append(Row(job.models[place] if job.models else model_name(evidence, path), evidence))
    return rows


def _load(path: Path, searched: bool) -> Evidence | None:
    """A result that can be drawn; None, with a notice, for another file that a searched folder holds."""
    try:
        evidence = Evidence.load(path)
        try:
            Walk(evidence)
        except VisualAnalyseError as error:
            raise VisualAnalyseError(f"{path}: {error}") from error
    except VisualAnalyseError as error:
        if not searched:
            raise
        _notice(f"skipped: {error}")
        return None
    return evidence


def _cautions(row: Row, polarity: str) -> Iterator[str]:
    """What a reader of the pictures must know: random weights, strides over time, layers that stay blank."""
    if row.evidence.of_random_weights:
        yield f"{row.model}: RANDOM WEIGHTS, so these maps mean nothing."
    walk = Walk(row.evidence)
    for still, place in ((False, "the mean of each step's window of frames"), (True, "the middle frame of each step's "
                         "window")):  # fmt: skip
        strided = [view for view in walk.views if view.strided and walk.inputs[view.on].still == still]
        if not strided:
            continue
        unseen = max(int((view.step_of < 0).sum()) for view in strided)
        subject = _numbered(strided, "stride")
        rest = f"; {unseen} {'frames were' if unseen > 1 else 'frame was'} seen by no step" if unseen else ""
        yield f"{row.model}: {subject} over time, so maps are drawn on {place}{rest}."
    empty = [view for view in walk.views if blank(view.layer, polarity) and view.layer.strength > 0]
    if empty:
        other = "against" if polarity == "for" else "for"
        yield f"{row.model}: {_numbered(empty, 'hold')} only evidence {other}: --polarity both shows it."


def _numbered(views: Sequence[View], verb: str) -> str:
    """Layers by their numbers, each once, and what they do."""
    numbers = list(dict.fromkeys(str(view.layer.number) for view in views))
    return f"layers {', '.join(numbers)} {verb}" if len(numbers) > 1 else f"layer {numbers[0]} {verb}s"


def _summary(written: Counter[str], jobs: list[_Job], save_dir: Path | None) -> None:
    made = [f"{written[what]} {what if written[what] > 1 else what[:-1]}{rest}" for what, rest in _MADE.items()
            if written[what]]  # fmt: skip
    where = save_dir or (
        jobs[0].folder if len(jobs) == 1 else Path(os.path.commonpath([job.folder.resolve() for job in jobs]))
    )
    before = (
        f"{written['before']} drawn before, with the same settings, and left as they are" if written["before"] else ""
    )
    line = f"Wrote {', '.join(made)}" if made else "Nothing was left to draw"
    print(f"{line} in {where}{'; ' + before if before else ''}.".encode("utf-8", "replace").decode())


def _listed(paths: Sequence[str]) -> str:
    return ", ".join(paths[:3]) + (", ..." if len(paths) > 3 else "")


def _notice(sentence: str) -> None:
    print(f"{NAME}: {sentence}", file=sys.stderr)
