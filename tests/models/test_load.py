"""From a config to a model: whose class, which weights, what is said."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
import yaml

from tests.models.fake_checkout import write_checkout, write_config
from visual_analyse.errors import VisualAnalyseError
from visual_analyse.files import digest
from visual_analyse.gait.config import read_config
from visual_analyse.models.load import load_model

SILHOUETTES = [np.random.default_rng(0).integers(0, 2, (4, 64, 64), dtype=np.uint8) * 255]
FACTS = json.loads((Path(__file__).parents[1] / "data" / "builtin_models.json").read_text())


@pytest.fixture(autouse=True)
def away(tmp_path, monkeypatch):
    """No checkout is in sight."""
    monkeypatch.delenv("OPENGAIT_ROOT", raising=False)
    (tmp_path / "away").mkdir()
    monkeypatch.chdir(tmp_path / "away")


@pytest.fixture
def gaitset(tmp_path):
    def gaitset(hint=0):
        cfgs = {
            "data_cfg": {"dataset_name": "Town"},
            "evaluator_cfg": {"save_name": "Mine", "restore_hint": hint, **FACTS["GaitSet"]["evaluator_cfg"]},
            "model_cfg": FACTS["GaitSet"]["model_cfg"],
        }
        path = tmp_path / "gaitset.yaml"
        path.write_text(yaml.safe_dump(cfgs))
        return path

    return gaitset


def test_without_a_checkout_the_built_in_model_serves(gaitset):
    model = load_model(gaitset(), device="cpu")
    assert (model.source, model.class_name, model.name, model.metric) == ("built-in", "GaitSet", "Mine", "euc")
    assert model.embed(model.batch([SILHOUETTES])).shape == (1, 256, 62)
    assert not model.module.training
    assert not any(parameter.requires_grad for parameter in model.module.parameters())
    assert {path.name for path in model.code} >= {"gaitset.py", "parts.py"}


def test_silhouettes_are_cut_and_scaled_as_the_config_says(gaitset):
    model = load_model(gaitset(), device="cpu")
    x = model.batch([SILHOUETTES]).inputs[0]
    assert np.array_equal(x[0].numpy(), (SILHOUETTES[0][:, :, 10:-10] / 255.0).astype(np.float32))


def test_random_weights_are_said_loudly_and_are_the_same_every_time(gaitset):
    before = torch.get_rng_state()
    first, second = (load_model(gaitset(), device="cpu") for _ in range(2))
    other = load_model(gaitset(), device="cpu", seed=2)
    assert torch.equal(torch.get_rng_state(), before)
    assert "RANDOM WEIGHTS: Mine was given no checkpoint (seed 1597)" in first.notices[0]
    assert (first.checkpoint, first.checkpoint_digest) == (None, "")
    weights = [model.module.Head.fc_bin for model in (first, second, other)]
    assert torch.equal(weights[0], weights[1])
    assert not torch.equal(weights[0], weights[2])


def test_the_configs_checkpoint_is_loaded(gaitset, tmp_path):
    source = load_model(gaitset(), device="cpu", seed=5)
    path = tmp_path / "away/output/Town/GaitSet/Mine/checkpoints/Mine-00300.pt"
    path.parent.mkdir(parents=True)
    torch.save({"model": source.module.state_dict(), "iteration": 300}, path)
    model = load_model(gaitset(300), device="cpu")
    assert torch.equal(model.module.Head.fc_bin, source.module.Head.fc_bin)
    assert (model.checkpoint, model.checkpoint_digest, model.notices) == (path, digest(path), [])
    assert not any(parameter.requires_grad for parameter in model.module.parameters())
    assert load_model(gaitset(), checkpoint=path, device="cpu").checkpoint == path
    assert load_model(gaitset(300), checkpoint="none", device="cpu").checkpoint is None


def test_a_missing_checkpoint_stops_before_anything_is_built(gaitset):
    with pytest.raises(VisualAnalyseError, match=r"Mine-00300\.pt"):
        load_model(gaitset(300), device="cpu")


def test_a_checkpoint_of_another_config(gaitset, tmp_path):
    torch.save({"model": {"Head.fc_bin": torch.zeros(31, 128, 256)}}, tmp_path / "x.pt")
    with pytest.raises(VisualAnalyseError, match=r"Head\.fc_bin is \[31, 128, 256\] there and \[62, 128, 256\]"):
        load_model(gaitset(), checkpoint=tmp_path / "x.pt", device="cpu")


def test_a_config_that_was_read_already(gaitset):
    config = read_config(gaitset())
    assert load_model(config, device="cpu").config is config


def test_a_missing_gpu_is_a_notice(gaitset, monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    model = load_model(gaitset())
    assert "the CPU does the work" in model.notices[0]
    with pytest.raises(VisualAnalyseError, match="no device 'cuda:7'"):
        load_model(gaitset(), device="cuda:7")


def test_the_checkouts_class_comes_before_the_built_in_one(tmp_path):
    extra = {"opengait/modeling/models/own.py": "from .walker import Walker\n\n\nclass GaitSet(Walker): ...\n"}
    root = write_checkout(tmp_path / "A", extra=extra)
    config = write_config(tmp_path / "a.yaml", "GaitSet")
    model = load_model(config, checkout=root, device="cpu")
    assert model.source == "checkout"
    assert hasattr(model.module, "Backbone")


def test_a_checkout_without_the_class_leaves_it_to_the_built_in_one(gaitset, tmp_path):
    model = load_model(gaitset(), checkout=write_checkout(tmp_path / "A"), device="cpu")
    assert model.source == "built-in"


def test_a_config_in_a_checkout_is_laid_over_its_defaults(tmp_path):
    root = write_checkout(tmp_path / "A")
    model = load_model(root / "configs" / "walker.yaml", device="cpu")
    assert (model.source, model.metric, model.name) == ("checkout", "cos", "W")
    assert model.config.test_dataset_name == "Village"
    assert model.checkout.root == root.resolve()


def test_a_checkouts_checkpoint_is_found_below_it(tmp_path):
    root = write_checkout(tmp_path / "A")
    config = write_config(tmp_path / "a.yaml", more="evaluator_cfg: {save_name: W, restore_hint: 9}\n")
    source = load_model(config, checkout=root, checkpoint="none", device="cpu", seed=4)
    path = root / "output/Village/Walker/W/checkpoints/W-00009.pt"
    path.parent.mkdir(parents=True)
    torch.save({"model": source.module.state_dict()}, path)
    model = load_model(config, checkout=root, device="cpu")
    assert torch.equal(model.module.Head.weight, source.module.Head.weight)
    assert model.checkpoint.samefile(path)


def test_an_unknown_class_names_its_neighbours(tmp_path):
    config = write_config(tmp_path / "a.yaml", "GaitSett")
    with pytest.raises(
        VisualAnalyseError, match=r"'GaitSett'.*built in; name a checkout .*Did you mean GaitSet.*There are Baseline"
    ):
        load_model(config, device="cpu")
    root = write_checkout(tmp_path / "A")
    with pytest.raises(
        VisualAnalyseError, match=r"'Walkr'.*spoilt\.py could not be read.*Did you mean Walker\?.*Needy.*Walker\."
    ):
        load_model(write_config(tmp_path / "a.yaml", "Walkr"), checkout=root, device="cpu")


def test_a_model_that_only_segments(tmp_path):
    root = write_checkout(tmp_path / "A")
    model = load_model(write_config(tmp_path / "a.yaml", "Segmenter"), checkout=root, device="cpu")
    with pytest.raises(VisualAnalyseError, match="inference_feat has pred, mask"):
        model.embed(model.batch([SILHOUETTES]))


def test_a_transform_that_the_checkout_lacks(tmp_path):
    root = write_checkout(tmp_path / "A")
    more = "evaluator_cfg: {restore_hint: 0, transform: [{type: Squash}]}\n"
    with pytest.raises(
        VisualAnalyseError, match=r"transforms of .*a\.yaml could not be made: .*transform\.py.*'Squash'"
    ):
        load_model(write_config(tmp_path / "a.yaml", more=more), checkout=root, device="cpu")
