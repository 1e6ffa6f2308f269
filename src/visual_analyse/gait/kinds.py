"""What an input is, told from its shape, and how a person looks at it."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from visual_analyse.errors import VisualAnalyseError
from visual_analyse.results import InputKind

Array = NDArray[Any]

# COCO's 17 joints: nose, eyes, ears, shoulders, elbows, wrists, hips, knees, ankles; left before right.
_COCO = ((0, 1), (0, 2), (1, 3), (2, 4), (3, 5), (4, 6), (5, 6), (5, 7), (7, 9), (6, 8), (8, 10), (5, 11), (6, 12),
         (11, 12), (11, 13), (13, 15), (12, 14), (14, 16))  # fmt: skip
# OpenPose's 18, as OUMVLP has them: nose, neck, right arm, left arm, right leg, left leg, eyes, ears.
_OPENPOSE = ((0, 1), (1, 2), (2, 3), (3, 4), (1, 5), (5, 6), (6, 7), (1, 8), (8, 9), (9, 10), (1, 11), (11, 12),
             (12, 13), (0, 14), (0, 15), (14, 16), (15, 17))  # fmt: skip
_COCO_NAMES = ("nose", "left eye", "right eye", "left ear", "right ear", "left shoulder", "right shoulder",
               "left elbow", "right elbow", "left wrist", "right wrist", "left hip", "right hip", "left knee",
               "right knee", "left ankle", "right ankle")  # fmt: skip
_OPENPOSE_NAMES = ("nose", "neck", "right shoulder", "right elbow", "right wrist", "left shoulder", "left elbow",
                   "left wrist", "right hip", "right knee", "right ankle", "left hip", "left knee", "left ankle",
                   "right eye", "left eye", "right ear", "left ear")  # fmt: skip
# Twelve classes, 0 the background and 11 a dress: Okabe and Ito's colours, which colour-blind people can tell apart,
# then tints.
_CLASSES = ((0, 0, 0), (230, 159, 0), (86, 180, 233), (0, 158, 115), (240, 228, 66), (0, 114, 178), (213, 94, 0),
            (204, 121, 167), (153, 153, 153), (170, 221, 255), (255, 204, 136), (187, 170, 238))  # fmt: skip
_PLANES = ((230, 159, 0), (86, 180, 233), (90, 90, 90))  # joints, limbs, and a silhouette where a model adds one

SILHOUETTE = InputKind("silhouette")
PARSING = InputKind("parsing", "palette", palette=_CLASSES)
SKELETON_MAP = InputKind("skeleton map", "planes", palette=_PLANES)
RGB = InputKind("RGB", "rgb")
DEPTH = InputKind("depth", "grey")
POSE = InputKind("pose", "joints", edges=_COCO, joints=_COCO_NAMES)
POSE_18 = InputKind("pose", "joints", edges=_OPENPOSE, joints=_OPENPOSE_NAMES)
SMPL = InputKind("SMPL", "none")
RATIO = InputKind("ratio", "none")
POINTS = InputKind("points", "points")
FEATURES = InputKind("features", "none")

_SMALLEST = 8  # rows and columns; what is smaller is a table of numbers, not a picture
# What OpenGait's BaseRgbTransform takes off by default: ImageNet's mean and deviation.
_MEAN = np.array([0.485, 0.456, 0.406]) * 255
_DEVIATION = np.array([0.229, 0.224, 0.225]) * 255


def kind_of(arrays: list[Array | list[Array]]) -> list[InputKind]:
    """The kind of each modality of a walk, as it lies on disk.

    `(T,h,w)` silhouette, or parsing where it holds whole numbers from 2 to 20 at most; `(T,2,h,w)` skeleton map;
    `(T,3,h,w)` or `(T,h,w,3)` RGB, or depth where the three are equal; `(T,17,3)` and `(T,18,3)` pose; `(T,85)` SMPL;
    `(T,)` or `(T,2)` ratio; `(T,N,3..6)` or a list points; other channels features.

    Raises VisualAnalyseError for a shape that is none of these.

    >>> kind_of([np.zeros((30, 64, 64), np.uint8)])[0].name
    'silhouette'
    """
    return [_kind_of(array) for array in arrays]


def frames_for_picture(kind: InputKind, model_input: Array) -> NDArray[np.uint8]:
    """What the model saw of a picture input, as pictures: uint8 `[s, h, w]`, or `[s, h, w, 3]` RGB.

    `model_input`: `[s, h, w]`, `[s, c, h, w]` or `[s, h, w, 3]`, in 0..1 or 0..255, or normalised as OpenGait's
    BaseRgbTransform does by default. Parsing stays its class ids, which `kind.palette` colours; skeleton maps become
    one coloured picture. One scale for the whole clip: an empty frame stays black.

    Raises VisualAnalyseError for a kind or shape that is no picture.

    >>> int(frames_for_picture(SILHOUETTE, np.ones((2, 64, 44))).max())
    255
    """
    frames = np.asarray(model_input, dtype=np.float64)
    if frames.ndim == 4 and frames.shape[1] == 1:
        frames = frames[:, 0]
    channels = 1 if frames.ndim == 3 else frames.shape[-1] if _channels_last(frames) else frames.shape[1]
    fits = {"grey": (1, 3), "palette": (1,), "planes": (2, 3), "rgb": (3,)}.get(kind.picture, ())
    if frames.ndim not in (3, 4) or channels not in fits:
        raise VisualAnalyseError(
            f"An input of kind {kind.name} and shape {frames.shape} is no clip of pictures; [s, h, w] or "
            "[s, c, h, w] with one to three channels is."
        )
    if kind.picture == "palette":
        ids = frames if frames.max(initial=0) >= 1 else frames * 255  # a transform for silhouettes divides ids too
        return np.clip(np.rint(ids), 0, len(kind.palette) - 1).astype(np.uint8)
    if frames.ndim == 4 and not _channels_last(frames):
        frames = np.moveaxis(frames, 1, -1)
    if kind.picture == "planes":
        colours = np.array(kind.palette[:channels], dtype=np.float64)
        return _bytes(_unit(frames) @ colours)
    if frames.ndim == 4 and frames.min() < 0:
        frames = frames * _DEVIATION + _MEAN
    pictures = _bytes(_unit(frames) * 255)
    return pictures[..., 0] if kind.picture == "grey" and frames.ndim == 4 else pictures


def _kind_of(array: Array | list[Array]) -> InputKind:
    if isinstance(array, list):
        return POINTS
    shape = array.shape[1:]
    if shape in ((), (1,), (2,)):
        return RATIO
    if shape == (85,):
        return SMPL
    if shape in ((17, 3), (18, 3)):
        return POSE if shape[0] == 17 else POSE_18
    if len(shape) == 2 and 3 <= shape[1] <= 6 and array.dtype.kind == "f":
        return POINTS
    if len(shape) == 2 and min(shape) >= _SMALLEST:
        whole = array.dtype.kind in "iu" and 2 <= int(array.max()) <= 20 and int(array.min()) >= 0
        return PARSING if whole else SILHOUETTE
    if len(shape) == 3 and min(shape[1:] if not _channels_last(array) else shape[:2]) >= _SMALLEST:
        if _channels_last(array) or shape[0] == 3:
            one = np.moveaxis(array, -1 if _channels_last(array) else 1, 0)
            return DEPTH if (one[0] == one[1]).all() and (one[1] == one[2]).all() else RGB
        return {1: SILHOUETTE, 2: SKELETON_MAP}.get(shape[0], FEATURES)
    raise VisualAnalyseError(
        f"An array of shape {array.shape} is no modality of a walk that is known here. Known are (T,h,w) silhouettes "
        "and parsing, (T,2,h,w) skeleton maps, (T,3,h,w) RGB and depth, (T,17,3) poses, (T,85) SMPL, (T,) ratios, "
        "lists of (N,3) points, and (T,c,h,w) features; pictures have at least 8 rows and columns."
    )


def _channels_last(array: Array) -> bool:
    return array.ndim == 4 and array.shape[-1] == 3 and array.shape[1] > 3


def _unit(frames: Array) -> Array:
    return frames if frames.max(initial=0) <= 1 else frames / 255


def _bytes(pictures: Array) -> NDArray[np.uint8]:
    return np.clip(np.rint(pictures), 0, 255).astype(np.uint8)
