"""How an activation and a gradient become a map: one small class a method, each with its paper.

All take a layer's output and the gradient of a score to it, `[c, t, gh, gw]` both, and give the evidence for that
score, `[t, gh, gw]`. The score of a match is minus its distance. None costs more than the forward and the backward that
Grad-CAM takes. Weights over the grid are those of each step of a walk by itself, as frames are pictures of their own.
"""

from __future__ import annotations

import difflib
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar, Literal

import torch
from torch import Tensor

from visual_analyse.errors import VisualAnalyseError
from visual_analyse.explain.grad_cam import Weights, grad_cam

Sign = Literal["signed", "for", "against", "abs"]
How = tuple["Method", Sign]
_GRID = (2, 3)


class Method(ABC):
    """One way to make a map.

    `linear`: whether the maps of two scores add up to the map of their sum. `steps`: at how many places on the way from
    what is usual its gradient is taken, of which it is the mean; 0: at the walk itself, once for all such methods.
    """

    name: ClassVar[str]
    linear: ClassVar[bool]
    steps: ClassVar[int] = 0

    @abstractmethod
    def evidence(self, activation: Tensor, gradient: Tensor) -> Tensor:
        """The evidence for a score, of whose gradient `gradient` is: `[c, t, gh, gw]` twice, to `[t, gh, gw]`."""

    def at(self, layer: int) -> Method:
        """The method as it is at one layer, by number."""
        return self

    def map(self, activation: Tensor, distance: Tensor, sign: Sign = "signed") -> Tensor:
        """The map of a match, `distance` being the gradient of its distance: evidence for it, against it, or both.

        Evidence against is that for the opposite score, negative; both together are the signed map. "abs": how much is
        said at all, whichever way: of a linear method the absolute value, of others for less against.

        >>> GradCam().map(torch.ones(1, 1, 2, 2), -torch.ones(1, 1, 2, 2)).tolist()
        [[[1.0, 1.0], [1.0, 1.0]]]
        """
        if sign == "for":
            return self.evidence(activation, -distance)
        against = -self.evidence(activation, distance)
        if sign == "against":
            return against
        if sign == "abs":
            return against.abs() if self.linear else self.evidence(activation, -distance) - against
        # Of a linear method both are the signed map; of others the two lie apart.
        return against if self.linear else self.evidence(activation, -distance) + against


@dataclass(frozen=True)
class GradCam(Method):
    """`sum_c w_c A_c`, `w_c` the mean of the gradient over the grid (Selvaraju et al., ICCV 2017, eq. 1-2, no ReLU)."""

    name = "grad_cam"
    linear = True
    weights: Weights = "frame"

    def evidence(self, activation: Tensor, gradient: Tensor) -> Tensor:
        return -grad_cam(activation, gradient, self.weights)


@dataclass(frozen=True)
class GradCamPlusPlus(Method):
    """Grad-CAM with weights `sum a relu(g)`, `a = g^2 / (2 g^2 + g^3 sum A)` (Chattopadhay et al. 2018, eq. 19)."""

    name = "grad_cam++"
    linear = False

    def evidence(self, activation: Tensor, gradient: Tensor) -> Tensor:
        # g^2 cancels; what is left has a pole where g sum A is -2, near which single precision decides.
        below = 2 + activation.double().sum(_GRID, keepdim=True) * gradient.double()
        share = torch.where((below != 0) & (gradient != 0), 1 / torch.where(below != 0, below, 1), 0)
        weight = (share * gradient.clamp(min=0)).sum(_GRID).to(activation)
        return torch.einsum("ct,cthw->thw", weight, activation)


@dataclass(frozen=True)
class HiResCam(Method):
    """`sum_c g_c A_c`, cell by cell: what the layer adds to a score linear in it (Draelos and Carin 2020)."""

    name = "hirescam"
    linear = True

    def evidence(self, activation: Tensor, gradient: Tensor) -> Tensor:
        return (gradient * activation).sum(0)


@dataclass(frozen=True)
class LayerCam(Method):
    """`sum_c relu(g_c) A_c`, cell by cell (Jiang et al., IEEE TIP 2021)."""

    name = "layercam"
    linear = False

    def evidence(self, activation: Tensor, gradient: Tensor) -> Tensor:
        return (gradient.clamp(min=0) * activation).sum(0)


@dataclass(frozen=True)
class XGradCam(Method):
    """Grad-CAM with weights `sum g A / sum A`, so that the map adds up to `sum g A` (Fu et al., BMVC 2020)."""

    name = "xgrad_cam"
    linear = True

    def evidence(self, activation: Tensor, gradient: Tensor) -> Tensor:
        total = activation.sum(_GRID)
        effect = (gradient * activation).sum(_GRID)
        # Of a channel that adds up to nothing no weight can say what it does.
        weight = torch.where(total.abs() > 1e-12, effect / torch.where(total.abs() > 1e-12, total, 1), 0)
        return torch.einsum("ct,cthw->thw", weight, activation)


@dataclass(frozen=True)
class ElementWise(Method):
    """`sum_c relu(g_c A_c)`: every cell of every channel that speaks for the score, and nothing that speaks against it.

    The variant of Grad-CAM that multiplies before it adds (Gildenblat et al. 2021, pytorch-grad-cam).
    """

    name = "element_wise"
    linear = False

    def evidence(self, activation: Tensor, gradient: Tensor) -> Tensor:
        return (gradient * activation).clamp(min=0).sum(0)


@dataclass(frozen=True, eq=False)
class Deviation(ElementWise):
    """`sum_c relu(g_c (A_c - U_c))`, `U` what the layer usually puts out: the mean over the frames of other walks.

    Of frames at the same moment of the step, or of the stride where left and right are told apart, where that is known
    (`Usual.of`): a knee that bends as the foot swings is nothing unusual.
    To first order what the score owes to this walk's not being an ordinary one (a Taylor step from `U`, as Shrikumar et
    al., "Learning important features through propagating activation differences", ICML 2017, sec. 2, have reference
    activations). What all walks have in common, the outline of a body say, has no part in it. Costs a forward for each
    of the other walks, once for all probes. `usual` as `usual_outputs` gives it; a layer that it lacks is taken as it
    is.
    """

    name = "deviation"
    usual: Mapping[int, Tensor] = field(default_factory=dict)

    def at(self, layer: int) -> Method:
        return self if layer not in self.usual else _FromUsual(self.usual[layer])


@dataclass(frozen=True, eq=False)
class IntegratedDeviation(Deviation):
    """`Deviation` with the mean gradient on the way from `U` to `A` (`along.mean_gradients`), not that at its end.

    A match is near, so that the gradient of its distance says in which direction the little lies that is left, and not
    what brought the two so near; on the way there it does. Over all channels and cells it adds up to what the score
    has over that of an ordinary walk (Sundararajan et al., "Axiomatic attribution for deep networks", ICML 2017, prop.
    1), but for the error of few steps. Costs `steps` forwards and backwards a layer on top.
    """

    name = "integrated_deviation"
    steps = 4


@dataclass(frozen=True, eq=False)
class _FromUsual(ElementWise):
    name = Deviation.name
    usual: Tensor

    def evidence(self, activation: Tensor, gradient: Tensor) -> Tensor:
        return super().evidence(activation - self.usual.to(activation), gradient)


@dataclass(frozen=True)
class EigenCam(Method):
    """The first principal component of each step's activation (Muhammad and Yeasin, IJCNN 2020).

    It knows no score and no gradient: where the layer varies most. Its sign, which the component leaves open, makes it
    positive where the activation is strong; it says nothing for or against.
    """

    name = "eigen_cam"
    linear = False

    def evidence(self, activation: Tensor, gradient: Tensor) -> Tensor:
        channels, steps, height, width = activation.shape
        cells = activation.permute(1, 2, 3, 0).reshape(steps, height * width, channels).double()
        centred = cells - cells.mean(1, keepdim=True)
        right = torch.linalg.svd(centred, full_matrices=False).Vh[:, :1]  # [t, 1, c]
        along = (centred @ right.transpose(1, 2)).squeeze(2)
        strong = torch.where((along * cells.abs().sum(2)).sum(1, keepdim=True) < 0, -1.0, 1.0)
        found: Tensor = (along * strong).reshape(steps, height, width).to(activation)
        return found

    def map(self, activation: Tensor, distance: Tensor, sign: Sign = "signed") -> Tensor:
        found = self.evidence(activation, distance)
        return found.abs() if sign == "abs" else found


METHODS: dict[str, type[Method]] = {
    method.name: method
    for method in (
        GradCam,
        GradCamPlusPlus,
        HiResCam,
        LayerCam,
        XGradCam,
        ElementWise,
        Deviation,
        IntegratedDeviation,
        EigenCam,
    )
}


def method_named(name: str) -> Method:
    """The method of that name. Raises VisualAnalyseError where there is none.

    >>> method_named("layercam")
    LayerCam()
    """
    if name not in METHODS:
        near = difflib.get_close_matches(name, METHODS, 1, 0.5)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        raise VisualAnalyseError(f"There is no method {name!r}.{hint} There are {', '.join(METHODS)}.")
    return METHODS[name]()


def named(method: Method, sign: Sign) -> str:
    """How a result names maps that were made so.

    >>> named(LayerCam(), "signed"), named(LayerCam(), "abs")
    ('layercam', 'layercam-abs')
    """
    return method.name if sign == "signed" else f"{method.name}-{sign}"
