"""The smaller commands: walkers, layers, the demo."""

from __future__ import annotations

import shlex
from pathlib import Path

import numpy as np
import pytest

from visual_analyse.cli import demo, layers, synthesize
from visual_analyse.cli.main import COMMANDS, main
from visual_analyse.gait.partitions import read_partition
from visual_analyse.gait.sequences import scan
from visual_analyse.results import Evidence

FEW = ["--identities", "3", "--conditions", "nm-01", "--views", "090", "--frames", "5"]


def test_walkers_by_a_command(tmp_path, capsys):
    assert synthesize.command(["-s", str(tmp_path / "走 路"), *FEW]) == 0
    walks = scan(tmp_path / "走 路")
    assert [walk.name for walk in walks] == ["001-nm-01-090", "002-nm-01-090", "003-nm-01-090"]
    (frames,) = walks[0].load()
    assert frames.shape == (5, 64, 64)
    assert frames.dtype == np.uint8
    assert set(read_partition(tmp_path / "走 路.json").test) <= {"001", "002", "003"}
    assert "partition" in capsys.readouterr().out


def test_planted_walkers_by_a_command(tmp_path):
    words = [
        "-s",
        str(tmp_path / "planted"),
        "--plant",
        "arms",
        "--identities",
        "2",
        "--conditions",
        "nm-01",
        "--frames",
        "4",
    ]
    assert synthesize.command(words) == 0
    (masks,) = scan(tmp_path / "planted-masks")[0].load()
    a, b = (walk.load()[0].astype(int) for walk in scan(tmp_path / "planted"))
    assert ((a != b) <= (masks > 0)).all()
    assert (a != b).any()


def test_a_sheet_by_a_command(tmp_path):
    assert synthesize.command(["--sheet", str(tmp_path / "sheet.png")]) == 0
    assert (tmp_path / "sheet.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "--save_dir"),
        (["-s", "x", "--sheet", "y.png"], "--save_dir"),
        (["-s", "x", "--plant", "nose"], "nose"),
        (["-s", "x", "--views", "091"], "091"),
        (["-s", "x", "--conditions", "nm-09"], "nm-09"),
        (["-s", "x", "--identities", "0"], "0"),
    ],
)
def test_walkers_nobody_can_make(tmp_path, monkeypatch, capsys, words, said):
    monkeypatch.chdir(tmp_path)
    try:
        status = synthesize.command(words)
    except SystemExit as stopped:
        status = stopped.code
    assert status == 2
    assert said in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_walkers_never_mix_with_what_is_there(tmp_path, capsys):
    place = tmp_path / "walkers"
    assert synthesize.command(["-s", str(place), *FEW]) == 0
    assert synthesize.command(["-s", str(place), *FEW]) == 0  # the same again is no mixture
    assert synthesize.command(["-s", str(place), *FEW, "--views", "054"]) == 2
    assert "001/nm-01/090" in capsys.readouterr().err
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "notes.txt").write_text("mine", encoding="utf-8")
    assert synthesize.command(["-s", str(tmp_path / "mine"), *FEW]) == 2
    assert [path.name for path in (tmp_path / "mine").iterdir()] == ["notes.txt"]


def test_layers_by_a_command(workshop, capsys):
    assert layers.command(["-c", str(workshop.config)]) == 0
    said = capsys.readouterr().out
    assert "22" in said
    assert "gl_block3.2.conv" in said
    assert "whole walk, 16x11" in said
    assert layers.command(["-c", str(workshop.config), "-p", str(workshop.gallery), "--opengait", "nowhere"]) == 2


def test_every_command_prints_help(capsys):
    for name in COMMANDS:
        with pytest.raises(SystemExit) as stopped:
            main([name, "--help"])
        assert stopped.value.code == 0
        assert "usage: " in capsys.readouterr().out


def test_the_demo_never_writes_over_a_folder_that_is_not_its_own(tmp_path, capsys):
    mine = tmp_path / "project" / "gallery" / "mine.txt"
    mine.parent.mkdir(parents=True)
    mine.write_text("years of work", encoding="utf-8")
    assert demo.command(["-s", str(tmp_path / "project")]) == 2
    assert mine.read_text(encoding="utf-8") == "years of work"
    assert "--save_dir" in capsys.readouterr().err


def test_the_demo_is_whole_and_prints_commands_that_run(tmp_path, monkeypatch, capsys):
    """All results and pictures are there, and typing what it printed again gives the same results."""
    monkeypatch.delenv("OPENGAIT_ROOT", raising=False)
    monkeypatch.chdir(tmp_path)
    assert demo.command(["--save-dir", "my demo"]) == 0
    folder = Path("my demo")
    results = sorted(path.name for path in (folder / "results").glob("*.npz"))
    assert len(results) == 2 * len(demo.PROBES)
    assert {"commands.txt", "configs", "gallery", "probes", "walkers", "pictures", "figures", "maps"} <= {
        p.name for p in folder.iterdir()
    }
    assert len(list((folder / "results-poses").glob("*.npz"))) == len(demo.PROBES)
    assert len(list((folder / "skeletons").rglob("joints_by_time/*.png"))) == len(demo.JOINTS) * len(demo.PROBES)
    assert len(list((folder / "figures").rglob("*.gif"))) == 1
    assert len(list((folder / "figures").rglob("compare/*.png"))) == 24
    assert len(list((folder / "pictures").rglob("merge/origin/*.png"))) == 24 * len(results)
    assert {path.suffix for path in (folder / "maps").iterdir()} == {".npz", ".png", ".html"}
    typed = [
        line for line in (folder / "commands.txt").read_text(encoding="utf-8").splitlines() if line[:1] not in {"", "#"}
    ]
    said = capsys.readouterr().out
    assert all(line in said for line in typed)
    before = Evidence.load(folder / "results" / results[0])
    (folder / "results" / results[0]).unlink()
    for line in typed:
        words = shlex.split(line)
        if "grad_cam" in words[2] and before.manifest["config"] in words:
            assert main(["grad_cam", *words[3:]]) == 0
    after = Evidence.load(folder / "results" / results[0])
    assert all((a.maps == b.maps).all() for a, b in zip(before.layers, after.layers, strict=True))
    assert before.distance > 0
