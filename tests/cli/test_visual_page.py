from __future__ import annotations

import os
import sys
from pathlib import Path

import numpy as np
import pytest

from tests.cli.test_visual_gradcam import drawable
from visual_analyse.cli import visual_page
from visual_analyse.results import EmbeddingMap


def a_map(path: Path, count: int = 12, checkpoint: str | None = "a.pt") -> Path:
    rng = np.random.default_rng(0)
    labels = np.array(["001", "002", "003"])[np.arange(count) % 3]
    views = np.full(count, "090")
    return EmbeddingMap(rng.random((count, 2)), labels, views, views, {}, {"checkpoint": checkpoint}).save(path)


def run(*words: object) -> int:
    try:
        return visual_page.command([str(word) for word in words])
    except SystemExit as stopped:
        return int(stopped.code or 0)


def test_the_page_appears_beside_the_map(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = a_map(tmp_path / "Gait Set.npz")
    assert run(path) == 0
    page = (tmp_path / "Gait Set.html").read_text(encoding="utf-8")
    assert page.startswith("<!doctype html>") and "<title>Gait Set</title>" in page
    assert "Wrote" in capsys.readouterr().out
    assert sorted(file.name for file in tmp_path.iterdir()) == ["Gait Set.html", "Gait Set.npz"]


def test_title_and_place_can_be_named(tmp_path: Path) -> None:
    path = a_map(tmp_path / "a.npz")
    assert run("--npz-path", path, "--save-path", tmp_path / "new" / "b.html", "--title", "GaitSet & <CASIA-B>") == 0
    assert "<title>GaitSet &amp; &lt;CASIA-B&gt;</title>" in (tmp_path / "new" / "b.html").read_text(encoding="utf-8")


def test_a_folder_is_searched_and_other_results_are_let_be(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    a_map(tmp_path / "a.npz")
    a_map(tmp_path / "deep" / "b.npz")
    drawable(tmp_path / "evidence.npz")
    (tmp_path / "broken.npz").write_bytes(b"PK")
    assert run(tmp_path) == 0
    assert sorted(file.name for file in tmp_path.rglob("*.html")) == ["a.html", "b.html"]
    said = capsys.readouterr().err
    assert "broken.npz" in said and "evidence" not in said
    assert run(tmp_path, "-s", tmp_path / "one.html") == 2
    assert "2 maps" in capsys.readouterr().err


def test_one_bad_map_of_a_folder_does_not_stop_the_others(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    two = np.array(["a", "b"])
    np.savez(tmp_path / "a nan.npz", labels=two, feats=np.full((2, 2), np.nan))
    np.savez(tmp_path / "b odd.npz", labels=two, feats=np.eye(2), purity=two)
    assert run(tmp_path) == 2
    assert "Nothing could be made" in capsys.readouterr().err and not list(tmp_path.rglob("*.html"))
    a_map(tmp_path / "c.npz")
    assert run(tmp_path) == 0
    said = capsys.readouterr().err
    assert said.count("skipped: ") == 2 and "a nan.npz" in said and "b odd.npz: purity" in said
    assert [file.name for file in tmp_path.rglob("*.html")] == ["c.html"]


def test_of_many_dimensions_the_first_three_are_shown(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    np.savez(tmp_path / "wide.npz", labels=np.array(["a", "b"]), feats=np.eye(2, 7))
    assert run(tmp_path / "wide.npz") == 0
    assert "wide.npz has 7 dimensions; the first 3 are shown" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("asked", "said"),
    [("a.npz", "is the map itself"), ("new.NPZ", "named as a map"), ("bare", "is the map itself"),
     ("linked.html", "is the map itself")],
)  # fmt: skip
@pytest.mark.parametrize("more", [[], ["--atlas"]])
def test_a_map_is_never_overwritten(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], asked: str, said: str, more: list[str]
) -> None:
    path = a_map(tmp_path / "a.npz")
    if asked == "bare":
        path = path.rename(tmp_path / "bare")
    if asked == "linked.html":
        os.link(path, tmp_path / asked)
    before = path.read_bytes()
    assert run(path, "--save_path", tmp_path / asked, *more) == 2
    assert said in capsys.readouterr().err
    assert path.read_bytes() == before and len(list(tmp_path.iterdir())) == 1 + (asked == "linked.html")


@pytest.mark.parametrize(
    ("asked", "made"),
    [("b", "b.html"), ("b.htm", "b.htm"), ("b.HTML", "b.HTML"), ("v1.2", "v1.2.html"), ("b.png", "b.png.html")],
)
def test_an_ending_is_added_where_it_lacks(tmp_path: Path, asked: str, made: str) -> None:
    assert run(a_map(tmp_path / "a.npz"), "-s", tmp_path / asked) == 0
    assert sorted(file.name for file in tmp_path.iterdir()) == sorted(["a.npz", made])


def test_random_weights_are_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(a_map(tmp_path / "a.npz", checkpoint=None)) == 0
    assert "RANDOM WEIGHTS" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "NPZ_PATH: it is missing"),
        (["a.npz", "b.npz"], "2 were given"),
        (["nowhere.npz"], "no file or folder nowhere.npz"),
        (["empty"], "No .npz in empty"),
        (["text.npz"], "no readable .npz"),
        (["flat.npz"], "lacks feats"),
        (["odd.npz"], "odd.npz: purity is <U1"),
        (["a.npz", "-s", "empty"], "is a folder"),
        (["a.npz", "--atlsa"], "Did you mean --atlas"),
    ],
)
def test_what_cannot_be_is_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], words: list[str], said: str
) -> None:
    monkeypatch.chdir(tmp_path)
    a_map(Path("a.npz"))
    Path("empty").mkdir()
    Path("text.npz").write_bytes(b"PK\x03\x04")
    np.savez("flat.npz", labels=np.array(["a"]))
    np.savez("odd.npz", labels=np.array(["a", "b"]), feats=np.zeros((2, 2)), purity=np.array(["x", "y"]))
    assert run(*words) == 2
    err = capsys.readouterr().err
    assert said in err and err.startswith("visual_page: ") and "Traceback" not in err
    assert not list(tmp_path.rglob("*.html"))


def test_atlas_writes_parquet_and_says_what_to_type(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("pyarrow", reason="Parquet is tried with pyarrow: pip install pyarrow")
    path = a_map(tmp_path / "a map.npz")
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr(sys, "executable", str(tmp_path / "bin" / "python"))
    assert run(path, "--atlas", "-s", tmp_path / "named.so") == 0 and (tmp_path / "named.so.parquet").is_file()
    assert run(path, "--atlas") == 0
    assert (tmp_path / "a map.parquet").is_file() and not (tmp_path / "a map.html").exists()
    said = capsys.readouterr().err
    assert "visual-analyse[atlas]" in said and f"embedding-atlas '{tmp_path}/a map.parquet' --x x --y y" in said


@pytest.mark.skipif(os.name == "nt", reason="a stand-in program is a shell script")
@pytest.mark.parametrize("status", [0, 3])
def test_atlas_hands_the_file_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], status: int
) -> None:
    pytest.importorskip("pyarrow", reason="Parquet is tried with pyarrow: pip install pyarrow")
    program = tmp_path / "bin" / "embedding-atlas"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\necho "$@" > {tmp_path}/words\nexit {status}\n')
    program.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(program.parent / "python"))
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    path = a_map(tmp_path / "a.npz")
    assert run(path, "--atlas") == (2 if status else 0)
    assert (tmp_path / "words").read_text().split() == [str(tmp_path / "a.parquet"), "--x", "x", "--y", "y"]
    assert ("status 3" in capsys.readouterr().err) == bool(status)
