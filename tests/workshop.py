"""A workshop for tests: a config, a checkpoint and walks, small enough to run in a moment."""

from __future__ import annotations

import pickle
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
import yaml

from tests.six import FACTS, narrow
from visual_analyse.models.builtin import build


def silhouettes(seed: int, frames: int = 6, height: int = 64, width: int = 64) -> np.ndarray:
    """A soft blob that sways: uint8 `[frames, height, width]`, unlike any other seed's."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:height, :width]
    wide, sway, phase = rng.uniform(5, 9), rng.uniform(1, 4), rng.uniform(0, 6)
    centre = width / 2 + sway * np.sin(phase + np.arange(frames))[:, None, None]
    body = np.exp(-(((x - centre) / wide) ** 2) - ((y - height / 2) / (height / 2.4)) ** 8)
    legs = 1 - 0.8 * np.exp(-(((x - centre) / 2.5) ** 2)) * (y > 0.6 * height)
    return (255 * body * legs).astype(np.uint8)


def write_walk(root: Path, name: str, array: Any, file: str = "0.pkl") -> Path:
    """Write one pkl of the walk `id/type/view`."""
    path = root / name / file
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(pickle.dumps(array))
    return path


def write_config(path: Path, model: str = "GaitSet", **evaluator: Any) -> Path:
    """Write a config of a narrow model, in OpenGait's words."""
    sections = {
        "data_cfg": {"dataset_name": "CASIA-B", "dataset_root": "your_path"},
        "evaluator_cfg": {"save_name": model, "restore_hint": 0, "metric": "euc", **evaluator},
        "model_cfg": narrow(FACTS[model]["model_cfg"]),
    }
    path.write_text(yaml.safe_dump(sections), encoding="utf-8")
    return path


@dataclass(frozen=True)
class Workshop:
    """A folder with `config`, `checkpoint`, `probes`, `gallery` and `dataset`."""

    root: Path

    @property
    def config(self) -> Path:
        return self.root / "gaitset.yaml"

    @property
    def checkpoint(self) -> Path:
        return self.root / "gaitset.pt"

    @property
    def probes(self) -> Path:
        return self.root / "Probes"

    @property
    def gallery(self) -> Path:
        return self.root / "Gallery"

    @property
    def dataset(self) -> Path:
        return self.root / "data set 数据"

    def arguments(self, **changes: Any) -> list[str]:
        """The options of `grad_cam`, some of them changed; None takes one away."""
        options: dict[str, Any] = {
            "config_path": self.config, "probe_dir": self.probes, "gallery_dir": self.gallery,
            "save_dir": self.root / "out", "layers": "conv", "checkpoint": self.checkpoint,
            "cache": self.root / "cache", "device": "cpu", **changes,
        }  # fmt: skip
        words: list[str] = []
        for name, value in options.items():
            if value is not None:
                words += [f"--{name}", *(map(str, value) if isinstance(value, list) else [str(value)])]
        return words


def furnish(root: Path) -> Workshop:
    """Make a workshop in an empty folder."""
    made = Workshop(root)
    root.mkdir(parents=True, exist_ok=True)
    write_config(made.config)
    torch.manual_seed(3)
    model = build(narrow(FACTS["GaitSet"]["model_cfg"]))
    torch.save({"model": model.state_dict(), "iteration": 7}, made.checkpoint)
    for k, name in enumerate(["001/nm-05/090", "002/nm-05/090"]):
        write_walk(made.probes, name, silhouettes(10 * k + 1))
    for k, name in enumerate(["001/nm-01/072", "002/nm-01/072", "003/nm-01/072"]):
        write_walk(made.gallery, name, silhouettes(10 * k + 2, frames=5 + k))
    for k in range(3):
        for kind in ("nm-01", "nm-05"):
            for view in ("000", "090"):
                seed = 10 * k + 5 * (kind == "nm-05") + (view == "090")
                write_walk(made.dataset, f"00{k + 1}/{kind}/{view}", silhouettes(seed))
    return made
