"""What a camera and an estimator of poses do to a walk, drawn anew each time it is learnt from."""

from __future__ import annotations

import torch
from torch import Tensor

from visual_analyse.gait.pose_transforms import LAYOUTS

_SIDE = 64  # pixels of a frame
_MIRROR = list(LAYOUTS["coco"].mirror)


def disturb(walks: Tensor, generator: torch.Generator) -> Tensor:
    """Walks as they might also have been seen: poses float32 `[n, s, 17, 3]` in pixels of 64 x 64 frames, the same out.

    Each walk is moved, made wider or taller and its joints put off their places as one; half of the walks are mirrored,
    half run backwards in time, one in five has left and right changed over; each joint of a frame trembles. After Teepe
    et al., Towards a Deeper Understanding of Skeleton-based Gait Recognition, CVPRW 2022, and Zhang et al., Spatial
    Transformer Network on Skeleton-based Gait Recognition, 2022.

    >>> disturb(torch.zeros(2, 3, 17, 3), torch.Generator()).shape
    torch.Size([2, 3, 17, 3])
    """
    n, s, v, _ = walks.shape

    def normal(size: float, *shape: int) -> Tensor:
        return size * torch.randn(*shape, generator=generator)

    def some(share: float) -> Tensor:
        return (torch.rand(n, generator=generator) < share)[:, None, None, None]

    places, sure = walks[..., :2], walks[..., 2:]
    middle = (_SIDE - 1) / 2
    places = (places - middle) * (1 + normal(0.03, n, 1, 1, 2)) + middle + normal(1.0, n, 1, 1, 2)
    places = places + normal(0.25, n, 1, v, 2) + normal(0.15, n, s, v, 2)
    poses = torch.cat([places, sure], -1)
    other = poses[:, :, _MIRROR]
    mirrored = torch.cat([_SIDE - 1 - other[..., :1], other[..., 1:]], -1)
    poses = torch.where(some(0.5), mirrored, poses)
    poses = torch.where(some(0.5), poses.flip(1), poses)
    return torch.where(some(0.2), poses[:, :, _MIRROR], poses)
