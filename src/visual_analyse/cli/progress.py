"""What a command says while it works: one bar for anything that takes longer than a moment."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable, Iterator
from typing import TypeVar

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

T = TypeVar("T")

console = Console(stderr=True, highlight=False, soft_wrap=True)


def track(items: Iterable[T], total: int, label: str, patience: float = 1.5) -> Iterator[T]:
    """Pass items on; once that has taken `patience` seconds, show a bar on a terminal, or a line now and then in a log.

    >>> list(track([1, 2], 2, "counting"))
    [1, 2]
    """
    started = told = time.monotonic()
    bar: Progress | None = None
    task = None
    try:
        for done, item in enumerate(items):
            now = time.monotonic()
            if bar is None and now - started > patience and console.is_terminal:
                columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
                bar = Progress(*columns, console=console, transient=True)
                bar.start()
                task = bar.add_task(label, total=total)
            if bar is not None and task is not None:
                bar.update(task, completed=done)
            elif done and not console.is_terminal and now - told > 10:
                told = now
                print(f"{label}: {done} of {total}", file=sys.stderr, flush=True)
            yield item
    finally:
        if bar is not None:
            bar.stop()
