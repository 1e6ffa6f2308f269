"""Backbones: strides, pooling and strips do what the config says."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn

from visual_analyse.models.builtin.backbone import backbone
from visual_analyse.models.builtin.section import Section


def make(**cfg: Any) -> nn.Module:
    return backbone(Section({"backbone_cfg": cfg}, "model_cfg")).eval()


@pytest.mark.parametrize(
    ("strides", "maxpool", "size"),
    [([1, 2, 2, 1], False, (16, 11)), ([1, 1, 2, 1], False, (32, 22)), ([1, 2, 2, 1], True, (8, 6))],
)
def test_residual_network_strides_and_pools(strides: list[int], maxpool: bool, size: tuple[int, int]) -> None:
    net = make(type="ResNet9", block="BasicBlock", channels=[2, 3, 4, 5], strides=strides, maxpool=maxpool)
    assert net(torch.rand(2, 1, 64, 44)).shape == (2, 5, *size)


def test_only_the_first_block_of_a_stage_strides_and_projects() -> None:
    net = make(type="ResNet9", block="BasicBlock", channels=[2, 3, 4, 5], layers=[1, 2, 3, 1], strides=[1, 2, 2, 1])
    projected = {key.split(".downsample")[0] for key, _ in net.named_parameters() if ".downsample" in key}
    assert projected == {"layer2.0", "layer3.0", "layer4.0"}
    assert len(net.get_submodule("layer3")._modules) == 3


def test_a_block_that_adds_nothing_passes_its_input_on() -> None:
    net = make(type="ResNet9", block="BasicBlock", channels=[2, 2, 2, 2], layers=[1, 1, 1, 1], strides=[1, 1, 1, 1])
    for key, value in net.named_parameters():
        if "layer" in key and "bn2" in key:
            nn.init.zeros_(value)
    x = torch.rand(1, 1, 8, 8)
    entry = torch.relu(net.get_submodule("bn1")(net.get_submodule("conv1")(x)))
    assert torch.allclose(net(x), net.get_submodule("maxpool")(entry))


def test_plain_kernels_strips_and_pooling() -> None:
    net = make(type="Plain", layers_cfg=["BC-2", "M", "FC-3-2", "BC-4"])
    convs = [child for child in net.modules() if isinstance(child, nn.Conv2d)]
    assert [conv.kernel_size[0] for conv in convs] == [5, 3, 3]
    calls: list[int] = []
    convs[1].register_forward_hook(lambda _m, inputs, _o: calls.append(inputs[0].size(2)))
    assert net(torch.rand(1, 1, 64, 44)).shape == (1, 4, 32, 22)
    assert calls == [8, 8, 8, 8]
