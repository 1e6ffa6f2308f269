"""One walk of a dataset, and all walks of a folder."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from visual_analyse.errors import VisualAnalyseError
from visual_analyse.gait.pickles import read_pickle
from visual_analyse.names import listed, plain

FRAMES_AT_MOST = 720  # what OpenGait's tests take of a walk (`frames_all_limit` of its configs)
_LAYOUT = "<id>/<type>/<view>/*.pkl, e.g. 001/nm-05/090/090.pkl"
_PICTURES = frozenset([".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff"])

Choice = list[bool] | list[int] | None


@dataclass(frozen=True)
class Sequence:
    """One walk: identity, condition (`type`), view, and its files, sorted by file name, one a modality.

    >>> Sequence("001", "nm-05", "090", (Path("090.pkl"),)).name
    '001-nm-05-090'
    """

    id: str
    type: str
    view: str
    files: tuple[Path, ...]

    @property
    def name(self) -> str:
        """`id-type-view`, as partition files and results name it."""
        return f"{self.id}-{self.type}-{self.view}"

    def files_in_use(self, data_in_use: Choice = None) -> tuple[Path, ...]:
        """The files that a config's `data_in_use` picks.

        A list of booleans keeps the order of the file names (files beyond its end are not taken); a list of indices
        keeps its own order. None takes all.

        Raises VisualAnalyseError where it asks for a file that the walk lacks, or for none.

        >>> Sequence("a", "b", "c", (Path("0.pkl"), Path("1.pkl"))).files_in_use([False, True])[0].name
        '1.pkl'
        """
        if data_in_use is None:
            return self.files
        if not isinstance(data_in_use, list) or not all(isinstance(item, int) for item in data_in_use):
            raise VisualAnalyseError(
                f"data_cfg.data_in_use is {data_in_use!r}; a list of true and false, or of indices, was expected, "
                "e.g. [true, false]."
            )
        if all(isinstance(item, bool) for item in data_in_use):
            wanted = [index for index, use in enumerate(data_in_use) if use]
        else:
            wanted = [int(index) for index in data_in_use]
        beyond = [index for index in wanted if not 0 <= index < len(self.files)]
        if beyond or not wanted:
            asks = f"asks for pkl number {beyond[0]}, counted from 0" if beyond else "asks for none"
            raise VisualAnalyseError(
                f"data_cfg.data_in_use {data_in_use} {asks}, of walk {plain(self.name)}, which has {len(self.files)}: "
                f"{listed([file.name for file in self.files], 20)}. Correct data_in_use in the config."
            )
        return tuple(self.files[index] for index in wanted)

    def load(self, data_in_use: Choice = None) -> list[NDArray[Any] | list[NDArray[Any]]]:
        """Read the walk: one array `(s, ...)` a modality, or a list of s point clouds; at most 720 frames.

        Raises VisualAnalyseError for what `read_pickle` and `files_in_use` refuse, and where the modalities have
        different numbers of frames.

        >>> Sequence("001", "nm-05", "090", (Path("090.pkl"),)).load()[0].shape  # doctest: +SKIP
        (86, 64, 64)
        """
        files = self.files_in_use(data_in_use)
        loaded = [read_pickle(file) for file in files]
        for file, data in zip(files, loaded, strict=True):
            if len(data) != len(loaded[0]):
                raise VisualAnalyseError(
                    f"Walk {plain(self.name)} has {len(loaded[0])} frames in {plain(files[0].name)} and {len(data)} in "
                    f"{plain(file.name)}; all files of a walk must have the same. Make them anew, or choose among its "
                    f"{len(self.files)} files with data_in_use in the config."
                )
        return [data[:FRAMES_AT_MOST] for data in loaded]


def scan(root: Path, option: str = "") -> list[Sequence]:
    """All walks of a folder laid out as a dataset, sorted by id, type and view.

    Hidden files, what macOS leaves in archives, and files of other kinds are passed over. `option` is what the user
    named the folder with, for the sentences.

    Raises VisualAnalyseError where the folder is missing, cannot be read, or holds no walk: with what was found.

    >>> [walk.name for walk in scan(Path("CASIA-B-pkl"))]  # doctest: +SKIP
    ['001-bg-01-000', ...]
    """
    called = f"The folder {plain(root)}" + (f", given by {option}," if option else "")
    if not _is_dir(root):
        what = "is a file" if os.path.lexists(root) else "does not exist"
        raise VisualAnalyseError(f"{called} {what}. Name a folder that holds {_LAYOUT}.")
    walks = []
    for person in _folders(root):
        for condition in _folders(Path(person.path)):
            for view in _folders(Path(condition.path)):
                files = tuple(Path(entry.path) for entry in _entries(Path(view.path)) if _is_pickle(entry))
                if files:
                    walks.append(Sequence(person.name, condition.name, view.name, files))
    if not walks:
        raise VisualAnalyseError(f"{called} holds no walk: {_found(root)} The expected layout is {_LAYOUT}.")
    return walks


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as found:
            entries = [entry for entry in found if not entry.name.startswith(".") and entry.name != "__MACOSX"]
    except OSError as error:
        raise VisualAnalyseError(
            f"The folder {plain(folder)} cannot be read ({error.strerror}). Check its permissions, or remove it."
        ) from error
    return sorted(entries, key=lambda entry: entry.name)


def _folders(folder: Path) -> Iterator[os.DirEntry[str]]:
    return (entry for entry in _entries(folder) if _is_dir(entry))


def _is_dir(entry: os.DirEntry[str] | Path) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link that leads to itself, a folder behind a closed one
        return False


def _is_pickle(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.name.endswith(".pkl") and entry.is_file()
    except OSError:
        return False


def _found(root: Path) -> str:
    """What a folder without walks holds instead, in one sentence."""
    names: list[str] = []
    picture = ""
    level = [root]
    for depth in range(5):  # a folder too high or too low; deeper is no dataset
        below = []
        for folder in level[:1000]:
            for entry in _entries(folder):
                names.append(entry.name)
                if _is_dir(entry):
                    below.append(Path(entry.path))
                elif _is_pickle(entry):
                    return _misplaced(Path(entry.path), root, depth)
                elif Path(entry.name).suffix.lower() in _PICTURES:
                    picture = picture or str(Path(entry.path).relative_to(root))
        level = below
    if picture:
        return f"it holds pictures ({plain(picture)}); turn them into .pkl with OpenGait's datasets/pretreatment.py."
    return f"it holds no .pkl file, but {listed(names)}." if names else "it is empty."


def _misplaced(file: Path, root: Path, depth: int) -> str:
    where = plain(file.relative_to(root))
    if depth > 3:
        return f"its .pkl files lie {depth} folders deep ({where}): name {plain(file.parents[3])} instead."
    deep = ["directly inside", "one folder deep", "two folders deep"][depth]
    above = plain(root.absolute().parents[min(2 - depth, len(root.absolute().parents) - 1)])
    return f"its .pkl files lie {deep} ({where}), not three: name {above} instead, if it is the dataset."
