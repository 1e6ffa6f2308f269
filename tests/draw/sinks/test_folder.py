from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from visual_analyse.draw.sinks.folder import Folder, numbered, png


@pytest.mark.parametrize("shape", [(1, 1), (64, 44), (7, 9, 3), (300, 200, 3)])
def test_png_is_read_back_to_the_pixel(shape: tuple[int, ...]) -> None:
    scene = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
    with Image.open(io.BytesIO(png(scene))) as image:
        assert (np.asarray(image) == scene).all() and image.mode == ("L" if len(shape) == 2 else "RGB")


@pytest.mark.parametrize("side", [8, 400])  # large pictures take another way, through threads
def test_a_folder_holds_its_pictures_in_order(side: int, tmp_path: Path) -> None:
    scenes = [np.full((side, side, 3), k, np.uint8) for k in range(12)]
    with Folder(tmp_path / "new" / "origin", 12) as folder:
        for scene in scenes:
            folder.add(scene)
    files = sorted((tmp_path / "new" / "origin").iterdir())
    assert [file.name for file in files] == [f"{k:03}.png" for k in range(1, 13)]
    assert [int(np.asarray(Image.open(file))[0, 0, 0]) for file in files] == list(range(12))


def test_names_sort_whatever_the_count() -> None:
    assert numbered(1200)[8] == "0009.png" and numbered(1200) == sorted(numbered(1200))


def test_pictures_of_a_longer_run_do_not_survive_and_other_files_do(tmp_path: Path) -> None:
    for name in ("001.png", "0002.png", "009.png", "notes.txt", "mine.png"):
        (tmp_path / name).write_bytes(b"old")
    with Folder(tmp_path, 2) as folder:
        for _ in range(2):
            folder.add(np.zeros((4, 4), np.uint8))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["001.png", "002.png", "mine.png", "notes.txt"]


def test_a_run_that_fails_removes_nothing(tmp_path: Path) -> None:
    (tmp_path / "009.png").write_bytes(b"old")
    with pytest.raises(RuntimeError), Folder(tmp_path, 2) as folder:
        folder.add(np.zeros((400, 400), np.uint8))
        raise RuntimeError
    assert (tmp_path / "009.png").exists() and not list(tmp_path.glob(".*"))
