"""What the config says."""

from __future__ import annotations

import pytest
import yaml

from tests.doctor.asking import about, of, one
from visual_analyse.gait.config import read_config


def quick(workshop, **options):
    return about(workshop.config, checkpoint="none", quick=True, **options)


def test_what_it_asks_for_is_said(workshop):
    known = read_config(workshop.config)
    (found,) = of(quick(workshop), "config")
    assert found.mark == "ok"
    for word in ("gaitset.yaml", known.model_class, known.save_name, known.metric, known.dataset_name):
        assert word in found.text


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("model_cfg: [", "YAML"),
        ("words", "mapping"),
        ("data_cfg: {dataset_name: A}", "model_cfg"),
        (None, "There is no"),
    ],
)
def test_one_that_cannot_be_read(workshop, text, word):
    if text is None:
        workshop.config.unlink()
    else:
        workshop.config.write_text(text)
    found = quick(workshop, dataset_dir=workshop.dataset)
    assert word in one(found, "config", "wrong").text
    assert one(found, "sampler").text == "not looked at: the config could not be read"
    assert of(found, "device", "ok")


def test_sections_that_nobody_reads(workshop):
    sections = yaml.safe_load(workshop.config.read_text(encoding="utf-8"))
    sections["evaluator_cfgs"] = sections.pop("evaluator_cfg")
    sections["notes"] = {"mine": 1}
    workshop.config.write_text(yaml.safe_dump(sections))
    found = quick(workshop)
    wrong = one(found, "config", "wrong")
    assert "evaluator_cfgs" in wrong.text
    assert wrong.remedy.startswith("evaluator_cfg: ")
    assert "metric euc" in one(found, "config", "note").text
