"""What is known of each walk while they are being embedded: where its row is, or that it has none."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from visual_analyse.encode.features.store import FeatureStore, Place
from visual_analyse.encode.reading import Reader
from visual_analyse.errors import VisualAnalyseError
from visual_analyse.gait.sequences import Sequence as Walk


class Ledger:
    """One entry a walk, by its position; `total` of them are waited for.

    `places` and `contents` of the rows found so far; `sizes` of files in bytes, 0 where they were not looked at;
    `faults` are the walks without a row.

    >>> Ledger(walks, store, reader, None, None).finished(0)  # doctest: +SKIP
    False
    """

    def __init__(
        self,
        walks: Sequence[Walk],
        store: FeatureStore,
        reader: Reader,
        failed: Callable[[Walk, VisualAnalyseError], object] | None,
        progress: Callable[[int, int], object] | None,
    ) -> None:
        self.walks, self.store, self._reader = walks, store, reader
        self._failed, self._progress = failed, progress
        self.places: list[Place | None] = [None] * len(walks)
        self.contents = [""] * len(walks)
        self.sizes = np.zeros(len(walks), np.int64)
        self.faults: set[int] = set()
        self.total = len(walks)
        self._stats: list[str | None] = [None] * len(walks)
        self._done = 0

    def finished(self, index: int) -> bool:
        """Whether a walk has a row, or cannot have one; without reading its files."""
        if self.places[index] is not None or index in self.faults:
            return True
        stat = self.stat(index)
        content = None if stat is None else self.store.content(stat)
        place = None if content is None else self.store.find(content)
        if content is None or place is None:
            return False
        self.place(index, content, place)
        return True

    def seen(self, index: int) -> bool:
        """Whether any process is done with a walk: its row is there, or it failed."""
        if self.finished(index):
            return True
        stat = self.stat(index)
        return stat is None or self.store.seen(stat)

    def stat(self, index: int) -> str | None:
        """The name of a walk's files as they stood at the first look; None where they cannot be looked at."""
        if self._stats[index] is None:
            try:
                stat = self._reader.stat(self.walks[index])
            except VisualAnalyseError:
                return None  # told when the walk's turn comes
            self._stats[index], self.sizes[index] = stat.key, stat.size
        return self._stats[index]

    def place(self, index: int, content: str, place: Place) -> None:
        """Note where the row of a walk is."""
        if self.places[index] is None:
            self._count()
        self.places[index], self.contents[index] = place, content

    def fail(self, index: int, error: VisualAnalyseError) -> None:
        """Note that a walk has no row.

        Raises the error where nobody listens.
        """
        self.faults.add(index)
        self._count()
        if self._failed is None:
            raise error
        self._failed(self.walks[index], error)

    def _count(self) -> None:
        self._done += 1
        if self._progress is not None:
            self._progress(self._done, self.total)
