"""GaitPart: short motions of each part of the body."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from visual_analyse.models.builtin.backbone import backbone
from visual_analyse.models.builtin.convolutions import TimeConv
from visual_analyse.models.builtin.model import BuiltinModel
from visual_analyse.models.builtin.parts import HorizontalPoolingPyramid, SeparateFCs
from visual_analyse.models.builtin.section import Section
from visual_analyse.models.builtin.sequences import PackSequenceWrapper, SetBlockWrapper


class MicroMotion(nn.Module):
    """What each part does over three and over five frames, where it says most: `[n, c, s, p]` to `[n, c, p]`.

    Each part has its own attention over time; the pooled window is weighted by it, the two scales are added, and the
    maximum over frames is kept (the Micro-motion Capture Module of Fan et al. CVPR 2020, sec. 3.3).

    >>> MicroMotion(8, 16)(torch.zeros(1, 8, 30, 16)).shape
    torch.Size([1, 8, 16])
    """

    def __init__(self, channels: int, parts: int) -> None:
        super().__init__()
        self.conv1d3x1 = _attentions(channels, parts, 1)
        self.avg_pool3x1 = nn.AvgPool1d(3, 1, 1)
        self.max_pool3x1 = nn.MaxPool1d(3, 1, 1)
        self.conv1d3x3 = _attentions(channels, parts, 3)
        self.avg_pool3x3 = nn.AvgPool1d(5, 1, 2)
        self.max_pool3x3 = nn.MaxPool1d(5, 1, 2)

    def forward(self, x: Tensor) -> Tensor:
        motions = x.permute(3, 0, 1, 2)
        # Pooling takes no four axes: parts and sequences share one for it.
        windows = motions.flatten(0, 1)
        short = (self.avg_pool3x1(windows) + self.max_pool3x1(windows)).view(motions.shape)
        long = (self.avg_pool3x3(windows) + self.max_pool3x3(windows)).view(motions.shape)
        said: Tensor = short * _attend(self.conv1d3x1, motions) + long * _attend(self.conv1d3x3, motions)
        return said.max(-1).values.permute(1, 2, 0)


class GaitPart(BuiltinModel):
    """Frames convolved in strips that do not see each other, then the micro-motions of each part.

    Fan et al., GaitPart: Temporal Part-based Model for Gait Recognition, CVPR 2020, sec. 3.

    >>> plain = {"type": "Plain", "in_channels": 1, "layers_cfg": ["BC-4", "M", "FC-8-2"]}
    >>> head = {"in_channels": 8, "out_channels": 4, "parts_num": 16}
    >>> model = GaitPart({"backbone_cfg": plain, "SeparateFCs": head, "bin_num": [16]})
    >>> model(([torch.zeros(1, 30, 64, 44)], None, None, None, None))["inference_feat"]["embeddings"].shape
    torch.Size([1, 4, 16])
    """

    def assemble(self, cfg: Section) -> None:
        network = backbone(cfg)
        self.in_channels = network.in_channels
        pyramid = HorizontalPoolingPyramid(tuple(cfg.counts("bin_num")))
        self.Backbone = SetBlockWrapper(network)
        self.Head = SeparateFCs.read(cfg, network.out_channels, pyramid.parts)
        self.HPP = SetBlockWrapper(pyramid)
        self.TFA = PackSequenceWrapper(MicroMotion(network.out_channels, pyramid.parts))

    def encode(self, frames: Tensor, lengths: tuple[int, ...] | None) -> tuple[Tensor, None]:
        return self.Head(self.TFA(self.HPP(self.Backbone(frames)), lengths)), None


def _attentions(channels: int, parts: int, kernel: int) -> nn.ModuleList:
    squeezed = max(channels // 4, 1)
    return nn.ModuleList(
        nn.Sequential(TimeConv(channels, squeezed, 3), nn.LeakyReLU(inplace=True), TimeConv(squeezed, channels, kernel))
        for _ in range(parts)
    )


def _attend(attentions: nn.ModuleList, motions: Tensor) -> Tensor:
    answers = [attention(motion) for attention, motion in zip(attentions, motions, strict=True)]
    return torch.stack(answers).sigmoid()
