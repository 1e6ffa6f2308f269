"""GaitSet: a walk is a set of silhouettes."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from visual_analyse.models.builtin.convolutions import rectified_pair
from visual_analyse.models.builtin.model import BuiltinModel
from visual_analyse.models.builtin.parts import HorizontalPoolingPyramid, SeparateFCs
from visual_analyse.models.builtin.section import Section
from visual_analyse.models.builtin.sequences import PackSequenceWrapper, SetBlockWrapper, strongest


class GaitSet(BuiltinModel):
    """Frames and what the set of them shares, side by side: the main pipeline and the multilayer global pipeline.

    Chao et al., GaitSet: Regarding Gait as a Set for Cross-View Gait Recognition, AAAI 2019, fig. 2, sec. 3.2 to 3.4.

    >>> head = {"in_channels": 16, "out_channels": 8, "parts_num": 6}
    >>> cfg = {"model": "GaitSet", "in_channels": [1, 4, 8, 16], "SeparateFCs": head, "bin_num": [2, 1]}
    >>> frames = torch.zeros(1, 30, 64, 44)
    >>> GaitSet(cfg)(([frames], None, None, None, None))["inference_feat"]["embeddings"].shape
    torch.Size([1, 8, 6])
    """

    def assemble(self, cfg: Section) -> None:
        self.in_channels, first, second, third = cfg.counts("in_channels", 4)
        self.set_block1 = SetBlockWrapper(nn.Sequential(*rectified_pair(self.in_channels, first, 5), nn.MaxPool2d(2)))
        self.set_block2 = SetBlockWrapper(nn.Sequential(*rectified_pair(first, second), nn.MaxPool2d(2)))
        self.set_block3 = SetBlockWrapper(nn.Sequential(*rectified_pair(second, third)))
        self.gl_block2 = nn.Sequential(*rectified_pair(first, second), nn.MaxPool2d(2))
        self.gl_block3 = nn.Sequential(*rectified_pair(second, third))
        self.set_pooling = PackSequenceWrapper(strongest)
        self.pyramid = HorizontalPoolingPyramid(tuple(cfg.counts("bin_num")))
        self.Head = SeparateFCs.read(cfg, third, 2 * self.pyramid.parts)

    def encode(self, frames: Tensor, lengths: tuple[int, ...] | None) -> tuple[Tensor, None]:
        frames = self.set_block1(frames)
        shared = self.gl_block2(self.set_pooling(frames, lengths))
        frames = self.set_block2(frames)
        shared = self.gl_block3(shared + self.set_pooling(frames, lengths))
        own = self.set_pooling(self.set_block3(frames), lengths)
        # The halves are stacked as parts: the main pipeline first, then it and the global one together.
        return self.Head(torch.cat([self.pyramid(own), self.pyramid(own + shared)], -1)), None
