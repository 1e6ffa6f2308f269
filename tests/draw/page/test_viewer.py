"""The kept viewer is what its sources say, and carries the licences of what is in it."""

from __future__ import annotations

import shutil
import subprocess
from importlib.resources import files
from pathlib import Path

import pytest

SOURCES = Path(__file__).parents[3] / "viewer"
KEPT = files("visual_analyse.draw.page").joinpath("viewer.js")


def test_it_can_be_built_again_to_the_byte(tmp_path: Path) -> None:
    node = shutil.which("node")
    if node is None or not (SOURCES / "node_modules").is_dir():
        pytest.skip("building the viewer takes node and its libraries: run 'npm ci' in viewer/")
    subprocess.run([node, "build.mjs", "--out", str(tmp_path / "viewer.js")], cwd=SOURCES, check=True)
    assert (tmp_path / "viewer.js").read_bytes() == KEPT.read_bytes(), "run 'npm run build' in viewer/, and commit"


def test_it_keeps_the_licence_of_three() -> None:
    text = KEPT.read_text("utf-8")
    assert "three.js 0.187.0" in text and "Permission is hereby granted" in text and "three.js authors" in text
    assert len(text) < 600_000


def test_it_could_not_end_the_element_that_holds_it() -> None:
    text = KEPT.read_text("utf-8").lower()
    assert "</script" not in text and "<!--" not in text and "\r" not in text


def test_the_lock_names_no_registry() -> None:
    assert '"resolved"' not in (SOURCES / "package-lock.json").read_text()
