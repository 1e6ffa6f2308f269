"""GaitGraph2: joints, their motion and the bones between them, each convolved over the graph of the body."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from visual_analyse.errors import VisualAnalyseError
from visual_analyse.gait.pose_transforms import LEAST_BONE, Layout
from visual_analyse.models.builtin.resgcn import ResGCN, adjacency
from visual_analyse.models.builtin.section import Section
from visual_analyse.models.builtin.skeleton import SkeletonModel, layout_of

KINDS = 3  # of what is made of a pose: joints, motion, bones
_NUMBERS = 5  # of each joint in each kind


class GaitGraph2(SkeletonModel):
    """A residual graph network on three kinds of input, `[n, s, v, 3, 5]`.

    With `tta`, a test also embeds each walk with time reversed and with its sides changed over, and puts the three
    embeddings one after another: the network then runs on `3n` walks, in that order. Teepe et al., Towards a Deeper
    Understanding of Skeleton-based Gait Recognition, CVPRW 2022.

    >>> cfg = {"joint_format": "coco", "input_num": 3, "reduction": 2, "block": "Bottleneck", "tta": True,
    ...        "input_branch": [5, 8, 4], "main_stream": [4, 8], "num_class": 16}
    >>> poses = torch.zeros(1, 30, 17, 3, 5)
    >>> GaitGraph2(cfg).eval()(([poses], None, None, None, None))["inference_feat"]["embeddings"].shape
    torch.Size([1, 48, 1])
    """

    transform = "GaitGraphMultiInput"

    def assemble(self, cfg: Section) -> None:
        self.layout = layout_of(cfg)
        self.frame_shape = (self.layout.joints, KINDS, _NUMBERS)
        inputs, reduction = cfg.count("input_num"), cfg.count("reduction")
        branch, stream = cfg.counts("input_branch"), cfg.counts("main_stream")
        kind: Any = cfg.choice("block", ("Bottleneck", "Basic", "initial"))
        self.tta = bool(cfg.choice("tta", (True, False)))
        if inputs > KINDS:
            raise VisualAnalyseError(
                f"{cfg.path}.input_num is {inputs}; there are {KINDS} kinds of input. Write input_num: {KINDS}."
            )
        if min(len(branch), len(stream)) < 2 or branch[0] != _NUMBERS or branch[-1] != stream[0]:
            raise VisualAnalyseError(
                f"{cfg.path} has the input_branch {branch} and the main_stream {stream}; the first begins with "
                f"{_NUMBERS}, the numbers of a joint, and the second with what the first ends with, e.g. "
                "[5, 64, 32] and [32, 128, 256]. Mend them in the config."
            )
        narrowest = min(*branch[1:], *stream[1:])
        if kind == "Bottleneck" and narrowest < reduction:
            raise VisualAnalyseError(
                f"{cfg.path}.reduction is {reduction}, which leaves nothing of {narrowest} channels. "
                "Write a smaller one, or more channels in input_branch and main_stream."
            )
        self.ResGCN = ResGCN(inputs, branch, stream, cfg.count("num_class"), reduction, kind, adjacency(self.layout))

    def embed(self, poses: Tensor) -> Tensor:
        walks = poses.transpose(1, 2)
        if not self.tta or self.training:
            return self._network(walks).unsqueeze(-1)
        joints = walks[:, :, :, 0, :3]
        reversed_, mirrored = joints.flip(1), joints[:, :, list(self.layout.mirror)]
        every = torch.cat([walks, multi_input(reversed_, self.layout), multi_input(mirrored, self.layout)])
        return torch.cat(self._network(every).chunk(3), 1).unsqueeze(-1)

    def learnt(self, embeddings: Tensor, logits: Tensor | None, labels: Any) -> dict[str, dict[str, Any]]:
        return {"SupConLoss": {"features": embeddings.flatten(1), "labels": labels}}

    def _network(self, walks: Tensor) -> Tensor:
        return self.ResGCN(walks.permute(0, 3, 4, 1, 2).contiguous())  # type: ignore[no-any-return]


def multi_input(joints: Tensor, layout: Layout) -> Tensor:
    """Joints, motion and bones of poses `[n, s, v, 3]` (x, y, confidence): `[n, s, v, 3, 5]`.

    Joints: the three numbers, and x and y from the centre. Motion: x and y to the next frame, 0, the confidence, y to
    the frame after it; 0 in the last two frames but for the confidence. Bones: x and y from the parent, 0, the
    confidence, the angle to the y axis. Teepe et al. CVPRW 2022, in the order that OpenGait has them in.

    >>> from visual_analyse.gait.pose_transforms import LAYOUTS
    >>> multi_input(torch.zeros(2, 30, 17, 3), LAYOUTS["coco"]).shape
    torch.Size([2, 30, 17, 3, 5])
    """
    places, sure = joints[..., :2], joints[..., 2:]
    none = torch.zeros_like(sure)
    moving = max(joints.size(1) - 2, 0)
    here = places[:, :moving]
    still = (0, 0, 0, 0, 0, joints.size(1) - moving)
    next_ = F.pad(places[:, 1 : 1 + moving] - here, still)
    after = F.pad(places[:, 2:] - here, still)
    bones = places - places[:, :, list(layout.parents)]
    # A joint that is its own parent has a bone of length 0, where the root's gradient is infinite.
    length = bones.square().sum(-1, keepdim=True).clamp(min=1e-12).sqrt() + LEAST_BONE
    kinds = (
        [joints, places - places[:, :, [layout.centre]]],
        [next_, none, sure, after[..., 1:]],
        [bones, none, sure, torch.acos(bones[..., 1:] / length)],
    )
    return torch.stack([torch.cat(kind, -1) for kind in kinds], 3)
