"""What OpenGait's transforms ask of the inputs that they are given."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from visual_analyse.errors import VisualAnalyseError
from visual_analyse.gait.config import Config
from visual_analyse.gait.kinds import kind_of
from visual_analyse.gait.pose_transforms import POSE_TRANSFORMS
from visual_analyse.results import InputKind

PICTURES = ("silhouette", "parsing", "skeleton map", "RGB", "depth")
# The kinds that transforms are for, the likeliest first. A transform that is not here takes anything.
WANTED: Mapping[str, Sequence[str]] = {
    **dict.fromkeys(("BaseSilCuttingTransform", "BaseSilTransform"), ("silhouette", "skeleton map", "depth")),
    "BaseParsingCuttingTransform": ("parsing", "silhouette"),
    "BaseRgbTransform": ("RGB", "depth"),
    **dict.fromkeys(POSE_TRANSFORMS.keys() - {"RatioHW", "SelectSequenceCenter"}, ("pose",)),
    "PointCloudsTransform": ("points",),
}
# How what is no picture lies on disk.
_LIES = {"pose": "poses (T,17,3)", "points": "points, a list of (N,3) or (T,N,3)"}


def leading(item: Mapping[str, Any]) -> str:
    """The transform that an input meets first, of those that change more than which frames there are.

    >>> leading({"type": "Compose", "trf_cfg": [{"type": "SelectSequenceCenter"}, {"type": "SkeletonInput"}]})
    'SkeletonInput'
    """
    inner = item.get("trf_cfg")
    if item.get("type") != "Compose" or not isinstance(inner, list):
        return str(item.get("type"))
    names = [str(one.get("type")) for one in inner if isinstance(one, Mapping)]
    return next((name for name in names if name != "SelectSequenceCenter"), "Compose")


def known_kind(data: Any) -> InputKind | None:
    """What an input of a walk is, as it lies on disk; None for what is not known here, which a model may know."""
    try:
        return kind_of([data])[0]
    except VisualAnalyseError:
        return None


def given(data: Any) -> str:
    """An input as a sentence names it: its kind and its shape.

    >>> given(np.zeros((30, 64, 64), np.uint8))
    'silhouette (30,64,64)'
    """
    kind = known_kind(data)
    name = "an input" if kind is None else kind.name
    if isinstance(data, list):
        return f"{name}, a list of {len(data)} clouds"
    return f"{name} ({','.join(map(str, np.shape(data)))})"


def check_kinds(config: Config, walk: Sequence[Any]) -> None:
    """Raise VisualAnalyseError where the transforms of a config are given what they are surely not for.

    They may fail on it in words of numpy, or later, or never.
    """
    for item, data in zip(config.transforms, walk, strict=True):
        name = leading(item)
        if name in WANTED and not _may_be(WANTED[name][0], data):
            taken = _LIES.get(WANTED[name][0], "pictures (T,h,w) or (T,c,h,w)")
            raise VisualAnalyseError(
                f"{name} of {config.path} takes {taken}, and {given(data)} was given. Choose another "
                "file of the walk with data_cfg.data_in_use, or name a config made for what the walk holds."
            )


def _may_be(wanted: str, data: Any) -> bool:
    """Whether an input may be of a kind, or for pictures of any of theirs; true where its kind is not known.

    Poses of other numbers of joints, and clouds of as many points as a body has joints, look like each other.
    """
    kind = known_kind(data)
    if kind is None:
        return True
    if wanted in PICTURES:
        return kind.name not in ("pose", "points", "SMPL")
    return kind.name in ("pose", "points") and (wanted == "points" or not isinstance(data, list))
