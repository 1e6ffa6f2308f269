"""What a page costs at the size of OU-MVLP: its bytes, the time to make it, and its frames in a real browser.

    python -m benchmarks.page [--points 133000] [--identities 5153] [--dims 2] [--frames 120] [--keep FILE.html]

Frames are measured inside headless Chromium (playwright drives it; CHROMIUM names another one), panning a stage of
980x690: a frame is the camera, all marks and all names, until the picture is there. The renderer is named, since on a
machine without a graphics card it is software, and the slowest there is.
"""

from __future__ import annotations

import argparse
import os
import shutil
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from visual_analyse.draw.page import build_page
from visual_analyse.results import EmbeddingMap

FLAGS = (
    "--no-sandbox", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--use-angle=swiftshader", "--enable-unsafe-swiftshader",
)  # fmt: skip
_NEAREST = 10
_VIEWS = 14


def islands(points: int, identities: int, dims: int, seed: int = 5) -> EmbeddingMap:
    """A map as a projection leaves it at that size: every identity a few islands, neighbours mostly its own walks."""
    rng = np.random.default_rng(seed)
    n = np.arange(points)
    identity = n * identities // points
    first = np.searchsorted(identity, np.arange(identities))
    walks = np.diff([*first, points])
    fragment = rng.integers(0, 2, points)
    places = rng.random((identities, 2, dims)) * (0.6 + 0.4 * rng.random((identities, 1, 1)))
    feats = places[identity, fragment] + rng.normal(size=(points, dims)) * 0.004
    neighbours = first[identity, None] + rng.integers(0, 1 << 30, (points, _NEAREST)) % walks[identity, None]
    hard = rng.beta(6, 1.2, identities)[identity, None]
    stranger = rng.random((points, _NEAREST)) > hard
    neighbours[stranger] = rng.integers(0, points, int(stranger.sum()))
    same = identity[neighbours] == identity[:, None]
    slot = n - first[identity]
    purity = float(same.mean())
    return EmbeddingMap(
        ((feats - feats.min()) / np.ptp(feats)).astype(np.float32),
        np.array([f"{person:05d}" for person in range(1, identities + 1)])[identity],
        np.array(["nm-00", "nm-01"])[slot // _VIEWS % 2],
        np.array([f"{angle:03d}" for angle in [*range(0, 91, 15), *range(180, 271, 15)]])[slot % _VIEWS],
        {"trustworthiness": 0.93, "kept": 0.27, "kept_k": 15, "purity_full": purity, "purity_map": 0.48,
         "purity_k": _NEAREST, "silhouette": 0.2, "sample": 5000, "points": points},
        {"checkpoint": "model.pt", "views_are_angles": True},
        purity=same.mean(1).astype(np.float32),
        correct=np.where(n % 2, same[:, 0], -1).astype(np.int8),
        neighbours=neighbours.astype(np.int32),
    )  # fmt: skip


def frames(page: Path, count: int, chromium: str) -> dict[str, Any]:
    """Open the page in headless Chromium and let it measure itself."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=chromium, args=list(FLAGS))
        tab = browser.new_page(viewport={"width": 1280, "height": 760})
        begin = time.perf_counter()
        tab.goto(page.resolve().as_uri())
        while not tab.evaluate("Boolean(window.__viewer)"):
            if time.perf_counter() - begin > 60:
                raise SystemExit(f"The page did not begin: {tab.evaluate('document.body.innerText')[:200]}")
            time.sleep(0.02)
        opened = time.perf_counter() - begin
        measured: dict[str, Any] = tab.evaluate("frames => window.__viewer.benchmark(frames)", count)
        browser.close()
    return {"opened_s": opened, **measured}


def main() -> None:
    """Make the page, weigh it, open it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--points", type=int, default=133_000)
    parser.add_argument("--identities", type=int, default=5_153)
    parser.add_argument("--dims", type=int, choices=(2, 3), default=2)
    parser.add_argument("--frames", type=int, default=120)
    parser.add_argument("--keep", type=Path)
    options = parser.parse_args()
    made = islands(options.points, options.identities, options.dims)
    begin = time.process_time()
    text = build_page(made, f"{options.points:,} walks").encode()
    print(f"{made!r}: {len(text) / 1e6:.2f} MB, made in {time.process_time() - begin:.1f} CPU s")
    chromium = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    with tempfile.TemporaryDirectory() as folder:
        page = options.keep or Path(folder) / "page.html"
        page.write_bytes(text)
        if chromium is None:
            print("Frames were not measured: there is no Chromium here. Name one with CHROMIUM.")
            return
        for name, value in frames(page, options.frames, chromium).items():
            print(f"  {name:<10} {f'{value:.2f}' if isinstance(value, float) else value}")


if __name__ == "__main__":
    main()
