"""GLN: a feature pyramid on the sets and silhouettes of GaitSet."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from visual_analyse.errors import VisualAnalyseError
from visual_analyse.models.builtin.convolutions import rectified_pair
from visual_analyse.models.builtin.model import BuiltinModel
from visual_analyse.models.builtin.parts import HorizontalPoolingPyramid, SeparateFCs
from visual_analyse.models.builtin.section import Section
from visual_analyse.models.builtin.sequences import PackSequenceWrapper, SetBlockWrapper, strongest


class GLN(BuiltinModel):
    """Three stages of silhouettes and sets, merged from the coarsest to the finest, each cut into parts.

    `Lateral_pretraining` true is its first phase; false adds the compact block, on which the second phase puts its
    classes. The embeddings are those of the parts in both. Height and width must be multiples of four.

    Hou et al., Gait Lateral Network: Learning Discriminative and Compact Representations for Gait Recognition,
    ECCV 2020, sec. 3 (lateral connections; compact block).

    >>> head = {"in_channels": 8, "out_channels": 8, "parts_num": 9}
    >>> cfg = {"in_channels": [1, 2, 4, 8], "lateral_dim": 8, "hidden_dim": 8, "SeparateFCs": head, "bin_num": [2, 1]}
    >>> model = GLN({**cfg, "Lateral_pretraining": True})
    >>> model(([torch.zeros(1, 30, 64, 44)], None, None, None, None))["inference_feat"]["embeddings"].shape
    torch.Size([1, 8, 9])
    """

    def assemble(self, cfg: Section) -> None:
        self.in_channels, first, second, third = cfg.counts("in_channels", 4)
        self.pyramid = HorizontalPoolingPyramid(tuple(cfg.counts("bin_num")))
        lateral, parts = cfg.count("lateral_dim"), 3 * self.pyramid.parts

        self.sil_stage_0 = SetBlockWrapper(nn.Sequential(*rectified_pair(self.in_channels, first, 5)))
        self.sil_stage_1 = SetBlockWrapper(nn.Sequential(*rectified_pair(first, second)))
        self.sil_stage_2 = SetBlockWrapper(nn.Sequential(*rectified_pair(second, third)))
        self.set_stage_1 = nn.Sequential(*rectified_pair(first, second))
        self.set_stage_2 = nn.Sequential(*rectified_pair(second, third))
        self.set_pooling = PackSequenceWrapper(strongest)
        self.MaxP_sil = SetBlockWrapper(nn.MaxPool2d(2))
        self.MaxP_set = nn.MaxPool2d(2)
        self.lateral_layer1 = nn.Conv2d(2 * first, lateral, 1, bias=False)
        self.lateral_layer2 = nn.Conv2d(2 * second, lateral, 1, bias=False)
        self.lateral_layer3 = nn.Conv2d(2 * third, lateral, 1, bias=False)
        self.smooth_layer1 = nn.Conv2d(lateral, lateral, 3, padding=1, bias=False)
        self.smooth_layer2 = nn.Conv2d(lateral, lateral, 3, padding=1, bias=False)
        self.smooth_layer3 = nn.Conv2d(lateral, lateral, 3, padding=1, bias=False)
        self.Head = SeparateFCs.read(cfg, lateral, parts)

        self.compact = not cfg.choice("Lateral_pretraining", (True, False))
        if self.compact:
            hidden = cfg.count("hidden_dim")
            size = parts * self.Head.fc_bin.size(2)
            self.encoder_bn = _unbiased(size)
            self.reduce_dp = nn.Dropout(cfg.share("dropout"))
            self.reduce_ac = nn.ReLU(inplace=True)
            self.reduce_fc = nn.Linear(size, hidden, bias=False)
            self.reduce_bn = _unbiased(hidden)
            self.reduce_cls = nn.Linear(hidden, cfg.count("class_num"), bias=False)

    def encode(self, frames: Tensor, lengths: tuple[int, ...] | None) -> tuple[Tensor, Tensor | None]:
        if frames.size(-2) % 4 or frames.size(-1) % 4:
            raise VisualAnalyseError(
                f"GLN halves frames twice and doubles them back, and {frames.size(-2)} x {frames.size(-1)} pixels were "
                "given. Height and width must be multiples of four, such as 128 x 88 or 64 x 44."
            )
        stages = self._stages(frames, lengths)
        coarse = self.lateral_layer3(stages[2])
        middle = _doubled(coarse) + self.lateral_layer2(stages[1])
        fine = _doubled(middle) + self.lateral_layer1(stages[0])
        merged = (self.smooth_layer1(fine), self.smooth_layer2(middle), self.smooth_layer3(coarse))
        embeddings = self.Head(torch.cat([self.pyramid(x) for x in merged], -1))
        return embeddings, self._classes(embeddings) if self.compact else None

    def _stages(self, frames: Tensor, lengths: tuple[int, ...] | None) -> tuple[Tensor, Tensor, Tensor]:
        """What silhouettes and sets say at each of three scales, `[n, 2c, h, w]`, finest first."""
        silhouettes_0 = self.sil_stage_0(frames)
        entry_1 = self.MaxP_sil(silhouettes_0)
        silhouettes_1 = self.sil_stage_1(entry_1)
        silhouettes_2 = self.sil_stage_2(self.MaxP_sil(silhouettes_1))
        pooled_0, pooled_1, pooled_2 = (
            self.set_pooling(x, lengths) for x in (silhouettes_0, silhouettes_1, silhouettes_2)
        )
        set_1 = self.set_stage_1(self.set_pooling(entry_1, lengths)) + pooled_1
        set_2 = self.set_stage_2(self.MaxP_set(set_1)) + pooled_2
        # At the first stage the set is nothing but the pooled silhouettes, which therefore stand twice.
        pairs = ((pooled_0, pooled_0), (pooled_1, set_1), (pooled_2, set_2))
        fine, middle, coarse = (torch.cat(pair, 1) for pair in pairs)
        return fine, middle, coarse

    def _classes(self, embeddings: Tensor) -> Tensor:
        """Logits `[n, classes, 1]` of the compact block."""
        even = self.encoder_bn(embeddings.flatten(1))
        short = self.reduce_fc(self.reduce_ac(self.reduce_dp(even)))
        return self.reduce_cls(self.reduce_bn(short)).unsqueeze(-1)  # type: ignore[no-any-return]


def _doubled(x: Tensor) -> Tensor:
    return F.interpolate(x, scale_factor=2, mode="nearest")


def _unbiased(size: int) -> nn.BatchNorm1d:
    """A batch norm whose bias stays zero, as before a classifier without bias (Luo et al. CVPRW 2019, sec. 2.5)."""
    norm = nn.BatchNorm1d(size)
    norm.bias.requires_grad_(False)
    return norm
