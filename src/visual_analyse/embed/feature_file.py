"""Features that a user brings, whatever made them: no model runs."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from visual_analyse.embed.feature_archive import read_archive, read_labels
from visual_analyse.embed.feature_columns import LABELS, TYPES, VIEWS, Texts, first_of, no_labels, texts
from visual_analyse.embed.feature_table import read_table
from visual_analyse.embed.source import FileSource, Source, npy_header, pickled
from visual_analyse.errors import VisualAnalyseError
from visual_analyse.names import plain

Columns = dict[str, NDArray[Any]]


@dataclass(frozen=True)
class FeatureFile:
    """Features of n walks and who they are: `labels`, `types` and `views` `[n]`, the latter '' where unknown."""

    source: Source
    labels: Texts
    types: Texts
    views: Texts

    def __len__(self) -> int:
        return len(self.source)

    def names(self, row: int) -> str:
        """A row as a person may find it: its number, from 0, and what it is called.

        >>> FeatureFile(source, labels, types, views).names(17)  # doctest: +SKIP
        'row 17 (001-nm-05-090)'
        """
        known = [str(column[row]) for column in (self.labels, self.types, self.views) if column[row]]
        return f"row {row} ({plain('-'.join(known))})" if known else f"row {row}"


def read_feature_file(path: Path) -> FeatureFile:
    """Read features `[n, dims]` or `[n, c, p]` and their labels from an .npz, a .npy with labels, or Parquet.

    - .npz: see `read_archive`. Parquet (.parquet, .pq): see `read_table`.
    - .npy: the features, read in blocks. Labels lie beside it, in the first there is of `<stem>_labels.npy`, `.txt`,
      `.csv`, `.npz`, and `labels.npy`, `.txt`, `.csv` of the same folder. A .npy is an array `[n]`; a .txt (UTF-8) has
      one label a line; a .csv (UTF-8; commas, semicolons or tabs) has a header with one of `LABELS` (case does not
      matter), and types and views under one of `TYPES` and `VIEWS`; an .npz has arrays of those names.

    Whether all features are finite is not looked at here: that takes reading them all.

    Raises VisualAnalyseError, saying what was found and what to put where. Nothing is ever unpickled.

    >>> read_feature_file(Path("features.npz")).labels  # doctest: +SKIP
    """
    readers: dict[str, Callable[[Path], tuple[Source, Columns]]] = {
        ".npz": read_archive, ".npy": _read_array, ".parquet": read_table, ".pq": read_table,
    }  # fmt: skip
    read = readers.get(path.suffix.lower())
    if read is None:
        raise VisualAnalyseError(
            f"{path} is of a kind that is not read ({path.suffix or 'no ending'}). Features come as .npz, .npy or "
            ".parquet: numpy.savez(file, features=..., labels=...) writes one."
        )
    if not path.is_file():
        raise VisualAnalyseError(f"There is no file {path}. Name an .npz, .npy or .parquet that holds features.")
    source, columns = read(path)
    found = {}
    for kind in ("labels", "types", "views"):
        column = columns.get(kind)
        if column is None:
            found[kind] = np.full(len(source), "", dtype=np.str_)
            continue
        found[kind] = texts(column, f"{path}: {kind}", unknown=kind != "labels")
        if len(found[kind]) != len(source):
            raise VisualAnalyseError(
                f"{path} has features of {len(source)} walks and {kind} of {len(found[kind])}; one of each a walk was "
                "expected. Write both from the same list of walks."
            )
    return FeatureFile(source, **found)


def _read_array(path: Path) -> tuple[Source, Columns]:
    source = FileSource(path)
    readers: dict[str, Callable[[Path], Columns]] = {
        ".npy": _labels_of_array, ".txt": _labels_of_lines, ".csv": _labels_of_csv, ".npz": read_labels,
    }  # fmt: skip
    places = [path.with_name(f"{path.stem}_labels{ending}") for ending in readers]
    places += [path.with_name(f"labels{ending}") for ending in readers if ending != ".npz"]
    for place in places:
        if place.is_file():
            return source, readers[place.suffix](place)
    raise VisualAnalyseError(
        f"{path} holds features and does not say whose: put {path.stem}_labels.npy (an array [{len(source)}]), .txt "
        "(one label a line), .csv (with a column 'identity') or .npz beside it; or labels.npy, .txt or .csv."
    )


def _labels_of_array(path: Path) -> Columns:
    try:
        with path.open("rb") as stream:
            _, _, dtype = npy_header(stream, path)
            if dtype.hasobject:
                raise VisualAnalyseError(pickled(path))
            stream.seek(0)
            return {"labels": np.lib.format.read_array(stream, allow_pickle=False)}
    except (OSError, EOFError, ValueError, MemoryError) as error:
        raise VisualAnalyseError(f"{path} is no readable .npy: it is cut short or damaged ({error}).") from error


def _labels_of_lines(path: Path) -> Columns:
    lines = [line.removesuffix("\r") for line in _text_of(path).split("\n")]
    return {"labels": np.array(lines if lines[-1] else lines[:-1], dtype=np.str_)}


def _labels_of_csv(path: Path) -> Columns:
    text = _text_of(path)
    header = text.split("\n", 1)[0]
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=max(",;\t", key=header.count)))
    except csv.Error as error:
        raise VisualAnalyseError(f"{path} is no readable .csv ({error}).") from error
    names = [name.strip().lower() for name in rows[0]] if rows else []
    rows = [row for row in rows[1:] if row]
    columns: Columns = {}
    for kind, wanted in (("labels", LABELS), ("types", TYPES), ("views", VIEWS)):
        name = first_of(wanted, names)
        if name is None and kind == "labels":
            raise no_labels(path, f"the columns {', '.join(map(plain, names)) or 'of an empty file'}")
        if name is not None:
            place = names.index(name)
            short = next((number for number, row in enumerate(rows) if len(row) <= place), None)
            if short is not None:
                raise VisualAnalyseError(f"{path}: row {short} (counted from 0, below the header) has no {name}.")
            columns[kind] = np.array([row[place] for row in rows], dtype=np.str_)
    return columns


def _text_of(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise VisualAnalyseError(f"{path} cannot be read as text ({error}). Save it as UTF-8.") from error
