"""A probe is never its own match, under whatever name it lies in the gallery."""

from __future__ import annotations

import os
import pickle
from pathlib import Path

import numpy as np
import pytest

from visual_analyse.errors import VisualAnalyseError
from visual_analyse.gait.overlap import without_overlap
from visual_analyse.gait.sequences import Sequence


def _walk(folder: Path, name: str, *fills: int) -> Sequence:
    files = []
    for number, fill in enumerate(fills):
        file = folder / f"{name}-{number}.pkl"
        file.write_bytes(pickle.dumps(np.full((4, 8, 8), fill, np.uint8)))
        files.append(file)
    return Sequence(*name.split("/") if "/" in name else (name, "nm", "0"), tuple(files))


def test_same_name_or_same_contents(tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    probe = _walk(tmp_path, "a", 1)
    same_name = _walk(tmp_path / "other", "a", 2)
    same_contents = _walk(tmp_path, "b", 1)
    linked = Sequence("d", "nm", "0", (tmp_path / "link.pkl",))
    linked.files[0].symlink_to(probe.files[0])
    same_size = _walk(tmp_path, "c", 3)
    kept, removed = without_overlap(probe, [same_size, same_name, same_contents, linked])
    assert kept == [same_size]
    assert removed == [same_name, same_contents, linked]


def test_only_the_files_in_use_count(tmp_path: Path) -> None:
    probe, other = _walk(tmp_path, "a", 1, 5), _walk(tmp_path, "b", 1, 6)
    assert without_overlap(probe, [other]) == ([other], [])
    assert without_overlap(probe, [other], [True, False]) == ([], [other])
    assert without_overlap(probe, [other], [1]) == ([other], [])


def test_a_file_that_changes_is_read_again(tmp_path: Path) -> None:
    probe, other = _walk(tmp_path, "a", 1), _walk(tmp_path, "b", 2)
    assert without_overlap(probe, [other])[0] == [other]
    _walk(tmp_path, "b", 1)
    os.utime(other.files[0], ns=(1, 1))
    assert without_overlap(probe, [other])[1] == [other]


def test_each_file_is_digested_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[Path] = []
    from visual_analyse.files import digest

    monkeypatch.setattr("visual_analyse.gait.overlap.digest", lambda file: read.append(file) or digest(file))
    walks = [_walk(tmp_path, name, fill) for fill, name in enumerate("abcd")]
    longer = Sequence("e", "nm", "0", (tmp_path / "e.pkl",))
    longer.files[0].write_bytes(bytes(9999))
    for probe in walks:
        without_overlap(probe, [*walks, longer])
    assert sorted(read) == sorted(walk.files[0] for walk in walks)  # of another size, never opened


def test_a_file_that_went_away(tmp_path: Path) -> None:
    probe, gone = _walk(tmp_path, "a", 1), Sequence("b", "nm", "0", (tmp_path / "gone.pkl",))
    with pytest.raises(VisualAnalyseError, match=r"gone.pkl cannot be read"):
        without_overlap(probe, [gone])
