"""Names from folders are hostile; a page must show them as text, run nothing, and fetch nothing."""

from __future__ import annotations

import threading
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pytest

from benchmarks.page import islands
from tests.draw.page.browser import Opener
from tests.draw.page.maps import blobs
from visual_analyse.draw.page import build_page
from visual_analyse.results import EmbeddingMap

HOSTILE = [
    "<script>document.title='run'</script>",
    "</script><img src=x onerror=\"document.title='run'\">",
    "\"'`${document.title='run'}",
    "a\x00b\x1b[2J\n\r\t",
    "\u202eevil\u2066",
    '=HYPERLINK("http://x")',
    "步态%%payload%%<!--",
    "\udcff" + "w" * 500,
]


def hostile() -> EmbeddingMap:
    made = blobs(len(HOSTILE), 6, names=HOSTILE)
    return replace(made, types=made.labels[::-1].copy(), views=made.labels.copy())


def test_nothing_of_a_name_is_html() -> None:
    page = build_page(hostile(), "</title><script>alert(1)</script>\u202e")
    assert page.count("<script") == 3  # thumbnails, payload, viewer
    for word in ("alert(1)</script>", "document.title='run'", "\u202e"):
        assert word not in page
    page.encode()


def test_names_are_shown_as_text(open_page: Opener) -> None:
    tab = open_page(hostile(), title=HOSTILE[1])
    for walk in range(0, 48, 6):
        tab.tab.mouse.click(*tab.place(walk))
        tab.settle()
    tab.tab.fill("#search", "<script>")
    assert "12 walks of 2 identities" in tab.text("#found")
    tab.tab.fill("#search", "")
    tab.tab.click("#fit")
    tab.tab.keyboard.down("Shift")
    tab.drag((10, 60), (780, 60), (780, 690), (10, 690))
    tab.tab.keyboard.up("Shift")
    rows = tab.text("#rows")
    assert "<script>document.title='run'</script>" in rows and "\\u202eevil\\u2066" in rows
    assert "\u202e" not in tab.ask("document.body.innerHTML") and "步态" in tab.text("#classes")
    assert tab.ask("document.title") == HOSTILE[1] and tab.text("#title") == HOSTILE[1]
    assert not tab.ask("[...document.querySelectorAll('aside img, #card img')].length")
    cells = tab.app("app.selection.csv()")
    assert '"\'=HYPERLINK(""http://x"")"' in cells


def test_the_policy_forbids_all_that_is_not_the_page(open_page: Opener) -> None:
    asked: list[str] = []

    class Door(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Door)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        tab = open_page(blobs(3, 6))
        broken = tab.ask(
            """async address => {
                const broken = [];
                addEventListener('securitypolicyviolation', event => broken.push(event.effectiveDirective));
                const add = (tag, facts) => document.body.append(Object.assign(document.createElement(tag), facts));
                await fetch(address).catch(() => {});
                add('img', {src: address});
                add('link', {rel: 'stylesheet', href: address});
                add('script', {src: address});
                add('script', {textContent: 'window.ran = 1'});
                add('iframe', {src: address});
                document.body.insertAdjacentHTML('beforeend', '<b onclick="window.ran = 1" id="trap">x</b>');
                document.getElementById('trap').click();
                await new Promise(done => setTimeout(done, 500));
                return [...new Set(broken)].sort().concat(window.ran ? ['ran'] : []);
            }""",
            f"http://127.0.0.1:{server.server_port}/x",
        )
    finally:
        server.shutdown()
    assert broken == ["connect-src", "frame-src", "img-src", "script-src-attr", "script-src-elem", "style-src-elem"]
    assert asked == []
    tab.logged.clear()  # the refusals
    tab.requested.clear()


def test_a_hundred_thousand_names(open_page: Opener) -> None:
    n = 100_000
    rng = np.random.default_rng(0)
    blank = np.full(n, "")
    tab = open_page(
        EmbeddingMap(rng.random((n, 2)).astype(np.float32), np.array([f"id{i:06d}" for i in range(n)]), blank, blank)
    )
    assert "too many" in tab.text("#legend-note").lower()
    tab.tab.fill("#search", "id012345")
    tab.until("document.getElementById('found').textContent.startsWith('1 walk ')")


@pytest.mark.parametrize("random", [False, True])
def test_random_weights_are_said_aloud(open_page: Opener, random: bool) -> None:
    tab = open_page(blobs(3, 6, random_weights=random))
    assert tab.tab.is_visible("#random") == random
    if random:
        assert "RANDOM WEIGHTS: this map means nothing" in tab.text("#random")


def test_the_numbers_and_the_notes_are_there(open_page: Opener) -> None:
    made = blobs(3, 6)
    quality = {**made.quality, "sample": 5000, "points": 133000, "silhouette": None}
    tab = open_page(replace(made, quality=quality))
    said = tab.text("#numbers") + tab.text("#notes")
    for words in ("0.98", "0.64", "15 nearest", "10 nearest", "5,000 walks drawn at random of 133,000"):
        assert words in said
    assert "Silhouette" not in said


@pytest.mark.parametrize(
    ("where", "said"),
    [
        ("full space", "in the full space"),
        ("125 principal components", "in 125 principal components"),
        ("<b>\u202e", "in <b>\\u202e"),
        (None, ""),
        (125, ""),
    ],
)
def test_nearest_is_said_of_the_space_it_was_sought_in(open_page: Opener, where: object, said: str) -> None:
    made = blobs(3, 8)
    tab = open_page(replace(made, manifest={**made.manifest, "neighbours_in": where}))
    tab.point(3)
    assert tab.ask("document.querySelector('#card h3').textContent") == "Nearest walks" + (said and f", {said}")
    tab.tab.select_option("#by", "purity")
    between = f", {said}, " if said else " "
    assert tab.text("#legend-note") == f"The share of a walk's nearest walks{between}that are of its identity."


def test_a_map_of_ou_mvlps_size_can_be_explored(open_page: Opener) -> None:
    tab = open_page(islands(133_000, 5_153, 2))
    tab.point(70_000)
    x, y = tab.app("app.screen.of(app.hovered)")
    assert np.hypot(*np.subtract((x, y), tab.app("app.screen.of(70000)"))) < 2
    measured = tab.ask("window.__viewer.benchmark(5)")
    assert measured["walks"] == 133_000 and measured["frames"] == 5 and measured["renderer"]
    assert 0 < measured["median_ms"] <= measured["p95_ms"] and measured["pick_ms"] < 100


def test_where_frames_are_late_fewer_marks_move_and_all_come_back(open_page: Opener) -> None:
    tab = open_page(islands(60_000, 1_000, 2))
    shown = "window.__viewer.app.scene.geometry.drawRange.count"
    tab.ask("window.__viewer.app.lateness = 1e4")
    tab.tab.mouse.move(400, 300)
    tab.tab.mouse.wheel(0, -120)
    tab.until(f"{shown} < 20000")
    tab.until(f"{shown} === 60000")
