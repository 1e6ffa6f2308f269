"""Horizontal parts of the body: pooled from a map, and each with a fully connected layer of its own."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from visual_analyse.errors import VisualAnalyseError
from visual_analyse.models.builtin.section import Section


def strips(x: Tensor, count: int) -> Tensor:
    """A map cut from top to bottom: `[n, c, h, w]` to `[n, c, count, cells]`.

    Raises VisualAnalyseError where its cells cannot be shared out equally.

    >>> strips(torch.zeros(2, 8, 16, 11), 4).shape
    torch.Size([2, 8, 4, 44])
    """
    h, w = x.shape[-2:]
    if h * w % count:
        raise VisualAnalyseError(
            f"A map of {h} x {w} cells cannot be cut into {count} equal strips. Give frames of the size that the model "
            "was made for (64 x 44 or 128 x 88), or a bin_num that divides the rows."
        )
    return x.reshape(*x.shape[:2], count, -1)


@dataclass(frozen=True)
class HorizontalPoolingPyramid:
    """Mean plus maximum of every strip at every scale: `[n, c, h, w]` to `[n, c, p]` (Fu et al. AAAI 2019).

    >>> HorizontalPoolingPyramid((16, 8, 4, 2, 1))(torch.zeros(1, 8, 16, 11)).shape
    torch.Size([1, 8, 31])
    """

    bin_num: tuple[int, ...]

    @property
    def parts(self) -> int:
        """How many parts all scales make together."""
        return sum(self.bin_num)

    def __call__(self, x: Tensor) -> Tensor:
        scales = (strips(x, count) for count in self.bin_num)
        return torch.cat([cells.mean(-1) + cells.max(-1).values for cells in scales], -1)


class GeMHPP(nn.Module):
    """Generalised mean of every strip, its exponent learnt: `[n, c, h, w]` to `[n, c, p]`.

    Radenovic et al., Fine-tuning CNN Image Retrieval with No Human Annotation, TPAMI 2019, eq. 3; on strips in GaitGL
    (Lin et al. ICCV 2021).

    >>> GeMHPP(64)(torch.zeros(1, 8, 64, 22)).shape
    torch.Size([1, 8, 64])
    """

    def __init__(self, bins: int, exponent: float = 6.5, floor: float = 1e-6) -> None:
        super().__init__()
        self.bins, self.floor = bins, floor
        self.p = nn.Parameter(torch.tensor([exponent]))

    def forward(self, x: Tensor) -> Tensor:
        return strips(x, self.bins).clamp(min=self.floor).pow(self.p).mean(-1).pow(1 / self.p)


class SeparateFCs(nn.Module):
    """A linear map for each part, without bias: `[n, c, p]` to `[n, c', p]` (GaitSet, Chao et al. AAAI 2019, sec. 3.3).

    >>> SeparateFCs(62, 128, 256)(torch.zeros(2, 128, 62)).shape
    torch.Size([2, 256, 62])
    """

    def __init__(self, parts: int, inward: int, outward: int) -> None:
        super().__init__()
        # Xavier over the whole stack, as the published schedules were tuned with: smaller than part by part.
        self.fc_bin = nn.Parameter(nn.init.xavier_uniform_(torch.empty(parts, inward, outward)))

    def forward(self, x: Tensor) -> Tensor:
        return (x.permute(2, 0, 1) @ self.fc_bin).permute(1, 2, 0)

    @classmethod
    def read(cls, cfg: Section, inward: int, parts: int) -> SeparateFCs:
        """The layer that a config's section `SeparateFCs` describes, for maps of `inward` channels and so many parts.

        Raises VisualAnalyseError where the section does not fit them.

        >>> cfg = Section({"SeparateFCs": {"in_channels": 8, "out_channels": 4, "parts_num": 3}}, "model_cfg")
        >>> SeparateFCs.read(cfg, 8, 3).fc_bin.shape
        torch.Size([3, 8, 4])
        """
        own = cfg.section("SeparateFCs", ("in_channels", "out_channels", "parts_num"))
        own.must_be("in_channels", inward, f"the layer before it has {inward} channels")
        own.must_be("parts_num", parts, f"its input has {parts} parts, by bin_num")
        return cls(parts, inward, own.count("out_channels"))


class SeparateBNNecks(nn.Module):
    """Batch norm of every part and channel, then cosines to the classes: `[n, c, p]` to features and `[n, classes, p]`.

    The neck of Luo et al., Bag of Tricks and a Strong Baseline for Deep Person Re-Identification, CVPRW 2019, one for
    each part as in GaitBase (Fan et al. CVPR 2023).

    >>> [x.shape for x in SeparateBNNecks(16, 256, 74).eval()(torch.zeros(2, 256, 16))]
    [torch.Size([2, 256, 16]), torch.Size([2, 74, 16])]
    """

    def __init__(self, parts: int, inward: int, classes: int) -> None:
        super().__init__()
        self.fc_bin = nn.Parameter(nn.init.xavier_uniform_(torch.empty(parts, inward, classes)))
        self.bn1d = nn.BatchNorm1d(inward * parts)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        even = self.bn1d(x.flatten(1)).view(x.shape)
        directions = F.normalize(even.permute(2, 0, 1), dim=-1)
        cosines = directions @ F.normalize(self.fc_bin, dim=1)
        return directions.permute(1, 2, 0), cosines.permute(1, 2, 0)

    @classmethod
    def read(cls, cfg: Section, inward: int, parts: int) -> SeparateBNNecks:
        """The necks that a config's section `SeparateBNNecks` describes, for embeddings `[n, inward, parts]`.

        Raises VisualAnalyseError where the section does not fit them.

        >>> cfg = Section({"SeparateBNNecks": {"in_channels": 8, "class_num": 5, "parts_num": 3}}, "model_cfg")
        >>> SeparateBNNecks.read(cfg, 8, 3).fc_bin.shape
        torch.Size([3, 8, 5])
        """
        own = cfg.section("SeparateBNNecks", ("class_num", "in_channels", "parts_num"))
        own.must_be("in_channels", inward, f"the embedding before it has {inward} channels")
        own.must_be("parts_num", parts, f"the embedding before it has {parts} parts")
        return cls(parts, inward, own.count("class_num"))
