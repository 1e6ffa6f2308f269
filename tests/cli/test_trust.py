"""`trust`: its table, its files, and what a user may get wrong."""

from __future__ import annotations

import csv
import json
from functools import partial

import pytest

from visual_analyse.cli import trusting
from visual_analyse.cli.main import main
from visual_analyse.cli.trust import command
from visual_analyse.trust.assessment import Settings


@pytest.fixture(autouse=True)
def few(monkeypatch):
    monkeypatch.setattr(trusting, "Settings", partial(Settings, steps=3, orders=2, draws=2))


def words(workshop, **changes):
    return workshop.arguments(**{"layers": "1", "method": "grad_cam", **changes})


def rows_of(workshop):
    (table,) = (workshop.root / "out").glob("*_trust.csv")
    with table.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def manifest_of(workshop):
    (file,) = (workshop.root / "out").glob("*_trust.json")
    return json.loads(file.read_text(encoding="utf-8"))


def test_a_run_writes_a_table_and_its_summary(workshop, capsys):
    assert command(words(workshop)) == 0
    rows, manifest = rows_of(workshop), manifest_of(workshop)
    assert {row["probe"] for row in rows} == {"001-nm-05-090", "002-nm-05-090"} == set(manifest["probes"])
    deletions = [row for row in rows if row["test"] == "deletion"]
    assert len(deletions) == 2 * 3 * 3  # probes, replacements, measures
    assert all(float(row["random_low"]) <= float(row["random"]) <= float(row["random_high"]) for row in deletions)
    assert {row["test"] for row in rows} == {"deletion", "insertion", "outline", "sanity", "wrong gallery"}
    assert manifest["checkpoint"].endswith("gaitset.pt")
    assert manifest["settings"]["steps"] == 3
    assert manifest["settings"]["replacements"]["erosion"] == "the outline drawn in"
    assert manifest["versions"]["visual_analyse"]
    one = next(x for x in manifest["summary"] if x["test"] == "deletion")
    assert one["probes"] == 2
    assert one["over_random"]["low"] <= one["over_random"]["mean"] <= one["over_random"]["high"]
    said = capsys.readouterr()
    assert [line for line in said.out.splitlines() if "grad_cam: " in line] == manifest["said"]
    assert len(manifest["said"]) == 3  # a sentence a test
    assert "2 probe(s)" in said.err
    assert sorted(path.suffix for path in (workshop.root / "out").iterdir()) == [".csv", ".json"]


def test_the_config_may_stand_alone(workshop):
    assert main(["trust", str(workshop.config), *words(workshop, config_path=None, probe_dir=workshop.probes)]) == 0
    assert rows_of(workshop)


def test_a_dataset_pairs_by_its_own_protocol(workshop):
    given = {"dataset": workshop.dataset, "probe": "00*/nm-05/090", "probe_dir": None, "gallery_dir": None}
    assert command(words(workshop, **given)) == 0
    assert len(manifest_of(workshop)["probes"]) == 3


def test_several_methods_and_the_contrast(workshop):
    assert command(words(workshop, method=["grad_cam", "layercam"], target="contrast")) == 0
    assert {row["method"] for row in rows_of(workshop)} == {"grad_cam", "layercam"}
    manifest = manifest_of(workshop)
    assert manifest["target"] == "contrast"
    assert len(manifest["said"]) == 6


def test_what_explain_explains_is_what_is_tested(workshop):
    """Left out, the target is that of `explain`: the crowd where the galleries allow it, else the match, for all."""
    assert command(words(workshop)) == 0
    assert manifest_of(workshop)["target"] == "crowd"
    (workshop.gallery / "001/nm-01/072/0.pkl").unlink()
    assert command(words(workshop)) == 0
    assert manifest_of(workshop)["target"] == "match"
    assert len(manifest_of(workshop)["probes"]) == 2


def test_a_second_run_takes_finished_probes(workshop, monkeypatch):
    assert command(words(workshop)) == 0
    first = rows_of(workshop)
    monkeypatch.setattr(trusting, "trust_of", None)  # nothing is measured anew
    assert command(words(workshop)) == 0
    assert rows_of(workshop) == first


@pytest.mark.parametrize(
    "changes",
    [{"seed": 3}, {"method": "layercam"}, {"layers": "3"}, {"target": "match"}],
    ids=lambda changes: next(iter(changes)),
)
def test_other_settings_are_measured_anew(workshop, monkeypatch, changes):
    assert command(words(workshop)) == 0
    called = []

    def noted(*args, **more):
        called.append(args)
        return []

    monkeypatch.setattr(trusting, "trust_of", noted)
    command(words(workshop, **changes))
    assert len(called) == 2


def test_a_kept_result_that_is_broken_is_measured_anew(workshop):
    assert command(words(workshop)) == 0
    first = rows_of(workshop)
    for path in (workshop.root / "cache").glob("??/*"):
        if path.read_bytes()[:1] == b"[":
            path.write_bytes(path.read_bytes()[:100])
    assert command(words(workshop)) == 0
    assert rows_of(workshop) == first


@pytest.mark.parametrize(
    "changes, sentence",
    [
        ({"config_path": None}, "Name one config"),
        ({"method": "gradcam"}, "Did you mean 'grad_cam'?"),
        ({"layers": "999"}, "There is no layer 999"),
        ({"dataset": "nowhere"}, "--dataset and --probe go together"),
        ({"probe_dir": "nowhere"}, "nowhere"),
        ({"dataset": "here", "probe": "x"}, "Both --dataset and a folder"),
    ],
)
def test_errors_of_the_user(workshop, capsys, changes, sentence):
    assert command(words(workshop, **changes)) == 2
    said = capsys.readouterr().err
    assert sentence in said
    assert "Traceback" not in said
    assert not (workshop.root / "out").exists() or not list((workshop.root / "out").iterdir())


def test_a_wrong_target_is_told(workshop, capsys):
    with pytest.raises(SystemExit) as ended:
        command(words(workshop, target="class"))
    assert ended.value.code == 2
    assert "--help" in capsys.readouterr().err


def test_a_probe_that_cannot_be_measured_is_named_and_the_others_go_on(workshop, capsys):
    (workshop.probes / "002/nm-05/090/0.pkl").write_bytes(b"no pickle")
    assert command(words(workshop)) == 2
    assert "002-nm-05-090" in capsys.readouterr().err
    assert manifest_of(workshop)["probes"] == ["001-nm-05-090"]
    assert manifest_of(workshop)["left_out"] == ["002-nm-05-090"]


def test_the_contrast_needs_the_probes_identity(workshop, capsys):
    (workshop.gallery / "001/nm-01/072/0.pkl").unlink()
    assert command(words(workshop, target="contrast")) == 2
    assert "so there is no contrast to explain" in capsys.readouterr().err
    assert manifest_of(workshop)["probes"] == ["002-nm-05-090"]
