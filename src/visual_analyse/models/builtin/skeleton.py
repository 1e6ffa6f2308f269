"""What the built-in models of poses share: the joints they know, their input, and walks one after another."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any

import torch
from torch import Tensor

from visual_analyse.errors import VisualAnalyseError
from visual_analyse.gait.pose_transforms import LAYOUTS, Layout
from visual_analyse.models.builtin.model import BuiltinModel
from visual_analyse.models.builtin.section import Section


class SkeletonModel(BuiltinModel):
    """A model of poses: its input is `[n, s, *frame_shape]`, its embedding one part, `[n, c, 1]`.

    Time is an axis that it convolves over, so walks packed one after another are embedded one by one.
    """

    shown = "image/pose"
    frame_shape: tuple[int, ...]
    transform: str  # by whose name people know what makes such an input

    @abstractmethod
    def embed(self, poses: Tensor) -> Tensor:
        """Embeddings `[n, c, 1]` of poses `[n, a, s, b, c]`, the input with its axes 1 and 2 changed over."""

    def encode(self, frames: Tensor, lengths: tuple[int, ...] | None) -> tuple[Tensor, None]:
        if lengths is None or len(lengths) == 1:
            return self.embed(frames), None
        return torch.cat([self.embed(walk) for walk in torch.split(frames, list(lengths), 2)]), None

    def accept(self, x: Tensor) -> Tensor:
        if x.dim() != 2 + len(self.frame_shape) or x.shape[2:] != self.frame_shape or not x.is_floating_point():
            expected = ", ".join(map(str, self.frame_shape))
            raise VisualAnalyseError(
                f"{type(self).__name__} takes float poses [n, s, {expected}], as the transform {self.transform} makes "
                f"them, and {str(x.dtype).removeprefix('torch.')} {list(x.shape)} was given. Check the transform of "
                "evaluator_cfg and the joint_format of model_cfg against the data."
            )
        if x.size(1) < 1:
            raise VisualAnalyseError(
                f"{type(self).__name__} takes at least one frame, and {list(x.shape)} was given. Leave empty walks out."
            )
        return x.transpose(1, 2)


def layout_of(cfg: Section) -> Layout:
    """The joints that a config's `joint_format` names.

    Raises VisualAnalyseError for another format.

    >>> layout_of(Section({"joint_format": "coco"}, "model_cfg")).joints
    17
    """
    name: Any = cfg.choice("joint_format", tuple(LAYOUTS))
    return LAYOUTS[name]
