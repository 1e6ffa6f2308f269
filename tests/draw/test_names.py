from __future__ import annotations

from pathlib import Path

import pytest

from visual_analyse.draw.names import distinct_names, safe_name

HOSTILE = ["../x", "..", ".", "", "/etc/passwd", "a\\b", "a\x00b", "C:x", "x" * 500, "步" * 300, "con\udcff", " . "]


@pytest.mark.parametrize("name", HOSTILE)
def test_a_name_is_one_part_of_a_path(name: str, tmp_path: Path) -> None:
    safe = safe_name(name)
    folder = tmp_path / safe
    folder.mkdir()
    assert folder.resolve().parent == tmp_path.resolve() and len(safe.encode()) <= 120


def test_letters_of_any_script_stay() -> None:
    assert safe_name("1_步态-conv") == "1_步态-conv"


def test_names_never_share_a_folder() -> None:
    assert distinct_names(["a/b", "a_b", "A_B", "c"]) == ["a_b", "a_b_2", "A_B_3", "c"]
