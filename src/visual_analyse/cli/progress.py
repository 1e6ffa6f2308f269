"""What a command says while it works: one bar for anything that takes longer than a moment."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Iterable, Iterator
from types import TracebackType
from typing import TypeVar

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn

T = TypeVar("T")

console = Console(stderr=True, highlight=False, soft_wrap=True)

_PATIENCE = 1.0  # seconds before it appears
_PACE = 0.1  # seconds between two updates
_LINE = 10.0  # seconds between two lines in a log, where there is no terminal to draw a bar on


class DelayedBar:
    """A bar on a terminal over jobs and the steps within each; it stays away from what is over in a second.

    >>> with DelayedBar() as bar:
    ...     bar.begin("first", 0, 2)
    """

    def __init__(self) -> None:
        self._progress = Progress(
            TextColumn("{task.description}", markup=False),  # names of files may hold what reads as markup
            BarColumn(),
            TaskProgressColumn(),
            TimeRemainingColumn(),
            TimeElapsedColumn(),
            console=console,
            transient=True,
        )
        self._task = self._progress.add_task("", total=1.0)
        self._began = self._updated = time.monotonic()
        self._told = self._began
        self._name, self._job, self._jobs = "", 0, 1
        # A timer, so that one long item is seen too; the bar then draws itself from a thread of its own.
        self._timer = threading.Timer(_PATIENCE, self._progress.start)
        self._timer.daemon = True

    def __enter__(self) -> DelayedBar:
        if console.is_terminal:
            self._timer.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._timer.cancel()
        if self._progress.live.is_started:
            self._progress.stop()

    def begin(self, name: str, job: int, jobs: int) -> None:
        """Say which of how many jobs begins, from 0."""
        self._name, self._job, self._jobs = name.encode("utf-8", "replace").decode(), job, jobs
        self._progress.update(self._task, description=self._name)
        self.within(0, 1)

    def within(self, done: int, total: int) -> None:
        """Say how much of the job is done."""
        now = time.monotonic()
        if now - self._updated < _PACE:
            return
        self._updated = now
        share = (self._job + done / max(total, 1)) / self._jobs
        self._progress.update(self._task, completed=share)
        if not console.is_terminal and now - self._told > _LINE:
            self._told = now
            print(f"{self._name}: {share:.0%}", file=sys.stderr, flush=True)


def track(items: Iterable[T], total: int, label: str) -> Iterator[T]:
    """Pass items on, with a bar on a terminal, or a line now and then in a log, once that takes longer than a moment.

    >>> list(track([1, 2], 2, "counting"))
    [1, 2]
    """
    with DelayedBar() as bar:
        bar.begin(label, 0, 1)
        for done, item in enumerate(items):
            bar.within(done, total)
            yield item
