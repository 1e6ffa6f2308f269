from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.draw.page.browser import FLAGS, Opener, Tab, chromium
from visual_analyse.draw.page import build_page
from visual_analyse.results import EmbeddingMap


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """One Chromium for all tests; each opens a fresh profile in it."""
    play = pytest.importorskip("playwright.sync_api", reason="pages are tried with playwright: pip install playwright")
    program = chromium()
    if program is None:
        pytest.skip("pages are tried in a real Chromium, and there is none: install chromium, or name one by CHROMIUM")
    with play.sync_playwright() as started:
        browser = started.chromium.launch(executable_path=program, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def open_page(browser: Any, tmp_path: Path) -> Iterator[Opener]:
    """Opens a map's page in a fresh profile; at the end nothing may have been logged or asked of a network."""
    tabs = []

    def opener(map: EmbeddingMap, title: str = "A map", **context: Any) -> Tab:
        path = tmp_path / f"page{len(tabs)}.html"
        path.write_text(build_page(map, title), encoding="utf-8", newline="")
        context.setdefault("viewport", {"width": 1100, "height": 700})
        tab = Tab(browser.new_context(**context).new_page(), path)
        tabs.append(tab)
        return tab

    yield opener
    for tab in tabs:
        assert tab.logged == []
        assert all(url.startswith(("file:", "blob:", "data:")) for url in tab.requested)
        tab.tab.context.close()
