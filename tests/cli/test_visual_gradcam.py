from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from visual_analyse.cli import visual_gradcam, visualizer
from visual_analyse.draw.colours import worded
from visual_analyse.results import Evidence, InputKind, LayerEvidence

PROBE = "001-nm-05-090"


def drawable(
    path: Path, probe: str = PROBE, model: str = "GaitSet", gain: float = 1.0, size: int = 16, strided: bool = False
) -> Path:
    rng = np.random.default_rng(0)
    frames = rng.integers(0, 256, (4, size, size // 2), dtype=np.uint8)
    steps = [[0, 3]] if strided else [[k, k + 1] for k in range(4)]
    maps = (gain * rng.normal(size=(len(steps), 4, 2))).astype(np.float32)
    layer = LayerEvidence(1, "conv1", "Conv2d", maps, np.array(steps))
    manifest = {"model": {"name": model}, "probe": {"name": probe}, "match": {"name": "001-nm-01-090"}}
    return Evidence(frames, (layer,), np.full(4, 0.5), manifest).save(path)


def run(*words: object) -> int:
    return visual_gradcam.command([str(word) for word in words])


def middle(folder: Path) -> np.ndarray:
    return np.asarray(Image.open(folder / "002.png")).astype(int)


def error_of(capsys: pytest.CaptureFixture[str], *words: object) -> str:
    """The one sentence on stderr of a command that must fail with status 2, without a traceback."""
    try:
        status = run(*words)
    except SystemExit as stopped:
        status = stopped.code
    said = capsys.readouterr().err
    assert status == 2 and "Traceback" not in said and said.startswith("visual_gradcam: ")
    return said


def test_pictures_lie_beside_the_result(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(drawable(tmp_path / f"GaitSet_{PROBE}.npz")) == 0
    folder = tmp_path / f"GaitSet_{PROBE}"
    assert sorted(path.name for path in folder.iterdir()) == ["drawn.json", "merge"]
    assert sorted(path.name for path in (folder / "merge" / "1_conv1").iterdir()) == [
        f"{k:03}.png" for k in (1, 2, 3, 4)
    ]
    said = capsys.readouterr().out
    assert said == f"Wrote 8 pictures in {folder}.\n"


@pytest.mark.parametrize(
    "words",
    [
        ["FILE", "-h", "0.4", "-d", "both", "-r", "2", "-f", "3", "-s", "OUT"],
        ["FILE", "-h=0.4", "-d=both", "-r=2", "-f=3", "-s=OUT"],
        ["-h0.4", "-dboth", "-r2", "-f3", "-sOUT", "FILE"],
        ["--heatmap_opacity", "0.4", "--draw_mode", "both", "--resize_ratio", "2", "--font_scale", "3",
         "--save_dir", "OUT", "FILE"],
        ["--heatmap-opacity=0.4", "--draw-mode=both", "--resize-ratio=2", "--font-scale=3", "--save-dir=OUT", "FILE"],
        ["--npz_path=FILE", "--heatmap_opacity=0.4", "--draw_mode=BOTH", "--resize_ratio=2", "--font_scale=3",
         "--save_dir=OUT", "--pixelated=False"],
        ["--npz-path", "FILE", "-h=.4", "--draw-mode", "both", "-r=2.0", "-f", "3.0", "-s", "OUT", "--nopixelated"],
        ["-h", "0.4", "FILE", "-d", "both", "-r", "2", "--polarity=for", "-f", "3", "--scale", "clip", "-s", "OUT"],
    ],
)  # fmt: skip
def test_every_spelling_of_the_flags_draws_the_same(words: list[str], tmp_path: Path) -> None:
    file = drawable(tmp_path / "x.npz")
    plain, spelled = tmp_path / "plain", tmp_path / "spelled"
    assert run(file, "-h", "0.4", "-d", "both", "-r", "2", "-f", "3", "-s", plain) == 0
    assert run(*(word.replace("FILE", str(file)).replace("OUT", str(spelled)) for word in words)) == 0
    files = sorted(path.relative_to(plain) for path in plain.rglob("*.png"))
    assert files == sorted(path.relative_to(spelled) for path in spelled.rglob("*.png")) and len(files) == 13
    assert all((plain / file).read_bytes() == (spelled / file).read_bytes() for file in files)
    assert Image.open(plain / "x" / "merge" / "origin" / "001.png").size == (16, 32)


def test_opacity_0_shows_the_frame(tmp_path: Path) -> None:
    run(drawable(tmp_path / "x.npz"), "-h", "0")
    merge = tmp_path / "x" / "merge"
    assert (middle(merge / "1_conv1") == middle(merge / "origin")[..., None]).all()


def test_polarities_and_pixels_differ(tmp_path: Path) -> None:
    file = drawable(tmp_path / "x.npz")
    drawn = {}
    for words in (("--polarity", "for"), ("--polarity=against",), ("--polarity=both",), ("--polarity=abs",),
                  ("--pixelated",), ("--colormap", "jet")):  # fmt: skip
        run(file, "-s", tmp_path / "out", *words)
        drawn["".join(words)] = (tmp_path / "out" / "x" / "merge" / "1_conv1" / "002.png").read_bytes()
    assert len(set(drawn.values())) == 6


def test_a_folder_is_searched_and_other_files_are_skipped(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    drawable(tmp_path / "in" / "a.npz")
    drawable(tmp_path / "in" / "deep" / "er" / "a.npz")
    np.savez(tmp_path / "in" / "tsne.npz", feats=np.zeros(3))
    (tmp_path / "in" / "broken.npz").write_bytes(b"PK\x03\x04 cut short")
    np.savez(tmp_path / "in" / "old.npz", allow_pickle=True, frames=np.array([{}], dtype=object))
    assert run(tmp_path / "in", "-s", tmp_path / "out") == 0
    said = capsys.readouterr()
    assert said.err.count("skipped: ") == 3 and "left unopened" in said.err and "Wrote 16 pictures" in said.out
    assert sorted(path.relative_to(tmp_path / "out").as_posix() for path in tmp_path.glob("out/**/merge")) == [
        "a/merge", "deep/er/a/merge",
    ]  # fmt: skip


def test_bad_input_gets_its_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    good = drawable(tmp_path / "good.npz")
    empty = tmp_path / "empty"
    empty.mkdir()
    np.savez(tmp_path / "tsne.npz", feats=np.zeros(3))
    (tmp_path / "cut.npz").write_bytes(good.read_bytes()[:200])
    np.savez(tmp_path / "old.npz", allow_pickle=True, frames=np.array([{}], dtype=object))
    only = tmp_path / "only"
    only.mkdir()
    (tmp_path / "tsne.npz").rename(only / "tsne.npz")
    for words, said in [
        ([], "NPZ_PATH is missing"),
        ([tmp_path / "nope.npz"], "There is no file or folder"),
        ([empty], "There is no .npz in"),
        ([only / "tsne.npz"], "is no Grad-CAM result: it lacks parts, manifest, frames"),
        ([only], "None of the 1 .npz under"),
        ([tmp_path / "cut.npz"], "damaged or cut short"),
        ([tmp_path / "old.npz"], "left unopened"),
        ([good, "-h", "1.5"], "'1.5' is no number from 0 to 1"),
        ([good, "-h", "-0.1"], "'-0.1' is no number from 0 to 1"),
        ([good, "-r", "0"], "'0' is no number from 0.1 to 32"),
        ([good, "-f", "big"], "'big' is no number"),
        ([good, "-d", "all"], "invalid choice: 'all'"),
        ([good, "--polarity", "up"], "invalid choice: 'up'"),
        ([good, "--film", "avi"], "invalid choice: 'avi'"),
        ([good, "--fps", "0"], "'0' is no number from 0.1"),
        ([good, "--scale", "frame"], "'frame' is none of clip, shared"),
        ([good, "--colormap", "infernoo"], "did you mean inferno"),
        ([good, "--pixelated=maybe"], "neither True nor False"),
        ([good, "--heatmap_opacit", "0.3"], "Did you mean --heatmap_opacity?"),
        ([good, "-s", good], "could not be written"),
    ]:
        assert said in error_of(capsys, *words), words


def test_frames_that_are_no_pictures_are_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "pose.npz"
    Evidence(np.zeros((4, 17, 3), np.float32), (), np.ones(4)).save(path)
    said = error_of(capsys, path)
    assert str(path) in said and "[4, 17, 3]; pictures need uint8" in said


def test_mp4_without_its_extra_names_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "av", None)
    assert 'pip install "visual-analyse[film]"' in error_of(capsys, drawable(tmp_path / "x.npz"), "--film", "mp4")
    assert not (tmp_path / "x").exists()


def test_a_film_is_written_beside_the_pictures(tmp_path: Path) -> None:
    run(drawable(tmp_path / "x.npz"), "--film", "gif", "--fps", "20")
    with Image.open(tmp_path / "x" / "x.gif") as film:
        assert film.n_frames == 4 and film.info["duration"] == 50


def test_models_of_one_probe_become_rows(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    a, b = drawable(tmp_path / "a.npz", model="GaitSet"), drawable(tmp_path / "b.npz", model="GaitBase", gain=3)
    assert run(a, "-d", "both", b, "-s", tmp_path / "out") == 0
    together = tmp_path / "out" / f"GaitSet_vs_GaitBase_{PROBE}" / "compare"
    assert len(list(together.glob("*.png"))) == 4
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [f"GaitSet_vs_GaitBase_{PROBE}", "a", "b"]
    names = (together / "layer_names.txt").read_text()
    assert names.count("of the distance") == 2 and "GaitBase" in names
    run(a, "-d", "compare", "-s", tmp_path / "alone")
    assert middle(together).shape[0] > 1.6 * middle(tmp_path / "alone" / "a" / "compare").shape[0]


def test_rows_of_all_probes_can_share_one_scale(tmp_path: Path) -> None:
    gains = {"A": (1.0, 2.0), "B": (3.0, 8.0)}
    for model, (first, second) in gains.items():
        drawable(tmp_path / model / "1.npz", model=model, gain=first)
        drawable(tmp_path / model / "2.npz", model=model, gain=second, probe="002-nm-05-090")
    assert run(tmp_path / "A", tmp_path / "B", "-d", "compare", "--scale", "shared", "-s", tmp_path / "out") == 0
    strongest = Evidence.load(tmp_path / "B" / "2.npz").layers[0].strength
    percent = f"{worded(strongest / 2.0, percent=True)} of the distance"  # of the explained distance, which is 2
    for folder in (tmp_path / "out").iterdir():
        assert (folder / "compare" / "layer_names.txt").read_text().count(percent) == 2
    assert len(list((tmp_path / "out").iterdir())) == 2


def test_results_that_cannot_be_compared_are_drawn_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    a, other = drawable(tmp_path / "a.npz"), drawable(tmp_path / "b.npz", probe="002-nm-05-090")
    small = drawable(tmp_path / "c.npz", model="GaitBase", size=8)
    assert run(a, other, "-d", "compare") == 0
    assert "different probes" in capsys.readouterr().err
    assert run(a, small, "-d", "compare", "-s", tmp_path / "out") == 0
    assert "their frames differ (a.npz: 4 of 16x8; c.npz: 4 of 8x4)" in capsys.readouterr().err
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["a", "c"]


def test_results_of_equal_names_do_not_mix(tmp_path: Path) -> None:
    files = [drawable(tmp_path / folder / "x.npz", gain=gain) for folder, gain in (("base", 1.0), ("ours", -1.0))]
    assert run(*files, "-s", tmp_path / "out") == 0
    first, second = (middle(tmp_path / "out" / folder / "x" / "merge" / "1_conv1") for folder in ("base", "ours"))
    assert (first != second).any()


def test_strength_shows_on_a_shared_scale_and_in_the_numbers(tmp_path: Path) -> None:
    weak, strong = drawable(tmp_path / "weak.npz"), drawable(tmp_path / "strong.npz", probe="002-nm-05-090", gain=4)

    def drawn(mode: str) -> list[np.ndarray]:
        assert run(weak, strong, "-s", tmp_path / mode, "--scale", mode, "-h", "1") == 0
        return [middle(tmp_path / mode / name / "merge" / "1_conv1") for name in ("weak", "strong")]

    assert (drawn("clip")[0] == drawn("clip")[1]).all()
    ends = [(tmp_path / "clip" / name / "merge" / "scales.csv").read_text() for name in ("weak", "strong")]
    assert ends[0] != ends[1]
    dim, bright = drawn("shared")
    assert dim.sum() < 0.6 * bright.sum() and (bright == drawn("clip")[1]).all()


def test_strided_time_is_said_on_the_screen(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(drawable(tmp_path / "x.npz", strided=True)) == 0
    said = capsys.readouterr().err
    assert "layer 1 strides over time" in said and "1 frame was seen by no step" in said
    assert len(list((tmp_path / "x" / "merge" / "layer_input").glob("*.png"))) == 1


def of_layers(path: Path, *layers: tuple[int, float, int], **facts: object) -> Path:
    """A result of flat maps: number, value and steps of each layer, on eight frames."""
    made = [LayerEvidence(number, f"conv{k}", "Conv2d", np.full((steps, 2, 2), value, np.float32),
                          np.arange(steps + 1).repeat(2)[1:-1].reshape(-1, 2) * (8 // steps))
            for k, (number, value, steps) in enumerate(layers)]  # fmt: skip
    manifest = {"model": {"name": "GaitSet"}, "probe": {"name": PROBE}, "match": {"name": "001-nm-01-090"}, **facts}
    return Evidence(np.zeros((8, 16, 8), np.uint8), tuple(made), np.full(4, 0.5), manifest).save(path)


def test_layers_that_stay_blank_are_named_on_the_screen(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = of_layers(tmp_path / "x.npz", (3, 1.0, 8), (8, -1.0, 8), (17, -0.5, 8), (20, 0.0, 8))
    for words, said in [
        ([], "GaitSet: layers 8, 17 hold only evidence against: --polarity both shows it."),
        (["--polarity", "against"], "GaitSet: layer 3 holds only evidence for: --polarity both shows it."),
        (["--polarity", "both"], ""), (["--polarity", "abs"], ""),
    ]:  # fmt: skip
        assert run(file, *words) == 0
        assert capsys.readouterr().err == (f"visual_gradcam: {said}\n" if said else "")


def test_a_layer_that_ran_often_is_named_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(of_layers(tmp_path / "x.npz", (103, 1.0, 4), *[(105, -1.0, 4)] * 3))
    said = capsys.readouterr().err
    assert "layers 103, 105 stride over time" in said and "layer 105 holds only" in said
    run(of_layers(tmp_path / "y.npz", *[(105, 1.0, 4)] * 3))
    assert "layer 105 strides over time" in capsys.readouterr().err


def skeletal(path: Path, strided: bool = False, **facts: object) -> Path:
    rng = np.random.default_rng(0)
    joints = rng.uniform(1, 60, (4, 3, 3)).astype(np.float32)
    kind = InputKind("pose", "joints", edges=((0, 1), (1, 2)), joints=("nose", "neck", "left hip"))
    steps = [[0, 2], [1, 4]] if strided else [[k, k + 1] for k in range(4)]
    layer = LayerEvidence(1, "gcn1", "Conv2d", rng.normal(size=(len(steps), 3)).astype(np.float32), np.array(steps))
    manifest = {"model": {"name": "GaitTR"}, "probe": {"name": PROBE}, **facts}
    return Evidence(joints, (layer,), np.full(4, 0.5), manifest, kind=kind).save(path)


@pytest.mark.parametrize("mode", ["merge", "compare"])
def test_skeletons_get_charts_of_their_joints(mode: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(skeletal(tmp_path / "x.npz"), "-d", mode) == 0
    made = {"merge": "8 pictures", "compare": "4 figures"}[mode]
    assert capsys.readouterr().out == f"Wrote {made}, 1 chart of joints by time in {tmp_path / 'x'}.\n"
    assert (tmp_path / "x" / "joints_by_time" / "1_gcn1.png").exists()
    assert run(tmp_path / "x.npz", "-d", mode) == 0 and "Nothing was left to draw" in capsys.readouterr().out


def test_windows_of_poses_are_said_to_be_drawn_on_their_middle(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(skeletal(tmp_path / "x.npz", strided=True)) == 0
    assert "layer 1 strides over time, so maps are drawn on the middle frame of each step's window." in (
        capsys.readouterr().err
    )


@pytest.mark.parametrize(
    "words", [["-h", "0"], ["-h", "1"], ["--pixelated"], ["--polarity", "both"], ["--colormap", "jet"],
              ["--scale", "shared"], ["-r", "0.1"], ["--film", "gif"]],
)  # fmt: skip
def test_every_option_holds_for_skeletons(words: list[str], tmp_path: Path) -> None:
    assert run(skeletal(tmp_path / "x.npz"), "-d", "both", *words) == 0
    sides = {Image.open(path).size for path in (tmp_path / "x" / "merge").glob("*/*.png")}
    assert len(sides) == 1 and (words[0] != "-r" or sides.pop()[1] == 26)
    same = (middle(tmp_path / "x" / "merge" / "1_gcn1") == middle(tmp_path / "x" / "merge" / "origin")).all()
    assert same == (words == ["-h", "0"])


def test_skeletons_of_several_models_become_rows_with_charts(tmp_path: Path) -> None:
    a, b = skeletal(tmp_path / "a.npz"), skeletal(tmp_path / "b.npz", model="ResGCN")
    assert run(a, b, "-d", "compare", "-s", tmp_path / "out") == 0
    folder = tmp_path / "out" / f"GaitTR_vs_ResGCN_{PROBE}"
    assert sorted(path.parent.name for path in folder.glob("joints_by_time/*/*.png")) == ["GaitTR", "ResGCN"]


def test_malformed_joints_are_said_and_skipped_in_a_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    skeletal(tmp_path / "in" / "good.npz")
    kind = InputKind("pose", "joints", edges=((0, 9),))
    Evidence(np.ones((4, 3, 3), np.float32), (), np.ones(4), kind=kind).save(tmp_path / "in" / "bad.npz")
    assert "ends at joint 9; there are 3" in error_of(capsys, tmp_path / "in" / "bad.npz")
    assert run(tmp_path / "in") == 0
    said = capsys.readouterr()
    assert said.err.count("skipped: ") == 1 and "Wrote 8 pictures, 1 chart" in said.out


def test_the_same_command_again_draws_only_what_changed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = drawable(tmp_path / "x.npz")
    run(file)
    capsys.readouterr()
    run(file)
    assert "Nothing was left to draw" in capsys.readouterr().out
    drawable(file, gain=2)
    run(file)
    assert "Wrote 8 pictures" in capsys.readouterr().out


def test_names_in_any_script_and_with_markup(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = drawable(tmp_path / "数据 [red]" / "步态_甲-nm-05-090.npz", probe="甲-nm-05-090", model="步态")
    assert run(file, "-d", "both", "--film", "gif") == 0
    assert (file.parent / file.stem / f"{file.stem}.gif").exists()
    assert "[red]" in capsys.readouterr().out


def test_a_file_that_is_no_zip_inside_is_an_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with zipfile.ZipFile(tmp_path / "x.npz", "w") as archive:
        archive.writestr("frames.npy", b"not an array")
    error_of(capsys, tmp_path / "x.npz")


def test_help_tells_of_every_flag(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        run("--help")
    said = capsys.readouterr().out
    assert stopped.value.code == 0
    for flag in ("--save_dir", "--heatmap_opacity", "--draw_mode", "--resize_ratio", "--font_scale", "--polarity",
                 "--scale", "--colormap", "--film", "--fps", "--pixelated"):  # fmt: skip
        assert flag in said


def test_the_visualizer_names_its_commands(capsys: pytest.CaptureFixture[str]) -> None:
    assert visualizer.main(["--help"]) == 0 and "visual_gradcam" in capsys.readouterr().out
    assert visualizer.main([]) == 2 and "visual_gradcam" in capsys.readouterr().err
    assert visualizer.main(["visual_grad_cam"]) == 2 and "Did you mean visual_gradcam?" in capsys.readouterr().err
    assert visualizer.main(["visual-gradcam", "nope.npz"]) == 2 and "nope.npz" in capsys.readouterr().err


def test_it_runs_by_its_module_name_beside_a_folder_of_the_same_name(tmp_path: Path) -> None:
    results = tmp_path / "visual_analyse" / "Results"
    drawable(results / "x.npz")
    done = subprocess.run(
        [sys.executable, "-m", "visual_analyse.visualizer", "visual_gradcam", "visual_analyse/Results", "-h=0.5"],
        cwd=tmp_path, capture_output=True, text=True, env={**os.environ, "PYTHONWARNINGS": "error"},
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "") and "Wrote 8 pictures" in done.stdout
    assert (results / "x" / "merge" / "1_conv1" / "004.png").exists()
    wrong = subprocess.run(
        [sys.executable, "-m", "visual_analyse.visualizer", "visual_gradcam", "nowhere"],
        cwd=tmp_path, capture_output=True, text=True,
    )  # fmt: skip
    assert wrong.returncode == 2 and wrong.stderr.count("\n") == 1
