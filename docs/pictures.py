"""Make the README's pictures from the demo's data: `make pictures`, or `python -m docs.pictures`."""

from __future__ import annotations

import tempfile
from pathlib import Path

from visual_analyse.cli import demo, synthesize, visual_gradcam
from visual_analyse.errors import VisualAnalyseError
from visual_analyse.files import copy_whole
from visual_analyse.results import Evidence

HERE = Path(__file__).parent / "pictures"


def main() -> None:
    """Run the demo in a folder that is thrown away, and keep four of its pictures."""
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
        if synthesize.command(["--sheet", str(root / "walkers.png")]):
            raise SystemExit("The sheet of walkers could not be drawn.")
        copy_whole(root / "walkers.png", HERE / "walkers.png")


def _one(folder: Path, pattern: str) -> Path:
    found = sorted(folder.rglob(pattern))
    if not found:
        raise VisualAnalyseError(f"{folder} holds no {pattern}.")
    return found[0]


if __name__ == "__main__":
    main()
