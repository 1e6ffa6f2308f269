"""A progress bar that appears only where there is something to wait for."""

from __future__ import annotations

import time
from types import TracebackType

from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from visual_analyse.cli.progress import console

_PATIENCE = 1.0  # seconds before it appears
_PACE = 0.1  # seconds between two updates


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
            console=console,
            transient=True,
        )
        self._task = self._progress.add_task("", total=1.0)
        self._began = self._updated = time.monotonic()
        self._job, self._jobs = 0, 1
        self._shown = False

    def __enter__(self) -> DelayedBar:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._shown:
            self._progress.stop()

    def begin(self, name: str, job: int, jobs: int) -> None:
        """Say which of how many jobs begins, from 0."""
        self._job, self._jobs = job, jobs
        self._progress.update(self._task, description=name.encode("utf-8", "replace").decode())
        self.within(0, 1)

    def within(self, done: int, total: int) -> None:
        """Say how much of the job is done."""
        now = time.monotonic()
        if now - self._updated < _PACE:
            return
        self._updated = now
        if not self._shown and now - self._began > _PATIENCE and console.is_terminal:
            self._shown = True
            self._progress.start()
        self._progress.update(self._task, completed=(self._job + done / total) / self._jobs)
