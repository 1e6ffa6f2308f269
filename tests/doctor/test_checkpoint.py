"""The checkpoint against the model."""

from __future__ import annotations

import pytest
import torch

from tests.cli.test_bad_input import Spell
from tests.doctor.asking import about, of, one
from tests.six import FACTS, narrow
from tests.workshop import write_config
from visual_analyse.models.builtin import build


def test_one_that_fits(workshop):
    found = one(about(workshop.config, checkpoint=str(workshop.checkpoint)), "checkpoint")
    own = len(build(narrow(FACTS["GaitSet"]["model_cfg"])).state_dict())
    assert found.mark == "ok"
    assert f"{own} tensors, iteration 7; every one fits" in found.text
    quick = one(about(workshop.config, checkpoint=str(workshop.checkpoint), quick=True), "checkpoint")
    assert "iteration 7; not compared with the model: --quick" in quick.text


def test_one_of_other_sizes_and_names(workshop):
    cfg = narrow(FACTS["GaitSet"]["model_cfg"])
    cfg["SeparateFCs"].update(out_channels=16)
    state = build(cfg).state_dict()
    state["extra.weight"] = state.pop("set_block1.forward_block.0.conv.weight", torch.zeros(1))
    torch.save({"model": state, "iteration": 1}, workshop.checkpoint)
    text = one(about(workshop.config, checkpoint=str(workshop.checkpoint)), "checkpoint", "wrong").text
    for word in ("Head.fc_bin", "[62, 8, 16]", "[62, 8, 8]", "set_block1.forward_block.0.conv.weight", "extra.weight"):
        assert word in text


def test_one_that_is_loaded_loosely_is_told_of(workshop):
    write_config(workshop.config, restore_ckpt_strict=False)
    state = build(narrow(FACTS["GaitSet"]["model_cfg"])).state_dict()
    torch.save({"model": {**state, "extra.weight": torch.zeros(1)}, "iteration": 1}, workshop.checkpoint)
    found = about(workshop.config, checkpoint=str(workshop.checkpoint))
    assert "extra.weight" in one(found, "checkpoint", "note").text
    assert not any(item.stops for item in of(found, "checkpoint"))


@pytest.mark.parametrize("quick", [True, False])
def test_one_that_is_not_there_or_none_at_all(workshop, quick):
    found = one(about(workshop.config, checkpoint="nowhere.pt", quick=quick), "checkpoint")
    assert (found.mark, "gaitset.pt" in found.text, found.remedy) == ("missing", True, "--checkpoint FILE")
    assert "mean nothing" in one(about(workshop.config, quick=quick), "checkpoint", "note").text
    write_config(workshop.config, restore_hint=40000)
    assert "GaitSet-40000.pt" in one(about(workshop.config, quick=quick), "checkpoint", "missing").text


@pytest.mark.parametrize("harm", ["cut", "code", "text", "empty"])
@pytest.mark.parametrize("quick", [True, False])
def test_one_that_is_broken_or_hostile(workshop, harm, quick):
    trap = workshop.root / "pwned"
    if harm == "code":
        torch.save({"model": {"x": Spell(trap)}}, workshop.checkpoint)
    else:
        whole = workshop.checkpoint.read_bytes()
        workshop.checkpoint.write_bytes({"cut": whole[:1000], "text": b"words", "empty": b""}[harm])
    found = one(about(workshop.config, checkpoint=str(workshop.checkpoint), quick=quick), "checkpoint")
    assert (found.mark, "gaitset.pt" in found.text) == ("wrong", True)
    assert not trap.exists()
