"""The residual network of GaitBase."""

from __future__ import annotations

from torch import Tensor, nn

from visual_analyse.models.builtin.convolutions import FlatConv
from visual_analyse.models.builtin.section import Section


class BasicBlock(nn.Module):
    """Two convolutions and a way around them: `[n, c, h, w]` to `[n, c', h / stride, w / stride]`.

    He et al., Deep Residual Learning for Image Recognition, CVPR 2016, eq. 1 and 2.

    >>> import torch; BasicBlock(8, 16, 2)(torch.zeros(2, 8, 64, 44)).shape
    torch.Size([2, 16, 32, 22])
    """

    def __init__(self, inward: int, outward: int, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(inward, outward, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(outward)
        self.relu = nn.ReLU(inplace=True)
        self.conv2 = nn.Conv2d(outward, outward, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(outward)
        self.downsample: nn.Sequential | None = None
        if stride != 1 or inward != outward:
            projection = nn.Conv2d(inward, outward, 1, stride, bias=False)
            self.downsample = nn.Sequential(projection, nn.BatchNorm2d(outward))

    def forward(self, x: Tensor) -> Tensor:
        around = x if self.downsample is None else self.downsample(x)
        through = self.bn2(self.conv2(self.relu(self.bn1(self.conv1(x)))))
        return self.relu(through.add_(around))  # type: ignore[no-any-return]


class ResNet9(nn.Module):
    """Four stages of residual blocks behind one 3 x 3 convolution: `[n, c, h, w]` to `[n, out_channels, h', w']`.

    GaitBase (Fan et al., OpenGait: Revisiting Gait Recognition Toward Better Practicality, CVPR 2023). Raises
    VisualAnalyseError where the config does not describe one.

    >>> ResNet9(Section({"block": "BasicBlock", "channels": [8, 8, 16, 16]}, "backbone_cfg")).out_channels
    16
    """

    def __init__(self, cfg: Section) -> None:
        super().__init__()
        cfg.choice("block", ("BasicBlock",))
        channels = cfg.counts("channels", 4, [32, 64, 128, 256])
        depths = cfg.counts("layers", 4, [1, 2, 2, 1])
        strides = cfg.counts("strides", 4, [1, 2, 2, 1])
        self.pooled = bool(cfg.choice("maxpool", (True, False), True))
        self.in_channels, self.out_channels = cfg.count("in_channel", 1), channels[-1]
        self.conv1 = FlatConv(self.in_channels, channels[0], 3)
        self.bn1 = nn.BatchNorm2d(channels[0])
        self.relu = nn.ReLU(inplace=True)
        self.maxpool = nn.MaxPool2d(3, 2, 1)
        widths = [channels[0], *channels]
        self.layer1, self.layer2, self.layer3, self.layer4 = (
            nn.Sequential(
                *(BasicBlock(widths[k + (i > 0)], widths[k + 1], 1 if i else strides[k]) for i in range(depth))
            )
            for k, depth in enumerate(depths)
        )
        # Never called, and `maxpool` only where the config says so: yet they hold their numbers among the layers, as
        # in the network for ImageNet that this one is cut from.
        self.avgpool = nn.AdaptiveAvgPool2d(1)

    def forward(self, x: Tensor) -> Tensor:
        x = self.relu(self.bn1(self.conv1(x)))
        if self.pooled:
            x = self.maxpool(x)
        return self.layer4(self.layer3(self.layer2(self.layer1(x))))  # type: ignore[no-any-return]
