from __future__ import annotations

import json
from pathlib import Path

import pytest

from visual_analyse.draw.sinks.record import Record


def drawn(folder: Path, *names: str) -> list[Path]:
    files = [folder / name for name in names]
    for file in files:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(b"x")
    return files


def test_what_is_done_is_known_until_anything_changes(tmp_path: Path) -> None:
    files = drawn(tmp_path, "merge/a/001.png", "merge/scales.csv")
    Record(tmp_path).finish("merge", {"opacity": 0.6}, files)
    assert Record(tmp_path).is_done("merge", {"opacity": 0.6})
    assert not Record(tmp_path).is_done("merge", {"opacity": 0.5})
    assert not Record(tmp_path).is_done("compare", {"opacity": 0.6})
    files[0].unlink()
    assert not Record(tmp_path).is_done("merge", {"opacity": 0.6})


def test_a_run_stopped_midway_is_not_done_and_its_files_are_cleared_later(tmp_path: Path) -> None:
    old = drawn(tmp_path, "merge/old/001.png", "merge/old/002.png")
    Record(tmp_path).finish("merge", {"v": 1}, old)
    Record(tmp_path).begin("merge", {"v": 2}, drawn(tmp_path, "merge/half/001.png"))
    assert not Record(tmp_path).is_done("merge", {"v": 2})
    new = drawn(tmp_path, "merge/new/001.png")
    Record(tmp_path).finish("merge", {"v": 3}, new)
    assert sorted(path.name for path in (tmp_path / "merge").iterdir()) == ["new"]


def test_a_folder_that_still_holds_a_users_file_stays(tmp_path: Path) -> None:
    Record(tmp_path).finish("merge", {}, drawn(tmp_path, "merge/old/001.png"))
    (tmp_path / "merge" / "old" / "notes.md").write_text("mine")
    Record(tmp_path).finish("merge", {}, drawn(tmp_path, "merge/new/001.png"))
    assert [path.name for path in (tmp_path / "merge" / "old").iterdir()] == ["notes.md"]


@pytest.mark.parametrize("content", ["", "{", "[]", '{"merge": 3}', '{"merge": {"files": 3}}', "\udcff"])
def test_a_broken_record_only_means_drawing_anew(content: str, tmp_path: Path) -> None:
    (tmp_path / "drawn.json").write_bytes(content.encode("utf-8", "surrogateescape"))
    record = Record(tmp_path)
    assert not record.is_done("merge", {})
    record.finish("merge", {}, drawn(tmp_path, "merge/001.png"))
    assert Record(tmp_path).is_done("merge", {})


def test_a_strangers_record_cannot_delete_files_elsewhere(tmp_path: Path) -> None:
    folder, outside = tmp_path / "pictures", drawn(tmp_path, "outside/001.png")[0]
    inside = drawn(folder, "thesis.docx")[0]
    (folder / "link").symlink_to(tmp_path / "outside")
    names = ["../outside/001.png", str(outside), "link/001.png", "thesis.docx"]
    (folder / "drawn.json").write_text(json.dumps({"merge": {"files": names, "whole": True, "made_of": {}}}))
    Record(folder).finish("merge", {}, drawn(folder, "merge/001.png"))
    assert outside.exists() and inside.exists()
