"""What is done to a walk before a built-in model sees it: the transforms that configs name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from visual_analyse.errors import VisualAnalyseError
from visual_analyse.gait.pose_transforms import POSE_TRANSFORMS

Array = NDArray[Any]
Transform = Callable[[Array], Array]

_SMALLEST = (16, 8)  # rows, columns: the least that a silhouette model's poolings leave something of


class _Cutting:
    """Cuts columns off both sides and divides.

    `cutting`: columns a side, by default ten for each full 64 of the width (64 becomes 44; 44 stays).
    """

    def __init__(self, settings: dict[str, Any], only_grey: bool = False) -> None:
        # `disvor` is how older versions of OpenGait spell it.
        self.divisor = _number(settings, "divsor", _number(settings, "disvor", 255.0))
        self.cutting = settings.get("cutting")
        if self.cutting is not None and (type(self.cutting) is not int or self.cutting < 0):
            raise VisualAnalyseError(
                f"cutting of transform {settings['type']} is {self.cutting!r}; it counts the columns cut off each "
                "side: 0, 10, ... Correct it in the config."
            )
        self.only_grey = only_grey

    def __call__(self, frames: Array) -> Array:
        frames = _pictures(frames)
        side = frames.shape[-1] // 64 * 10 if self.cutting is None else self.cutting
        if frames.shape[-1] - 2 * side < _SMALLEST[1]:
            raise VisualAnalyseError(
                f"A cutting of {side} columns a side leaves too little of frames {frames.shape[-1]} wide. "
                "Correct cutting in the transform of the config, or leave it out."
            )
        frames = frames[..., side : frames.shape[-1] - side]
        if self.only_grey and frames.max() != 255:  # class ids stay as they are
            return frames.astype(np.float32)
        return _divided(frames, self.divisor)


class _Dividing:
    """Divides; first gives each frame `img_shape` where a config asks for it."""

    def __init__(self, settings: dict[str, Any]) -> None:
        self.divisor = _number(settings, "divsor", _number(settings, "disvor", 255.0))
        self.shape = settings.get("img_shape")

    def __call__(self, frames: Array) -> Array:
        if self.shape is not None:
            try:
                frames = np.asarray(frames).reshape(len(frames), *self.shape)
            except (ValueError, TypeError) as error:
                raise VisualAnalyseError(
                    f"Frames of shape {np.shape(frames)[1:]} cannot take the img_shape {self.shape} that the "
                    "transform of the config asks for. Correct it, or name data of the right size."
                ) from error
        return _divided(_pictures(frames), self.divisor)


class _Colours:
    """Takes the mean of each colour off and divides by its deviation; ImageNet's, for 0..255, by default."""

    def __init__(self, settings: dict[str, Any]) -> None:
        self.mean = _three(settings, "mean", [0.485 * 255, 0.456 * 255, 0.406 * 255])
        self.deviation = _three(settings, "std", [0.229 * 255, 0.224 * 255, 0.225 * 255])

    def __call__(self, frames: Array) -> Array:
        frames = _pictures(frames)
        if frames.ndim != 4 or frames.shape[1] != 3:
            raise VisualAnalyseError(
                f"An input of shape {frames.shape} was given where RGB frames (T,3,h,w) are expected, colours before "
                "rows. Choose another file of the walk with data_in_use, or another transform in the config."
            )
        return ((frames - self.mean) / self.deviation).astype(np.float32)


class _Compose:
    """One transform after another."""

    def __init__(self, settings: dict[str, Any]) -> None:
        listed = settings.get("trf_cfg")
        if not isinstance(listed, list) or not listed or not all(isinstance(one, dict) for one in listed):
            raise VisualAnalyseError(
                f"trf_cfg of transform Compose is {listed!r}; a list of transforms was expected, e.g. "
                "[{type: NormalizeEmpty}, {type: GaitGraphMultiInput}]. Correct it in the config."
            )
        self.transforms = [_built(one) for one in listed]

    def __call__(self, frames: Array) -> Array:
        for transform in self.transforms:
            frames = transform(frames)
        return frames


def _unchanged(frames: Array) -> Array:
    return frames


_KNOWN: dict[str, Callable[[dict[str, Any]], Transform]] = {
    "BaseSilCuttingTransform": _Cutting,
    "BaseSilTransform": _Dividing,
    "BaseParsingCuttingTransform": lambda settings: _Cutting(settings, only_grey=True),
    "BaseRgbTransform": _Colours,
    "NoOperation": lambda settings: _unchanged,
    "Compose": _Compose,
    **POSE_TRANSFORMS,
}


def build_transforms(configured: Any) -> list[Transform]:
    """The transforms of a config's `evaluator_cfg.transform`, one a modality.

    Each takes the frames of a walk, `(T,h,w)` or `(T,c,h,w)`, or its poses, `(T,17,3)` or `(T,18,3)`, writes nothing
    into them, and gives float32 (those that calculate nothing: what they were given). Settings that OpenGait's own
    transforms pass over, such as `img_w`, are passed over.

    Raises VisualAnalyseError for a transform that is not known or wrongly configured, and, when called, for an input
    of another kind.

    >>> build_transforms([{"type": "BaseSilCuttingTransform"}])[0](np.full((1, 64, 64), 255, np.uint8)).shape
    (1, 64, 44)
    """
    if not isinstance(configured, list) or not configured or not all(isinstance(one, dict) for one in configured):
        raise VisualAnalyseError(
            f"evaluator_cfg.transform of the config is {configured!r}; a list with one entry an input was expected, "
            "e.g. [{type: BaseSilCuttingTransform}]."
        )
    return [_built(settings) for settings in configured]


def _built(settings: dict[str, Any]) -> Transform:
    name = settings.get("type")
    if not isinstance(name, str) or name not in _KNOWN:
        raise VisualAnalyseError(
            f"The built-in models do not know the transform {name!r} of the config; they know {', '.join(_KNOWN)}. "
            "With --opengait DIR the checkout's own transforms are used."
        )
    return _KNOWN[name](settings)


def _pictures(frames: Any) -> Array:
    array = np.asarray(frames) if not isinstance(frames, list) else None
    if array is None or array.ndim not in (3, 4) or array.shape[-2] < _SMALLEST[0] or array.shape[-1] < _SMALLEST[1]:
        found = f"shape {array.shape}" if array is not None else f"a list of {len(frames)} point clouds"
        raise VisualAnalyseError(
            f"An input of {found} was given where the config's transform expects a clip of pictures, (T,64,64) or "
            f"(T,c,64,64), of at least {_SMALLEST[0]} rows and {_SMALLEST[1]} columns. Choose another file of the walk "
            "with data_cfg.data_in_use, or another transform in the config."
        )
    return array


def _divided(frames: Array, divisor: float) -> Array:
    return (frames / divisor).astype(np.float32)


def _number(settings: dict[str, Any], key: str, default: float) -> float:
    value = settings.get(key, default)
    if isinstance(value, bool) or not isinstance(value, int | float) or not value > 0:
        raise VisualAnalyseError(
            f"{key} of transform {settings['type']} is {value!r}; a number above 0 was expected, e.g. 255.0."
        )
    return float(value)


def _three(settings: dict[str, Any], key: str, default: list[float]) -> Array:
    value = settings.get(key)
    numbers = default if value is None else value
    if (
        not isinstance(numbers, list | tuple)
        or len(numbers) != 3
        or not all(isinstance(number, int | float) for number in numbers)
        or (key == "std" and 0 in numbers)
    ):
        raise VisualAnalyseError(
            f"{key} of transform {settings['type']} is {value!r}; three numbers were expected, one a colour"
            + (", none of them 0." if key == "std" else ".")
        )
    return np.array(numbers, dtype=np.float64).reshape(1, 3, 1, 1)
