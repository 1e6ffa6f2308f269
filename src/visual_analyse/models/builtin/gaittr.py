"""GaitTR: joints that attend to each other in every frame, and convolutions over time."""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor, nn

from visual_analyse.errors import VisualAnalyseError
from visual_analyse.models.builtin.section import Section
from visual_analyse.models.builtin.skeleton import SkeletonModel, layout_of

_HEADS = 8
_SHARE = 4  # queries and keys have a quarter of the channels
_WINDOW = 9  # frames that a convolution over time sees


class SpatialAttention(nn.Module):
    """Every joint of a frame attends to all of them: `[n, c, 1, v]` to `[n, c', 1, v]`.

    Vaswani et al., Attention Is All You Need, NeurIPS 2017, eq. 1, over joints as in Plizzari et al., Skeleton-based
    Action Recognition via Spatial and Temporal Transformer Networks, CVIU 2021.

    >>> SpatialAttention(10, 32)(torch.zeros(4, 10, 1, 17)).shape
    torch.Size([4, 32, 1, 17])
    """

    def __init__(self, inward: int, outward: int) -> None:
        super().__init__()
        self.sizes = [outward // _SHARE, outward // _SHARE, outward]
        self.qkv_conv = nn.Conv2d(inward, sum(self.sizes), 1)
        self.attn_out = nn.Conv2d(outward, outward, 1)

    def forward(self, x: Tensor) -> Tensor:
        queries, keys, values = (
            part.flatten(2).unflatten(1, (_HEADS, -1)) for part in self.qkv_conv(x).split(self.sizes, 1)
        )
        queries = queries * queries.size(2) ** -0.5
        attention = torch.softmax(queries.transpose(2, 3) @ keys, -1)
        seen = (attention @ values.transpose(2, 3)).transpose(2, 3)
        return self.attn_out(seen.flatten(1, 2).unsqueeze(2))  # type: ignore[no-any-return]


class SpatialModule(nn.Module):
    """Attention over joints between two batch norms: `[n, c, s, v]` to `[n, c', s, v]`.

    >>> SpatialModule(10, 32, 17)(torch.zeros(2, 10, 20, 17)).shape
    torch.Size([2, 32, 20, 17])
    """

    def __init__(self, inward: int, outward: int, joints: int) -> None:
        super().__init__()
        self.relu = nn.Mish()
        self.bn = nn.BatchNorm2d(outward)
        self.data_bn = nn.BatchNorm1d(inward * joints)
        self.attention_conv = SpatialAttention(inward, outward)

    def forward(self, x: Tensor) -> Tensor:
        n, c, s, v = x.shape
        even = self.data_bn(x.transpose(2, 3).reshape(n, c * v, s)).view(n, c, v, s)
        frames = even.permute(0, 3, 1, 2).reshape(n * s, c, 1, v)
        seen = self.attention_conv(frames).view(n, s, -1, v).transpose(1, 2)
        return self.bn(self.relu(seen))  # type: ignore[no-any-return]


class TimeConv(nn.Module):
    """Each joint convolved over so many frames: `[n, c, s, v]` to `[n, c', s, v]`.

    >>> TimeConv(10, 32, 9)(torch.zeros(2, 10, 20, 17)).shape
    torch.Size([2, 32, 20, 17])
    """

    def __init__(self, inward: int, outward: int, window: int, dropout: float = 0.0) -> None:
        super().__init__()
        self.conv = nn.Conv2d(inward, outward, (window, 1), padding=(window // 2, 0))
        self.bn = nn.BatchNorm2d(outward)
        self.relu = nn.Mish()
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor) -> Tensor:
        return self.bn(self.relu(self.conv(self.dropout(x))))  # type: ignore[no-any-return]


class Stage(nn.Module):
    """A convolution over time, attention over joints, and ways around each and both: `[n, c, s, v]` to `[n, c', s, v]`.

    Zhang et al., Spatial Transformer Network on Skeleton-based Gait Recognition, 2022.

    >>> Stage(10, 32, 17)(torch.zeros(2, 10, 20, 17)).shape
    torch.Size([2, 32, 20, 17])
    """

    def __init__(self, inward: int, outward: int, joints: int) -> None:
        super().__init__()
        self.tcn = TimeConv(inward, inward, _WINDOW, dropout=0.1)
        self.st = SpatialModule(inward, outward, joints)
        self.residual_s: nn.Sequential | None = None
        self.down: TimeConv | None = None
        if inward != outward:
            self.residual_s = nn.Sequential(nn.Conv2d(inward, outward, 1), nn.BatchNorm2d(outward))
            self.down = TimeConv(inward, outward, 1)

    def forward(self, x: Tensor) -> Tensor:
        moving = self.tcn(x) + x
        seen = self.st(moving) + (moving if self.residual_s is None else self.residual_s(moving))
        return seen + (x if self.down is None else self.down(x))  # type: ignore[no-any-return]


class GaitTR(SkeletonModel):
    """Stages of temporal convolution and spatial attention on poses `[n, s, c, v, 1]`, then the mean over both.

    Zhang et al., Spatial Transformer Network on Skeleton-based Gait Recognition, 2022.

    >>> cfg = {"joint_format": "coco", "in_channels": [10, 32, 64], "num_class": 16}
    >>> GaitTR(cfg)(([torch.zeros(2, 30, 10, 17, 1)], None, None, None, None))["inference_feat"]["embeddings"].shape
    torch.Size([2, 16, 1])
    """

    transform = "GaitTRMultiInput with SkeletonInput"

    def assemble(self, cfg: Section) -> None:
        joints = layout_of(cfg).joints
        widths = cfg.counts("in_channels")
        least = _HEADS * _SHARE
        if len(widths) < 2 or any(width % least for width in widths[1:]):
            raise VisualAnalyseError(
                f"{cfg.path}.in_channels is {widths}; after the channels of the input it should have multiples of "
                f"{least}, which {_HEADS} heads can share, e.g. [10, 64, 64, 128, 256]. Mend it in the config."
            )
        self.frame_shape = (widths[0], joints, 1)
        self.data_bn = nn.BatchNorm1d(widths[0] * joints)
        self.backbone = nn.ModuleList(Stage(inward, outward, joints) for inward, outward in pairwise(widths))
        self.fcn = nn.Conv1d(widths[-1], cfg.count("num_class"), 1)

    def embed(self, poses: Tensor) -> Tensor:
        n, c, s, v, _ = poses.shape
        even = self.data_bn(poses[..., 0].permute(0, 3, 1, 2).reshape(n, v * c, s))
        x = even.view(n, v, c, s).permute(0, 2, 3, 1).contiguous()
        for stage in self.backbone:
            x = stage(x)
        return self.fcn(x.mean(3).mean(2, keepdim=True))  # type: ignore[no-any-return]
