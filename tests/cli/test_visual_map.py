from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from visual_analyse.cli import visual_map, visualizer
from visual_analyse.results import EmbeddingMap, Evidence, LayerEvidence


def drawable(path: Path, dims: int = 2, **given: Any) -> Path:
    rng = np.random.default_rng(0)
    n = np.arange(40)
    arrays: dict[str, Any] = {
        "feats": rng.random((40, dims)).astype(np.float32),
        "labels": np.array([f"{k:03}" for k in n % 5]),
        "types": np.array(["nm-01", "bg-01"])[n % 2],
        "views": np.array(["000", "090"])[n % 2],
        "manifest": {"views_are_angles": True},
    }
    return EmbeddingMap(**{**arrays, **given}).save(path)


def run(*words: object) -> int:
    return visualizer.main(["visual_tsne", *map(str, words)])


def error_of(capsys: pytest.CaptureFixture[str], *words: object, command: str = "visual_tsne") -> str:
    """The one sentence on stderr of a command that must fail with status 2, without a traceback."""
    try:
        status = visualizer.main([command, *map(str, words)])
    except SystemExit as stopped:
        status = int(str(stopped.code))
    said = capsys.readouterr().err
    assert status == 2 and "Traceback" not in said and said.startswith(f"{command}: ") and said.count("\n") == 1
    return said


def test_the_picture_lies_beside_the_map(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(drawable(tmp_path / "GaitSet_CASIA-B.npz")) == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["GaitSet_CASIA-B.npz", "GaitSet_CASIA-B.png"]
    assert capsys.readouterr().out == f"Wrote {tmp_path / 'GaitSet_CASIA-B.png'}.\n"
    image = Image.open(tmp_path / "GaitSet_CASIA-B.png")
    assert image.size == (1600, 1600) and image.getpixel((0, 0))[3] == 0


@pytest.mark.parametrize(
    "words",
    [
        ["FILE", "--title", "T", "-f", "4,3", "-m", "20", "-c", "jet", "--transparent", "False", "--save_path", "OUT"],
        ["FILE", "--title=T", "-f=4,3", "-m=20", "-c=jet", "--transparent=False", "--save_path=OUT"],
        ["--npz_path=FILE", "--title=T", "--fig_size=(4.0, 3.0)", "--marker_size=20.0", "--cmap=jet", "--notransparent",
         "--save_path=OUT"],
        ["--npz-path", "FILE", "--title", "T", "--fig-size", "[4,3]", "--marker-size", "20", "--cmap", "jet",
         "--no-transparent", "--save-path", "OUT", "--save-ext", ".PNG"],
        ["-m", "20", "FILE", "-f", "(4,3)", "--title", "T", "--color_by=identity", "-c", "jet", "--transparent=false",
         "--save_path", "OUT", "--save_ext=png"],
    ],
)  # fmt: skip
def test_every_spelling_of_the_flags_draws_the_same(words: list[str], tmp_path: Path) -> None:
    file = drawable(tmp_path / "x.npz")
    plain, spelled = tmp_path / "plain.png", tmp_path / "spelled.png"
    assert run(file, "--title", "T", "-f", "4,3", "-m", 20, "-c", "jet", "--transparent", False,
               "--save_path", plain) == 0  # fmt: skip
    assert Image.open(plain).size == (800, 600)
    assert run(*({"FILE": file, "OUT": spelled}.get(word, word.replace("FILE", str(file)).replace("OUT", str(spelled)))
                 for word in words)) == 0  # fmt: skip
    assert plain.read_bytes() == spelled.read_bytes()


def test_every_name_of_the_command_draws_and_says_its_own_name(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = drawable(tmp_path / "x.npz")
    for name in ("visual_tsne", "visual_umap", "visual-pca", "visual_pacmap"):
        assert visualizer.main([name, str(file), "-f", "2,2"]) == 0
    capsys.readouterr()
    for name in ("visual_umap", "visual_pca", "visual_pacmap"):
        assert error_of(capsys, tmp_path / "none.npz", command=name)
    assert visual_map.command([str(file), "-f", "2,2"]) == 0
    with pytest.raises(SystemExit) as stopped:
        visualizer.main(["visual_umap", "-h"])
    assert stopped.value.code == 0 and "usage: visual_umap" in capsys.readouterr().out


@pytest.mark.parametrize("ending", ["png", ".jpg", "jpeg", ".bmp", "tiff", ".TIF", "svg", "pdf"])
def test_every_format(ending: str, tmp_path: Path) -> None:
    assert run(drawable(tmp_path / "x.npz"), "-f", "2,2", "--save_ext", ending) == 0
    assert (tmp_path / f"x.{ending.lower().lstrip('.')}").stat().st_size


def test_where_pictures_go(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    one, two = drawable(tmp_path / "maps" / "v1.2.npz"), drawable(tmp_path / "maps" / "b" / "two.npz")
    assert run(one, "-f", "2,2", "--save_path", tmp_path / "new" / "map.v2", "--save_ext", "svg") == 0
    assert (tmp_path / "new" / "map.v2.svg").is_file()
    assert run(one, "-f", "2,2", "--save_path", tmp_path / "new") == 0
    assert (tmp_path / "new" / "v1.2.png").is_file()
    assert run(tmp_path / "maps", one, "-f", "2,2", "--save_path", tmp_path / "all") == 0
    assert sorted(path.name for path in (tmp_path / "all").rglob("*.png")) == ["two.png", "v1.2.png"]
    capsys.readouterr()
    assert "names one picture" in error_of(capsys, one, two, "--save_path", tmp_path / "x.png")
    assert "which of them" in error_of(capsys, one, "--save_path", tmp_path / "x.png", "--save_ext", "svg")


def test_maps_of_one_name_do_not_meet_in_one_folder(tmp_path: Path) -> None:
    for folder in ("a", "b"):
        drawable(tmp_path / folder / "m.npz")
    assert run(tmp_path, "-f", "2,2", "--save_path", tmp_path / "all") == 0
    assert len(list((tmp_path / "all").rglob("m*.png"))) == 2


def test_a_link_in_a_searched_folder_keeps_its_picture_in_the_folder_named(tmp_path: Path) -> None:
    (tmp_path / "maps").mkdir()
    try:
        (tmp_path / "maps" / "link.npz").symlink_to(drawable(tmp_path / "elsewhere" / "m.npz"))
    except OSError:
        pytest.skip("no links here")
    drawable(tmp_path / "maps" / "sub" / "n.npz")
    assert run(tmp_path / "maps", "-f", "2,2", "--save_path", tmp_path / "all") == 0
    assert (tmp_path / "all" / "link.png").is_file() and (tmp_path / "all" / "sub" / "n.png").is_file()


def test_three_dimensions_leave_a_file_to_turn(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(drawable(tmp_path / "m_d.npz", dims=3), "-f", "2,2", "--azim", "-10") == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["m_d.npz", "m_d.png", "m_d_adjust3d.pkl"]
    assert "m_d_adjust3d.pkl" in capsys.readouterr().out
    assert run(tmp_path / "m_d_adjust3d.pkl", "-f", "2,2") == 0  # it is a map too


def test_a_folder_is_searched_and_what_is_no_map_skipped(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    layer = LayerEvidence(1, "conv", "Conv2d", np.ones((2, 2, 2), np.float32), np.array([[0, 1], [1, 2]]))
    Evidence(np.zeros((2, 4, 4), np.uint8), (layer,), np.ones(2), {}).save(tmp_path / "deep" / "evidence.npz")
    np.savez(tmp_path / "old.npz", data=np.array({"a": 1}, dtype=object))
    with pytest.raises(SystemExit):
        visualizer.main(["visual_tsne"])
    assert "NPZ_PATH is missing" in capsys.readouterr().err
    said = visualizer.main(["visual_tsne", str(tmp_path)]), capsys.readouterr().err
    assert said[0] == 2 and "None of the 2 .npz" in said[1] and "is a Grad-CAM result" in said[1]
    drawable(tmp_path / "deep" / "map.npz")
    assert run(tmp_path, "-f", "2,2") == 0
    assert "skipped" in capsys.readouterr().err and (tmp_path / "deep" / "map.png").is_file()


def test_one_bad_file_does_not_end_a_search(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    drawable(tmp_path / "a.npz", types=np.full(40, ""))  # knows no conditions
    (tmp_path / "b.npz").write_text('{"a": 1}', encoding="utf-8")
    said = error_after_notices(capsys, tmp_path, "--colour_by", "condition")
    assert "None of the 2 .npz" in said and "b.npz is no .npz" in said and "a.npz: This map holds no condition" in said
    drawable(tmp_path / "c.npz")
    assert run(tmp_path, "-f", "2,2", "--colour_by", "condition") == 0
    assert [path.name for path in tmp_path.glob("*.png")] == ["c.png"]


def error_after_notices(capsys: pytest.CaptureFixture[str], *words: object) -> str:
    assert run(*words) == 2
    return capsys.readouterr().err


def test_mistakes_are_sentences(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = drawable(tmp_path / "x.npz")
    (tmp_path / "empty").mkdir()
    (tmp_path / "axes.npz").write_bytes(pickle.dumps({"a": 1}))
    np.savez(tmp_path / "old.npz", feats=np.array([{}]), labels=np.array([{}]))
    for words, said in (
        ([tmp_path / "none.npz"], "no file or folder"),
        ([tmp_path / "empty"], "no .npz in"),
        ([tmp_path / "axes.npz"], "pickled Python objects"),
        ([tmp_path / "old.npz"], "older tool"),
        ([file, "-c", "Spectrall"], "did you mean Spectral"),
        ([file, "-f", "huge"], "two numbers of inches"),
        ([file, "-f", "800,800"], "from 1 to 40"),
        ([file, "-m", "0"], "'0' is no number"),
        ([file, "--save_ext", "gif"], "png, jpg, jpeg"),
        ([file, "--colour_by", "mood"], "identity"),
        ([file, "--colour_by", "correctness"], "does not say"),
        ([file, "--highlight", "0001"], "did you mean 001"),
        ([file, "--highlight", "001", "--colour_by", "view"], "tell view by marks: --marker_by view"),
        ([file, "--transparent", "perhaps"], "neither True nor False"),
        ([file, "--colour", "view"], "Did you mean"),
    ):
        assert said in error_of(capsys, *words)


def test_names_to_highlight_may_come_before_the_path(tmp_path: Path) -> None:
    file = drawable(tmp_path / "x.npz")
    assert run("-f", "2,2", "--highlight", "001", "002", file) == 0
    assert run(file, "-f", "2,2", "--highlight", "001", "002", "--marker_by", "view") == 0


def test_angles_for_a_flat_map_are_answered(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(drawable(tmp_path / "x.npz"), "-f", "2,2", "--elev", "3", "--azim", "4") == 0
    said = capsys.readouterr().err
    assert "--elev" in said and "--azim" in said and "--roll" not in said and "this one has 2" in said
    assert run(drawable(tmp_path / "y.npz", dims=3), "-f", "2,2", "--elev", "3") == 0
    assert not capsys.readouterr().err


def test_random_weights_are_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(drawable(tmp_path / "x.npz", manifest={"checkpoint": None}), "-f", "2,2") == 0
    assert "RANDOM WEIGHTS" in capsys.readouterr().err


def test_help_is_not_opacity_here(capsys: pytest.CaptureFixture[str]) -> None:
    assert visualizer.main(["--help"]) == 0
    said = capsys.readouterr().out
    assert all(name in said for name in ("visual_gradcam", "visual_tsne", "visual_umap", "visual_page", "adjust_3d"))
    assert visualizer.main(["visual_tsen"]) == 2 and "Did you mean visual_tsne?" in capsys.readouterr().err
