"""Gallery walks that are the probe itself."""

from __future__ import annotations

import functools
from collections.abc import Iterable
from pathlib import Path

from visual_analyse.errors import VisualAnalyseError
from visual_analyse.files import digest
from visual_analyse.gait.sequences import Choice, Sequence
from visual_analyse.names import plain


def without_overlap(
    probe: Sequence, gallery: Iterable[Sequence], data_in_use: Choice = None
) -> tuple[list[Sequence], list[Sequence]]:
    """A probe's gallery without the probe, and the walks that were taken out.

    A walk is the probe where it has the same id, type and view, or the same contents in the files in use, wherever
    they lie. At distance zero there is no gradient to draw.

    Raises VisualAnalyseError for a file that cannot be read.

    >>> walk = Sequence("1", "nm-01", "000", ())
    >>> without_overlap(walk, [walk])[1] == [walk]
    True
    """
    kept: list[Sequence] = []
    removed: list[Sequence] = []
    try:
        files = probe.files_in_use(data_in_use) if probe.files else ()
        sizes = [file.stat().st_size for file in files]
        for walk in gallery:
            same = (walk.id, walk.type, walk.view) == (probe.id, probe.type, probe.view)
            (removed if same or _same_contents(files, sizes, walk, data_in_use) else kept).append(walk)
    except OSError as error:
        raise VisualAnalyseError(
            f"{plain(error.filename)} cannot be read ({error.strerror}); it was there when the folder was listed. "
            "Run the command again, or check its permissions."
        ) from error
    return kept, removed


def _same_contents(files: tuple[Path, ...], sizes: list[int], walk: Sequence, data_in_use: Choice) -> bool:
    others = walk.files_in_use(data_in_use) if walk.files else ()
    if not files or [other.stat().st_size for other in others] != sizes:
        return False
    return all(_contents(file) == _contents(other) for file, other in zip(files, others, strict=True))


def _contents(file: Path) -> str:
    found = file.stat()
    return _digest(file, found.st_size, found.st_mtime_ns)


@functools.lru_cache(maxsize=1 << 16)
def _digest(file: Path, size: int, changed: int) -> str:  # size and time of change are here to be part of the key
    return digest(file)
