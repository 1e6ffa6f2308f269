"""One embedding a walk, from any model, kept on disk as they come."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from visual_analyse.encode.features.rows import Features
from visual_analyse.encode.features.store import CAP, FeatureStore, within
from visual_analyse.encode.fingerprint import fingerprint
from visual_analyse.encode.forward import FEW, Forward
from visual_analyse.encode.ledger import Ledger
from visual_analyse.encode.making import Making
from visual_analyse.encode.ranks import Ranks
from visual_analyse.encode.reading import Reader, ahead, threads_for
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
PATIENCE = 5.0  # seconds of waiting before it is said


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
        self.model, self.walks, self.ranks, self.tell = model, walks, ranks, tell
        self.fingerprint = fingerprint(model)
        self.home = Store(cache).folder / "features"
        self.store = FeatureStore(self.home / self.fingerprint)
        self.reader = Reader(model, self.store)
        self.ledger = Ledger(walks, self.store, self.reader, failed, progress)
        self.forward = Forward(model)

    def run(self) -> Features | None:
        self.store.refresh()
        chunks = _chunks(len(self.walks))
        own = [chunks[number] for number in self.ranks.share(len(chunks))]
        if self.ranks.rank:
            self.ledger.total = sum(map(len, own))
        self._work(own)
        if self.ranks.rank:
            return None
        if self.ranks.world > 1:
            self._wait()
            self._work(chunks)
        within(self.home, self.store.folder, CAP)
        places = self.ledger.places
        found = [index for index, place in enumerate(places) if place is not None]
        return Features(
            [self.walks[index] for index in found],
            [place for place in places if place is not None],
            self.store.shards,
            [self.ledger.contents[index] for index in found],
            self.fingerprint,
        )

    def _work(self, chunks: Sequence[range]) -> None:
        """Make every row of these walks that there is not yet."""
        missing = [index for chunk in chunks for index in chunk if not self.ledger.finished(index)]
        if not missing:
            return
        self._decide_packing()
        sizes = [int(self.ledger.sizes[index]) for index in missing]
        reading = ahead(self.reader.read, [self.walks[index] for index in missing], sizes, threads_for(self.model))
        waiting = set(missing)
        with contextlib.closing(reading), self.store.writing(self.ranks.rank) as writing:
            making = Making(self.forward, self.ledger, writing)
            for chunk in chunks:
                if waiting.isdisjoint(chunk):
                    continue
                self.store.refresh()  # another process may have come by
                frames = 0
                for index in chunk:
                    place = self.ledger.places[index]
                    if index in waiting:
                        frames += making.take(index, next(reading))
                    elif place is not None:  # it was in this group when it was made, and is counted still
                        frames += place.frames
                    if frames >= self.forward.frames:
                        making.start()
                        frames = 0
                making.start()
            making.finish()

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
        missing = list(range(len(self.walks)))
        began, told = last, self.tell is None
        while True:
            grew = self.store.refresh()
            missing = [index for index in missing if not self.ledger.seen(index)]
            if not missing:
                return
            now = time.monotonic()
            last = now if grew else last
            if not told and now - began > PATIENCE and self.tell is not None:
                told = True
                self.tell(
                    f"Waiting for the shares of {self.ranks.world - 1} other process(es); what one that died owes is "
                    "made here."
                )
            if now - last > (STUCK if self.store.others_at_work(None) else GONE):
                break
            time.sleep(POLL)
        if self.tell is not None:
            names = listed([self.walks[index].name for index in missing], 3)
            self.tell(
                f"No other rank has finished a walk for {now - last:.0f} s; the {len(missing)} that they owe ({names}) "
                "are embedded here."
            )


def _chunks(walks: int) -> list[range]:
    """Pieces of consecutive walks, handed out whole: long enough to pack, and enough of them for several ranks."""
    size = min(64, max(FEW, walks // 32))
    return [range(start, min(start + size, walks)) for start in range(0, walks, size)]
