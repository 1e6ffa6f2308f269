"""Maps on the input itself, by captum: one small class a method, each with its paper and its cost.

As everywhere a map is positive where the input speaks for the match: what is attributed is minus the distance. An input
is compared with a baseline that still is a walk: its own mean over the frames, or that of another walk.
"""

from __future__ import annotations

import importlib
import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import torch
from torch import Tensor

from visual_analyse.errors import VisualAnalyseError
from visual_analyse.explain.capture import frozen
from visual_analyse.explain.copies import Copies
from visual_analyse.explain.memory import enough_memory, out_of_memory
from visual_analyse.explain.model import Batch, Explainable
from visual_analyse.explain.targets import Target
from visual_analyse.results import LayerEvidence

Score = Callable[[Tensor], Tensor]  # from k copies of an input, [k, ...], to minus the distance of each, [k]
_GRIDS = (("h", "w"), ("v",), ("q",))


class InputMethod(ABC):
    """One way to make a map of an input: layer 0, `[s, h, w]` of pictures, `[s, v]` of joints, a step a frame."""

    name: ClassVar[str]

    def explain(
        self, model: Explainable, batch: Batch, target: Target, on: int = 0, baseline: Tensor | None = None
    ) -> LayerEvidence:
        """The map of one walk on one of its inputs, `on` of those told apart; the others are kept as they are.

        `baseline`: what the input is compared with, of its shape or one that fits to it, such as the mean silhouette
        `[h, w]` of another walk; its own mean over the frames where none is given. Raises VisualAnalyseError where
        captum is not installed, the baseline does not fit, the input has no grid, or no gradient reaches it.

        >>> Occlusion(size=8).explain(model, batch, target).maps.shape  # doctest: +SKIP
        (30, 64, 44)
        """
        attribution = _captum()
        copies = Copies(model, batch, on)
        whole = copies.original
        grid = next((names for names in _GRIDS if set(names) <= set(copies.axes)), None)
        if grid is None or not whole.is_floating_point():
            raise VisualAnalyseError(
                f"Input {on} has the axes {' '.join(copies.axes)} and numbers of {whole.dtype}, and a map lies on "
                "pictures, joints or points of fractions. Choose another input, or a layer."
            )
        start = _fitting(mean_frame(batch, on) if baseline is None else baseline, whole)

        def score(parts: Tensor) -> Tensor:
            return -torch.cat([target(embedding[None]) for embedding in copies.embed(parts)])

        with frozen(model.module), enough_memory("explaining the input"):
            with torch.no_grad():
                score(whole)  # a target may decide on the walk as it is, once
            found = self.attribute(attribution, score, whole, start, copies)
        kept = ["s", *grid] if "s" in copies.axes else list(grid)
        maps = self.on_grid(found, [k for k, name in enumerate(copies.axes) if name not in kept])
        order = [name for name in copies.axes if name in kept]
        maps = maps.permute([order.index(name) for name in kept])
        maps = maps if "s" in kept else maps[None]
        ends = np.arange(1, len(maps) + 1) if "s" in kept else np.array(batch.lengths)
        spans = np.stack([np.arange(len(maps)), ends], 1).astype(np.int64)
        return LayerEvidence(0, "input", self.name, maps.float().cpu().numpy(), spans, on=on, sees=(on,))

    @abstractmethod
    def attribute(self, captum: Any, score: Score, whole: Tensor, baseline: Tensor, copies: Copies) -> Tensor:
        """Captum's attribution of `score` to the input `[1, ...]`, of the same shape."""

    @abstractmethod
    def on_grid(self, found: Tensor, others: Sequence[int]) -> Tensor:
        """The attribution without the axes that are neither frames nor grid."""


@dataclass(frozen=True)
class IntegratedGradients(InputMethod):
    """The gradient times what the input has over the baseline, mean of the way there (Sundararajan et al., ICML 2017).

    The map adds up to the score's growth from baseline to walk, `d(baseline) - d(walk)`, but for the error of steps.
    Costs `steps` forwards and backwards, `at_once` in one where the model takes several.
    """

    name = "integrated_gradients"
    steps: int = 32
    at_once: int = 4

    def attribute(self, captum: Any, score: Score, whole: Tensor, baseline: Tensor, copies: Copies) -> Tensor:
        together = min(self.at_once, copies.together)
        with torch.enable_grad():
            try:
                found: Tensor = captum.IntegratedGradients(score).attribute(
                    whole.detach().clone().requires_grad_(), baseline, n_steps=self.steps, internal_batch_size=together
                )
            except RuntimeError as error:
                if out_of_memory(error):
                    raise
                raise VisualAnalyseError(
                    f"No gradient of the distance reaches the input: {str(error).splitlines()[0]}. "
                    "Occlusion needs none."
                ) from error
        return found.detach()

    def on_grid(self, found: Tensor, others: Sequence[int]) -> Tensor:
        return found.sum(list(others))


@dataclass(frozen=True)
class Occlusion(InputMethod):
    """How much the distance grows where a window of the input is replaced (Zeiler and Fergus, ECCV 2014, sec. 4.2).

    A window of `size` pixels square, moved by `stride` (half of it where none is given), or one joint; through the
    whole walk, or `frames` at a time. A cell has the mean of all windows that hold it. Costs `forwards`.
    """

    name = "occlusion"
    size: int = 8
    stride: int | None = None
    frames: int | None = None

    def forwards(self, sizes: Sequence[int], axes: Sequence[str]) -> int:
        """How many forwards an input of these sizes takes, `[1, ...]` as its axes say; several may go at once.

        >>> Occlusion(8).forwards((1, 30, 64, 44), ("n", "s", "h", "w"))
        152
        """
        window, strides = self._window(sizes, axes)
        return 2 + math.prod(1 + math.ceil((n - w) / k) for n, w, k in zip(sizes[1:], window, strides, strict=True))

    def attribute(self, captum: Any, score: Score, whole: Tensor, baseline: Tensor, copies: Copies) -> Tensor:
        window, strides = self._window(whole.shape, copies.axes)
        with torch.no_grad():
            found: Tensor = captum.Occlusion(score).attribute(
                whole, window, strides, baseline, perturbations_per_eval=copies.together
            )
        return found

    def on_grid(self, found: Tensor, others: Sequence[int]) -> Tensor:
        return found.mean(list(others))  # all channels go together, and each has the same

    def _window(self, sizes: Sequence[int], axes: Sequence[str]) -> tuple[tuple[int, ...], tuple[int, ...]]:
        stride = self.stride or max(1, self.size // 2)
        window, strides = [], []
        for size, name in zip(sizes[1:], axes[1:], strict=True):
            if name in "hw":
                window.append(min(self.size, size))
                strides.append(min(stride, self.size, size))
            else:
                window.append(1 if name in "vq" else min(self.frames or size, size) if name == "s" else size)
                strides.append(window[-1])
        return tuple(window), tuple(strides)


INPUT_METHODS: dict[str, type[InputMethod]] = {
    IntegratedGradients.name: IntegratedGradients,
    Occlusion.name: Occlusion,
}


def mean_frame(batch: Batch, on: int = 0) -> Tensor:
    """The mean of a walk's input over its frames, `[1, 1, h, w]` of silhouettes: a baseline, its own or another walk's.

    Of an input without frames the mean over all of it.

    >>> mean_frame(Batch((torch.ones(1, 5, 4, 2),), ("n s h w",), (5,))).shape
    torch.Size([1, 1, 4, 2])
    """
    source = batch.told_apart[on]
    axes = batch.axes[source.tensor].split()
    part = batch.part(source)
    return part.mean(axes.index("s") if "s" in axes else tuple(range(part.ndim)), keepdim=True)


def _fitting(baseline: Tensor, whole: Tensor) -> Tensor:
    try:
        return baseline.to(whole).expand_as(whole).clone()
    except RuntimeError as error:
        raise VisualAnalyseError(
            f"The baseline has the sizes {list(baseline.shape)} and the input {list(whole.shape)}, so it does not fit. "
            "Give the mean silhouette of a walk of the same size."
        ) from error


def _captum() -> Any:
    try:
        return importlib.import_module("captum.attr")
    except ImportError as error:
        raise VisualAnalyseError(
            'Maps on the input need captum, which is not installed. Type: pip install "visual-analyse[captum]"'
        ) from error
