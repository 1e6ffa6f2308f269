"""One embedding a walk, from any model, kept on disk as they come."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from torch import Tensor

from visual_analyse.encode.features.journal import Facts, Row
from visual_analyse.encode.features.rows import Features
from visual_analyse.encode.features.store import CAP, FeatureStore, Place, Writing, within
from visual_analyse.encode.features.thumbnail import SIZE
from visual_analyse.encode.fingerprint import fingerprint
from visual_analyse.encode.forward import FEW, Embedding, Forward
from visual_analyse.encode.ranks import Ranks
from visual_analyse.encode.reading import Reader, Reading, ahead, threads_for
from visual_analyse.encode.store import Store
from visual_analyse.errors import VisualAnalyseError
from visual_analyse.gait.sequences import Sequence as Walk
from visual_analyse.models.gait_model import GaitModel
from visual_analyse.names import listed

# Seconds without a new row after which what other ranks were to do is done here: where none of them runs (it may
# only be starting yet), and where one does.
GONE = 60.0
STUCK = 900.0
POLL = 0.5


def extract(
    model: GaitModel,
    walks: Sequence[Walk],
    *,
    cache: Path | None = None,
    failed: Callable[[Walk, VisualAnalyseError], object] | None = None,
    progress: Callable[[int, int], object] | None = None,
    tell: Callable[[str], object] | None = None,
    ranks: Ranks | None = None,
) -> Features | None:
    """The embeddings of all walks, those on disk already and those that are missing; None on every rank but the first.

    Each is on disk as soon as it is known: after a kill the same call goes on where it stopped. `cache` is the folder
    that they are kept in, the user's own by default. A walk that cannot be embedded is given to `failed` with what is
    wrong, and left out; without `failed`, and where it raises, all ends there. `progress` is called with how many
    walks are done, and of how many; `tell` with what a user should know. `ranks` is what torchrun says by default:
    every process with one `cache` folder does its share, the first waits for the others, does what a dead one left,
    and returns. The groups that walks are packed in depend on `walks` alone, so neither kills nor the number of
    processes change a bit; other `walks` may be grouped in other ways, which changes a packed model's answers by 1e-5.

    Raises VisualAnalyseError where the folder cannot be written, or the disk is full.

    >>> with extract(model, scan(Path("CASIA-B-pkl"))) as features:  # doctest: +SKIP
    ...     features.read(0, 100).shape
    (100, 15872)
    """
    return _Extraction(model, walks, cache, failed, progress, tell, ranks or Ranks.here()).run()


class _Extraction:
    def __init__(
        self,
        model: GaitModel,
        walks: Sequence[Walk],
        cache: Path | None,
        failed: Callable[[Walk, VisualAnalyseError], object] | None,
        progress: Callable[[int, int], object] | None,
        tell: Callable[[str], object] | None,
        ranks: Ranks,
    ) -> None:
        self.model, self.walks, self.ranks = model, walks, ranks
        self.failed, self.progress, self.tell = failed, progress, tell
        self.fingerprint = fingerprint(model)
        self.home = Store(cache).folder / "features"
        self.store = FeatureStore(self.home / self.fingerprint)
        self.reader = Reader(model, self.store)
        self.forward = Forward(model)
        self.places: list[Place | None] = [None] * len(walks)
        self.contents = [""] * len(walks)
        self.stats: list[str | None] = [None] * len(walks)
        self.sizes = np.zeros(len(walks), np.int64)
        self.faults: set[int] = set()
        self.done = 0
        self.total = len(walks)

    def run(self) -> Features | None:
        self.store.refresh()
        chunks = _chunks(len(self.walks))
        own = [chunks[number] for number in self.ranks.share(len(chunks))]
        if self.ranks.rank:
            self.total = sum(map(len, own))
        self._work(own)
        if self.ranks.rank:
            return None
        if self.ranks.world > 1:
            self._wait()
            self._work(chunks)
        within(self.home, self.store.folder, CAP)
        found = [index for index, place in enumerate(self.places) if place is not None]
        return Features(
            [self.walks[index] for index in found],
            [place for place in self.places if place is not None],
            self.store.shards,
            [self.contents[index] for index in found],
            self.fingerprint,
        )

    def _work(self, chunks: Sequence[range]) -> None:
        """Make every row of these walks that there is not yet."""
        missing = [index for chunk in chunks for index in chunk if not self._finished(index)]
        if not missing:
            return
        self._decide_packing()
        sizes = [int(self.sizes[index]) for index in missing]
        reading = ahead(self.reader.read, [self.walks[index] for index in missing], sizes, threads_for(self.model))
        with contextlib.closing(reading), self.store.writing(self.ranks.rank) as writing:
            made = _Making(self, writing)
            waiting = set(missing)
            for chunk in chunks:
                if not waiting.isdisjoint(chunk):
                    self.store.refresh()  # another process may have come by
                frames = 0
                for index in chunk:
                    if index in waiting:
                        frames += made.take(index, next(reading))
                    elif (place := self.places[index]) is not None:
                        frames += place.frames
                    if frames >= self.forward.frames:
                        made.start()
                        frames = 0
                made.start()
            made.finish()

    def _finished(self, index: int) -> bool:
        if self.places[index] is not None or index in self.faults:
            return True
        stat = self._stat(index)
        content = None if stat is None else self.store.content(stat)
        if content is None or (place := self.store.find(content)) is None:
            return False
        self.place(index, content, place)
        return True

    def _stat(self, index: int) -> str | None:
        if self.stats[index] is None:
            try:
                stat = self.reader.stat(self.walks[index])
            except VisualAnalyseError:
                return None  # told when its turn comes
            self.stats[index], self.sizes[index] = stat.key, stat.size
        return self.stats[index]

    def place(self, index: int, content: str, place: Place) -> None:
        """Note where the row of a walk is."""
        if self.places[index] is None:
            self._count()
        self.places[index], self.contents[index] = place, content

    def fail(self, index: int, error: VisualAnalyseError) -> None:
        """Note that a walk has no row."""
        self.faults.add(index)
        self._count()
        if self.failed is None:
            raise error
        self.failed(self.walks[index], error)

    def _count(self, others: int = 0) -> None:
        self.done += not others
        if self.progress is not None:
            self.progress(min(self.done + others, self.total), self.total)

    def _decide_packing(self) -> None:
        """Find out whether the model packs: on the first two walks that can be read, whichever rank this is."""
        known = self.store.facts
        self.forward.packs = None if known is None else known.packs
        if self.forward.packs is not None or len(self.walks) < FEW:
            return
        pair: list[list[object]] = []
        for walk in self.walks[:FEW]:
            try:
                pair.append(list(walk.load(self.model.config.data_in_use)))
            except VisualAnalyseError:
                continue
            if len(pair) == 2:
                self.forward.try_packing(*pair)
                break

    def _wait(self) -> None:
        """Until the other ranks' rows are there, or will not come."""
        last = time.monotonic()
        while True:
            grew = self.store.refresh()
            missing = [index for index in range(len(self.walks)) if not self._settled(index)]
            if not missing:
                return
            now = time.monotonic()
            last = now if grew else last
            if now - last > (STUCK if self.store.others_at_work(None) else GONE):
                break
            time.sleep(POLL)
        if self.tell is not None:
            names = listed([self.walks[index].name for index in missing], 3)
            self.tell(
                f"No other rank has finished a walk for {now - last:.0f} s; the {len(missing)} that they owe ({names}) "
                "are embedded here."
            )

    def _settled(self, index: int) -> bool:
        """Whether a walk needs no more waiting for."""
        if self._finished(index):
            return True
        stat = self._stat(index)
        return stat is None or self.store.seen(stat)


class _Making:
    """Groups of walks on their way through the model into the store; one is computed while the next is gathered."""

    def __init__(self, extraction: _Extraction, writing: Writing) -> None:
        self.extraction, self.writing = extraction, writing
        self.forward, self.store = extraction.forward, extraction.store
        self._gathered: list[tuple[int, Reading]] = []
        self._started: tuple[list[tuple[int, Reading]], Tensor | VisualAnalyseError] | None = None

    def take(self, index: int, reading: Reading | VisualAnalyseError) -> int:
        """Take up a walk that was read; how many frames it adds to its group."""
        if isinstance(reading, VisualAnalyseError):
            self._fail(index, reading)
            return 0
        if reading.place is not None:
            if reading.settled:
                self.writing.know([(reading.stat, reading.content)])
            self.extraction.place(index, reading.content, reading.place)
        else:
            self._gathered.append((index, reading))
        return reading.frames

    def start(self) -> None:
        """Set the walks gathered going as one group, and take in the group before it."""
        group, self._gathered = self._gathered, []
        if not group:
            return
        before = self._started
        self._started = group, self.forward.start([reading.loaded for _, reading in group if reading.loaded])
        self._take_in(before)

    def finish(self) -> None:
        """Take in the last group."""
        before, self._started = self._started, None
        self._take_in(before)

    def _take_in(self, started: tuple[list[tuple[int, Reading]], Tensor | VisualAnalyseError] | None) -> None:
        if started is None:
            return
        group, answer = started
        found = self.forward.finish([reading.loaded for _, reading in group if reading.loaded], answer)
        kept: list[tuple[int, Reading, Embedding]] = []
        for (index, reading), embedding in zip(group, found, strict=True):
            if isinstance(embedding, VisualAnalyseError):
                self._fail(index, embedding)
            elif kept and embedding.shape != kept[0][2].shape:
                self._fail(index, self._misshapen(index, embedding.shape, kept[0][2].shape))
            elif self.store.facts is not None and embedding.shape != self.store.facts.shape:
                self._fail(index, self._misshapen(index, embedding.shape, self.store.facts.shape))
            else:
                kept.append((index, reading, embedding))
        if not kept:
            return
        blank = np.zeros(SIZE, np.uint8)
        c, p = kept[0][2].shape
        self.writing.append(
            Facts((c, p), self.forward.packs),
            [self._row(index, reading) for index, reading, _ in kept],
            np.stack([embedding for *_, embedding in kept]),
            np.stack([blank if reading.thumbnail is None else reading.thumbnail for _, reading, _ in kept]),
        )
        for index, reading, _ in kept:
            place = self.store.find(reading.content)
            assert place is not None
            self.extraction.place(index, reading.content, place)

    def _row(self, index: int, reading: Reading) -> Row:
        walk = self.extraction.walks[index]
        pictured = reading.thumbnail is not None
        return Row(
            reading.content, reading.stat, reading.settled, reading.frames, pictured, walk.id, walk.type, walk.view
        )

    def _fail(self, index: int, error: VisualAnalyseError) -> None:
        stat = self.extraction.stats[index]
        if stat is not None:
            self.writing.fail(stat)
        self.extraction.fail(index, error)

    def _misshapen(self, index: int, found: tuple[int, ...], others: tuple[int, ...]) -> VisualAnalyseError:
        return VisualAnalyseError(
            f"Walk {self.extraction.walks[index].name}: its embedding is {list(found)} and that of others "
            f"{list(others)}; one map needs them alike. Leave it out, or give walks of one size."
        )


def _chunks(walks: int) -> list[range]:
    """Pieces of consecutive walks, handed out whole: long enough to pack, and enough of them for several ranks."""
    size = min(64, max(FEW, walks // 32))
    return [range(start, min(start + size, walks)) for start in range(0, walks, size)]
