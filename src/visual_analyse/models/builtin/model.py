"""What all built-in models share: how they are called, what they answer, how their weights begin."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any

from torch import Tensor, nn

from visual_analyse.errors import VisualAnalyseError
from visual_analyse.models.builtin.section import Section
from visual_analyse.models.builtin.sequences import fold, packed_lengths


class BuiltinModel(nn.Module, ABC):
    """A model of OpenGait written anew, called as OpenGait calls its own.

    `model((inputs, labels, types, views, seqL))`: `inputs` a list of one float tensor `[n, s, h, w]` or
    `[n, s, c, h, w]`, or of poses as `SkeletonModel` has them; `seqL` int `[1, k]` for k sequences one after another
    along `s` in a batch of one, None for sequences stacked along `n`. The answer holds `inference_feat.embeddings`
    `[n, c, p]`, what a loss needs under `training_feat` (`triplet` embeddings, and `softmax` logits `[n, classes, p]`
    where the model has classes), and the frames `[(n s), c, h, w]` under `visual_summary`. Raises VisualAnalyseError
    where the config or the input does not fit.
    """

    in_channels: int = 1
    shown: str = "image/sils"  # what OpenGait calls the frames in its summary

    def __init__(self, model_cfg: Mapping[str, Any]) -> None:
        super().__init__()
        self.assemble(Section(model_cfg, "model_cfg"))
        self.apply(_initialise)

    @abstractmethod
    def assemble(self, cfg: Section) -> None:
        """Make the layers that a config describes, in the order in which they are numbered."""

    @abstractmethod
    def encode(self, frames: Tensor, lengths: tuple[int, ...] | None) -> tuple[Tensor, Tensor | None]:
        """Embeddings `[n, c, p]` and logits `[n, classes, p]`, if there are classes, of frames `[n, c, s, h, w]`."""

    def accept(self, x: Tensor) -> Tensor:
        """An input with time as axis 2, `[n, c, s, h, w]`, once it is known to fit the model."""
        name, given = type(self).__name__, list(x.shape)
        if x.dim() == 4:
            x = x.unsqueeze(2)
        if x.dim() != 5 or x.size(2) != self.in_channels or not x.is_floating_point():
            raise VisualAnalyseError(
                f"{name} takes float frames [n, s, h, w] or [n, s, c, h, w] of {self.in_channels} channel(s), and "
                f"{str(x.dtype).removeprefix('torch.')} {given} was given. "
                "Check the transform of evaluator_cfg and the channels of model_cfg against the data."
            )
        if x.size(1) < 1 or min(x.shape[-2:]) < 8:
            raise VisualAnalyseError(
                f"{name} takes at least one frame of at least 8 x 8 pixels, and {given} was given. "
                "Leave empty walks out; gait frames are 64 x 44 or 128 x 88."
            )
        return x.transpose(1, 2)

    def learnt(self, embeddings: Tensor, logits: Tensor | None, labels: Any) -> dict[str, dict[str, Any]]:
        """What the losses of a training take, by the prefix that a config's loss_cfg names."""
        found: dict[str, dict[str, Any]] = {"triplet": {"embeddings": embeddings, "labels": labels}}
        if logits is not None:
            found["softmax"] = {"logits": logits, "labels": labels}
        return found

    def forward(self, inputs: tuple[list[Tensor], Any, Any, Any, Tensor | None]) -> dict[str, dict[str, Any]]:
        given, labels, _, _, seqL = inputs
        if len(given) != 1:
            raise VisualAnalyseError(
                f"{type(self).__name__} takes one input, and {len(given)} were given. "
                "Name the one to use with data_in_use in the config."
            )
        frames = self.accept(given[0])
        embeddings, logits = self.encode(frames, packed_lengths(seqL, frames))
        return {
            "training_feat": self.learnt(embeddings, logits, labels),
            "visual_summary": {self.shown: fold(frames)},
            "inference_feat": {"embeddings": embeddings},
        }


def _initialise(module: nn.Module) -> None:
    # Glorot and Bengio 2010 for what is linear; batch norms begin near, not at, the identity, as in published training.
    if isinstance(module, nn.Conv1d | nn.Conv2d | nn.Conv3d | nn.Linear):
        nn.init.xavier_uniform_(module.weight)
    elif isinstance(module, nn.BatchNorm1d | nn.BatchNorm2d):
        nn.init.normal_(module.weight, 1.0, 0.02)
