from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image

from visual_analyse.cli import visual_explain, visualizer
from visual_analyse.results import Evidence, Group, LayerEvidence, Ledger, Summary


def walk(seed: int, **facts: object) -> Evidence:
    maps = np.random.default_rng(seed).normal(size=(6, 4, 2)).astype(np.float32)
    each = np.array([[k, k + 1] for k in range(6)])
    layers = (LayerEvidence(3, "a.conv", "Conv2d", maps, each), LayerEvidence(7, "b.conv", "Conv2d", 2 * maps, each),
              LayerEvidence(9, "c.conv", "Conv2d", maps[:1], np.array([[0, 6]]), pooled=True))  # fmt: skip
    manifest = {"model": {"name": "Net"}, "probe": {"name": f"00{seed}-步行-090"}, "match": {"name": "002-步行-090"}}
    return Evidence(np.full((6, 16, 8), 200, np.uint8), layers, np.array([0.5, 0.25]), {**manifest, **facts})


@pytest.fixture
def plain(tmp_path: Path) -> Path:
    return walk(1).save(tmp_path / "in" / "Net_plain.npz")


@pytest.fixture
def full(tmp_path: Path) -> Path:
    whole = walk(1)
    further = replace(whole.layers[0], method="layercam", target="impostor")
    made = replace(whole, matched=walk(2), further=(further,), ledgers=(Ledger("003", "impostor", np.ones(2)),),
                   phase=np.arange(6) / 6, heights=np.eye(2, 16), regions=np.ones((6, 16, 8), np.uint8),
                   region_names=("body",))  # fmt: skip
    return made.save(tmp_path / "in" / "Net_full.npz")


@pytest.fixture
def summary(tmp_path: Path) -> Path:
    group = Group("all", "all", 5, np.zeros((16, 8)), np.zeros((16, 8)), np.zeros((1, 2, 3)), np.zeros((2, 3)),
                  np.zeros((4, 3)))  # fmt: skip
    return Summary("3_a-conv", (group,), ("body",)).save(tmp_path / "in" / "Net_summary.npz")


def run(*words: object) -> int:
    return visual_explain.command([str(word) for word in words])


def names(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.suffix != ".npz"
                  and path.is_file())  # fmt: skip


def error_of(capsys: pytest.CaptureFixture[str], *words: object) -> str:
    """The one sentence on stderr of a command that must fail with status 2, without a traceback."""
    try:
        status = run(*words)
    except SystemExit as stopped:
        status = stopped.code
    said = capsys.readouterr().err
    assert status == 2 and "Traceback" not in said and said.startswith("visual_explain: ")
    return said


def test_figures_lie_beside_the_result(full: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert visualizer.main(["visual-explain", str(full)]) == 0
    assert names(full.parent) == ["Net_full_ledger.png", "Net_full_match.png", "Net_full_time.png"]
    assert capsys.readouterr().out == f"Wrote 3 figures in {full.parent}.\n"
    for name in names(full.parent):
        with Image.open(full.parent / name) as picture:
            assert picture.size[0] == 1440 and len(np.unique(np.asarray(picture.convert("L")))) > 20


def test_a_plain_result_gives_ledger_and_time_and_says_what_makes_the_rest(
    plain: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(plain) == 0
    assert names(plain.parent) == ["Net_plain_ledger.png", "Net_plain_time.png"]
    said = capsys.readouterr().err
    assert "holds no matched walk" in said and "'visual-analyse explain' makes it, and what else lacks" in said


@pytest.mark.parametrize(
    ("keys", "drawn"),
    [
        (["7"], [""]), (["a.conv"], [""]), (["7_b-conv"], [""]), (["9", "3"], ["_3_a-conv", "_9_c-conv"]),
        (["?.conv"], ["_3_a-conv", "_7_b-conv", "_9_c-conv"]),
    ],
)  # fmt: skip
def test_layers_are_chosen_by_number_name_key_and_pattern(keys: list[str], drawn: list[str], plain: Path) -> None:
    assert run("--layer", *keys, plain) == 0
    assert names(plain.parent) == sorted(["Net_plain_ledger.png", *(f"Net_plain{name}_time.png" for name in drawn)])


def test_a_further_map_is_drawn_by_its_whole_key(full: Path, capsys: pytest.CaptureFixture[str]) -> None:
    said = error_of(capsys, full, "--layer", "3_a-conv/layercam/impostor")
    assert "matched walk has no maps of 3_a-conv/layercam/impostor" in said


def test_a_sign_is_drawn_where_the_first_maps_have_none(tmp_path: Path) -> None:
    signed = walk(1)
    maps = [replace(layer, maps=np.abs(layer.maps)) for layer in signed.layers]
    further = tuple(replace(layer, method="deviation", target="match") for layer in signed.layers)
    made = replace(walk(1, sign="abs", method="deviation"), layers=tuple(maps), further=further)
    file = made.save(tmp_path / "x.npz")
    for folder, words in (("a", []), ("b", ["--layer", "7"]), ("c", ["--layer", "7_b-conv/deviation/match"]),
                          ("d", ["--polarity", "abs"]), ("e", ["--layer", "7_b-conv"])):  # fmt: skip
        assert run(file, "-s", tmp_path / folder, *words) == 0
    drawn = [(tmp_path / folder / "x_time.png").read_bytes() for folder in "abcde"]
    assert drawn[0] == drawn[1] == drawn[2] != drawn[3] == drawn[4]


def test_both_sides_are_drawn_where_the_first_maps_have_one(tmp_path: Path) -> None:
    signed = walk(1)
    maps = [replace(layer, maps=np.maximum(layer.maps, 0)) for layer in signed.layers]
    further = tuple(replace(layer, method="deviation", target="match") for layer in signed.layers)
    made = replace(walk(1, sign="for", method="deviation"), layers=tuple(maps), further=further)
    file = made.save(tmp_path / "x.npz")
    for folder, words in (("a", []), ("b", ["--layer", "7_b-conv/deviation/match"]), ("c", ["--polarity", "for"]),
                          ("d", ["--layer", "7_b-conv"])):  # fmt: skip
        assert run(file, "-s", tmp_path / folder, *words) == 0
    drawn = [(tmp_path / folder / "x_time.png").read_bytes() for folder in "abcd"]
    assert drawn[0] == drawn[1] and drawn[0] not in drawn[2:]


def test_the_last_layer_with_maps_over_time_is_the_default(plain: Path, tmp_path: Path) -> None:
    for folder, words in (("a", []), ("b", ["--layer", "7"]), ("c", ["--layer", "9"])):
        run(plain, "-s", tmp_path / folder, *words)
    drawn = [(tmp_path / folder / "Net_plain_time.png").read_bytes() for folder in "abc"]
    assert drawn[0] == drawn[1] != drawn[2]


def test_where_and_when_are_drawn_from_the_layers_that_were_chosen_for_them(tmp_path: Path) -> None:
    """As `explain` says which; a layer pooled over the walk tells no time, and leaves both to the other."""
    for name, where in (("x", 3), ("y", 9)):
        replace(walk(1, chosen={"where": where, "when": 7}), matched=walk(2)).save(tmp_path / f"{name}.npz")
    for file, folder, words in (
        ("x", "a", []),
        ("y", "b", []),
        ("x", "3", ["--layer", "3"]),
        ("x", "7", ["--layer", "7"]),
    ):
        assert run(tmp_path / f"{file}.npz", "-s", tmp_path / folder, *words) == 0

    def drawn(folder: str, file: str, figure: str) -> bytes:
        return (tmp_path / folder / f"{file}_{figure}.png").read_bytes()

    assert drawn("a", "x", "match") == drawn("3", "x", "match") != drawn("7", "x", "match")
    assert drawn("a", "x", "time") == drawn("7", "x", "time") != drawn("3", "x", "time")
    assert drawn("b", "y", "match") == drawn("7", "x", "match") and drawn("b", "y", "time") == drawn("7", "x", "time")


@pytest.mark.parametrize("polarity", ["for", "against", "abs"])
def test_polarities_colour_the_frames(polarity: str, full: Path, tmp_path: Path) -> None:
    run(full, "-s", tmp_path / "both")
    run(full, "-s", tmp_path / "one", "--polarity", polarity.upper())
    both, one = ((tmp_path / folder / "Net_full_match.png").read_bytes() for folder in ("both", "one"))
    assert both != one
    assert (tmp_path / "both" / "Net_full_ledger.png").read_bytes() == (
        tmp_path / "one" / "Net_full_ledger.png"
    ).read_bytes()


def test_vector_formats_hold_names_as_letters(full: Path, tmp_path: Path) -> None:
    assert run(full, "--save_ext", ".SVG", "-s", tmp_path / "svg") == 0
    root = ElementTree.parse(tmp_path / "svg" / "Net_full_match.svg").getroot()
    said = [text.text or "" for text in root.iter("{http://www.w3.org/2000/svg}text")]
    assert any("001-步行-090" in line for line in said)
    assert run(full, "--save-ext=pdf", "-s", tmp_path / "pdf") == 0
    assert (tmp_path / "pdf" / "Net_full_time.pdf").read_bytes().startswith(b"%PDF")


def test_the_same_record_gives_the_same_bytes(full: Path, tmp_path: Path) -> None:
    for ending in ("png", "svg", "pdf"):
        for folder in "ab":
            assert run(full, "-s", tmp_path / folder, "--save_ext", ending) == 0
    assert len(names(tmp_path / "a")) == 9
    assert all((tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes() for name in
               names(tmp_path / "a"))  # fmt: skip


def test_a_folder_is_searched_for_results_and_summaries(
    full: Path, summary: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    walk(3).save(full.parent / "deep" / "x.npz")
    np.savez(full.parent / "map.npz", feats=np.zeros((2, 2)), labels=np.array(["a", "b"]))
    assert run(full.parent, "-s", tmp_path / "out") == 0
    assert names(tmp_path / "out") == [
        "Net_full_ledger.png", "Net_full_match.png", "Net_full_time.png", "Net_summary.png", "deep/x_ledger.png",
        "deep/x_time.png",
    ]  # fmt: skip
    assert "skipped" in (said := capsys.readouterr().err) and "map.npz" in said


def test_random_weights_are_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(walk(1, checkpoint=None).save(tmp_path / "x.npz")) == 0
    assert "RANDOM WEIGHTS" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ([], "NPZ_PATH is missing"),
        (["nowhere.npz"], "no file or folder"),
        (["FILE", "--layer", "99"], "There is no layer 99"),
        (["FILE", "--save_ext", "jpg"], "png, svg, pdf"),
        (["FILE", "--polarity", "up"], "for"),
        (["FILE", "--layr", "3"], "Did you mean --layer"),
    ],
)
def test_what_is_wrong_is_told_in_a_sentence(
    words: list[str], told: str, plain: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert told in error_of(capsys, *(str(plain) if word == "FILE" else word for word in words))


def test_a_file_that_is_no_result_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    np.savez(tmp_path / "map.npz", feats=np.zeros((2, 2)))
    assert "map.npz" in error_of(capsys, tmp_path / "map.npz")
    assert "could be drawn" in error_of(capsys, tmp_path).splitlines()[-1]
