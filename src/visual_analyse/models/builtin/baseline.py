"""GaitBase, which OpenGait calls `Baseline`."""

from __future__ import annotations

from torch import Tensor

from visual_analyse.models.builtin.backbone import backbone
from visual_analyse.models.builtin.model import BuiltinModel
from visual_analyse.models.builtin.parts import HorizontalPoolingPyramid, SeparateBNNecks, SeparateFCs
from visual_analyse.models.builtin.section import Section
from visual_analyse.models.builtin.sequences import PackSequenceWrapper, SetBlockWrapper, strongest


class Baseline(BuiltinModel):
    """A residual network on every frame, the maximum over frames, horizontal parts.

    Fan et al., OpenGait: Revisiting Gait Recognition Toward Better Practicality, CVPR 2023.

    >>> import torch
    >>> cfg = {
    ...     "backbone_cfg": {"type": "ResNet9", "block": "BasicBlock", "channels": [4, 4, 8, 8]},
    ...     "SeparateFCs": {"in_channels": 8, "out_channels": 4, "parts_num": 2},
    ...     "SeparateBNNecks": {"class_num": 5, "in_channels": 4, "parts_num": 2},
    ...     "bin_num": [2],
    ... }
    >>> frames = torch.zeros(2, 30, 64, 44)
    >>> Baseline(cfg)(([frames], None, None, None, None))["inference_feat"]["embeddings"].shape
    torch.Size([2, 4, 2])
    """

    def assemble(self, cfg: Section) -> None:
        network = backbone(cfg)
        self.in_channels = network.in_channels
        self.pyramid = HorizontalPoolingPyramid(tuple(cfg.counts("bin_num")))
        self.Backbone = SetBlockWrapper(network)
        self.FCs = SeparateFCs.read(cfg, network.out_channels, self.pyramid.parts)
        self.BNNecks = SeparateBNNecks.read(cfg, self.FCs.fc_bin.size(2), self.pyramid.parts)
        self.TP = PackSequenceWrapper(strongest)

    def encode(self, frames: Tensor, lengths: tuple[int, ...] | None) -> tuple[Tensor, Tensor]:
        embeddings = self.FCs(self.pyramid(self.TP(self.Backbone(frames), lengths)))
        _, logits = self.BNNecks(embeddings)
        return embeddings, logits
