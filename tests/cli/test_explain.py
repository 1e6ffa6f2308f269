"""`explain` and `summary`: what they ask, what they write, and what they say of what cannot be."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from visual_analyse.cli.explain import command
from visual_analyse.cli.studying import numbers
from visual_analyse.cli.summary import command as summary
from visual_analyse.errors import VisualAnalyseError
from visual_analyse.explain.defaults import METHOD, SIGN, TARGET
from visual_analyse.results import Evidence, Summary


def arguments(workshop, **changes):
    return workshop.arguments(**{"layers": None, "figures": "False", **changes})


def loaded(folder: Path) -> list[Evidence]:
    return [Evidence.load(path) for path in sorted(folder.glob("*.npz"))]


def test_a_study_by_default(workshop, capsys):
    assert command(arguments(workshop)) == 0
    out = workshop.root / "out"
    found = loaded(out)
    assert len(found) == 2
    for evidence in found:
        manifest = evidence.manifest
        assert (manifest["method"], manifest["sign"], manifest["asked"]) == (METHOD, SIGN, TARGET)
        numbers_of = [layer.number for layer in evidence.layers]
        assert manifest["chosen"] == {"where": numbers_of[0], "when": numbers_of[-1]} and len(numbers_of) == 2
        assert manifest["match"]["right"] and manifest["match"]["name"][:3] == manifest["probe"]["id"]
        layer = evidence.layers[0]
        beside = {one.method: one for one in evidence.further if one.number == layer.number}
        assert set(beside) == {METHOD, f"{METHOD}-against"}
        assert {one.target for one in evidence.further} == {TARGET}
        assert_signs(beside[METHOD], layer, beside[f"{METHOD}-against"])
        assert [ledger.role for ledger in evidence.ledgers] == ["true match", "impostor"]
        assert np.allclose(evidence.ledgers[0].parts, evidence.parts)
        assert evidence.heights is not None and evidence.heights.shape == (len(evidence.parts), 64)
        assert evidence.phase is not None and len(evidence.phase) == len(evidence.frames)
        assert evidence.regions is not None and evidence.regions.shape == evidence.frames.shape
        assert evidence.matched is not None and evidence.matched.manifest["probe"]["name"] == manifest["match"]["name"]
        assert [one.key for one in evidence.matched.layers] == [one.key for one in evidence.layers]
        assert evidence.matched.manifest["value"] < evidence.distance  # that, less the mean to everybody else
    assert "2 of 2 probes explained" in capsys.readouterr().out


def assert_signs(signed, speaks, against):
    assert speaks.maps.min() >= 0 >= against.maps.max()
    assert speaks.strength > 0 and against.strength > 0
    assert np.allclose(speaks.maps + against.maps, signed.maps, atol=1e-5 * speaks.strength)


def test_a_map_may_say_how_much_there_is_either_way(workshop):
    assert command([*arguments(workshop), "--sign", "abs", "--noboth"]) == 0
    for evidence in loaded(workshop.root / "out"):
        for layer in evidence.layers:
            beside = {one.method: one for one in evidence.further if one.number == layer.number}
            assert set(beside) == {METHOD, f"{METHOD}-for", f"{METHOD}-against"}
            signed, speaks, against = beside[METHOD], beside[f"{METHOD}-for"], beside[f"{METHOD}-against"]
            assert_signs(signed, speaks, against)
            assert np.allclose(speaks.maps - against.maps, layer.maps, atol=1e-5 * layer.strength)


def test_a_second_run_takes_what_the_first_made(workshop, monkeypatch):
    assert command(arguments(workshop)) == 0
    before = {path.name: path.read_bytes() for path in (workshop.root / "out").glob("*.npz")}
    monkeypatch.setattr("visual_analyse.study.Study.of", lambda *args: pytest.fail("explained again"))
    assert command(arguments(workshop, save_dir=workshop.root / "again")) == 0
    assert before == {path.name: path.read_bytes() for path in (workshop.root / "again").glob("*.npz")}


def test_targets_parts_and_methods(workshop):
    asked = {
        "contrast": ["--target", "contrast", "--layers", "1"],
        "given": ["--match", "003-nm-01-072", "--layers", "1"],
        "match-parts-0-3": ["--target", "match", "--parts", "0-3", "--layers", "1"],
    }
    for name, words in asked.items():
        assert command([*arguments(workshop, save_dir=workshop.root / name), *words]) == 0
        for evidence in loaded(workshop.root / name):
            assert evidence.manifest["asked"] == name
            if name != "contrast":  # the same distance, seen from the other walk
                asked_of = evidence.parts[:4].sum() if "parts" in name else evidence.distance
                assert abs(evidence.matched.manifest["value"] - asked_of) < 1e-5
    right = loaded(workshop.root / "contrast")
    assert all(evidence.manifest["match"]["right"] for evidence in right)
    assert [ledger.role for ledger in right[0].ledgers] == ["true match", "impostor"]
    assert loaded(workshop.root / "given")[0].manifest["match"]["name"] == "003-nm-01-072"
    out = workshop.root / "ways"
    words = ["--method", "grad_cam", "perturbing", "occlusion", "--layers", "20", "--noboth"]
    assert command([*arguments(workshop, save_dir=out), *words]) == 0
    evidence = loaded(out)[0]
    assert evidence.matched is None
    assert evidence.manifest["method"] == "grad_cam" and evidence.manifest["sign"] == "signed"
    others = {(one.number, one.method) for one in evidence.further}
    assert {(20, "perturbing"), (0, "occlusion"), (20, "grad_cam-for")} <= others


def test_maps_of_every_part_sum_to_the_whole(workshop):
    words = ["--each_part", "--layers", "1", "22", "--method", "hirescam", "--noboth"]
    assert command([*arguments(workshop), *words]) == 0
    evidence = loaded(workshop.root / "out")[0]
    for layer in evidence.layers:
        parts = [one.maps for one in evidence.further if one.number == layer.number and "part-" in one.target]
        assert len(parts) == len(evidence.parts)
        assert np.abs(np.sum(parts, 0) - layer.maps).max() <= 1e-4 * layer.strength


def test_a_way_without_gradients_may_lead(workshop):
    words = ["--method", "occlusion", "--layers", "1", "--noboth"]
    assert command([*arguments(workshop), *words]) == 0
    evidence = loaded(workshop.root / "out")[0]
    assert [(one.number, one.name, one.maps.shape) for one in evidence.layers] == [(0, "input", (6, 64, 44))]
    assert evidence.manifest["method"] == "occlusion"


def test_the_worst_are_those_that_are_matched_with_another(workshop, capsys):
    words = ["--worst", "5"]
    options = arguments(workshop, probe_dir=None, gallery_dir=None, dataset=workshop.dataset)
    status = command([*options, *words])
    said = capsys.readouterr()
    counted = int(said.out.split(" of ")[0])
    if counted:
        assert status == 0
        wrong = loaded(workshop.root / "out")
        assert len(wrong) == min(5, counted)
        margins = [evidence.ledgers[1].distance - evidence.ledgers[0].distance for evidence in wrong]
        assert all(margin < 0 for margin in margins)  # the impostor is nearer than the true match
    else:
        assert status == 2 and "no probe wrong" in said.err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--method", "gradcam"], "no method 'gradcam'. Did you mean 'grad_cam'?"),
        (["--worst", "3"], "name it with --dataset"),
        (["--match", "009-nm-01-072"], "holds no walk 009-nm-01-072"),
        (["--parts", "x"], "names no parts"),
        (["--parts", "62"], "numbered from 0 to 61"),
        (["--target", "contrast", "--match", "003-nm-01-072"], "takes no match"),
        (["--layers", "99"], "no layer 99"),
    ],
)
def test_what_cannot_be_is_a_sentence(workshop, capsys, words, said):
    assert command([*arguments(workshop), *words]) == 2
    error = capsys.readouterr().err
    assert said in error and "Traceback" not in error


def test_numbers_of_parts():
    assert numbers(["0-2,5", "7"]) == [0, 1, 2, 5, 7] and numbers(None) is None
    for wrong in (["3-1"], [""], ["-1"], ["1.5"]):
        with pytest.raises(VisualAnalyseError, match="names no parts"):
            numbers(wrong)


def test_a_summary_of_a_run(workshop, capsys):
    assert command(arguments(workshop)) == 0
    out = workshop.root / "out"
    assert summary([str(out), "--nofigures"]) == 0
    (path,) = out.glob("*_summary.npz")
    found = Summary.load(path)
    assert found.groups[0].probes == 2
    with path.with_suffix(".csv").open(encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    parts = [float(row["mean"]) for row in rows if row["by"] == "all" and row["what"] == "part"]
    assert sum(parts) == pytest.approx(1)
    assert "all (2 probes)" in capsys.readouterr().out
    assert summary([str(out), "--nofigures"]) == 0  # and once more, over what it wrote itself
    assert summary([str(workshop.root / "Probes")]) == 2
    assert "holds no results" in capsys.readouterr().err


def test_figures_are_drawn(workshop):
    options = workshop.arguments(layers=None)
    assert command(options) == 0
    out = workshop.root / "out"
    assert len(list(out.glob("*_match.png"))) == len(list(out.glob("*_ledger.png"))) == 2
    assert summary([str(out)]) == 0
    assert list(out.glob("*summary*.png"))


@pytest.mark.opengait
@pytest.mark.parametrize("name", ["gaitset/gaitset.yaml", "gaitgl/gaitgl.yaml"])
def test_a_study_by_the_checkouts_own_code(opengait, workshop, name):
    config = opengait / "configs" / name
    options = arguments(workshop, config_path=config, opengait=opengait, checkpoint="none")
    assert command(options) == 0
    found = loaded(workshop.root / "out")
    assert len(found) == 2
    for evidence in found:
        assert evidence.manifest["source"] == "checkout" and evidence.manifest["asked"] == TARGET
        assert evidence.matched is not None and evidence.heights is not None
        assert all(layer.strength > 0 for layer in evidence.layers)
