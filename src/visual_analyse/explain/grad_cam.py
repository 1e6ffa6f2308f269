"""Grad-CAM of a distance.

Selvaraju et al., "Grad-CAM: Visual Explanations from Deep Networks via Gradient-based Localization", ICCV 2017, eq. 1
and 2, with the distance in the place of the class score and no ReLU: which sign to look at is a matter of drawing.
"""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor

Weights = Literal["frame", "clip"]


def grad_cam(activation: Tensor, gradient: Tensor, weights: Weights = "frame") -> Tensor:
    """The map `-sum_c w_c A_c` of one layer for one walk: `[c, t, gh, gw]` twice, to `[t, gh, gw]`.

    `w_c` is the mean of the distance's gradient over the grid: over height and width of each step ("frame"), or over
    time as well ("clip"). Positive where the layer makes the distance smaller: evidence for the match.

    >>> grad_cam(torch.ones(1, 1, 2, 2), -torch.ones(1, 1, 2, 2)).tolist()
    [[[1.0, 1.0], [1.0, 1.0]]]
    """
    weight = gradient.mean((1, 2, 3) if weights == "clip" else (2, 3))
    equation = "c,cthw->thw" if weights == "clip" else "ct,cthw->thw"
    return -torch.einsum(equation, weight, activation)
