"""Make the README's pictures from the demo's data: `make pictures`, or `python -m docs.pictures`."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np

from tests.draw.page.browser import FLAGS, Tab, chromium
from visual_analyse.cli import demo, explain, summary, synthesize, visual_gradcam, visual_map
from visual_analyse.errors import VisualAnalyseError
from visual_analyse.files import copy_whole, write_whole
from visual_analyse.results import EmbeddingMap, Evidence

HERE = Path(__file__).parent / "pictures"


def main() -> None:
    """Run the demo in a folder that is thrown away, and keep some of its pictures."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "demo"
        if demo.command(["-s", str(root)]):
            raise SystemExit("The demo did not end well.")
        figure = sorted((root / "results-figure").rglob("*_001-nm-05-090.npz"))
        copy_whole(
            _one(root / "figures", f"compare/{Evidence.load(figure[0]).strongest + 1:03d}.png"), HERE / "models.png"
        )
        copy_whole(_one(root / "figures", "*.gif"), HERE / "film.gif")
        probe = _one(root / "results", "GaitSet-small_*nm-05*.npz")
        both = ["-s", str(root / "both"), "-d", "compare", "--polarity", "both"]
        if visual_gradcam.command([str(probe), *both]):
            raise SystemExit("The figure of evidence for and against could not be drawn.")
        copy_whole(
            _one(root / "both", f"compare/{Evidence.load(probe).strongest + 1:03d}.png"), HERE / "for_and_against.png"
        )
        poses = _one(root / "results-poses", "*nm-05*.npz")
        walk = f"*nm-05*/compare/{Evidence.load(poses).strongest + 1:03d}.png"
        copy_whole(_one(root / "skeletons", walk), HERE / "skeletons.png")
        copy_whole(_one(root / "skeletons", "*nm-05*/joints_by_time/79_*.png"), HERE / "joints_by_time.png")
        _match(root)
        _summary(root)
        found = _one(root / "maps", "*.npz")
        for by in ("identity", "view"):
            words = [str(found), "--colour_by", by, "-f", "6,6", "--transparent", "False"]
            if visual_map.command([*words, "--save_path", str(root / f"map_{by}.png")], "visual_tsne"):
                raise SystemExit("The map could not be drawn.")
            copy_whole(root / f"map_{by}.png", HERE / f"map_{by}.png")
        _photograph(_one(root / "maps", "*.html"), EmbeddingMap.load(found), HERE / "page.png")
        if synthesize.command(["--sheet", str(root / "walkers.png")]):
            raise SystemExit("The sheet of walkers could not be drawn.")
        copy_whole(root / "walkers.png", HERE / "walkers.png")


def _match(root: Path) -> None:
    """Both walks and the ledger, of walks long enough to tell their phase."""
    walkers, config = root / "longer", root / "configs" / "gaitset.yaml"
    words = ["--identities", "4", "--conditions", "nm-01", "nm-05", "--views", "072", "090", "--frames", "40"]
    if synthesize.command(["-s", str(walkers), *words, "--seed", demo.SEED]):
        raise SystemExit("The walkers could not be made.")
    asked = ["-c", str(config), "--dataset", str(walkers), "--probe", "001/nm-05/090", "--device", "cpu"]
    if explain.command([*asked, "-s", str(root / "study"), "--cache", str(root / "cache")]):
        raise SystemExit("The match could not be explained.")
    for what in ("match", "ledger"):
        copy_whole(_one(root / "study", f"*nm-05-090*_{what}.png"), HERE / f"{what}.png")


def _summary(root: Path) -> None:
    """The mean evidence of many probes, of walks long enough to tell their phase."""
    walkers, asked = root / "more", ("nm-05", "bg-01", "cl-01")
    made = ["--identities", "10", "--conditions", "nm-01", *asked, "--views", "036", "072", "090", "108", "144"]
    if synthesize.command(["-s", str(walkers), *made, "--frames", "32", "--seed", demo.SEED]):
        raise SystemExit("The walkers could not be made.")
    words = ["-c", str(root / "configs" / "gaitset.yaml"), "--dataset", str(walkers), "--device", "cpu"]
    kinds = ["--probe", *(f"*/{kind}/*" for kind in asked)]
    where = ["-s", str(root / "many"), "--cache", str(root / "cache"), "--noboth", "--nofigures"]
    if explain.command([*words, *kinds, *where]) or summary.command([str(root / "many")]):
        raise SystemExit("The mean of many probes could not be drawn.")
    copy_whole(_one(root / "many", "*summary*.png"), HERE / "summary.png")


def _photograph(page: Path, map: EmbeddingMap, target: Path) -> None:
    """What a browser shows of a page, with one walk looked at."""
    if chromium() is None:
        print("There is no Chromium here, so the picture of the page stays as it was.")
        return
    from playwright.sync_api import sync_playwright

    with sync_playwright() as player:
        browser = player.chromium.launch(executable_path=chromium(), args=FLAGS)
        tab = Tab(browser.new_page(viewport={"width": 1180, "height": 720}), page)
        tab.point(int(np.abs(map.feats - (0.3, 0.6)).sum(1).argmin()))
        tab.tab.wait_for_timeout(500)
        write_whole(target, lambda stream: stream.write(tab.tab.screenshot()))
        browser.close()


def _one(folder: Path, pattern: str) -> Path:
    found = sorted(folder.rglob(pattern))
    if not found:
        raise VisualAnalyseError(f"{folder} holds no {pattern}.")
    return found[0]


if __name__ == "__main__":
    main()
