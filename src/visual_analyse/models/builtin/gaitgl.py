"""GaitGL: the whole body and its strips, in space and time."""

from __future__ import annotations

from torch import Tensor, nn

from visual_analyse.errors import VisualAnalyseError
from visual_analyse.models.builtin.convolutions import GLConv, SolidConv
from visual_analyse.models.builtin.model import BuiltinModel
from visual_analyse.models.builtin.parts import GeMHPP, SeparateBNNecks, SeparateFCs
from visual_analyse.models.builtin.section import Section
from visual_analyse.models.builtin.sequences import PackSequenceWrapper, strongest

_PARTS = 64
_STEP = 3


class GaitGL(BuiltinModel):
    """Clips convolved whole and in strips, three frames to a step, the maximum over steps, 64 parts.

    Three `channels` make the form for CASIA-B, four the deeper one for OUMVLP and GREW; a section `SeparateBNNecks`
    replaces the head. Takes walks one at a time or stacked; those of one or two frames are repeated to make a step.
    Raises VisualAnalyseError for several packed into one: its convolutions would cross from one walk into the next.

    Lin et al., Gait Recognition via Effective Global-Local Feature Representation and Local Temporal Aggregation,
    ICCV 2021, sec. 3.

    >>> import torch
    >>> model = GaitGL({"channels": [2, 4, 8], "class_num": 5}).eval()
    >>> model(([torch.zeros(1, 30, 64, 44)], None, None, None, None))["inference_feat"]["embeddings"].shape
    torch.Size([1, 8, 64])
    """

    def assemble(self, cfg: Section) -> None:
        channels = cfg.counts("channels", (3, 4))
        first, width = channels[0], channels[-1]
        if len(channels) == 4:
            depth, halving, widths = 2, 1, channels
        else:
            depth, halving, widths = 1, 3, [*channels, width]
        entry = [_rectified(SolidConv(1 if k == 0 else first, first)) for k in range(depth)]
        self.conv3d = nn.Sequential(*(layer for pair in entry for layer in pair))
        self.LTA = nn.Sequential(*_rectified(SolidConv(first, first, time_only=True)))
        self.GLConvA0 = _global_local(widths[0], widths[1], depth, halving)
        self.MaxPool0 = nn.MaxPool3d((1, 2, 2))
        self.GLConvA1 = _global_local(widths[1], widths[2], depth, halving)
        self.GLConvB2 = _global_local(widths[2], widths[3], depth, halving, stacked=True)
        self.TP = PackSequenceWrapper(strongest)
        self.HPP = GeMHPP(_PARTS)
        self.Head0 = SeparateFCs(_PARTS, width, width)
        self.necked = cfg.has("SeparateBNNecks")
        if self.necked:
            self.BNNecks = SeparateBNNecks.read(cfg, width, _PARTS)
        else:
            self.Bn = nn.BatchNorm1d(width)
            self.Head1 = SeparateFCs(_PARTS, width, cfg.count("class_num"))

    def encode(self, frames: Tensor, lengths: tuple[int, ...] | None) -> tuple[Tensor, Tensor]:
        if lengths is not None and len(lengths) > 1:
            raise VisualAnalyseError(
                f"GaitGL takes one walk at a time, and {len(lengths)} were packed into one forward: its convolutions "
                "over time would mix them. Give them one by one, or stack walks of equal length with seqL None."
            )
        if 0 < frames.size(2) < _STEP:
            # A step takes three frames: a walk of one or two goes round again, as users' trained models saw it.
            frames = frames.repeat(1, 1, -(-_STEP // frames.size(2)), 1, 1)
        clips = self.GLConvA0(self.LTA(self.conv3d(frames)))
        clips = self.GLConvB2(self.GLConvA1(self.MaxPool0(clips)))
        parts = self.Head0(self.HPP(self.TP(clips)))
        if self.necked:
            _, logits = self.BNNecks(parts)
            return parts, logits
        embeddings = self.Bn(parts)
        return embeddings, self.Head1(embeddings)


def _rectified(layer: nn.Module) -> tuple[nn.Module, nn.Module]:
    return layer, nn.LeakyReLU(inplace=True)


def _global_local(inward: int, outward: int, depth: int, halving: int, stacked: bool = False) -> nn.Module:
    """One GLConv, or two in a row of which the last one stacks."""
    if depth == 1:
        return GLConv(inward, outward, halving, stacked)
    return nn.Sequential(GLConv(inward, outward, halving), GLConv(outward, outward, halving, stacked))
