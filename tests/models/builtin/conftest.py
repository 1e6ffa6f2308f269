"""Small models of every built-in class and form, for tests of what they share."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor

from visual_analyse.models.builtin import BuiltinModel, build

_HEAD = {"in_channels": 8, "out_channels": 4}
_GLN = {
    "model": "GLN", "in_channels": [1, 2, 4, 8], "lateral_dim": 8, "hidden_dim": 6, "dropout": 0.5, "class_num": 5,
    "SeparateFCs": {**_HEAD, "parts_num": 9}, "bin_num": [2, 1],
}  # fmt: skip
_PLAIN = {"type": "Plain", "in_channels": 1, "layers_cfg": ["BC-4", "M", "FC-4-1", "FC-8-2"]}
_NECK = {"class_num": 5, "in_channels": 4, "parts_num": 6}
SMALL: dict[str, dict[str, Any]] = {
    "GaitSet": {
        "model": "GaitSet", "in_channels": [1, 2, 4, 8], "SeparateFCs": {**_HEAD, "parts_num": 12}, "bin_num": [4, 2],
    },
    "GaitPart": {"model": "GaitPart", "backbone_cfg": _PLAIN, "SeparateFCs": {**_HEAD, "parts_num": 4}, "bin_num": [4]},
    "GaitGL": {"model": "GaitGL", "channels": [2, 3, 4], "class_num": 5},
    "GaitGL, deep": {"model": "GaitGL", "channels": [2, 3, 4, 5], "class_num": 5},
    "GaitGL, deep, necks": {
        "model": "GaitGL", "channels": [2, 3, 4, 5], "class_num": 5,
        "SeparateBNNecks": {"class_num": 5, "in_channels": 5, "parts_num": 64},
    },
    "GLN, phase 1": {**_GLN, "Lateral_pretraining": True},
    "GLN, phase 2": {**_GLN, "Lateral_pretraining": False},
    "Baseline": {
        "model": "Baseline",
        "backbone_cfg": {"type": "ResNet9", "block": "BasicBlock", "channels": [3, 4, 6, 8], "layers": [1, 1, 1, 2],
                         "strides": [1, 2, 2, 1], "maxpool": False},
        "SeparateFCs": {**_HEAD, "parts_num": 6}, "SeparateBNNecks": _NECK, "bin_num": [4, 2],
    },
    "Baseline, plain": {
        "model": "Baseline", "backbone_cfg": _PLAIN, "SeparateFCs": {**_HEAD, "parts_num": 6},
        "SeparateBNNecks": _NECK, "bin_num": [4, 2],
    },
}  # fmt: skip


@pytest.fixture
def small_cfg() -> Callable[[str], dict[str, Any]]:
    """The config of a small model, to be changed at will."""
    return lambda name: copy.deepcopy(SMALL[name])


@pytest.fixture
def small() -> Callable[[str], BuiltinModel]:
    """A small model in eval mode, its batch norms set to statistics that are not the identity."""

    def make(name: str) -> BuiltinModel:
        torch.manual_seed(0)
        model = build(SMALL[name]).eval()
        for key, value in model.state_dict().items():
            if key.endswith("running_var"):
                value.uniform_(0.5, 2)
            elif key.endswith(("running_mean", "bias")):
                value.normal_(0, 0.1)
        return model

    return make


@pytest.fixture(params=list(SMALL))
def any_model(request: pytest.FixtureRequest, small: Callable[[str], BuiltinModel]) -> BuiltinModel:
    """Each small model in turn."""
    return small(request.param)


@pytest.fixture
def embed() -> Callable[..., Tensor]:
    """Embeddings of frames, packed where lengths are given."""

    def run(model: BuiltinModel, frames: Tensor, lengths: list[int] | None = None) -> Tensor:
        seqL = None if lengths is None else torch.tensor([lengths])
        with torch.no_grad():
            embeddings: Tensor = model(([frames], None, None, None, seqL))["inference_feat"]["embeddings"]
        return embeddings

    return run
