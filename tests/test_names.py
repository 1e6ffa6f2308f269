"""Names of strangers never become paths, and never move a terminal's cursor."""

from __future__ import annotations

from pathlib import Path, PureWindowsPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from visual_analyse.names import listed, plain, safe_name


@pytest.mark.parametrize("name", ["GaitSet_001-nm-05-090", "张三-nm 01-090", "45_1.avi", "a~b", "U0_D0_BG"])
def test_good_names_stay(name: str) -> None:
    assert safe_name(name) == name


@pytest.mark.parametrize(
    "name",
    ["../x", "..", ".", "", "a/b", "a\\b", "/etc/passwd", "C:\\x", "a\nb", "a\x00b", "\x1b[2J", ".hidden", "con",
     "NUL.x", "a.", "a ", "x" * 300, "汉" * 100, "\udcff", "a\u202eb", "~root"],
)  # fmt: skip
def test_bad_names_become_one_plain_component(name: str, tmp_path: Path) -> None:
    safe = safe_name(name)
    file = tmp_path / f"{safe}.npz"
    file.write_text("")
    assert [child.name for child in tmp_path.iterdir()] == [f"{safe}.npz"]
    assert PureWindowsPath(safe).name == safe
    assert safe.isprintable() and not safe.startswith(".") and len(safe.encode()) <= 200


def test_two_names_never_meet() -> None:
    names = ["a/b", "a_b", "a\\b", "a:b", "a\nb", "x" * 300, "x" * 301]
    assert len({safe_name(name) for name in names}) == len(names)


@given(st.text(max_size=40))
def test_any_text(text: str) -> None:
    safe = safe_name(text)
    assert safe and Path(safe).name == safe and PureWindowsPath(safe).name == safe and safe not in (".", "..")
    assert plain(text).isprintable() or not plain(text)


def test_for_sentences() -> None:
    assert plain("a\x1b[2J\nb") == "a\\x1b[2J\\nb"
    assert plain("001-nm-05-090 张") == "001-nm-05-090 张"
    assert listed([]) == "nothing"
    assert listed(["a", "b\n", "c"], 2) == "a, b\\n, ..."
