"""The six models, as wide as their official configs or narrow enough to run many times, and a poke's view of them."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from tests.explain.nets import centre
from visual_analyse.explain.layers import Layer, leaves, select
from visual_analyse.explain.model import Batch
from visual_analyse.explain.plan import Plan
from visual_analyse.models.builtin import build

FACTS: dict[str, dict[str, Any]] = json.loads(
    (Path(__file__).parent / "data" / "builtin_models.json").read_text(encoding="utf-8")
)
NAMES = ["GaitSet", "GaitPart", "GaitGL", "GaitGL-OUMVLP", "GLN_Phase1", "GLN_Phase2", "GaitBase"]
# The convolutions that the contract names for each model.
LAYERS = {
    "GaitBase": [1, 5, 8, 10, 13, 17, 20, 24, 27],
    "GaitSet": [1, 3, 6, 8, 11, 13, 15, 17, 20, 22],
    "GaitPart": [1, 3, 6, 8, 11, 13],
    "GLN_Phase1": [1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 26, 29],
    "GLN_Phase2": [1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 26, 29],
    "GaitGL": [1, 3, 5, 6, 8, 9, 10, 11],
}


def narrow(cfg: dict[str, Any]) -> dict[str, Any]:
    """The same layers with few channels, which changes neither their numbers nor how they lie on the frames."""
    cfg = copy.deepcopy(cfg)
    if cfg["model"] == "GaitSet":
        cfg["in_channels"] = [1, 4, 6, 8]
        cfg["SeparateFCs"].update(in_channels=8, out_channels=8)
    elif cfg["model"] == "GaitPart":
        cfg["backbone_cfg"]["layers_cfg"] = ["BC-4", "BC-4", "M", "FC-6-2", "FC-6-2", "M", "FC-8-3", "FC-8-3"]
        cfg["SeparateFCs"].update(in_channels=8, out_channels=8)
    elif cfg["model"] == "GaitGL":
        cfg["channels"] = [4, 6, 8, 8][: len(cfg["channels"])]
    elif cfg["model"] == "GLN":
        cfg.update(in_channels=[1, 4, 6, 8], lateral_dim=8)
        cfg["SeparateFCs"].update(in_channels=8, out_channels=8)
        cfg["hidden_dim"] = 8
    else:
        cfg["backbone_cfg"]["channels"] = [4, 6, 8, 10]  # equal neighbours would need no downsampling
        cfg["SeparateFCs"].update(in_channels=10, out_channels=8)
        cfg["SeparateBNNecks"].update(in_channels=8)
    return cfg


class Six:
    """A built-in model without a config file, as `explain` needs it; kernels look hardest at their middle."""

    metric = "euc"

    def __init__(self, cfg: dict[str, Any]) -> None:
        torch.manual_seed(0)
        self.module = build(cfg).eval()
        with torch.no_grad():
            for layer in self.module.modules():
                if isinstance(layer, nn.Conv1d | nn.Conv2d | nn.Conv3d):
                    layer.weight.abs_()  # few channels of either sign can cancel right where a change is
                    centre(layer.weight)

    def embed(self, batch: Batch) -> Tensor:
        n = len(batch)
        lengths = torch.tensor([batch.lengths]) if batch.packed or n == 1 else None
        answer = self.module((list(batch.inputs), torch.zeros(n).long(), [""] * n, [""] * n, lengths))
        embeddings: Tensor = answer["inference_feat"]["embeddings"]
        return embeddings


def grey(lengths: tuple[int, ...], size: tuple[int, int], seed: int = 0, packed: bool = False) -> Batch:
    """Walks of noise: every frame and row is unlike every other."""
    generator = torch.Generator().manual_seed(seed)
    walks = [torch.rand(1, length, *size, generator=generator) for length in lengths]
    return Batch((torch.cat(walks, 1 if packed else 0),), ("n s h w",), lengths, packed)


def convolutions(model: Any, plan: Plan) -> list[Layer]:
    """All convolutions that are called."""
    found = select([layer for layer, _ in leaves(model.module)], "conv")
    return [layer for layer in found if not plan[layer.number].reason]
