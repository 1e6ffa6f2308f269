"""Walks found in folders, however those look, and read with all their modalities."""

from __future__ import annotations

import os
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from visual_analyse.errors import VisualAnalyseError
from visual_analyse.gait.sequences import Sequence, scan


def _put(path: Path, array: object = None) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(pickle.dumps(np.zeros((3, 64, 64), np.uint8) if array is None else array))
    return path


def _sentence(root: Path, option: str = "") -> str:
    with pytest.raises(VisualAnalyseError) as caught:
        scan(root, option)
    return str(caught.value)


def test_walks_are_sorted_and_all_else_is_passed_over(tmp_path: Path) -> None:
    for name in ("002/nm-01/000/b.pkl", "001/nm-02/090/a.pkl", "001/nm-02/018/a.pkl", "001/bg-01/000/1.pkl"):
        _put(tmp_path / name)
    _put(tmp_path / "001/nm-02/018/0.pkl")
    for stray in ("readme.txt", ".DS_Store", "001/Thumbs.db", "001/nm-02/x.pkl", "001/nm-02/018/a.png"):
        (tmp_path / stray).write_text("stray")
    for hidden in ("__MACOSX/001/nm-01/000/a.pkl", "001/nm-02/018/._a.pkl", ".git/a/b/c.pkl"):
        _put(tmp_path / hidden)
    (tmp_path / "003/nm-01/000").mkdir(parents=True)
    walks = scan(tmp_path)
    assert [walk.name for walk in walks] == ["001-bg-01-000", "001-nm-02-018", "001-nm-02-090", "002-nm-01-000"]
    assert [file.name for file in walks[1].files] == ["0.pkl", "a.pkl"]


def test_links_spaces_and_chinese(tmp_path: Path) -> None:
    _put(tmp_path / "真 数据/张三/nm 01/090 度/0.pkl")
    link = tmp_path / "link"
    link.symlink_to(tmp_path / "真 数据", target_is_directory=True)
    (tmp_path / "真 数据/李四").symlink_to(tmp_path / "真 数据/张三", target_is_directory=True)
    (tmp_path / "真 数据/loop").symlink_to("loop")
    (tmp_path / "真 数据/gone").symlink_to("nowhere")
    assert sorted(walk.name for walk in scan(link)) == ["张三-nm 01-090 度", "李四-nm 01-090 度"]
    assert scan(link)[0].load()[0].shape == (3, 64, 64)


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ([], "it is empty"),
        (["a.pkl"], "directly inside"),
        (["nm-01/090.pkl"], "one folder deep (nm-01/090.pkl)"),
        (["nm-01/090/090.pkl"], "two folders deep (nm-01/090/090.pkl)"),
        (["CASIA-B/001/nm-01/090/090.pkl"], "4 folders deep"),
        (["001/nm-01/090/001.png"], "it holds pictures (001/nm-01/090/001.png)"),
        (["001/nm-01/090/notes.txt"], "no .pkl file, but 001, nm-01, 090, notes.txt"),
    ],
)
def test_a_folder_without_walks_is_described(tmp_path: Path, files: list[str], said: str) -> None:
    root = tmp_path / "probes"
    root.mkdir()
    for name in files:
        _put(root / name)
    sentence = _sentence(root, "--gallery_dir")
    assert said in sentence
    assert "given by --gallery_dir" in sentence
    assert "<id>/<type>/<view>/*.pkl" in sentence


def test_a_dataset_one_folder_off_is_named(tmp_path: Path) -> None:
    _put(tmp_path / "set/001/nm-01/090/090.pkl")
    assert f"name {tmp_path / 'set'} instead" in _sentence(tmp_path)
    for below in ("set/001", "set/001/nm-01", "set/001/nm-01/090"):
        assert f"name {tmp_path / 'set'} instead" in _sentence(tmp_path / below)
    assert len(scan(tmp_path / "set")) == 1


def test_missing_folder_and_file_in_its_place(tmp_path: Path) -> None:
    assert "does not exist" in _sentence(tmp_path / "no", "--probe_dir")
    assert "is a file" in _sentence(_put(tmp_path / "file"))


def test_closed_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _put(tmp_path / "001/nm-01/090/090.pkl")

    def scandir(folder: Path, opened: Any = os.scandir) -> Any:
        if Path(folder).name == "001":
            raise PermissionError(13, "Permission denied")
        return opened(folder)

    monkeypatch.setattr("visual_analyse.gait.sequences.os.scandir", scandir)
    assert f"{tmp_path / '001'} cannot be read (Permission denied)" in _sentence(tmp_path)


def _two(tmp_path: Path, frames: int = 3) -> Sequence:
    files = (
        _put(tmp_path / "0-sils.pkl", np.full((frames, 64, 64), 7, np.uint8)),
        _put(tmp_path / "1-pose.pkl", np.zeros((3, 17, 3))),
    )
    return Sequence("a", "nm-01", "090", files)


def test_data_in_use_picks_modalities(tmp_path: Path) -> None:
    walk = _two(tmp_path)
    assert [np.shape(data) for data in walk.load()] == [(3, 64, 64), (3, 17, 3)]
    assert [np.shape(data) for data in walk.load([False, True])] == [(3, 17, 3)]
    assert [np.shape(data) for data in walk.load([True])] == [(3, 64, 64)]
    assert [np.shape(data) for data in walk.load([True, False, False])] == [(3, 64, 64)]
    assert [np.shape(data) for data in walk.load([1, 0])] == [(3, 17, 3), (3, 64, 64)]


@pytest.mark.parametrize(
    ("choice", "said"),
    [
        (
            [False, False, True],
            "asks for pkl number 2, counted from 0, of walk a-nm-01-090, which has 2: 0-sils.pkl, 1",
        ),
        ([0, 5], "asks for pkl number 5"),
        ([-1], "asks for pkl number -1"),
        ([False, False], "asks for none"),
        ([], "asks for none"),
        (["0"], "a list of true and false, or of indices, was expected"),
        (True, "a list of true and false, or of indices, was expected"),
    ],
)
def test_data_in_use_that_does_not_fit(tmp_path: Path, choice: list[int], said: str) -> None:
    with pytest.raises(VisualAnalyseError) as caught:
        _two(tmp_path).load(choice)
    assert said in str(caught.value)


def test_modalities_of_unequal_length(tmp_path: Path) -> None:
    walk = _two(tmp_path, frames=4)
    with pytest.raises(VisualAnalyseError, match=r"4 frames in 0-sils.pkl and 3 in 1-pose.pkl.*data_in_use"):
        walk.load()
    assert len(walk.load([False, True])[0]) == 3  # those not in use may have any length


def test_at_most_720_frames(tmp_path: Path) -> None:
    clouds = [np.full((n % 3 + 1, 3), n) for n in range(800)]
    files = (_put(tmp_path / "0.pkl", np.arange(800.0)), _put(tmp_path / "1.pkl", clouds))
    ratio, points = Sequence("a", "b", "c", files).load()
    assert len(ratio) == len(points) == 720
    assert ratio[-1] == 719
