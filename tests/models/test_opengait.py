"""The real framework, run from its checkout by its own code, without torch.distributed."""

from __future__ import annotations

import json
import os
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from visual_analyse.explain.model import Batch
from visual_analyse.models.checkout import Checkout
from visual_analyse.models.load import load_model

ROOT = Path(os.environ.get("OPENGAIT_ROOT", "."))
pytestmark = [
    pytest.mark.opengait,
    pytest.mark.skipif(not os.environ.get("OPENGAIT_ROOT"), reason="OPENGAIT_ROOT names no checkout of OpenGait"),
]
DATA = Path(__file__).parents[1] / "data"
FACTS = json.loads((DATA / "builtin_models.json").read_text())


@pytest.fixture(autouse=True)
def nothing_is_left(monkeypatch, tmp_path):
    for name in ("RANK", "WORLD_SIZE", "MASTER_ADDR", "MASTER_PORT"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    paths, files = list(sys.path), code_files()
    yield
    torch.set_num_threads(threads)
    assert not [name for name in sys.modules if name.split(".")[0] in {"utils", "data", "modeling", "evaluation"}]
    assert sys.path == paths
    assert code_files() == files
    assert not torch.distributed.is_initialized()
    assert not list(tmp_path.glob("output"))


def code_files():
    return {(path, path.stat().st_mtime_ns) for path in (ROOT / "opengait").rglob("*")}


def fill(module):
    """The weights of the golden embeddings: sines, no random numbers."""
    state = module.state_dict()
    for k, name in enumerate(sorted(state)):
        value = state[name]
        if not value.is_floating_point():
            value.zero_()
            continue
        if value.numel() == 1:
            continue
        u = np.sin(12.9898 * np.arange(value.numel()) + 78.233 * k).reshape(value.shape)
        flat = value.dim() == 1
        if name.endswith("running_var") or (flat and name.endswith("weight")):
            u = 1 + 0.1 * u
        elif flat:
            u = 0.1 * u
        else:
            fan = value.shape[1] * np.prod(value.shape[2:]) if value.dim() > 3 else value.shape[-2]
            u = u * np.sqrt(4 / fan)
        value.copy_(torch.from_numpy(u))


def golden_walk():
    t, y, x = np.meshgrid(np.arange(30), np.arange(64), np.arange(44), indexing="ij")
    frames = 0.5 + 0.5 * np.sin(0.21 * x + 0.13 * y + 0.4 * t + 0.003 * x * y)
    return Batch((torch.from_numpy(frames[None].astype(np.float32)),), ("n s h w",), (30,))


@pytest.mark.parametrize("name", FACTS)
def test_golden_embeddings(name):
    model = load_model(ROOT / FACTS[name]["config"], checkpoint="none", device="cpu")
    assert (model.source, model.class_name) == ("checkout", FACTS[name]["class"])
    assert {key: list(value.shape) for key, value in model.module.state_dict().items()} == FACTS[name]["state_dict"]
    fill(model.module)
    with torch.no_grad():
        found = model.embed(golden_walk()).numpy()
    golden = np.load(DATA / "golden_embeddings.npz")[name]
    assert np.abs(found - golden).max() <= 1e-4 * np.abs(golden).max()


def test_a_model_that_builds_another_inside():
    pytest.importorskip("kornia")
    model = load_model(ROOT / "configs" / "gaitedge" / "phase2_gaitedge.yaml", checkpoint="none", device="cpu")
    rng = np.random.default_rng(0)
    pictures, masks = rng.integers(0, 256, (4, 3, 128, 128), dtype=np.uint8), np.zeros((4, 128, 128), np.uint8)
    masks[:, 10:118, 40:90] = 255
    batch = model.batch([[np.full(4, 0.46, np.float32), pictures, masks]])
    assert batch.axes == ("n s", "n s c h w", "n s h w")
    assert [list(x.shape) for x in batch.inputs] == [[1, 4], [1, 4, 3, 128, 128], [1, 4, 128, 128]]
    embeddings = model.embed(batch)
    assert embeddings.shape == (1, 128, 64)
    assert torch.isfinite(embeddings).all()
    blank = model.batch([[np.full(4, 0.46, np.float32), np.zeros_like(pictures), masks]])
    assert not torch.equal(model.embed(blank), embeddings)


def test_the_checkouts_own_transform_cuts_and_scales():
    model = load_model(ROOT / FACTS["GaitSet"]["config"], checkpoint="none", device="cpu")
    frames = np.random.default_rng(0).integers(0, 256, (3, 64, 64), dtype=np.uint8)
    x = model.batch([[frames]]).inputs[0]
    assert np.array_equal(x[0].numpy(), (frames[:, :, 10:54] / 255.0).astype(np.float32))


def test_what_its_training_saves_is_loaded(tmp_path):
    config = ROOT / FACTS["GaitBase"]["config"]
    model = load_model(config, checkpoint="none", device="cpu")
    model.module.requires_grad_(True)
    with model.checkout.active(torch.device("cpu")):
        optimizer = model.module.get_optimizer(model.config.sections["optimizer_cfg"])
        model.module.optimizer = optimizer
        scheduler = model.module.get_scheduler(model.config.sections["scheduler_cfg"])
        sum(parameter.square().sum() for parameter in model.module.parameters()).backward()
        optimizer.step()
        scheduler.step()
        model.module.scheduler = scheduler
        model.module.save_path = str(tmp_path / "saved")
        model.module.save_ckpt(2)
    (written,) = (tmp_path / "saved").rglob("*-00002.pt")
    loaded = load_model(config, checkpoint=written, device="cpu", seed=8)
    state = model.module.state_dict()
    assert all(torch.equal(value, state[key]) for key, value in loaded.module.state_dict().items())
    assert loaded.notices == []


def test_a_fork_and_the_original_in_one_process(tmp_path):
    fork = tmp_path / "fork"
    for folder in ("opengait", "configs"):
        shutil.copytree(ROOT / folder, fork / folder, ignore=shutil.ignore_patterns("__pycache__"))
    (fork / "opengait" / "modeling" / "models" / "doubled.py").write_text(
        "from .gaitset import GaitSet\n\n\nclass Doubled(GaitSet):\n    def forward(self, inputs):\n"
        "        answer = super().forward(inputs)\n        answer['inference_feat']['embeddings'] *= 2\n"
        "        return answer\n"
    )
    original = ROOT / FACTS["GaitSet"]["config"]
    config = tmp_path / "doubled.yaml"
    config.write_text(original.read_text().replace("model: GaitSet", "model: Doubled"))
    plain = load_model(original, checkpoint="none", device="cpu")
    doubled = load_model(config, checkout=fork, checkpoint="none", device="cpu")
    walk = [np.random.default_rng(0).integers(0, 256, (3, 64, 64), dtype=np.uint8)]
    for _ in range(2):
        with torch.no_grad():
            first, second = (model.embed(model.batch([walk])) for model in (plain, doubled))
        assert torch.equal(first * 2, second)
    assert all(path.is_relative_to(fork) for path in doubled.code)
    assert not any(path.is_relative_to(fork) for path in plain.code)


def test_every_model_is_listed_without_importing_any():
    before = set(sys.modules)
    classes = Checkout(ROOT).classes()
    assert set(sys.modules) == before
    assert len(classes) > 25
    assert classes["GaitEdge"].name == "gaitedge.py"
    assert "BaseModel" not in classes
    assert "GLConv" not in classes
