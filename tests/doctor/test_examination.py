"""All checks together: none hides another."""

from __future__ import annotations

import pytest

from tests.doctor.asking import about, of
from tests.models.fake_checkout import write_checkout, write_config
from visual_analyse.doctor import examination
from visual_analyse.synthetic.dataset import write_dataset

SUBJECTS = ["config", "checkout", "model", "packages", "pretrained", "checkpoint", "dataset", "partition", "walks",
            "protocol", "sampler", "device", "forward", "memory", "disk"]  # fmt: skip


def test_every_subject_is_spoken_of_whatever_fails(workshop):
    whole = about(workshop.config, dataset_dir=workshop.dataset, checkpoint=str(workshop.checkpoint))
    for found in (whole, about(workshop.root / "nowhere.yaml"), about(workshop.config, opengait=workshop.root)):
        assert list(dict.fromkeys(item.subject for item in found)) == SUBJECTS
        assert all(item.text for item in found)
        assert len(set(found)) == len(found)


def test_a_check_that_fails_itself_hides_no_other(workshop, monkeypatch):
    def broken(case):
        raise ZeroDivisionError("by zero\nand more")
        yield

    checks = [(name, broken if name == "walks" else check) for name, check in examination.CHECKS]
    monkeypatch.setattr(examination, "CHECKS", tuple(checks))
    found = about(workshop.config, dataset_dir=workshop.dataset, checkpoint="none")
    (failed,) = of(found, "walks")
    assert (failed.mark, "ZeroDivisionError: by zero" in failed.text, "more" in failed.text) == ("wrong", True, False)
    assert of(found, "forward", "ok")


def test_what_is_not_well_says_what_to_type(workshop):
    """Where a finding has no line of its own to type, it is a sentence of the code below, which ends with one."""
    settings = [{}, {"checkpoint": "no.pt"}, {"dataset_dir": workshop.root}, {"device": "cuda:7"}, {"split": "test"}]
    found = [item for options in settings for item in about(workshop.config, **options)]
    for item in found:
        if item.mark in ("note", "missing", "wrong"):
            assert item.remedy or item.text.count(".") > 1


def test_progress_is_told(workshop):
    told = []
    from visual_analyse.doctor.case import Question

    examination.examine(Question(workshop.config, quick=True), lambda *words: told.append(words))
    assert [number for _, number, _ in told] == list(range(len(examination.CHECKS)))
    assert {count for _, _, count in told} == {len(examination.CHECKS)}


def test_a_checkout_and_walkers_work_together(tmp_path, monkeypatch):
    monkeypatch.delenv("OPENGAIT_ROOT", raising=False)
    monkeypatch.chdir(tmp_path)
    root = write_checkout(tmp_path / "a fork")
    write_dataset(tmp_path / "walkers 人", identities=4, conditions=["nm-01", "nm-05"], views=["000", "090"], frames=9)
    config = write_config(
        root / "configs" / "mine.yaml",
        more="evaluator_cfg: {save_name: W, restore_hint: 0, transform: [{type: NoOperation}]}\n",
    )
    found = about(config, dataset_dir=tmp_path / "walkers 人")
    assert not [item for item in found if item.stops]
    assert of(found, "forward", "ok")[0].text.endswith("embedding 3 x 1")
    files = {path: path.stat().st_mtime_ns for path in root.rglob("*")}
    about(config, dataset_dir=tmp_path / "walkers 人")
    assert {path: path.stat().st_mtime_ns for path in root.rglob("*")} == files


@pytest.mark.parametrize("model", ["Stumbler", "Segmenter", "Loser"])
def test_a_checkouts_own_faults_are_findings(tmp_path, monkeypatch, workshop, model):
    monkeypatch.delenv("OPENGAIT_ROOT", raising=False)
    root = write_checkout(tmp_path / "fork")
    more = f"evaluator_cfg: {{save_name: {model}, restore_hint: 0, transform: [{{type: NoOperation}}]}}\n"
    config = write_config(root / "configs" / "mine.yaml", model, more)
    found = about(config, dataset_dir=workshop.dataset)
    where = {"Loser": "model"}.get(model, "forward")
    words = {"Stumbler": "stone in the way", "Segmenter": "embeddings", "Loser": "lost.txt"}[model]
    assert words in of(found, where, "wrong")[0].text
    assert of(found, "disk", "ok")
