"""A walk at a glance: its gait-energy image, small."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from visual_analyse.errors import VisualAnalyseError
from visual_analyse.gait.kinds import frames_for_picture, kind_of
from visual_analyse.results import InputKind

SIZE = (32, 22)  # rows, columns: the aspect of a silhouette of 64x44

Array = NDArray[Any]


def thumbnail(walk: list[Array | list[Array]]) -> NDArray[np.uint8] | None:
    """The mean frame of a walk's first picture, grey, uint8 `[32, 22]`; None where no modality is a picture.

    `walk`: its modalities as read. The middle of the frames is taken in the aspect of the thumbnail, as OpenGait cuts
    64x64 to 64x44; narrower frames get black sides.

    >>> int(thumbnail([np.full((2, 64, 64), 255, np.uint8)]).min())
    255
    """
    for modality in walk:
        try:
            kind = kind_of([modality])[0]
            if kind.picture not in ("grey", "palette", "planes", "rgb"):
                continue
            return _small(_energy(kind, np.asarray(modality)))
        except VisualAnalyseError:
            continue
    return None


def _energy(kind: InputKind, frames: Array) -> NDArray[np.uint8]:
    """The mean over frames, uint8 `[h, w]`."""
    if kind.picture == "palette":
        body: NDArray[np.uint8] = np.rint(255 * (frames > 0).mean(0)).astype(np.uint8)
        return body
    most = frames.max()
    total = np.add.reduce(frames, axis=0, dtype=np.uint32 if frames.dtype == np.uint8 else np.float64)
    mean = total / (len(frames) * (255 if most > 1 else 1))
    picture = frames_for_picture(kind, mean[None])[0]
    return picture if picture.ndim == 2 else np.asarray(Image.fromarray(picture).convert("L"))


def _small(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    height, width = picture.shape
    wanted = max(1, round(height * SIZE[1] / SIZE[0]))
    if width >= wanted:
        start = (width - wanted) // 2
        picture = picture[:, start : start + wanted]
    else:
        start = (wanted - width) // 2
        picture = np.pad(picture, ((0, 0), (start, wanted - width - start)))
    small = Image.fromarray(np.ascontiguousarray(picture)).resize((SIZE[1], SIZE[0]), Image.Resampling.BOX)
    return np.asarray(small)
