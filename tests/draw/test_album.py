from __future__ import annotations

import csv
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import matplotlib
import numpy as np
import pytest
from PIL import Image

from visual_analyse.draw.album import Album
from visual_analyse.draw.figures.rows import Row
from visual_analyse.draw.style import Style
from visual_analyse.results import Evidence, LayerEvidence

Make = Callable[..., Evidence]
MakeLayer = Callable[..., LayerEvidence]


def pictures_in(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(folder.rglob("*.*"))}


@pytest.fixture
def mixed(evidence_of: Make, layer_of: MakeLayer) -> Evidence:
    rng = np.random.default_rng(0)
    frames = rng.integers(0, 256, (7, 16, 8), dtype=np.uint8)
    return evidence_of(
        layer_of(rng.normal(size=(7, 16, 8)), name="a.conv"),
        layer_of(rng.normal(size=(2, 4, 2)), [[0, 3], [3, 6]], number=2, name="b.conv"),
        layer_of(rng.normal(size=(1, 4, 2)), [[0, 7]], number=3, name="c.conv", pooled=True),
        frames=frames,
    )


def test_merge_writes_a_folder_per_layer(mixed: Evidence, tmp_path: Path) -> None:
    assert Album([Row("A", mixed)], tmp_path).merge() == 7 + 2 + 7 + 2 + 7
    merge = tmp_path / "merge"
    counts = {path.name: len(list(path.glob("*.png"))) for path in merge.iterdir() if path.is_dir()}
    assert counts == {"origin": 7, "layer_input": 2, "1_a-conv": 7, "2_b-conv": 2, "3_c-conv": 7}
    sizes = {Image.open(path).size for path in merge.glob("*/*.png")}
    assert sizes == {(8, 16)}
    assert (merge / "layer_input" / "windows.csv").read_text().splitlines()[1:] == ["1,1,3", "2,4,6"]


def test_merge_pixels_are_the_blend_by_hand(mixed: Evidence, tmp_path: Path) -> None:
    Album([Row("A", mixed)], tmp_path, Style(opacity=0.25, colormap="viridis", polarity="abs")).merge()
    maps = mixed.layers[0].maps
    colours = matplotlib.colormaps["viridis"](np.abs(maps) / np.abs(maps).max())[..., :3] * 255
    by_hand = 0.25 * colours + 0.75 * mixed.frames[..., None]
    for frame in range(7):
        drawn = np.asarray(Image.open(tmp_path / "merge" / "1_a-conv" / f"{frame + 1:03}.png"))
        assert np.abs(drawn - by_hand[frame]).max() <= 1
        origin = np.asarray(Image.open(tmp_path / "merge" / "origin" / f"{frame + 1:03}.png"))
        assert (origin == mixed.frames[frame]).all()
    mean = np.asarray(Image.open(tmp_path / "merge" / "layer_input" / "002.png"))
    assert np.abs(mean - mixed.frames[3:6].mean(0)).max() <= 0.5


def test_scales_are_written_beside_the_pictures(mixed: Evidence, tmp_path: Path) -> None:
    Album([Row("A", mixed)], tmp_path, Style(polarity="both")).merge()
    with (tmp_path / "merge" / "scales.csv").open() as stream:
        lines = list(csv.DictReader(stream))
    assert [line["folder"] for line in lines] == ["1_a-conv", "2_b-conv", "3_c-conv"]
    assert [line["drawn_on"] for line in lines] == ["origin", "layer_input", "origin"]
    for line, layer in zip(lines, mixed.layers, strict=True):
        assert float(line["scale_to"]) == pytest.approx(layer.strength) == -float(line["scale_from"])
    assert Image.open(tmp_path / "merge" / "scales.png").size[0] > 200


@pytest.mark.parametrize(("ratio", "size"), [(2.0, (16, 32)), (0.5, (4, 8)), (1.3, (10, 21))])
def test_resize_ratio_scales_the_pictures(ratio: float, size: tuple[int, int], mixed: Evidence, tmp_path: Path) -> None:
    Album([Row("A", mixed)], tmp_path, Style(resize_ratio=ratio)).merge()
    assert {Image.open(path).size for path in (tmp_path / "merge").glob("*/*.png")} == {size}


def test_compare_and_merge_show_the_same_colours(mixed: Evidence, tmp_path: Path) -> None:
    album = Album([Row("A", mixed)], tmp_path, Style(opacity=1, pixelated=True, resize_ratio=1))
    album.merge()
    assert album.compare() == 7
    figure = np.asarray(Image.open(tmp_path / "compare" / "005.png"))
    small = np.asarray(Image.open(tmp_path / "merge" / "1_a-conv" / "005.png"))
    large = small.repeat(16, 0).repeat(16, 1)  # 16 rows become 256
    windows = np.lib.stride_tricks.sliding_window_view(figure[..., 0], large.shape[:2])
    places = np.argwhere((windows[:, :, 0, 0] == large[0, 0, 0]) & (windows[:, :, -1, -1] == large[-1, -1, 0]))
    assert any((figure[y : y + 256, x : x + 128] == large).all() for y, x in places)


def test_layer_names_are_written(mixed: Evidence, tmp_path: Path) -> None:
    Album([Row("网络", mixed)], tmp_path).compare()
    text = (tmp_path / "compare" / "layer_names.txt").read_text(encoding="utf-8")
    assert "网络" in text and "2\tb.conv\tConv2d" in text and "the whole walk" in text


def test_the_same_evidence_gives_the_same_bytes(mixed: Evidence, tmp_path: Path) -> None:
    for name in ("a", "b"):
        album = Album([Row("A", mixed)], tmp_path / name)
        album.merge()
        album.compare()
        album.film("gif", 10)
        (tmp_path / name / f"{name}.gif").rename(tmp_path / name / "film.gif")
    first, second = (pictures_in(tmp_path / name) for name in ("a", "b"))
    del first["drawn.json"], second["drawn.json"]
    assert first == second


def test_a_shorter_walk_leaves_nothing_of_a_longer_one(evidence_of: Make, layer_of: MakeLayer, tmp_path: Path) -> None:
    def run(length: int, name: str) -> None:
        frames = np.zeros((length, 4, 4), np.uint8)
        album = Album([Row("A", evidence_of(layer_of(np.ones((length, 2, 2)), name=name), frames=frames))], tmp_path)
        album.merge()
        album.compare()

    run(5, "old")
    run(3, "new")
    names = {name for name in pictures_in(tmp_path) if name.endswith(".png")}
    three = [f"{k:03}.png" for k in (1, 2, 3)]
    wanted = {f"{folder}/{name}" for folder in ("compare", "merge/origin", "merge/1_new") for name in three}
    assert names == wanted | {"merge/scales.png"}


def test_what_was_drawn_is_not_drawn_again(mixed: Evidence, tmp_path: Path) -> None:
    def album(style: Style, source: str = "digest") -> Album:
        return Album([Row("A", mixed)], tmp_path, style, [source])

    assert album(Style()).merge() == 25 and album(Style()).merge() == 0
    assert album(Style(opacity=0.5)).merge() == 25
    assert album(Style(opacity=0.5), "another digest").merge() == 25
    (tmp_path / "merge" / "origin" / "003.png").unlink()
    assert album(Style(opacity=0.5), "another digest").merge() == 25
    assert album(Style()).film("gif", 10) == 1 and album(Style()).film("gif", 10) == 0
    assert album(Style()).film("gif", 20) == 1


def test_a_run_that_is_stopped_is_drawn_whole_by_the_next(mixed: Evidence, tmp_path: Path) -> None:
    def stop(done: int, total: int) -> None:
        if done == 9:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Album([Row("A", mixed)], tmp_path, source=["x"], tick=stop).merge()
    for path in (tmp_path / "merge").rglob("*.png"):
        Image.open(path).load()  # whole, each of them
    assert Album([Row("A", mixed)], tmp_path, source=["x"]).merge() == 25
    assert len(list((tmp_path / "merge").glob("*/*.png"))) == 25


def test_a_layers_name_never_leaves_the_folder(evidence_of: Make, layer_of: MakeLayer, tmp_path: Path) -> None:
    layers = [layer_of(np.ones((4, 2, 2)), number=1, name=name) for name in ("/../../x", "\\..\\..\\x", "步态", "a/b")]
    Album([Row("A", evidence_of(*layers))], tmp_path / "in" / "here").merge()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in"]
    assert [path.name for path in (tmp_path / "in").iterdir()] == ["here"]
    merge = tmp_path / "in" / "here" / "merge"
    assert len([path for path in merge.iterdir() if path.is_dir()]) == 5 and (merge / "1_步态").is_dir()


def test_layers_with_other_windows_have_their_own_means(evidence_of: Make, layer_of: MakeLayer, tmp_path: Path) -> None:
    frames = np.random.default_rng(0).integers(0, 256, (6, 8, 8), dtype=np.uint8)
    layers = [layer_of(np.ones((2, 2, 2)), [[0, 3], [3, 6]]), layer_of(np.ones((1, 2, 2)), [[0, 6]], number=2)]
    Album([Row("A", evidence_of(*layers, frames=frames))], tmp_path).merge()
    whole = np.asarray(Image.open(tmp_path / "merge" / "layer_input_2_conv1" / "001.png"))
    assert np.abs(whole - frames.mean(0)).max() <= 0.5
    assert len(list((tmp_path / "merge" / "layer_input").glob("*.png"))) == 2


def test_colour_frames_and_walks_of_one_frame_are_drawn(evidence_of: Make, layer_of: MakeLayer, tmp_path: Path) -> None:
    frames = np.random.default_rng(0).integers(0, 256, (1, 8, 8, 3), dtype=np.uint8)
    album = Album([Row("A", evidence_of(layer_of(np.ones((1, 2, 2))), frames=frames))], tmp_path, Style(opacity=0))
    assert album.merge() == 2 and album.compare() == 1 and album.film("gif", 10) == 1
    assert (np.asarray(Image.open(tmp_path / "merge" / "1_conv1" / "001.png")) == frames[0]).all()


def test_skeletons_are_merged_compared_and_filmed(
    joints_evidence_of: Make, layer_of: MakeLayer, tmp_path: Path
) -> None:
    rng = np.random.default_rng(0)
    layers = [layer_of(rng.normal(size=(4, 3)), name="gcn"),
              layer_of(rng.normal(size=(2, 2)), [[0, 2], [1, 4]], number=2, cells=np.array([[0, -1], [1, 2]])),
              layer_of(rng.normal(size=(4, 1)), number=3, name="fc")]  # fmt: skip
    album = Album([Row("A", joints_evidence_of(*layers))], tmp_path, Style(resize_ratio=0.5))
    assert album.merge() == 4 + 2 + 4 + 2 + 4 and album.compare() == 4 and album.film("gif", 10) == 1
    assert {Image.open(path).size[1] for path in (tmp_path / "merge").glob("*/*.png")} == {128}
    windows = (tmp_path / "merge" / "layer_input" / "windows.csv").read_text().splitlines()
    assert windows == ["step,first_frame,last_frame,drawn_on_frame", "1,1,2,1", "2,2,4,3"]
    merge = tmp_path / "merge"
    assert (merge / "layer_input" / "002.png").read_bytes() == (merge / "origin" / "003.png").read_bytes()
    assert "the middle frames of its windows" in (tmp_path / "compare" / "layer_names.txt").read_text()


def test_charts_of_joints_are_written_once_and_leave_with_the_joints(
    joints_evidence_of: Make, evidence_of: Make, tmp_path: Path
) -> None:
    one = joints_evidence_of()
    assert Album([Row("A", one)], tmp_path, source=["x"]).charts() == 1
    assert (tmp_path / "joints_by_time" / "1_gcn1.png").exists()
    assert Album([Row("A", one)], tmp_path, source=["x"]).charts() == 0
    assert Album([Row("A", one), Row("B", one)], tmp_path, source=["y"]).charts() == 2
    assert sorted(path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*.png")) == [
        "joints_by_time/A/1_gcn1.png", "joints_by_time/B/1_gcn1.png",
    ]  # fmt: skip
    assert Album([Row("A", evidence_of())], tmp_path, source=["z"]).charts() == 0
    assert not list(tmp_path.rglob("*.png"))


def test_several_inputs_are_told_apart_in_all_that_is_written(many_evidence: Evidence, tmp_path: Path) -> None:
    shared = replace(many_evidence, manifest={**many_evidence.manifest, "shares": {"silhouette": 0.75, "SMPL": 0.25}})
    album = Album([Row("A", shared)], tmp_path)
    assert album.merge() == 4 * 4 + 4 * 5 and album.compare() == 4
    with (tmp_path / "merge" / "scales.csv").open() as stream:
        lines = list(csv.DictReader(stream))
    assert [line["drawn_on"] for line in lines] == ["origin", "origin_1", "origin_2", "origin_3", "origin"]
    assert [line["input"] for line in lines] == ["silhouette", "pose", "points", "RGB", "SMPL"]
    assert [line["sees"] for line in lines][2:] == [
        "silhouette + points", "silhouette + pose + points + RGB + SMPL", "SMPL",
    ]  # fmt: skip
    text = (tmp_path / "compare" / "layer_names.txt").read_text()
    assert "Evidence by input: silhouette 75.0 %, SMPL 25.0 %." in text and "on RGB, sees all inputs" in text


def test_a_model_that_repeats_a_short_walk_has_all_its_steps_drawn(
    evidence_of: Make, layer_of: MakeLayer, tmp_path: Path
) -> None:
    layer = layer_of(np.ones((3, 2, 2)), [[0, 1], [1, 2], [0, 1]])
    album = Album([Row("A", evidence_of(layer, frames=np.zeros((2, 8, 8), np.uint8)))], tmp_path)
    assert album.merge() == 2 + 3 + 3 and len(list((tmp_path / "merge" / "1_conv1").glob("*.png"))) == 3
