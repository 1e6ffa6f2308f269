"""Features in a Parquet table of a user's own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from visual_analyse.embed.feature_columns import FEATURES, LABELS, TYPES, VIEWS, described, first_of, no_labels
from visual_analyse.embed.source import Floats, Rows, Source
from visual_analyse.errors import VisualAnalyseError

_BROKEN = (OSError, ValueError, TypeError, KeyError, NotImplementedError)  # pyarrow's own errors derive from these


def read_table(path: Path) -> tuple[Source, dict[str, NDArray[Any]]]:
    """Features of a Parquet file, and what it says of each row: `labels`, and `types` and `views` where it has them.

    Features are one column of lists, under one of `FEATURES` or the only one of lists of numbers; or else all columns
    of floats together, in their order, or of integers where none is of floats, labels, types and views left out.

    Raises VisualAnalyseError without pyarrow, for a file that is none, for one of no rows, and for missing columns.

    >>> read_table(Path("features.parquet"))[0].dims  # doctest: +SKIP
    """
    try:
        from pyarrow import parquet
    except ImportError as error:
        raise VisualAnalyseError(
            f"{path} is Parquet, which needs pyarrow: pip install 'visual-analyse[parquet]'."
        ) from error
    try:
        file = parquet.ParquetFile(path)
    except _BROKEN as error:
        raise _damaged(path, error) from error
    schema = file.schema_arrow
    held = described({name: str(kind) for name, kind in zip(schema.names, schema.types, strict=True)})
    if len(set(schema.names)) < len(schema.names):
        raise VisualAnalyseError(f"{path} has columns of one name: {held}. Give each its own.")
    names = {kind: first_of(wanted, schema.names)
             for kind, wanted in (("labels", LABELS), ("types", TYPES), ("views", VIEWS))}  # fmt: skip
    features = _features(schema, {name for name in names.values() if name})
    if not features:
        raise VisualAnalyseError(
            f"{path} has no columns that may be the features: it holds {held}. Put a list of numbers a row under "
            f"{FEATURES[0]!r}."
        )
    if names["labels"] is None:
        raise no_labels(path, held)
    if not file.metadata.num_rows:
        raise VisualAnalyseError(f"{path} has no rows. Write one row a walk.")
    chosen = {kind: name for kind, name in names.items() if name is not None}
    try:
        table = file.read(columns=list(chosen.values()))
        # With a None at its end it stays an array of one dimension, whatever the values are.
        columns = {
            kind: np.array([*table.column(name).to_pylist(), None], object)[:-1] for kind, name in chosen.items()
        }
    except _BROKEN as error:
        raise _damaged(path, error) from error
    return TableSource(path, file, features), columns


def _features(schema: Any, taken: set[str]) -> list[str]:
    from pyarrow import types

    def number(kind: Any) -> bool:
        return bool(types.is_floating(kind) or types.is_integer(kind))

    free = [(name, kind) for name, kind in zip(schema.names, schema.types, strict=True) if name not in taken]
    lists = [name for name, kind in free if _is_list(kind) and number(kind.value_type)]
    named = first_of(FEATURES, lists)
    if named or len(lists) == 1:
        return [named or lists[0]]
    if lists:
        return []
    floats = [name for name, kind in free if types.is_floating(kind)]
    return floats or [name for name, kind in free if types.is_integer(kind) and not name.startswith("__index")]


def _is_list(kind: Any) -> bool:
    from pyarrow import types

    return bool(types.is_list(kind) or types.is_large_list(kind) or types.is_fixed_size_list(kind))


def _damaged(path: Path, error: BaseException) -> VisualAnalyseError:
    return VisualAnalyseError(
        f"{path} is no readable Parquet file: it is damaged or cut short ({error}). Write it anew."
    )


class TableSource:
    """Features of a Parquet file, of which one row group is in memory: write groups of some hundred megabytes.

    Raises VisualAnalyseError, also while reading, for lists of different lengths, for missing values, and for damage.

    >>> TableSource(Path("a.parquet"), parquet.ParquetFile("a.parquet"), ["features"]).dims  # doctest: +SKIP
    """

    def __init__(self, path: Path, file: Any, columns: list[str]) -> None:
        self.path = path
        self._file, self._columns = file, columns
        sizes = [file.metadata.row_group(group).num_rows for group in range(file.metadata.num_row_groups)]
        self._starts = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
        self._dims = 0
        self._held, self._group = np.empty((0, 0), np.float32), -1
        first = next(group for group, size in enumerate(sizes) if size)
        self._dims = self._rows(first).shape[1]
        self.shape = (self._dims, 1)

    @property
    def dims(self) -> int:
        return self._dims

    def __len__(self) -> int:
        return int(self._starts[-1])

    def read(self, start: int, stop: int) -> Floats:
        return self.take(np.arange(start, min(stop, len(self)), dtype=np.int64))

    def take(self, rows: Rows) -> Floats:
        found = np.empty((len(rows), self._dims), np.float32)
        group = np.searchsorted(self._starts, rows, side="right") - 1
        for number in np.unique(group):
            chosen = np.flatnonzero(group == number)
            found[chosen] = self._rows(int(number))[rows[chosen] - self._starts[number]]
        return found

    def _rows(self, group: int) -> Floats:
        if group != self._group:
            self._held, self._group = np.empty((0, 0), np.float32), -1  # never two groups in memory
            try:
                table = self._file.read_row_group(group, columns=self._columns)
            except _BROKEN as error:
                raise _damaged(self.path, error) from error
            first = int(self._starts[group])
            columns = [table.column(name).combine_chunks() for name in self._columns]
            for name, column in zip(self._columns, columns, strict=True):
                self._refuse_missing(name, column, first)
            listed = _is_list(columns[0].type)
            self._held = self._lists(columns[0], first) if listed else _side_by_side(columns)
            self._group = group
        return self._held

    def _lists(self, column: Any, first: int) -> Floats:
        from pyarrow import compute

        lengths = compute.list_value_length(column).to_numpy(zero_copy_only=False)
        wanted = self._dims or int(lengths[0])
        other = np.flatnonzero(lengths != wanted)
        if len(other) or not wanted:
            row = int(other[0]) if len(other) else 0
            raise VisualAnalyseError(
                f"{self.path}: {self._columns[0]} holds {int(lengths[row])} numbers in row {first + row} (counted from "
                f"0){f' and {wanted} in others' if wanted else ''}; "
                "as many in every row, and at least one, were expected."
            )
        values = column.flatten()
        if values.null_count:
            row = int(np.flatnonzero(values.is_null().to_numpy(zero_copy_only=False))[0]) // wanted
            raise self._missing(self._columns[0], first + row)
        found: Floats = values.to_numpy(zero_copy_only=False).astype(np.float32, copy=False).reshape(-1, wanted)
        return found

    def _refuse_missing(self, name: str, column: Any, first: int) -> None:
        if column.null_count:
            raise self._missing(name, first + int(np.flatnonzero(column.is_null().to_numpy(zero_copy_only=False))[0]))

    def _missing(self, name: str, row: int) -> VisualAnalyseError:
        return VisualAnalyseError(
            f"{self.path}: {name} has a missing value in row {row} (counted from 0). Fill it, or drop that row."
        )


def _side_by_side(columns: list[Any]) -> Floats:
    found = np.empty((len(columns[0]), len(columns)), np.float32)
    for number, column in enumerate(columns):
        found[:, number] = column.to_numpy(zero_copy_only=False)
    return found
