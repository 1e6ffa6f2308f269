"""A stack of convolutions and poolings, spelt in a config layer by layer."""

from __future__ import annotations

import re

from torch import Tensor, nn

from visual_analyse.errors import VisualAnalyseError
from visual_analyse.models.builtin.convolutions import FlatConv
from visual_analyse.models.builtin.section import Section


class Plain(nn.Module):
    """Layers by the words of `layers_cfg`: `[n, c, h, w]` to `[n, out_channels, h', w']`.

    `BC-64` is a convolution to 64 channels, `FC-64-2` the same on 2**2 strips, `M` max pooling. The first kernel is
    5 x 5, all others 3 x 3, and each has a leaky ReLU behind it. Raises VisualAnalyseError for other words. The
    backbone of GaitPart, Fan et al. CVPR 2020, sec. 3.2.

    >>> Plain(Section({"layers_cfg": ["BC-8", "M", "FC-16-2"], "in_channels": 1}, "backbone_cfg")).out_channels
    16
    """

    def __init__(self, cfg: Section) -> None:
        super().__init__()
        self.in_channels = self.out_channels = cfg.count("in_channels", 1)
        layers: list[nn.Module] = []
        for k, word in enumerate(cfg.words("layers_cfg")):
            if word == "M" and k:
                layers.append(nn.MaxPool2d(2))
                continue
            match = re.fullmatch(r"BC-([1-9]\d*)|FC-([1-9]\d*)-(\d)", word)
            if match is None:
                raise VisualAnalyseError(
                    f"{cfg.path}.layers_cfg holds {word!r} at place {k + 1}; it should be BC-<channels>, "
                    "FC-<channels>-<halvings> or, from the second place on, M."
                )
            outward = int(match[1] or match[2])
            layers.append(FlatConv(self.out_channels, outward, 3 if k else 5, int(match[3] or 0)))
            layers.append(nn.LeakyReLU(inplace=True))
            self.out_channels = outward
        self.feature = nn.Sequential(*layers)

    def forward(self, x: Tensor) -> Tensor:
        return self.feature(x)  # type: ignore[no-any-return]
