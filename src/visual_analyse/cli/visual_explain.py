"""The command that draws what explains one match, or many: match, ledger of parts, time, and the mean of many."""

from __future__ import annotations

import os
import sys
import zipfile
from argparse import ArgumentTypeError, Namespace
from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase
from pathlib import Path

from matplotlib.figure import Figure

from visual_analyse.cli.parsing import Parser, run_command
from visual_analyse.cli.progress import DelayedBar
from visual_analyse.cli.results import search
from visual_analyse.draw.evidence.facts import EXPLAIN
from visual_analyse.draw.evidence.ledger import draw_ledger
from visual_analyse.draw.evidence.match import draw_match
from visual_analyse.draw.evidence.sheet import FORMATS, save
from visual_analyse.draw.evidence.summary import draw_summary, pages
from visual_analyse.draw.evidence.time import draw_time
from visual_analyse.draw.figures.rows import answers
from visual_analyse.draw.sinks.names import distinct_names
from visual_analyse.draw.style import POLARITIES, Style
from visual_analyse.errors import VisualAnalyseError
from visual_analyse.files import make_folder
from visual_analyse.names import listed, plain
from visual_analyse.results import Evidence, LayerEvidence, Summary

NAME = "visual_explain"


def command(args: Sequence[str] | None = None) -> int:
    """Run the command with these words (None: those of the process); returns the exit status.

    >>> command(["GaitSet_001-nm-05-090.npz", "--save_ext", "pdf"])  # doctest: +SKIP
    0
    """
    expected = "an .npz written by 'visual-analyse explain', or a folder of such"
    options = _parser().read_results(args, expected, swallowing="layer")
    return run_command(lambda: _draw(options), NAME)


def _parser() -> Parser:
    parser = Parser(
        prog=NAME,
        description="Draws figures for a paper from results of 'visual-analyse explain': NAME_match, the probe and the "
        "walk it\nmatched at the same moments of the step; NAME_ledger, the distance as the sum of its parts; "
        "NAME_time, when in the\nwalk the evidence lies; and of a *_summary.npz the mean evidence of many probes.",
        epilog="A result of grad_cam gives the ledger and time. All figures are as wide as a paper's page.",
    )
    add = parser.add_argument
    parser.results()
    add("-s", "--save_dir", type=Path, metavar="DIR", help="where figures go (default: beside the .npz)")
    add("--layer", "--layers", nargs="+", default=[], metavar="KEY",
        help="the layers to draw, by key, number, name or pattern, as 13 or '*conv*' (default: those that "
        "explain chose for where and when; else the last one that has maps over time)")  # fmt: skip
    add("--polarity", type=str.lower, choices=tuple(POLARITIES), default="both",
        help="what the colours on frames show: evidence for the match, against it, both, or its absolute value "
        "(default: both). Where a result's own maps have no sign, abs draws these, the others those beside them that "
        "have")  # fmt: skip
    add("--save_ext", type=_ending, default="png", metavar="EXT", help=f"{' '.join(FORMATS)} (default: png)")
    return parser


def _ending(text: str) -> str:
    ending = text.strip().lower().lstrip(".")
    if ending not in FORMATS:
        raise ArgumentTypeError(f"{text!r} is no format of figures here; there are {', '.join(FORMATS)}")
    return ending


def _draw(options: Namespace) -> int:
    style = Style(polarity=options.polarity)
    if options.save_dir:
        make_folder(options.save_dir)
    found = list(search(options.paths, "'visual-analyse explain'"))
    stems = _stems([file.path for file in found], options)
    written: list[Path] = []
    with DelayedBar() as bar:
        for place, file in enumerate(found):
            bar.begin(file.path.name, place, len(found))
            try:
                for name, figure in _figures(file.path, options.layer, style, options.save_ext):
                    written.append(save(figure, stems[file.path].with_name(f"{stems[file.path].name}{name}")))
            except VisualAnalyseError as error:
                told = str(error) if str(file.path) in str(error) else f"{file.path}: {error}"
                if not file.searched:
                    raise VisualAnalyseError(told) from error
                _notice(f"skipped: {told}")
    if not written:
        raise VisualAnalyseError(
            f"None of the {len(found)} .npz under {listed(options.paths, 3)} could be drawn. Name a result of "
            f"{EXPLAIN}, or a *_summary.npz."
        )
    where = Path(os.path.commonpath([path.resolve().parent for path in written]))
    print(plain(f"Wrote {len(written)} figure{'s' * (len(written) > 1)} in {options.save_dir or where}."))
    return 0


def _stems(files: Sequence[Path], options: Namespace) -> dict[Path, Path]:
    """What the figures of each file begin with: beside it, or below --save_dir as it lies below what was named."""
    if not options.save_dir:
        return {file: file.with_suffix("") for file in files}
    parents = [file.resolve().parent for file in files]
    one_folder = len(options.paths) == 1 and Path(options.paths[0]).is_dir()
    top = Path(options.paths[0]).resolve() if one_folder else Path(os.path.commonpath(parents))
    return {
        file: options.save_dir / os.path.relpath(parent, top) / file.stem
        for file, parent in zip(files, parents, strict=True)
    }


def _figures(path: Path, keys: Sequence[str], style: Style, ending: str) -> Iterator[tuple[str, Figure]]:
    """The figures of one file, each with what its name ends in; a notice of what the file lacks for the others."""
    if _is_summary(path):
        for kind, page in pages(Summary.load(path)).items():
            yield f"{kind and '_'}{kind}.{ending}", draw_summary(page)
        return
    evidence = Evidence.load(path)
    if evidence.of_random_weights:
        _notice(f"{path}: RANDOM WEIGHTS, so these figures mean nothing.")
    layers = _chosen(evidence, keys, style.polarity)
    if evidence.matched is None:
        lacks = (
            f"holds no matched walk, so that there is no figure of the match: {EXPLAIN} makes it, and what else lacks"
        )
        _notice(f"{path} {'explains the answer of a class, which has no match' if answers(evidence) else lacks}.")
    yield f"_ledger.{ending}", draw_ledger(evidence)
    names = [f"_{name}" for name in distinct_names(layer.key for layer in layers)] if len(layers) > 1 else [""]
    for name, layer in zip(names, layers, strict=True):
        if evidence.matched is not None:
            where = layer if keys else _of_where(evidence, layer, style.polarity)
            yield f"{name}_match.{ending}", draw_match(evidence, where, style)
        yield f"{name}_time.{ending}", draw_time(evidence, layer, style)


def _chosen(evidence: Evidence, keys: Sequence[str], polarity: str) -> list[LayerEvidence]:
    """The layers that are named, in the order of the result; by default the last that has maps over time."""
    known = [*evidence.layers, *evidence.further]
    if not keys:
        over_time = [layer for layer in evidence.layers if len(layer.maps) > 1]
        return [_with_a_sign(evidence, layer, polarity) for layer in (over_time or evidence.layers)[-1:]]
    for key in keys:
        if not any(_is(layer, key) for layer in known):
            raise VisualAnalyseError(
                f"There is no layer {plain(key)} in it; it holds {listed([layer.key for layer in known], 12)}."
            )
    chosen = [
        layer if layer.key in keys else _with_a_sign(evidence, layer, polarity)
        for layer in known
        if any(_is(layer, key) for key in keys)
    ]
    return list({layer.key: layer for layer in chosen}.values())


def _of_where(evidence: Evidence, layer: LayerEvidence, polarity: str) -> LayerEvidence:
    """The layer that `explain` chose to tell where, if it has maps over time; else the one that is given."""
    number = evidence.manifest.get("chosen", {}).get("where")
    found = next((one for one in evidence.layers if one.number == number and len(one.maps) > 1), None)
    return layer if found is None else _with_a_sign(evidence, found, polarity)


def _with_a_sign(evidence: Evidence, layer: LayerEvidence, polarity: str) -> LayerEvidence:
    """The map by the same method that tells for from against, where a result's own does not, and that is asked."""
    if layer.method or evidence.manifest.get("sign", "signed") in ("signed", polarity):
        return layer
    method = evidence.manifest.get("method")
    return next((one for one in evidence.further if (one.number, one.method) == (layer.number, method)), layer)


def _is(layer: LayerEvidence, key: str) -> bool:
    """Whether a key names a layer: its own, its number or name where it is the first map of it, or a pattern."""
    if key in (str(layer.number), layer.name):
        return not layer.method
    return key == layer.key or fnmatchcase(layer.key, key) or (not layer.method and fnmatchcase(layer.name, key))


def _is_summary(path: Path) -> bool:
    """Whether it is of many probes; results may be large, so that its names alone are read."""
    try:
        with zipfile.ZipFile(path) as archive:
            return any(name.startswith("groups/") for name in archive.namelist())
    except (OSError, zipfile.BadZipFile):
        return False


def _notice(sentence: str) -> None:
    print(f"{NAME}: {plain(sentence)}", file=sys.stderr)
