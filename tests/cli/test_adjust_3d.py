from __future__ import annotations

import sys
import types
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib._pylab_helpers import Gcf
from matplotlib.backend_bases import FigureManagerBase
from matplotlib.backends.backend_agg import FigureCanvasAgg
from PIL import Image

from visual_analyse.cli import adjust_3d, visualizer
from visual_analyse.results import EmbeddingMap


@pytest.fixture
def turnable(tmp_path: Path) -> Path:
    feats = np.random.default_rng(0).random((40, 3)).astype(np.float32) * [1, 0.5, 0.2]
    labels = np.array([f"{k:03}" for k in np.arange(40) % 5])
    EmbeddingMap(feats, labels, np.full(40, ""), np.full(40, "")).save(tmp_path / "m_d.npz")
    assert visualizer.main(["visual_tsne", str(tmp_path / "m_d.npz"), "-f", "3,3", "--save_ext", "jpg"]) == 0
    return tmp_path / "m_d_adjust3d.pkl"


def run(*words: object) -> int:
    return visualizer.main(["adjust_3d", *map(str, words)])


def test_angles_take_the_place_of_a_window(turnable: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(turnable, "--azim", "-20", "--elev=5") == 0
    assert "--elev 5 --azim -20 --roll 0" in capsys.readouterr().out
    one = turnable.with_name("m_d_adjust3d.jpg")
    assert Image.open(one).size == (600, 600)
    assert run("--pkl_path", turnable, "--azim=70", "--save_path", turnable.with_name("b"), "--save-ext", ".png") == 0
    assert Image.open(turnable.with_name("b.png")).size == (600, 600)
    assert run(turnable, "--azim=70", "--save_path", turnable.with_name("c.svg")) == 0
    assert run(turnable, "--roll=1", "--save_path", turnable.parent, "--save_ext=pdf") == 0
    assert turnable.with_name("c.svg").is_file() and turnable.with_name("m_d_adjust3d.pdf").is_file()
    assert run(turnable, "--roll=1", "--save_path", "c.svg", "--save_ext=pdf") == 2


@pytest.mark.parametrize("backend", ["Agg", "module://there_is_no_such_backend"])
def test_without_a_display_it_says_what_to_type(
    backend: str, turnable: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MPLBACKEND", backend)
    before = sorted(turnable.parent.iterdir())
    assert run(turnable) == 2
    said = capsys.readouterr().err
    assert said.startswith("adjust_3d: There is no display") and "--elev 30 --azim -60 --roll 0" in said
    assert sorted(turnable.parent.iterdir()) == before


def test_without_a_display_and_any_choice_of_backend(
    turnable: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("MPLBACKEND", "DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    if not sys.platform.startswith("linux"):
        pytest.skip("other systems always have a display")
    assert run(turnable) == 2
    assert "There is no display" in capsys.readouterr().err


def test_what_is_seen_when_the_window_closes_is_saved(
    turnable: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    class Manager(FigureManagerBase):
        @classmethod
        def pyplot_show(cls, *, block: bool | None = None) -> None:
            for manager in Gcf.get_all_fig_managers():
                manager.canvas.draw()
                seen: Any = manager.canvas.figure.axes[0]
                assert (seen.elev, seen.azim, seen.roll) == (30, -60, 0)
                seen.view_init(10, 20, 5)  # as a hand would turn it

    class Canvas(FigureCanvasAgg):
        required_interactive_framework = "headless"  # what matplotlib calls a system without a display
        manager_class = Manager

    fake = types.ModuleType("fake_windows")
    fake.FigureCanvas, fake.FigureManager = Canvas, Manager  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "fake_windows", fake)
    monkeypatch.setenv("MPLBACKEND", "module://fake_windows")
    for name in ("DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    assert run(turnable) == 0
    assert "--elev 10 --azim 20 --roll 5" in capsys.readouterr().out
    by_hand = turnable.with_name("m_d_adjust3d.jpg").read_bytes()
    assert run(turnable, "--elev=10", "--azim=20", "--roll=5") == 0
    assert turnable.with_name("m_d_adjust3d.jpg").read_bytes() == by_hand
    assert not Gcf.get_all_fig_managers()


def test_mistakes_are_sentences(turnable: Path, capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    (turnable.parent / "old.pkl").write_bytes(b"\x80\x04\x95")
    for words, said in (
        ([turnable.parent / "none.pkl"], "There is no file"),
        ([turnable.parent / "old.pkl", "--azim=1"], "left unopened"),
        ([turnable, "--azim=around"], "no number"),
        ([turnable, "--save_ext=gif"], "png, jpg"),
        ([], "PKL is missing"),
    ):
        try:
            status = adjust_3d.command([str(word) for word in words])
        except SystemExit as stopped:
            status = int(str(stopped.code))
        told = capsys.readouterr().err
        assert status == 2 and said in told and told.startswith("adjust_3d: ") and "Traceback" not in told
