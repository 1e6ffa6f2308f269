"""Groups of walks on their way through the model into the store."""

from __future__ import annotations

import numpy as np

from visual_analyse.encode.features.journal import Facts, Row
from visual_analyse.encode.features.store import Writing
from visual_analyse.encode.features.thumbnail import SIZE
from visual_analyse.encode.forward import Embedding, Forward, Loaded, Started
from visual_analyse.encode.ledger import Ledger
from visual_analyse.encode.reading import Reading
from visual_analyse.errors import VisualAnalyseError

Group = list[tuple[int, Reading]]


class Making:
    """Takes walks that were read, embeds them group by group, and writes every group down as soon as it is known.

    Where the device computes by itself, one group is computed while the next is gathered.

    >>> Making(forward, ledger, writing).take(0, reader.read(walk))  # doctest: +SKIP
    40
    """

    def __init__(self, forward: Forward, ledger: Ledger, writing: Writing) -> None:
        self.forward, self.ledger, self.writing = forward, ledger, writing
        self._gathered: Group = []
        self._started: tuple[Group, Started] | None = None

    def take(self, index: int, reading: Reading | VisualAnalyseError) -> int:
        """Take up a walk that was read; how many frames it adds to its group."""
        if isinstance(reading, VisualAnalyseError):
            self._fail(index, reading)
            return 0
        if reading.place is not None:
            if reading.settled:
                self.writing.know(reading.stat, reading.content)
            self.ledger.place(index, reading.content, reading.place)
        else:
            self._gathered.append((index, reading))
        return reading.frames

    def start(self) -> None:
        """Set the walks gathered going as one group."""
        group, self._gathered = self._gathered, []
        if not group:
            return
        before, self._started = self._started, (group, self.forward.start(_loaded(group)))
        if before is not None:
            self._take_in(*before)
        if not self.forward.overlaps:
            self.finish()

    def finish(self) -> None:
        """Take in the last group."""
        before, self._started = self._started, None
        if before is not None:
            self._take_in(*before)

    def _take_in(self, group: Group, started: Started) -> None:
        found = self.forward.finish(_loaded(group), started)
        facts = self.writing.store.facts
        shape = None if facts is None else facts.shape
        kept: list[tuple[int, Reading, Embedding]] = []
        for (index, reading), embedding in zip(group, found, strict=True):
            if isinstance(embedding, VisualAnalyseError):
                self._fail(index, embedding)
                continue
            shape = shape or (embedding.shape[0], embedding.shape[1])
            if embedding.shape == shape:
                kept.append((index, reading, embedding))
            else:
                self._fail(index, self._misshapen(index, embedding.shape, shape))
        if not kept or shape is None:
            return
        blank = np.zeros(SIZE, np.uint8)
        self.writing.append(
            Facts(shape, self.forward.packs),
            [self._row(index, reading) for index, reading, _ in kept],
            np.stack([embedding for *_, embedding in kept]),
            np.stack([blank if reading.thumbnail is None else reading.thumbnail for _, reading, _ in kept]),
        )
        for index, reading, _ in kept:
            place = self.writing.store.find(reading.content)
            assert place is not None
            self.ledger.place(index, reading.content, place)

    def _row(self, index: int, reading: Reading) -> Row:
        walk = self.ledger.walks[index]
        pictured = reading.thumbnail is not None
        return Row(
            reading.content, reading.stat, reading.settled, reading.frames, pictured, walk.id, walk.type, walk.view
        )

    def _fail(self, index: int, error: VisualAnalyseError) -> None:
        stat = self.ledger.stat(index)
        if stat is not None:
            self.writing.fail(stat)
        self.ledger.fail(index, error)

    def _misshapen(self, index: int, found: tuple[int, ...], others: tuple[int, ...]) -> VisualAnalyseError:
        return VisualAnalyseError(
            f"Walk {self.ledger.walks[index].name}: its embedding is {list(found)} and that of others {list(others)}; "
            "one map needs them alike. Leave it out, or give walks of one size."
        )


def _loaded(group: Group) -> list[Loaded]:
    return [reading.loaded for _, reading in group if reading.loaded is not None]
