"""The facts of OpenGait's skeleton models that CI holds the built-in ones to.

`OPENGAIT_ROOT=<checkout> python -m tests.models.builtin.skeletons` writes them anew.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from visual_analyse.models.gait_model import GaitModel

DATA = Path(__file__).parents[2] / "data"
FACTS = DATA / "skeleton_models.json"
GOLDEN = DATA / "golden_skeletons.npz"
# Seventeen joints and eighteen, shallow and deep, narrowed by eight and by four.
CONFIGS = (
    "gaitgraph2/gaitgraph2.yaml",
    "gaitgraph2/gaitgraph2_OUMVLP.yaml",
    "gaittr/gaittr_Gait3D.yaml",
    "gaittr/gaittr_OUMVLP.yaml",
)


def leaves(model: nn.Module) -> list[str]:
    """The modules without children as people number them."""
    childless = [(key, child) for key, child in model.named_modules() if not list(child.children())]
    return [f"{k} {key} {type(child).__name__}" for k, (key, child) in enumerate(childless, 1)]


def shapes(model: nn.Module) -> dict[str, list[int]]:
    """Names and shapes of what a checkpoint holds."""
    return {key: list(value.shape) for key, value in model.state_dict().items()}


def fill(model: nn.Module) -> None:
    """Give every parameter and buffer a value by a formula, but for the graph of the body, which nothing learns.

    The digits of a sine behind its fourth look drawn by chance; a sine itself would make matrices of rank two.
    """
    for k, (name, value) in enumerate(sorted(model.state_dict().items())):
        if name.endswith(".A"):
            continue
        if not value.is_floating_point():
            value.zero_()
            continue
        wave = 43758.5453 * np.sin(12.9898 * np.arange(value.numel()) + 78.233 * k).reshape(value.shape)
        wave = 2 * (wave - np.floor(wave)) - 1
        if name.endswith("running_var") or (value.dim() == 1 and name.endswith("weight")):
            wave = 1 + 0.3 * wave
        elif name.endswith(".edge"):
            wave = 1 + 0.5 * wave
        elif value.dim() == 1:
            wave = 0.1 * wave
        else:
            wave = wave * np.sqrt(6 / np.prod(value.shape[1:]))
            if "qkv" in name:
                wave = wave / 2  # attention that is all or nothing makes much of rounding
        value.copy_(torch.from_numpy(wave))


def pose_walk(joints: int, frames: int = 21) -> np.ndarray[Any, Any]:
    """Poses `[s, v, 3]`: every joint goes round a place of its own; one joint of one frame was not found."""
    t, v = np.meshgrid(np.arange(frames), np.arange(joints), indexing="ij")
    x = np.sin(2.3 * v) + 0.4 * np.sin(0.5 * t + v)
    y = np.cos(1.7 * v) + 0.3 * np.cos(0.4 * t + 2 * v)
    poses = np.stack([x, y, 0.75 + 0.25 * np.sin(0.9 * t + 1.3 * v)], -1).astype(np.float32)
    poses[3, 5] = 0
    return poses


def embed(model: nn.Module, inputs: Tensor) -> np.ndarray[Any, Any]:
    """Embeddings of a batch `[n, s, ...]`."""
    with torch.no_grad():
        answer = model(([inputs], None, None, None, None))
    found: np.ndarray[Any, Any] = answer["inference_feat"]["embeddings"].numpy()
    return found


def joints_of(model_cfg: dict[str, Any]) -> int:
    """How many joints a config is for."""
    return 17 if model_cfg["joint_format"] == "coco" else 18


def write(root: Path) -> None:
    """Ask a checkout for the facts and keep them."""
    from visual_analyse.models.load import load_model

    facts, golden = {}, {}
    for config in CONFIGS:
        model: GaitModel = load_model(root / "configs" / config, checkout=root, checkpoint="none", device="cpu")
        assert model.checkout is not None
        name, cfg = Path(config).stem, dict(model.config.model_cfg)
        facts[name] = {
            "config": config,
            "transform": model.config.transforms,
            "model_cfg": cfg,
            "parameters": sum(value.numel() for value in model.module.parameters()),
            "leaves": leaves(model.module),
            "state_dict": shapes(model.module),
        }
        fill(model.module)
        with model.checkout.active(torch.device("cpu")):
            poses = np.ascontiguousarray(model.transforms[0](pose_walk(joints_of(cfg))), np.float32)
            golden[name] = embed(model.module, torch.from_numpy(poses)[None])
    lines = [
        f" {json.dumps(name)}: {{\n"
        + ",\n".join(f"  {json.dumps(key)}: {_lines(value)}" for key, value in fact.items())
        + "\n }"
        for name, fact in facts.items()
    ]
    FACTS.write_text("{\n" + ",\n".join(lines) + "\n}\n")
    np.savez_compressed(GOLDEN, **golden)


def _lines(value: Any) -> str:
    """JSON with an entry a line."""
    if isinstance(value, list) and len(value) > 9:
        return "[\n" + ",\n".join(f"   {json.dumps(entry)}" for entry in value) + "\n  ]"
    if isinstance(value, dict):
        return "{\n" + ",\n".join(f"   {json.dumps(k)}: {json.dumps(entry)}" for k, entry in value.items()) + "\n  }"
    return json.dumps(value)


if __name__ == "__main__":
    torch.set_num_threads(1)
    write(Path(os.environ["OPENGAIT_ROOT"]))
