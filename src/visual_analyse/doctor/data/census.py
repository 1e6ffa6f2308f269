"""Some of the walks of a dataset, listed without reading one; all of them where they are few."""

from __future__ import annotations

import os
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from visual_analyse.doctor.case import Case, fact
from visual_analyse.doctor.data.places import root, wanted_ids
from visual_analyse.errors import VisualAnalyseError
from visual_analyse.gait.sequences import Sequence as Walk
from visual_analyse.gait.sequences import scan
from visual_analyse.names import plain

FOLDERS = 3000  # that are opened: a moment on a disk, some seconds over a network
_FIRST = 8  # identities that tell how many folders one has
T = TypeVar("T")


@dataclass
class Census:
    """The identities of a dataset, and the walks of those of them that were `looked` at.

    `sizes` holds the bytes of each file; `empty` the folders of views that hold no pkl; `deep` the pkls that lie one
    folder too deep, and `high` those that lie too high.
    """

    root: Path
    ids: tuple[str, ...]
    looked: list[str] = field(default_factory=list)
    walks: list[Walk] = field(default_factory=list)
    sizes: dict[Path, int] = field(default_factory=dict)
    empty: list[str] = field(default_factory=list)
    deep: list[str] = field(default_factory=list)
    high: list[str] = field(default_factory=list)
    folders: int = 0

    @property
    def whole(self) -> bool:
        """Whether every identity was looked at."""
        return len(self.looked) == len(self.ids)

    @property
    def extent(self) -> str:
        """How much was looked at, in words."""
        return "" if self.whole else f" (of {len(self.looked)} of {len(self.ids):,} identities, evenly picked)"

    def estimate(self, ids: Collection[str]) -> int:
        """About how many walks some identities have, by those that were looked at."""
        return round(len(self.walks) * len(ids) / max(1, len(self.looked)))


@fact("no walk was found")
def census(case: Case) -> Census:
    """The census of the case's dataset, the identities that would be taken first.

    Raises VisualAnalyseError where it holds no walk, with what it holds instead.
    """
    place = root(case)
    ids = [entry.name for entry in _visible(place) if _is_dir(entry)]
    first = wanted_ids(case, ids)
    found = take_census(place, ids, first)
    if not found.walks:
        option = "--dataset_dir" if case.question.dataset_dir else "dataset_root of the config"
        scan(place, option)  # says what lies there instead, and where it should
        raise VisualAnalyseError(f"None of the {len(found.looked)} identities looked at in {plain(place)} has a walk.")
    return found


def take_census(place: Path, ids: Sequence[str], first: Collection[str] = (), most: int = FOLDERS) -> Census:
    """List the walks of as many identities as `most` folders allow, evenly picked, those of `first` before others.

    Raises VisualAnalyseError where a folder cannot be read.

    >>> take_census(Path("CASIA-B-pkl"), ["001", "002"]).whole  # doctest: +SKIP
    True
    """
    found, wanted = Census(place, tuple(ids)), set(first)
    for group in ([name for name in ids if name in wanted], [name for name in ids if name not in wanted]):
        some = evenly(group, _FIRST)
        _look(found, some, most)
        each = max(1, found.folders // max(1, len(found.looked)))
        rest = [name for name in group if name not in set(some)]
        _look(found, evenly(rest, (most - found.folders) // each), most)
    return found


def evenly(items: Sequence[T], count: int) -> list[T]:
    """So many of some items, first and last among them, evenly apart; all where they are no more.

    >>> evenly("abcdefg", 3)
    ['a', 'd', 'g']
    """
    if count >= len(items):
        return list(items)
    if count < 2:
        return list(items[: max(0, count)])
    return [items[round(k * (len(items) - 1) / (count - 1))] for k in range(count)]


def _look(found: Census, ids: Sequence[str], most: int) -> None:
    for identity in ids:
        if found.looked and found.folders >= most:
            return
        found.looked.append(identity)
        found.folders += 1
        for condition in _visible(found.root / identity):
            if not _is_dir(condition):
                found.high += [f"{identity}/{condition.name}"] if condition.name.endswith(".pkl") else []
                continue
            found.folders += 1
            for view in _visible(Path(condition.path)):
                if _is_dir(view):
                    _look_at_view(found, identity, condition.name, view)
                elif view.name.endswith(".pkl"):
                    found.high.append(f"{identity}/{condition.name}/{view.name}")


def _look_at_view(found: Census, identity: str, condition: str, view: os.DirEntry[str]) -> None:
    found.folders += 1
    name, files = f"{identity}/{condition}/{view.name}", []
    for entry in _visible(Path(view.path)):
        if _is_dir(entry):
            inside = _visible(Path(entry.path))
            found.deep += [f"{name}/{entry.name}/{inner.name}" for inner in inside if inner.name.endswith(".pkl")][:1]
        elif entry.name.endswith(".pkl") and (size := _size(entry)) is not None:
            files.append(Path(entry.path))
            found.sizes[files[-1]] = size
    if files:
        found.walks.append(Walk(identity, condition, view.name, tuple(files)))
    else:
        found.empty.append(name)


def _visible(folder: Path) -> list[os.DirEntry[str]]:
    """What `scan` sees of a folder: nothing hidden, nothing that macOS leaves in archives."""
    try:
        with os.scandir(folder) as entries:
            seen = [entry for entry in entries if not entry.name.startswith(".") and entry.name != "__MACOSX"]
    except OSError as error:
        raise VisualAnalyseError(
            f"The folder {plain(folder)} cannot be read ({error.strerror}). Check its permissions, or remove it."
        ) from error
    return sorted(seen, key=lambda entry: entry.name)


def _is_dir(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:
        return False


def _size(entry: os.DirEntry[str]) -> int | None:
    """The bytes of an ordinary file; None of anything else, as `scan` passes it over."""
    try:
        return entry.stat().st_size if entry.is_file() else None
    except OSError:
        return None
