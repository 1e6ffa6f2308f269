"""Every model of OpenGait: the config that asks for it, and walks as they lie on disk for it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


@dataclass(frozen=True)
class Row:
    """One model, or phase of one: its name, its config below `configs/`, the inputs of a walk, and how many frames.

    Frames are few, since each costs time and shows nothing new, but enough for several steps where time is strided.
    `edits` are set in the config, by dotted keys, before the model is built.
    """

    name: str
    config: str
    inputs: tuple[str, ...] = ("silhouette 64x64",)
    frames: int = 6
    edits: Mapping[str, Any] = field(default_factory=dict)

    def walk(self, seed: int = 0, frames: int | None = None) -> list[Any]:
        """A walk of noise in the shape of a walker, an array or list of clouds for each input."""
        return [make(kind, frames or self.frames, seed) for kind in self.inputs]


def make(kind: str, frames: int, seed: int) -> Any:
    """One input of a walk: `kind` is its name and size, e.g. "RGB 128x128"."""
    rng = np.random.default_rng(seed)
    name, _, size = kind.rpartition(" ") if " " in kind else (kind, "", "")
    return _MAKERS[name](rng, frames, tuple(map(int, size.split("x"))) if size else ())


def _body(rng: np.random.Generator, frames: int, size: tuple[int, ...]) -> Array:
    """Where the person is: bool `[s, h, w]`, an upright shape that sways, its outline uneven."""
    h, w = size
    y, x = np.mgrid[0:h, 0:w]
    t = np.arange(frames)[:, None, None]
    phase, wide = rng.uniform(0, 6), rng.uniform(0.16, 0.22)
    middle = w / 2 + 0.04 * w * np.sin(0.5 * t + phase)
    width = wide * w * (0.6 + 0.5 * np.sin(9 * y / h + 0.7 * t + phase) ** 2)
    return (np.abs(x - middle) < width) & (y > 0.06 * h) & (y < 0.97 * h)


def _silhouette(rng: np.random.Generator, frames: int, size: tuple[int, ...]) -> Array:
    return (_body(rng, frames, size) * 255).astype(np.uint8)


def _parsing(rng: np.random.Generator, frames: int, size: tuple[int, ...]) -> Array:
    h, w = size
    bands = 1 + (np.arange(h)[:, None] * 10 // h + (np.arange(w)[None] > w // 2)) % 10
    return (_body(rng, frames, size) * bands).astype(np.uint8)


def _rgb(rng: np.random.Generator, frames: int, size: tuple[int, ...]) -> Array:
    h, w = size
    noise = rng.integers(0, 90, (frames, 3, h, w))
    tint = rng.integers(60, 160, 3)[None, :, None, None]
    return (noise + _body(rng, frames, size)[:, None] * tint).astype(np.uint8)


def _depth(rng: np.random.Generator, frames: int, size: tuple[int, ...]) -> Array:
    return np.repeat(_silhouette(rng, frames, size)[:, None] // 2 + rng.integers(0, 99, (1, 1, *size)), 3, 1).astype(
        np.uint8
    )


def _planes(rng: np.random.Generator, frames: int, size: tuple[int, ...]) -> Array:
    return np.stack([_silhouette(rng, frames, size), _silhouette(rng, frames, size)], 1)


def _features(rng: np.random.Generator, frames: int, size: tuple[int, ...]) -> Array:
    return rng.normal(size=(frames, *size)).astype(np.float32)


_COCO = np.array([(0, 6), (-1, 5), (1, 5), (-2, 6), (2, 6), (-6, 14), (6, 14), (-8, 24), (8, 24), (-9, 33), (9, 33),
                  (-4, 34), (4, 34), (-5, 47), (5, 47), (-5, 60), (5, 60)], np.float64)  # fmt: skip


def _pose(rng: np.random.Generator, frames: int, size: tuple[int, ...]) -> Array:
    (joints,) = size
    still = (_COCO if joints == 17 else np.vstack([_COCO, (0, 14)])) * rng.uniform(0.9, 1.1, 2) + (32, 0)
    t = np.arange(frames)[:, None]
    swing = np.stack([4 * np.sin(0.5 * t + still[:, 1] / 9 + rng.uniform(0, 6)), 0 * t + np.zeros(joints)], -1)
    found = np.concatenate([still + swing + rng.normal(0, 0.3, (frames, joints, 2)), np.ones((frames, joints, 1))], -1)
    return found.astype(np.float32)


def _cloud(rng: np.random.Generator, frames: int, size: tuple[int, ...]) -> list[Array]:
    (points,) = size
    found = []
    for k in range(frames):
        count = points + int(rng.integers(0, points // 4))
        angle, height = rng.uniform(0, 2 * np.pi, count), rng.uniform(0, 1.7, count)
        radius = 0.15 + 0.08 * np.sin(4 * height + 0.6 * k)
        found.append(np.stack([radius * np.cos(angle) + 5, radius * np.sin(angle), height], 1).astype(np.float32))
    return found


_MAKERS: dict[str, Callable[[np.random.Generator, int, tuple[int, ...]], Any]] = {
    "silhouette": _silhouette,
    "parsing": _parsing,
    "RGB": _rgb,
    "depth": _depth,
    "skeleton map": _planes,
    "features": _features,
    "pose": _pose,
    "points": _cloud,
    "SMPL": lambda rng, frames, size: rng.normal(0, 0.3, (frames, 85)).astype(np.float32),
    "ratio": lambda rng, frames, size: np.full(frames, 0.46, np.float32),
}

_SEGMENT = ("RGB 128x128", "silhouette 128x128")
_EDGE = ("ratio", *_SEGMENT)

ROWS = (
    Row("GaitSet", "gaitset/gaitset.yaml"),
    Row("GaitSet (OUMVLP)", "gaitset/gaitset_OUMVLP.yaml"),
    Row("GaitPart", "gaitpart/gaitpart.yaml"),
    Row("GaitPart (OUMVLP)", "gaitpart/gaitpart_OUMVLP.yaml"),
    Row("GaitGL (CASIA-B)", "gaitgl/gaitgl.yaml", frames=9),
    Row("GaitGL (OUMVLP)", "gaitgl/gaitgl_OUMVLP.yaml", frames=9),
    Row("GaitGL (GREW, BNNeck)", "gaitgl/gaitgl_GREW_BNNeck.yaml", frames=9),
    Row("GLN, phase 1", "gln/gln_phase1.yaml", ("silhouette 128x128",)),
    Row("GLN, phase 1, 64 pixels", "gln/gln_phase1.yaml"),
    Row("GLN, phase 2", "gln/gln_phase2.yaml", ("silhouette 128x128",)),
    Row("GaitBase", "gaitbase/gaitbase_da_casiab.yaml"),
    Row("GaitBase (HID)", "gaitbase/gaitbase_hid.yaml", ("silhouette 128x128",)),
    Row("GaitBase on parsing", "gaitbase/gaitbase_gait3d_parsing_btz32x2_fixed.yaml", ("parsing 64x64",)),
    Row("LidarGait", "lidargait/lidargait_sustech1k.yaml", ("depth 64x64",)),
    Row("GaitEdge, phase 1, recognition", "gaitedge/phase1_rec.yaml", ("silhouette 64x44",), 9),
    Row("GaitEdge, phase 1, segmentation", "gaitedge/phase1_seg.yaml", _SEGMENT),
    Row("GaitEdge, phase 2", "gaitedge/phase2_gaitedge.yaml", _EDGE, 9),
    Row("GaitEdge, end to end", "gaitedge/phase2_e2e.yaml", _EDGE, 9),
    Row("SMPLGait", "smplgait/smplgait.yaml", ("silhouette 64x64", "SMPL")),
    Row("GaitSSB, pretrained", "gaitssb/pretrain_test_on_casiab.yaml"),
    Row("GaitSSB, fine-tuned", "gaitssb/finetune_casiab.yaml"),
    Row("ParsingGait", "parsinggait/parsinggait_gait3d_parsing.yaml", ("parsing 64x64",)),
    Row("DeepGaitV2, P3D", "deepgaitv2/DeepGaitV2_casiab.yaml"),
    Row("DeepGaitV2, 2D", "deepgaitv2/DeepGaitV2_casiab.yaml", edits={"model_cfg.Backbone.mode": "2d"}),
    Row("DeepGaitV2, 3D", "deepgaitv2/DeepGaitV2_casiab.yaml", edits={"model_cfg.Backbone.mode": "3d"}),
    Row("SwinGait", "swingait/swingait3D_B1122C2_CCPG.yaml"),
    Row("SkeletonGait", "skeletongait/skeletongait_Gait3D.yaml", ("skeleton map 64x64",)),
    Row("SkeletonGait++", "skeletongait/skeletongait++_CCPG.yaml", ("skeleton map 64x64", "silhouette 64x64")),
    Row("GaitGraph1", "gaitgraph1/gaitgraph1_phase1.yaml", ("pose 17",), 30),
    Row("GaitGraph2", "gaitgraph2/gaitgraph2.yaml", ("pose 17",), 30),
    Row("GaitGraph2 (OUMVLP)", "gaitgraph2/gaitgraph2_OUMVLP.yaml", ("pose 18",), 30),
    Row("GaitTR", "gaittr/gaittr_Gait3D.yaml", ("pose 17",), 12),
    Row("MSGG", "msgg/msgg_SUSTech1K.yaml", ("pose 17",), 12),
    Row("LidarGait++", "lidargaitv2/lidargaitv2_sustech1k.yaml", ("points 1000",)),
    Row("ScoNet", "sconet/sconet_scoliosis1k.yaml"),
    Row("BigGait", "biggait/BigGait_CCPG.yaml", ("RGB 256x128", "ratio"), 3),
    Row("BiggerGait", "biggergait/biggergait__DINOv2_CCPG.yaml", ("RGB 256x128",), 3),
    Row("DenoisingGait", "denoisinggait/denoisinggait_casiab.yaml", ("features 4x96x48", "silhouette 96x48")),
    Row("FoundationGait, pretrained", "foundationgait/pretrain_foundationgait_0.03B.yaml"),
    Row("FoundationGait, fine-tuned", "foundationgait/finetune_ccpg_0.03B.yaml"),
    Row("FoundationGait, linear probing", "foundationgait/linear_probing_Scoliosis1K_0.13B.yaml", frames=4),
    Row("MultiGait++", "multigaitpp/multigaitpp_gait3d.yaml", ("skeleton map 64x44",)),
)
