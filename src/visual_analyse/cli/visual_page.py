"""The command that turns embedding maps into pages to explore, or into Parquet for embedding-atlas."""

from __future__ import annotations

import shlex
import sys
from argparse import Namespace
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from visual_analyse.cli.parsing import Parser, run_command
from visual_analyse.draw.page import RECOMMENDED, build_page
from visual_analyse.draw.page.atlas import atlas_words, show_atlas, write_parquet
from visual_analyse.errors import VisualAnalyseError
from visual_analyse.files import write_whole
from visual_analyse.names import plain
from visual_analyse.results import EmbeddingMap, read_npz

NAME = "visual_page"


def command(args: Sequence[str] | None = None) -> int:
    """Run the command with these words (None: those of the process); returns the exit status.

    >>> command(["GaitSet_CASIA-B.npz", "--title", "GaitSet on CASIA-B"])  # doctest: +SKIP
    0
    """
    options = _read(args)
    return run_command(lambda: _make(options), NAME)


def _read(args: Sequence[str] | None) -> Namespace:
    parser = Parser(
        prog=NAME,
        description="Makes a page to explore an embedding map in: one HTML file that needs no network.",
        epilog="It shows the map in two or three dimensions, each walk with its picture and its nearest walks; it "
        "searches,\ncolours by anything, and lists what a lasso encloses. Any browser of 2023 or later opens it.",
    )
    add = parser.add_argument
    add("npz", nargs="*", metavar="NPZ_PATH", help="a map written by tsne or umap, or a folder searched for them")
    add("--npz_path", metavar="NPZ_PATH", help="the same, as an option")
    add("-s", "--save_path", type=Path, metavar="FILE",
        help="the page, or with --atlas the Parquet (default: beside the .npz, with its name); "
        "the ending is added where it lacks")  # fmt: skip
    add("--title", help="what stands above the map (default: the name of the .npz)")
    parser.switch(
        "atlas", default=False,
        help="write Parquet in place of a page, and open it in embedding-atlas, which shows millions of walks",
    )  # fmt: skip
    options: Namespace = parser.parse_args(args)
    paths = [*options.npz, *([options.npz_path] if options.npz_path else [])]
    if len(paths) != 1:
        found = f"{len(paths)} were given: name one, or a folder that holds them" if paths else "it is missing"
        parser.error(f"NPZ_PATH: {found}. 'python -m visual_analyse.tsne' writes one.")
    options.path = Path(paths[0])
    return options


def _make(options: Namespace) -> int:
    maps = list(_maps(options.path))
    if not maps:
        raise VisualAnalyseError(
            f"No .npz in {plain(options.path)} or below it is an embedding map. Name one written by 'python -m "
            "visual_analyse.tsne' or 'python -m visual_analyse.umap'."
        )
    if options.save_path and len(maps) > 1:
        raise VisualAnalyseError(
            f"--save_path names one file, and {plain(options.path)} holds {len(maps)} maps. Name one of them, or leave "
            "--save_path out: each is then written beside its .npz."
        )
    if options.save_path and options.save_path.is_dir():
        raise VisualAnalyseError(f"--save_path {plain(options.save_path)} is a folder; name a file.")
    written = []
    for path in maps:
        target = _target(path, options)
        try:
            made = _load(path)
            _parquet(made, target, path) if options.atlas else _page(made, target, options.title or path.stem, path)
        except VisualAnalyseError as error:
            if not options.path.is_dir():
                raise
            _notice(f"skipped: {error}")
            continue
        written.append(target)
    if not written:
        raise VisualAnalyseError(f"Nothing could be made of what {plain(options.path)} holds; why stands above.")
    # Of several, the last is opened: embedding-atlas stays until it is stopped.
    if options.atlas and not show_atlas(written[-1]):
        _notice(f"embedding-atlas is not installed: pip install 'visual-analyse[atlas]', then "
                f"{shlex.join(atlas_words(written[-1]))}")  # fmt: skip
    return 0


def _target(path: Path, options: Namespace) -> Path:
    """Where the page of a map goes, which must not be a map."""
    endings = (".parquet",) if options.atlas else (".html", ".htm")
    asked: Path = options.save_path or path.with_suffix(endings[0])
    target = asked if asked.suffix.lower() in endings else asked.with_name(asked.name + endings[0])
    what = "Parquet" if options.atlas else "a page"
    for file in (asked, target):
        if file.suffix.lower() == ".npz" or (file.exists() and file.samefile(path)):
            raise VisualAnalyseError(
                f"{plain(file)} is {'the map itself' if file.exists() and file.samefile(path) else 'named as a map is'}"
                f", and would be overwritten with {what}. Let --save_path name a file that ends in {endings[0]}."
            )
    return target


def _load(path: Path) -> EmbeddingMap:
    made = EmbeddingMap.load(path)
    if made.of_random_weights:
        _notice("RANDOM WEIGHTS, so this map means nothing.")
    if (dims := made.feats.shape[1]) > 3:
        _notice(f"{plain(path)} has {dims} dimensions; the first 3 are shown.")
    return made


def _page(map: EmbeddingMap, target: Path, title: str, path: Path) -> None:
    with _named(path):
        text = build_page(map, title).encode()
        write_whole(target, lambda stream: stream.write(text))
    print(f"Wrote {plain(target)} ({len(text) / 1e6:.1f} MB): open it in a browser.")
    if len(map) > RECOMMENDED:
        _notice(f"{len(map):,} walks are many for one page; --atlas writes them for embedding-atlas, which shows "
                "millions.")  # fmt: skip


def _parquet(map: EmbeddingMap, target: Path, path: Path) -> None:
    with _named(path):
        write_parquet(map, target)
    print(f"Wrote {plain(target)}.", flush=True)


@contextmanager
def _named(path: Path) -> Iterator[None]:
    """What goes wrong within is said of this map."""
    try:
        yield
    except VisualAnalyseError as error:
        raise VisualAnalyseError(f"{plain(path)}: {error}") from error


def _maps(path: Path) -> Iterator[Path]:
    """The file named, or the maps below the folder named; what else lies there is other commands' business."""
    if not path.exists():
        raise VisualAnalyseError(f"There is no file or folder {plain(path)}. Name an .npz map, or a folder with some.")
    if not path.is_dir():
        yield path
        return
    for file in sorted(path.rglob("*.npz")):
        try:
            # Labels alone: a folder may hold thousands of other results, and reading those whole takes minutes.
            found = read_npz(file, lambda name: name == "labels")
        except VisualAnalyseError as error:
            _notice(f"skipped: {error}")
            continue
        if found:
            yield file


def _notice(sentence: str) -> None:
    print(f"{NAME}: {sentence}", file=sys.stderr)
