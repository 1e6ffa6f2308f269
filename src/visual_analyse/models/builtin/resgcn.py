"""Residual networks of convolutions over the joints of a body and over time."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn

from visual_analyse.gait.pose_transforms import Layout

HOPS = 3  # how far apart joints may be and still count as neighbours when their weights are shared out
_REACH = 2  # how far a convolution over joints sees
_WINDOW = 9  # frames that a convolution over time sees


def adjacency(layout: Layout) -> Tensor:
    """Which joints are 0, 1, 2 and 3 links apart: `[HOPS + 1, v, v]`, each column's neighbours sharing one among them.

    Yan et al., Spatial Temporal Graph Convolutional Networks, AAAI 2018 (distance partitioning).

    >>> from visual_analyse.gait.pose_transforms import LAYOUTS
    >>> adjacency(LAYOUTS["coco"]).sum((0, 1)).round(decimals=3).unique()
    tensor([1.])
    """
    near = torch.eye(layout.joints, dtype=torch.float64)
    for one, other in layout.links:
        near[one, other] = near[other, one] = 1
    rings, seen = [], torch.zeros_like(near)
    reached = torch.eye(layout.joints, dtype=torch.float64)
    for _ in range(HOPS + 1):
        rings.append((reached > 0).double() - seen)
        seen = (reached > 0).double()
        reached = reached @ near
    return (torch.stack(rings) / seen.sum(0)).float()


class GraphConv(nn.Module):
    """A weight for each distance between joints: `[n, c, s, v]` to `[n, c', s, v]` along a graph `[k, v, v]`.

    Yan et al. AAAI 2018, with its distance partitioning.

    >>> GraphConv(3, 8)(torch.zeros(1, 3, 20, 17), torch.zeros(4, 17, 17)).shape
    torch.Size([1, 8, 20, 17])
    """

    def __init__(self, inward: int, outward: int) -> None:
        super().__init__()
        self.gcn = nn.Conv2d(inward, outward * (_REACH + 1), 1)

    def forward(self, x: Tensor, graph: Tensor) -> Tensor:
        rings = self.gcn(x).unflatten(1, (_REACH + 1, -1))
        return torch.einsum("nkctv,kvw->nctw", rings, graph[: _REACH + 1])


class Block(nn.Module):
    """A convolution with what surrounds it: `[n, c, s, v]` to `[n, c', s', v]`.

    `narrow`: the channels between a convolution that narrows and one that widens, or None for neither. `around`: None
    for no way around it, 1 for one as it is, or through a convolution where channels change, 2 for one that halves
    time. Song et al., Stronger, Faster and More Explainable: A Graph Convolutional Baseline for Skeleton-based Action
    Recognition, ACM MM 2020.

    >>> Block(4, 8, GraphConv(2, 2), 2, 1)(torch.zeros(1, 4, 20, 17), torch.zeros(4, 17, 17)).shape
    torch.Size([1, 8, 20, 17])
    """

    def __init__(self, inward: int, outward: int, conv: nn.Module, narrow: int | None, around: int | None) -> None:
        super().__init__()
        self.goes_around = around is not None
        self.narrows = narrow is not None
        self.residual = projection(inward, outward, around) if around is not None else None
        if narrow is not None:
            self.conv_down = nn.Conv2d(inward, narrow, 1)
            self.bn_down = nn.BatchNorm2d(narrow)
        self.conv = conv
        self.bn = nn.BatchNorm2d(outward if narrow is None else narrow)
        if narrow is not None:
            self.conv_up = nn.Conv2d(narrow, outward, 1)
            self.bn_up = nn.BatchNorm2d(outward)
        self.relu = nn.ReLU(inplace=True)

    def forward(self, x: Tensor, *graph: Tensor, added: Tensor | None = None) -> Tensor:
        around = x if self.residual is None else self.residual(x)
        if self.narrows:
            x = self.relu(self.bn_down(self.conv_down(x)))
        x = self.bn(self.conv(x, *graph))
        if self.narrows:
            x = self.bn_up(self.conv_up(self.relu(x)))
        if self.goes_around:
            x = x + around
        return self.relu(x if added is None else x + added)  # type: ignore[no-any-return]


class Layer(nn.Module):
    """A block over joints, then one over time: `[n, c, s, v]` to `[n, c', s / stride, v]`.

    `kind`: "initial" goes around nothing, "Basic" around both blocks together, "Bottleneck" around each of them, which
    are narrowed by `reduction`. The graph's links are weighed by `edge`, which is learnt. Song et al. ACM MM 2020.

    >>> Layer(4, 8, "Basic", torch.ones(4, 17, 17), 2, 2)(torch.zeros(1, 4, 20, 17), torch.ones(4, 17, 17)).shape
    torch.Size([1, 8, 10, 17])
    """

    def __init__(self, inward: int, outward: int, kind: str, graph: Tensor, reduction: int, stride: int = 1) -> None:
        super().__init__()
        self.edge = nn.Parameter(torch.ones_like(graph))
        bottleneck, basic = kind == "Bottleneck", kind == "Basic"
        narrow = outward // reduction if bottleneck else None
        width = outward if narrow is None else narrow
        self.goes_around = basic
        self.residual = projection(inward, outward, stride) if basic else None
        joints = GraphConv(inward if narrow is None else narrow, width)
        time = nn.Conv2d(width, width, (_WINDOW, 1), (stride, 1), (_WINDOW // 2, 0))
        self.scn = Block(inward, outward, joints, narrow, 1 if bottleneck else None)
        self.tcn = Block(outward, outward, time, narrow, stride if bottleneck else None)

    def forward(self, x: Tensor, graph: Tensor) -> Tensor:
        around = x if self.residual is None else self.residual(x)
        x = self.scn(x, graph * self.edge)
        return self.tcn(x, added=around if self.goes_around else None)  # type: ignore[no-any-return]


class InputBranch(nn.Module):
    """What is made of one kind of input before all are joined: `[n, c, s, v]` to `[n, c', s, v]`.

    >>> InputBranch([5, 8, 4], "Basic", torch.ones(4, 17, 17), 2)(torch.zeros(1, 5, 20, 17)).shape
    torch.Size([1, 4, 20, 17])
    """

    A: Tensor

    def __init__(self, channels: Sequence[int], kind: str, graph: Tensor, reduction: int) -> None:
        super().__init__()
        self.register_buffer("A", graph.clone())
        self.bn = nn.BatchNorm2d(channels[0])
        self.layers = nn.ModuleList(
            Layer(inward, outward, kind if k else "initial", graph, reduction)
            for k, (inward, outward) in enumerate(pairwise(channels))
        )

    def forward(self, x: Tensor) -> Tensor:
        x = self.bn(x)
        for layer in self.layers:
            x = layer(x, self.A)
        return x


class ResGCN(nn.Module):
    """A branch for each kind of input, one main stream, the mean over time and joints: `[n, k, c, s, v]` to `[n, c']`.

    The main stream halves time where its channels change. Song et al. ACM MM 2020; Teepe et al. CVPRW 2022.

    >>> ResGCN(3, [5, 8, 4], [4, 8], 16, 2, "Basic", torch.ones(4, 17, 17))(torch.zeros(1, 3, 5, 20, 17)).shape
    torch.Size([1, 16])
    """

    graph: Tensor

    def __init__(
        self,
        inputs: int,
        branch: Sequence[int],
        stream: Sequence[int],
        outward: int,
        reduction: int,
        kind: str,
        graph: Tensor,
    ) -> None:
        super().__init__()
        self.register_buffer("graph", graph, persistent=False)  # checkpoints hold the branches' alone
        self.head = nn.ModuleList(InputBranch(branch, kind, graph, reduction) for _ in range(inputs))
        layers = []
        for k, (inward, wider) in enumerate(pairwise(stream)):
            # The first keeps time in its own stride, yet as a bottleneck halves it all the same.
            halves = kind == "Bottleneck" if k == 0 else inward != wider
            layers.append(Layer(inward if k else inputs * inward, wider, kind, graph, reduction, 2 if halves else 1))
        self.backbone = nn.ModuleList(layers)
        self.global_pooling = nn.AdaptiveAvgPool2d(1)
        self.fcn = nn.Linear(stream[-1], outward)

    def forward(self, x: Tensor) -> Tensor:
        x = torch.cat([branch(x[:, k]) for k, branch in enumerate(self.head)], 1)
        for layer in self.backbone:
            x = layer(x, self.graph)
        return self.fcn(self.global_pooling(x).flatten(1))  # type: ignore[no-any-return]


def projection(inward: int, outward: int, stride: int) -> nn.Sequential | None:
    """The way around a block that changes channels or halves time; None where it changes nothing.

    >>> projection(8, 8, 1) is None
    True
    """
    if inward == outward and stride == 1:
        return None
    return nn.Sequential(nn.Conv2d(inward, outward, 1, (stride, 1)), nn.BatchNorm2d(outward))
