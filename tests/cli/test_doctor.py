"""`doctor` as a person or a script types it."""

from __future__ import annotations

import io
import json
import sys

import numpy as np
import pytest
from rich.cells import cell_len
from rich.console import Console

from tests.models.fake_checkout import write_checkout, write_config
from tests.workshop import silhouettes, write_walk
from visual_analyse.cli.doctor import command, show
from visual_analyse.cli.main import main
from visual_analyse.doctor.finding import Finding


def words(workshop, **changes):
    options = {"checkpoint": workshop.checkpoint, "dataset_dir": workshop.dataset, "device": "cpu", **changes}
    listed = [str(workshop.config)]
    for name, value in options.items():
        listed += [] if value is None else [f"--{name}", str(value)]
    return listed


def test_a_set_up_that_works_has_status_0(workshop, capsys):
    assert main(["doctor", *words(workshop)]) == 0
    out = capsys.readouterr().out
    assert "Nothing is missing or wrong; 1 note." in out  # that there is no partition
    assert "embedding 8 x 62" in " ".join(out.split())


def test_a_set_up_that_does_not_has_status_1_and_says_what_to_type(workshop, capsys):
    assert command(words(workshop, dataset_dir=None)) == 1
    out = capsys.readouterr().out
    assert "-> -d DIR" in out
    assert "1 would stop or mislead a run" in out


@pytest.mark.parametrize(
    "typed", [[], ["a.yaml", "-c", "b.yaml"], ["a.yaml", "--split", "some"], ["a.yaml", "b.yaml"], ["a.yaml", "--qick"]]
)
def test_a_command_typed_wrongly_has_status_2(typed, capsys):
    with pytest.raises(SystemExit) as stopped:
        command(typed)
    assert stopped.value.code == 2
    assert "doctor: " in capsys.readouterr().err


def test_the_config_as_the_other_commands_have_it(workshop, capsys):
    for config in (["--config-path", str(workshop.config)], ["-c", str(workshop.config)], [str(workshop.config)]):
        assert command([*words(workshop)[1:], "--quick", *config]) == 0
        assert "--quick builds and runs nothing" in " ".join(capsys.readouterr().out.split())


def test_json_for_scripts(workshop, capsys):
    assert command([*words(workshop, checkpoint="no.pt"), "--json"]) == 1
    said = json.loads(capsys.readouterr().out)
    assert said["status"] == 1
    assert {"visual_analyse", "Python", "torch"} == set(said["versions"])
    (found,) = (row for row in said["findings"] if row["subject"] == "checkpoint")
    assert (found["mark"], found["remedy"]) == ("missing", "--checkpoint FILE")
    assert {row["mark"] for row in said["findings"]} <= {"ok", "note", "missing", "wrong", "skipped"}


def test_what_a_checkout_prints_is_kept_out_of_the_answer(tmp_path, monkeypatch, capsys):
    monkeypatch.delenv("OPENGAIT_ROOT", raising=False)
    code = 'from .walker import Walker\n\nprint("a word of its own")\n\n\nclass Talker(Walker): ...\n'
    root = write_checkout(tmp_path / "fork", extra={"opengait/modeling/models/talker.py": code})
    config = write_config(root / "configs" / "a.yaml", "Talker")
    command([str(config), "--json", "--device", "cpu"])
    out = capsys.readouterr()
    assert json.loads(out.out)["findings"]
    assert "a word of its own" in out.err


def pose(workshop):
    for place in workshop.dataset.glob("*/*/*"):
        write_walk(workshop.dataset, place.relative_to(workshop.dataset).as_posix(), np.zeros((6, 17, 3)), "1.pkl")


def hollow(workshop):
    (workshop.dataset / "002" / "nm-05" / "090" / "0.pkl").write_bytes(b"")


def narrow(workshop):
    workshop.config.write_text(workshop.config.read_text().replace("out_channels: 8", "out_channels: 4"))


def unknown(workshop):
    workshop.config.write_text(workshop.config.read_text().replace("model: GaitSet", "model: GaitNet"))


@pytest.mark.parametrize(
    ("harm", "changes"),
    [
        (None, {}),
        (None, {"checkpoint": "no.pt"}),
        (None, {"dataset_dir": "nowhere"}),
        (None, {"dataset_dir": "."}),
        (None, {"device": "cuda:99"}),
        (None, {"opengait": "."}),
        (None, {"split": "test"}),
        (pose, {}),
        (hollow, {}),
        (narrow, {}),
        (unknown, {}),
    ],
)
def test_what_it_says_comes_true(workshop, capsys, harm, changes):
    """A map is made without complaint where nothing was said to be in the way, and only there."""
    if harm is not None:
        before = workshop.config.read_text()
        harm(workshop)
        assert harm in (pose, hollow) or workshop.config.read_text() != before
    said = command(words(workshop, **changes))
    options = words(workshop, **changes, save_dir="maps", cache="cache")[1:]
    done = main(["pca", "-c", str(workshop.config), *options])
    assert (said, done) in ((0, 0), (1, 2)), capsys.readouterr()
    assert done == 0 or harm is not None or changes


def printed(findings, width=80):
    stream = io.StringIO()
    show(findings, Console(file=stream, width=width, highlight=False, color_system=None))
    return stream.getvalue()


def test_80_columns_are_enough_and_what_is_to_be_typed_is_unbroken():
    remedy = "pip install " + " ".join(f"package-{k}" for k in range(20))
    text = printed(
        [Finding("walks", "wrong", "很长的名字 with words " * 30, remedy), Finding("config", "ok", "x" * 300)]
    )
    lines = text.splitlines()
    assert any(line.endswith(remedy) for line in lines)
    assert all(cell_len(line) <= 80 for line in lines if remedy not in line)
    assert text.count("x") == 300
    assert all(line == line.rstrip() for line in lines)


def test_what_a_file_says_never_reaches_the_terminal_as_it_is():
    text = printed([Finding("model", "wrong", "a\x1b[2Jb\rc", "d\x1b]0;e\x07")])
    assert "a\\x1b[2Jb\\rc" in text
    assert "-> d\\x1b]0;e\\x07" in text
    assert not {"\x1b", "\x07", "\r"} & set(text)


def test_what_was_skipped_for_one_reason_is_one_line():
    why = "not looked at: there is no config"
    found = [Finding("config", "wrong", "None."), Finding("model", "skipped", why), Finding("disk", "ok", "Room.")]
    found += [Finding("model", "skipped", why), Finding("walks", "skipped", why), Finding("x", "skipped", "Else.")]
    lines = printed(found).splitlines()[1:-1]
    assert [line.split()[0] for line in lines] == ["wrong", "skipped", "ok", "skipped"]
    assert lines[1].endswith(f"{why}: model, walks")


@pytest.mark.skipif(sys.platform == "win32", reason="no such names there")
def test_hostile_names_do_nothing_to_the_terminal(workshop, capsys):
    evil = "\x1b[2J[red]\n\u202e9"
    for view in ("000", "090"):
        write_walk(workshop.dataset, f"{evil}/nm-05/{view}", silhouettes(1))
        (workshop.dataset / evil / "nm-01" / view).mkdir(parents=True)
    (workshop.dataset / evil / "nm-05" / "000" / "0.pkl").write_bytes(b"")
    for more in ([], ["--json"]):
        assert command([*words(workshop), *more]) == 1
        out = capsys.readouterr().out
        assert "\x1b" not in out
        assert "\u202e" not in out
        assert "[red]" in out
