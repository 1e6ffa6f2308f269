"""The built-in skeleton models beside OpenGait's own: the same weights, the same layers, the same answers."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from tests.models.builtin.skeletons import FACTS, GOLDEN, embed, joints_of, leaves, pose_walk, shapes, write
from visual_analyse.models.builtin import build
from visual_analyse.models.load import load_model

pytestmark = pytest.mark.opengait
CPU = torch.device("cpu")
ROOT = Path(os.environ.get("OPENGAIT_ROOT") or ".")
OFFICIAL = sorted(
    file.relative_to(ROOT / "configs").as_posix()
    for folder in ("gaitgraph2", "gaittr")
    for file in (ROOT / "configs" / folder).glob("*.yaml")
)


def randomise(model: nn.Module) -> None:
    generator = torch.Generator().manual_seed(0)
    for name, value in model.state_dict().items():
        if name.endswith("running_var") or (value.dim() == 1 and name.endswith("weight")):
            value.uniform_(0.5, 1.5, generator=generator)
        elif name.endswith(("running_mean", "bias")):
            value.normal_(0, 0.1, generator=generator)
        elif name.endswith("edge"):
            value.uniform_(0.2, 1.8, generator=generator)
        elif name.startswith("ResGCN.") and value.dim() > 1 and not name.endswith(".A"):
            value.mul_(1.5)  # fresh, it answers all walks nearly alike


def outputs(model: nn.Module, run: Any) -> dict[str, list[Tensor]]:
    """What each leaf answered, call by call, in one run."""
    kept: dict[str, list[Tensor]] = {}
    hooks = [
        child.register_forward_hook(lambda _m, _i, out, key=key: kept.setdefault(key, []).append(out.detach().clone()))
        for key, child in model.named_modules()
        if not list(child.children())
    ]
    run()
    for hook in hooks:
        hook.remove()
    return kept


@pytest.mark.parametrize("config", OFFICIAL)
def test_official_config_answers_as_opengait_does(config: str, opengait: Path) -> None:
    theirs = load_model(opengait / "configs" / config, checkout=opengait, checkpoint="none", device="cpu")
    assert theirs.checkout is not None
    cfg = dict(theirs.config.model_cfg)
    ours = build(cfg).eval()
    assert leaves(ours) == leaves(theirs.module)
    assert list(shapes(ours).items()) == list(shapes(theirs.module).items())
    graphs = {name: value for name, value in theirs.module.state_dict().items() if name.endswith(".A")}
    assert all(torch.equal(value, ours.state_dict()[name]) for name, value in graphs.items())
    randomise(theirs.module)
    ours.load_state_dict(theirs.module.state_dict(), strict=True)
    with theirs.checkout.active(CPU):
        walks = [
            np.ascontiguousarray(theirs.transforms[0](size * pose_walk(joints_of(cfg))), np.float32)
            for size in (1.0, 2.0)
        ]
        batch = torch.from_numpy(np.stack(walks))
        answers: list[np.ndarray[Any, Any]] = []
        expected = outputs(theirs.module, lambda: answers.append(embed(theirs.module, batch)))
    found = outputs(ours, lambda: answers.append(embed(ours, batch)))
    assert answers[0].shape == answers[1].shape
    assert np.abs(answers[0] - answers[1]).max() <= 1e-4 * np.abs(answers[0]).max()
    assert np.abs(answers[0][0] - answers[0][1]).max() > 1e-2 * np.abs(answers[0]).max()
    assert found.keys() == expected.keys()
    for key, calls in expected.items():
        assert [call.shape for call in found[key]] == [call.shape for call in calls], key
        for ours_, theirs_ in zip(found[key], calls, strict=True):
            assert (ours_ - theirs_).abs().max() <= 1e-4 * theirs_.abs().max(), key


def test_training_does_without_the_walks_of_a_test(opengait: Path) -> None:
    config = opengait / "configs" / "gaitgraph2" / "gaitgraph2.yaml"
    theirs = load_model(config, checkout=opengait, checkpoint="none", device="cpu")
    assert theirs.checkout is not None
    ours = build(theirs.config.model_cfg).train()
    ours.load_state_dict(theirs.module.state_dict())
    with theirs.checkout.active(CPU):
        poses = torch.from_numpy(np.float32(theirs.transforms[0](pose_walk(17))))[None].repeat(2, 1, 1, 1, 1)
        poses[1] += 0.1
        expected = theirs.module.train()(([poses], torch.arange(2), None, None, None))["training_feat"]
    found = ours(([poses], torch.arange(2), None, None, None))["training_feat"]
    assert found.keys() == expected.keys() == {"SupConLoss"}
    features = expected["SupConLoss"]["features"]
    assert found["SupConLoss"]["features"].shape == features.shape
    assert (found["SupConLoss"]["features"] - features).abs().max() <= 1e-4 * features.abs().max()


def test_the_facts_that_are_kept_are_those_of_the_checkout(
    opengait: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tests.models.builtin import skeletons

    monkeypatch.setattr(skeletons, "FACTS", tmp_path / FACTS.name)
    monkeypatch.setattr(skeletons, "GOLDEN", tmp_path / GOLDEN.name)
    write(opengait)
    assert json.loads((tmp_path / FACTS.name).read_text()) == json.loads(FACTS.read_text())
    golden, again = np.load(GOLDEN), np.load(tmp_path / GOLDEN.name)
    assert golden.files == again.files
    for name in golden.files:
        assert np.abs(golden[name] - again[name]).max() <= 1e-4 * np.abs(golden[name]).max()
