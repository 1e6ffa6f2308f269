from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from visual_analyse.draw.figures.figure import Figure
from visual_analyse.draw.figures.rows import Row
from visual_analyse.draw.sinks.films import Gif, Mp4
from visual_analyse.errors import VisualAnalyseError
from visual_analyse.results import Evidence


def film_frames(path: Path) -> list[np.ndarray]:
    with Image.open(path) as film:
        frames = []
        for k in range(film.n_frames):
            film.seek(k)
            frames.append(np.asarray(film.convert("RGB")))
        return frames


def test_a_gif_has_every_frame_and_its_time(evidence_of: Callable[..., Evidence], tmp_path: Path) -> None:
    figure = Figure([Row("A", evidence_of())])
    scenes = [figure.scene(k) for k in range(4)]
    with Gif(tmp_path / "a.gif", 8, scenes) as film:
        for scene in scenes:
            film.add(scene)
    frames = film_frames(tmp_path / "a.gif")
    assert len(frames) == 4
    assert max(np.abs(a.astype(int) - b).mean() for a, b in zip(frames, scenes, strict=True)) < 6
    with Image.open(tmp_path / "a.gif") as opened:
        assert opened.info["duration"] == 120 and opened.info["loop"] == 0


def test_what_stands_still_does_not_flicker(tmp_path: Path) -> None:
    scenes = []
    for k in range(6):
        scene = np.random.default_rng(0).integers(0, 256, (40, 60, 3), dtype=np.uint8)
        scene[:, 30:] = np.random.default_rng(k).integers(0, 256, (40, 30, 3), dtype=np.uint8)
        scenes.append(scene)
    with Gif(tmp_path / "a.gif", 10, scenes[:2]) as film:
        for scene in scenes:
            film.add(scene)
    frames = film_frames(tmp_path / "a.gif")
    assert all((frame[:, :30] == frames[0][:, :30]).all() for frame in frames)


def test_black_and_white_are_kept(tmp_path: Path) -> None:
    scene = np.zeros((20, 20, 3), np.uint8)
    scene[:10] = 255
    scene[3, 3] = (250, 10, 60)
    with Gif(tmp_path / "a.gif", 10, [scene]) as film:
        film.add(scene)
    drawn = film_frames(tmp_path / "a.gif")[0]
    assert (drawn[0] == 255).all() and (drawn[-1] == 0).all()


@pytest.mark.parametrize("shape", [(65, 43, 3), (64, 44, 3)])
def test_an_mp4_has_every_frame_and_even_sides(shape: tuple[int, ...], tmp_path: Path) -> None:
    av = pytest.importorskip("av", reason="films as mp4 are an extra")
    scenes = [np.full(shape, 20 * k, np.uint8) for k in range(10)]
    with Mp4(tmp_path / "a.mp4", 12.5) as film:
        for scene in scenes:
            film.add(scene)
    with av.open(str(tmp_path / "a.mp4")) as opened:
        stream = opened.streams.video[0]
        frames = [frame.to_ndarray(format="rgb24") for frame in opened.decode(stream)]
        assert stream.codec_context.pix_fmt == "yuv420p" and float(stream.average_rate) == 12.5
    assert len(frames) == 10 and frames[0].shape == (shape[0] + shape[0] % 2, shape[1] + shape[1] % 2, 3)
    assert all(abs(int(frame[20, 20, 0]) - 20 * k) <= 4 for k, frame in enumerate(frames))


@pytest.mark.parametrize("kind", ["gif", "mp4"])
def test_a_film_that_fails_leaves_the_old_one(kind: str, tmp_path: Path) -> None:
    if kind == "mp4":
        pytest.importorskip("av", reason="films as mp4 are an extra")
    path, scene = tmp_path / f"a.{kind}", np.zeros((16, 16, 3), np.uint8)
    path.write_bytes(b"old")
    with pytest.raises(RuntimeError), Gif(path, 10, [scene]) if kind == "gif" else Mp4(path, 10) as film:
        film.add(scene)
        raise RuntimeError
    assert path.read_bytes() == b"old" and list(tmp_path.iterdir()) == [path]


def test_without_the_extra_the_way_out_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(sys.modules, "av", None)
    with pytest.raises(VisualAnalyseError, match=r'pip install "visual-analyse\[film\]"'):
        Mp4(tmp_path / "a.mp4", 10)
