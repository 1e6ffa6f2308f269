"""What is minimised in training."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F


def triplet_loss(embeddings: Tensor, labels: Tensor, margin: float) -> Tensor:
    """How much nearer than by `margin` others are than one's own, over all triplets of a batch, part by part.

    `embeddings` `[n, c, p]`, `labels` `[n]`; a scalar. For an anchor a, another walk p of its identity and a walk n of
    any other, `max(0, margin + |a - p| - |a - n|)`: the mean over the triplets of a part that are not 0, then over the
    parts. Hermans et al., In Defense of the Triplet Loss, 2017, eq. 4 (batch all), its mean taken as in sec. 3.2.

    >>> walks = torch.tensor([0.0, 1.0, 3.0]).reshape(3, 1, 1)
    >>> triplet_loss(walks, torch.tensor([0, 0, 1]), 2.5)
    tensor(1.)
    """
    parts = embeddings.permute(2, 0, 1)
    same = labels[:, None] == labels[None]
    positive = same & ~torch.eye(len(labels), dtype=torch.bool, device=labels.device)
    anchor, own, other = torch.nonzero(positive[:, :, None] & ~same[:, None, :], as_tuple=True)
    squared = (parts[:, :, None] - parts[:, None]).square().sum(-1)
    apart = squared.clamp(min=1e-12).sqrt().flatten(1)  # the root of 0 has no gradient
    n = len(labels)
    excess = (margin + apart[:, anchor * n + own] - apart[:, anchor * n + other]).relu()
    return (excess.sum(1) / (excess > 0).sum(1).clamp(min=1)).mean()


def cross_entropy(logits: Tensor, labels: Tensor, scale: float, smoothing: float = 0.1) -> Tensor:
    """The mean over walks and parts of the cross entropy of cosines times `scale`, labels smoothed.

    `logits` `[n, classes, p]`, `labels` `[n]`; a scalar. Szegedy et al., Rethinking the Inception Architecture, CVPR
    2016, sec. 7, for the smoothing.

    >>> round(float(cross_entropy(torch.zeros(1, 2, 3), torch.tensor([0]), 16.0)), 4)  # log 2
    0.6931
    """
    targets = labels[:, None].expand(-1, logits.size(2))
    return F.cross_entropy(logits * scale, targets, label_smoothing=smoothing)


def contrastive_loss(embeddings: Tensor, labels: Tensor, temperature: float) -> Tensor:
    """How surely each walk picks others of its identity among all, the nearer the surer: a scalar.

    `embeddings` `[n, c]`, `labels` `[n]`. Likeness is minus the distance between unit vectors by `temperature`; of the
    logarithms of the softmax over all other walks, the mean over those of one's own identity, then over the walks that
    have such. Khosla et al., Supervised Contrastive Learning, NeurIPS 2020, eq. 2, with that likeness.

    >>> walks = torch.tensor([[1.0, 0.0], [2.0, 0.0], [0.0, 1.0]])
    >>> round(float(contrastive_loss(walks, torch.tensor([0, 0, 1]), 1.0)), 4)  # log(1 + exp(-sqrt 2))
    0.2176
    """
    unit = F.normalize(embeddings, dim=1)
    squared = (unit[:, None] - unit[None]).square().sum(-1)
    alike = -squared.clamp(min=1e-12).sqrt() / temperature  # the root of 0 has no gradient
    oneself = torch.eye(len(labels), dtype=torch.bool, device=labels.device)
    surely = alike.masked_fill(oneself, -torch.inf).log_softmax(1)
    own = (labels[:, None] == labels[None]) & ~oneself
    mean = torch.where(own, surely, 0.0).sum(1) / own.sum(1).clamp(min=1)
    return -mean[own.any(1)].mean()
