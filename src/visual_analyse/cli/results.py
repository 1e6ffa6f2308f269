"""The result files that a user names: themselves, or the folders they lie below."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from visual_analyse.errors import VisualAnalyseError
from visual_analyse.names import plain


@dataclass(frozen=True)
class Found:
    """A result file; `searched`: found in a folder, not named, so that it may be something else."""

    path: Path
    searched: bool


def search(paths: Sequence[str | Path], writer: str) -> Iterator[Found]:
    """The .npz files named, and those below the folders named, each once; `writer` is the command that writes such.

    Raises VisualAnalyseError for what does not exist, and for a folder without any.

    >>> [file.path.name for file in search(["Results"], "tsne")]  # doctest: +SKIP
    """
    seen: set[Path] = set()
    for path in map(Path, paths):
        if path.is_dir():
            inside = sorted(file for file in path.rglob("*.npz") if file.is_file())
            if not inside:
                raise VisualAnalyseError(
                    f"There is no .npz in {plain(path)} or below it. Name the folder that {writer} wrote to."
                )
            files = [Found(file, True) for file in inside]
        elif path.exists():
            files = [Found(path, False)]
        else:
            raise VisualAnalyseError(
                f"There is no file or folder {plain(path)}. Name an .npz result, or a folder that holds some."
            )
        for file in files:
            if file.path.resolve() not in seen:
                seen.add(file.path.resolve())
                yield file
