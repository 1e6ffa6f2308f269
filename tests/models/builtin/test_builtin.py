"""The official configs: names, shapes and leaves as OpenGait has them, and the embeddings that its models answer."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from visual_analyse.errors import VisualAnalyseError
from visual_analyse.models.builtin import MODELS, build

DATA = Path(__file__).parents[2] / "data"
FACTS: dict[str, dict[str, Any]] = json.loads((DATA / "builtin_models.json").read_text())


def fill_without_chance(model: nn.Module) -> None:
    """Give every parameter and buffer the values by which the golden embeddings were made."""
    state = model.state_dict()
    for k, name in enumerate(sorted(state)):
        value = state[name]
        if not value.is_floating_point():
            value.zero_()
        elif value.numel() > 1:
            wave = np.sin(12.9898 * np.arange(value.numel()) + 78.233 * k).reshape(value.shape)
            if name.endswith("running_var") or (value.dim() == 1 and name.endswith("weight")):
                wave = 1 + 0.1 * wave
            elif name.endswith("running_mean") or value.dim() == 1:
                wave = 0.1 * wave
            else:
                many = value.dim() > 3
                fan = np.prod(value.shape[1:]) if many else value.shape[-2]
                wave = wave * np.sqrt(4 / fan)
            value.copy_(torch.from_numpy(wave))


def test_every_class_of_the_facts_is_built_in() -> None:
    skeletons = json.loads((DATA / "skeleton_models.json").read_text())
    known = {fact["class"] for fact in FACTS.values()} | {fact["model_cfg"]["model"] for fact in skeletons.values()}
    assert known == set(MODELS)


@pytest.mark.parametrize("name", FACTS)
def test_official_config_builds_what_official_checkpoints_hold(name: str) -> None:
    fact = FACTS[name]
    with torch.device("meta"):  # shapes without memory: one of them has 95 million parameters
        model = build(fact["model_cfg"])
    state = model.state_dict()
    assert {key: list(value.shape) for key, value in state.items()} == fact["state_dict"]
    assert list(state) == list(fact["state_dict"])
    assert sum(value.numel() for value in model.parameters()) == fact["parameters"]
    childless = [(key, child) for key, child in model.named_modules() if not list(child.children())]
    numbered = [f"{k} {key} {type(child).__name__}" for k, (key, child) in enumerate(childless, 1)]
    assert numbered == fact["leaves"]


@pytest.mark.parametrize("name", FACTS)
def test_golden_embedding_comes_out(name: str) -> None:
    cfg = dict(FACTS[name]["model_cfg"])
    if cfg["model"] == "GaitGL":
        cfg["class_num"] = 5  # its classes lie behind the embedding, and 5153 of them take ten seconds to fill
    model = build(cfg).eval()
    fill_without_chance(model)
    t, y, x = np.meshgrid(np.arange(30), np.arange(64), np.arange(44), indexing="ij")
    clip = (0.5 + 0.5 * np.sin(0.21 * x + 0.13 * y + 0.4 * t + 0.003 * x * y)).astype(np.float32)
    with torch.no_grad():
        answer = model(([torch.from_numpy(clip)[None]], None, None, None, torch.tensor([[30]])))
    found = answer["inference_feat"]["embeddings"].numpy()
    golden = np.load(DATA / "golden_embeddings.npz", allow_pickle=False)[name]
    assert found.shape == golden.shape
    assert np.abs(found - golden).max() < 1e-4 * np.abs(golden).max()


@pytest.mark.parametrize("cfg", [{"model": "DeepGaitV2"}, {"model": ["GaitSet"]}, {}])
def test_unknown_class_is_answered_with_those_there_are(cfg: dict[str, Any]) -> None:
    with pytest.raises(VisualAnalyseError, match=r"GaitSet, GaitPart, GaitGL, GLN, Baseline.*--opengait"):
        build(cfg)


def test_a_config_that_is_no_section() -> None:
    with pytest.raises(VisualAnalyseError, match="model_cfg is None"):
        build(None)  # type: ignore[arg-type]
