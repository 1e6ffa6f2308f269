"""Walks read ahead of the model: off the disk, through the transforms, with their content's name and a thumbnail."""

from __future__ import annotations

import os
import time
from collections import deque
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from visual_analyse.encode.encoder import content_of
from visual_analyse.encode.features.store import FeatureStore, Place
from visual_analyse.encode.features.thumbnail import thumbnail
from visual_analyse.encode.forward import Loaded
from visual_analyse.encode.store import key
from visual_analyse.errors import VisualAnalyseError
from visual_analyse.gait.sequences import Sequence as Walk
from visual_analyse.models.gait_model import GaitModel

_AHEAD = 64 << 20  # bytes of files that may be read before they are asked for
_MOST = 64  # walks
_AGE = 2.0  # seconds: a file system may give two changes within that time one and the same date
T = TypeVar("T")
R = TypeVar("R")


@dataclass(frozen=True)
class Stat:
    """A walk's files without their contents: a digest of paths, sizes and dates; total size; the latest date."""

    key: str
    size: int
    changed: float


@dataclass(frozen=True, eq=False)
class Reading:
    """What reading a walk gave: `place` where its row is finished already, `loaded` and `thumbnail` where not.

    `settled`: its files were old enough for any later change to show in their dates.
    """

    content: str
    stat: str
    settled: bool
    place: Place | None = None
    loaded: Loaded | None = None
    thumbnail: NDArray[np.uint8] | None = None

    @property
    def frames(self) -> int:
        """How many frames it has."""
        if self.place is not None:
            return self.place.frames
        return 0 if self.loaded is None else self.loaded.ready.frames


class Reader:
    """Reads walks for one model; what is in the store is not loaded again."""

    def __init__(self, model: GaitModel, store: FeatureStore) -> None:
        self.model = model
        self.store = store

    def stat(self, walk: Walk) -> Stat:
        """The files in use of a walk as they stand.

        Raises VisualAnalyseError where one is gone.
        """
        parts: list[object] = []
        size, changed = 0, 0.0
        for file in walk.files_in_use(self.model.config.data_in_use):
            try:
                facts = file.stat()
            except OSError as error:
                raise VisualAnalyseError(
                    f"{file} cannot be read ({error.strerror or error}). Check that it is there, and its permissions."
                ) from error
            parts += [file.absolute(), facts.st_size, facts.st_mtime_ns]
            size, changed = size + facts.st_size, max(changed, facts.st_mtime)
        return Stat(key(*parts), size, changed)

    def read(self, walk: Walk) -> Reading | VisualAnalyseError:
        """A walk with its content, or what is wrong with it."""
        try:
            stat = self.stat(walk)
            settled = stat.changed < time.time() - _AGE
            content = content_of(walk, self.model)
            place = self.store.find(content)
            if place is not None:
                return Reading(content, stat.key, settled, place)
            arrays = walk.load(self.model.config.data_in_use)
            seed = int(content[:15], 16)  # what is drawn for a walk depends on nothing but the walk
            loaded = Loaded(walk.name, self.model.prepare(arrays, seed), seed)
            return Reading(content, stat.key, settled, None, loaded, thumbnail(arrays))
        except VisualAnalyseError as error:
            fault = VisualAnalyseError(f"Walk {walk.name}: {error}")
            fault.__cause__ = error
            return fault


def threads_for(model: GaitModel) -> int:
    """How many threads read: one beside a CPU that computes, more where a GPU waits for them."""
    return min(8, os.cpu_count() or 1) if model.device.type == "cuda" else 1


def ahead(work: Callable[[T], R], items: Sequence[T], sizes: Sequence[int], threads: int) -> Generator[R, None, None]:
    """The results of some work in order, done by threads before they are asked for, though not too many of them.

    >>> list(ahead(abs, [-1, -2], [1, 1], 1))
    [1, 2]
    """
    waiting: deque[tuple[Future[R], int]] = deque()
    pool = ThreadPoolExecutor(threads, "reading")
    held = 0
    try:
        for item, size in zip(items, sizes, strict=True):
            while waiting and (held + size > _AHEAD or len(waiting) >= _MOST):
                future, done = waiting.popleft()
                yield future.result()
                held -= done
            waiting.append((pool.submit(work, item), size))
            held += size
        while waiting:
            yield waiting.popleft()[0].result()
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
