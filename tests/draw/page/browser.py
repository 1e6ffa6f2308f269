"""A real Chromium, driven as a person would: mouse, wheel, keys; and what the page says of itself."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

FLAGS = [
    "--no-sandbox", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--use-angle=swiftshader", "--enable-unsafe-swiftshader",
]  # fmt: skip


def chromium() -> str | None:
    return os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")


class Tab:
    """A page of ours in a tab; everything it logged or asked for is kept."""

    def __init__(self, tab: Any, path: Path) -> None:
        self.tab = tab
        self.logged: list[str] = []
        self.requested: list[str] = []
        tab.on("console", lambda message: self.logged.append(f"{message.type}: {message.text}"))
        tab.on("pageerror", lambda error: self.logged.append(str(error)))
        tab.on("request", lambda request: self.requested.append(request.url))
        tab.set_default_navigation_timeout(120_000)  # a busy machine may take its time
        tab.goto(path.as_uri())
        self.until("Boolean(window.__viewer)", seconds=30)
        self.settle()

    def ask(self, expression: str, value: object = None) -> Any:
        return self.tab.evaluate(expression, value)

    def app(self, expression: str) -> Any:
        return self.ask(f"(() => {{ const app = window.__viewer.app; return {expression}; }})()")

    def until(self, expression: str, seconds: float = 10) -> None:
        end = time.monotonic() + seconds
        while not self.ask(expression):
            assert time.monotonic() < end, (
                f"never: {expression}; {self.logged}; {self.ask('document.body.innerText')[:300]}"
            )
            time.sleep(0.02)

    def settle(self) -> None:
        """Until what was asked for is drawn."""
        self.ask("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => done(1))))")

    def place(self, walk: int) -> tuple[float, float]:
        """Where a walk is in the window."""
        x, y = self.app(f"app.screen.of({walk})")
        left, top = self.ask(
            "(() => {const b = document.getElementById('stage').getBoundingClientRect(); return [b.left, b.top]})()"
        )
        return x + left, y + top

    def point(self, walk: int) -> None:
        self.tab.mouse.move(*self.place(walk))
        self.settle()

    def drag(self, *places: tuple[float, float], button: str = "left") -> None:
        mouse = self.tab.mouse
        mouse.move(*places[0])
        mouse.down(button=button)
        for place in places[1:]:
            mouse.move(*place, steps=4)
        mouse.up(button=button)
        self.settle()

    def text(self, selector: str) -> str:
        return self.tab.inner_text(selector)


Opener = Callable[..., Tab]
