"""All finished rows of one model on disk, whoever wrote them, found by what their walks hold."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import socket
from collections.abc import Iterator, Sequence
from itertools import count
from pathlib import Path
from typing import NamedTuple
from uuid import uuid4

import numpy as np
from numpy.typing import NDArray

from visual_analyse.encode.features.journal import Facts, Failed, Group, Known, Row
from visual_analyse.encode.features.lock import NoLocks, held, take
from visual_analyse.encode.features.shard import Shard, ShardWriter
from visual_analyse.errors import VisualAnalyseError

CAP = 64 << 30  # bytes of all stores of a cache folder together


class Place(NamedTuple):
    """Where a row lies: the shard's name, the number of the row in it; and the walk's frames, and whether it shows."""

    shard: str
    row: int
    frames: int
    pictured: bool


class FeatureStore:
    """A folder of shards, each added to by one process at a time and read by any.

    A row is found by the content of its walk, or by a `stat` that was seen to stand for that content.

    Raises VisualAnalyseError where the folder cannot be made.

    >>> FeatureStore(Path("cache/features/3f")).refresh()  # doctest: +SKIP
    True
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise _unwritable(folder, error) from error
        self.shards: dict[str, Shard] = {}
        self.facts: Facts | None = None
        self._by_content: dict[bytes, Place] = {}
        self._by_stat: dict[bytes, bytes] = {}
        self._seen: set[bytes] = set()
        with contextlib.suppress(OSError):
            os.utime(folder)  # it is in use: the cap takes the longest unused

    def refresh(self) -> bool:
        """Read what was added since, by any process; whether there was anything."""
        before = len(self._by_content), len(self._seen)
        for path in sorted(self.folder.glob("rows-*.jsonl")):
            name = path.stem.removeprefix("rows-")
            shard = self.shards.setdefault(name, Shard(self.folder, name))
            self._read(shard)
        return before != (len(self._by_content), len(self._seen))

    def find(self, content: str) -> Place | None:
        """The row of a walk of this content."""
        return self._by_content.get(bytes.fromhex(content))

    def content(self, stat: str) -> str | None:
        """What files hold, if their `stat` was seen before and says so beyond doubt, and the row is finished."""
        found = self._by_stat.get(bytes.fromhex(stat))
        return None if found is None or found not in self._by_content else found.hex()

    def seen(self, stat: str) -> bool:
        """Whether somebody is done with these files, finished or failed, be it only to be looked at once more."""
        key = bytes.fromhex(stat)
        return key in self._seen or self._by_stat.get(key) in self._by_content

    def others_at_work(self, own: str | None) -> bool:
        """Whether another process holds a shard of this store."""
        locks = self.folder.glob("rows-*.lock")
        return any(held(path) for path in locks if path.stem != f"rows-{own}")

    @contextlib.contextmanager
    def writing(self, first: int = 0) -> Iterator[Writing]:
        """Hold a shard to write to: the one of that number, or the next that nobody holds."""
        shard, lock = None, None
        try:
            for number in count(first):
                shard = self.shards.setdefault(str(number), Shard(self.folder, str(number)))
                lock = take(shard.lock)
                if lock is not None:
                    break
        except NoLocks:  # then nobody else may ever have this name
            name = f"{first}-{re.sub('[^A-Za-z0-9]', '_', socket.gethostname())[:40]}-{os.getpid()}-{uuid4().hex[:8]}"
            shard = self.shards.setdefault(name, Shard(self.folder, name))
        except OSError as error:
            raise _unwritable(self.folder, error) from error
        assert shard is not None
        self._read(shard)
        if shard.facts is not None and self.facts is not None and shard.facts.shape != self.facts.shape:
            shard.reset()  # damaged: its rows are no rows of this model
        writer = ShardWriter(shard, lock)
        try:
            yield Writing(self, writer)
        finally:
            writer.close()

    def _read(self, shard: Shard) -> None:
        for entry in shard.news():
            self.admit(shard, entry)

    def admit(self, shard: Shard, entry: Facts | Group | Known | Failed) -> None:
        """Take up what a shard's journal says."""
        if isinstance(entry, Facts):
            if self.facts is None or (self.facts.packs is None and self.facts.shape == entry.shape):
                self.facts = entry
        elif isinstance(entry, Group):
            if shard.facts is None or self.facts is None or shard.facts.shape != self.facts.shape:
                return  # rows of another shape are no rows of this model
            for number, row in enumerate(entry.rows, entry.first):
                content = bytes.fromhex(row.content)
                self._by_content.setdefault(content, Place(shard.name, number, row.frames, row.pictured))
                self._note(row.stat, content, row.settled)
        elif isinstance(entry, Known):
            for stat, known in entry.pairs:
                self._note(stat, bytes.fromhex(known), True)
        else:
            self._seen.add(bytes.fromhex(entry.stat))

    def _note(self, stat: str, content: bytes, settled: bool) -> None:
        if settled:
            self._by_stat[bytes.fromhex(stat)] = content
        else:
            self._seen.add(bytes.fromhex(stat))


class Writing:
    """A store and the shard of it that this process adds to."""

    def __init__(self, store: FeatureStore, writer: ShardWriter) -> None:
        self.store = store
        self.writer = writer

    @property
    def name(self) -> str:
        """The shard's."""
        return self.writer.shard.name

    def append(
        self, facts: Facts, rows: Sequence[Row], embeddings: NDArray[np.float32], thumbs: NDArray[np.uint8]
    ) -> None:
        """Add rows that were finished together (`ShardWriter.append`)."""
        group = self.writer.append(facts, rows, embeddings, thumbs)
        self.store.admit(self.writer.shard, self.writer.shard.facts or facts)
        self.store.admit(self.writer.shard, group)

    def know(self, stat: str, content: str) -> None:
        """Note what files hold."""
        self._note(Known(((stat, content),)))

    def fail(self, stat: str) -> None:
        """Note files of which nothing could be made."""
        self._note(Failed(stat))

    def _note(self, entry: Known | Failed) -> None:
        self.writer.note(entry)
        self.store.admit(self.writer.shard, entry)


def _unwritable(folder: Path, error: OSError) -> VisualAnalyseError:
    return VisualAnalyseError(
        f"{folder}, where embeddings are kept, cannot be written ({error.strerror or error}). Name another folder with "
        "--cache."
    )


def within(folder: Path, keep: Path, cap: int = CAP) -> list[Path]:
    """Remove the longest unused stores of a folder until all fit into `cap` bytes; never `keep`, nor one in use.

    Raises nothing: what cannot be removed stays.
    """
    found = []
    for store in folder.iterdir() if folder.is_dir() else ():
        with contextlib.suppress(OSError):
            found.append((store.stat().st_mtime, sum(file.stat().st_size for file in store.iterdir()), store))
    total, gone = sum(size for _, size, _ in found), []
    for _, size, store in sorted(found):
        if total <= cap:
            break
        if store.name != keep.name and not any(held(path) for path in store.glob("rows-*.lock")):
            aside = store.with_name(f".{store.name}.gone")
            with contextlib.suppress(OSError):
                if not store.name.startswith("."):
                    store.rename(aside)
                shutil.rmtree(aside if aside.exists() else store)
                total -= size
                gone.append(store)
    return gone
