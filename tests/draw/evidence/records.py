"""Walks whose every number is known, and what stands on a figure."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.figure import Figure

from visual_analyse.results import Evidence, LayerEvidence

FRAMES, HEIGHT, WIDTH = 12, 16, 8


def layer_of(maps: Any, spans: Any = None, number: int = 1, name: str = "block.conv", **facts: Any) -> LayerEvidence:
    maps = np.asarray(maps, np.float32)
    spans = [[k, k + 1] for k in range(len(maps))] if spans is None else spans
    return LayerEvidence(number, name, "Conv2d", maps, np.asarray(spans, np.int64), **facts)


def body(frames: int = FRAMES) -> np.ndarray:
    shown = np.zeros((frames, HEIGHT, WIDTH), np.uint8)
    shown[:, 1:-1, 1:-1] = 255
    return shown


def walk_of(seed: int, name: str, frames: int = FRAMES, gain: float = 1.0, **facts: Any) -> Evidence:
    """One walk, 6 frames a step, its upper half region 1 and the lower region 2."""
    maps = gain * np.random.default_rng(seed).normal(size=(frames, 4, 2))
    regions = np.where(body(frames) > 0, 1, 0).astype(np.uint8)
    regions[:, HEIGHT // 2 :] *= 2
    given = {
        "layers": (layer_of(maps), layer_of(maps[:1], [[0, frames]], 2, "pooled.conv", pooled=True)),
        "phase": (np.arange(frames) + seed) / 6 % 1, "regions": regions, "region_names": ("upper", "lower"), **facts,
    }  # fmt: skip
    layers = given.pop("layers")
    return Evidence(body(frames), layers, np.array([0.25, 0.5, 0.125, 0.125]), {"probe": {"name": name}}, **given)


def texts(figure: Figure) -> list[str]:
    """All that is written on a figure, whichever axes it stands on."""
    return [text.get_text() for axes in figure.axes for text in axes.texts if text.get_text()]


def axes_of(figure: Figure, name: str) -> Any:
    """The axes of a figure that have a name."""
    (found,) = [axes for axes in figure.axes if axes.get_label() == name]
    return found
