"""A row of the catalogue as a user would have it: a config, and a data set of three people on disk."""

from __future__ import annotations

import copy
import pickle
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from tests.zoo.rows import Row
from visual_analyse.gait.config import Config, read_config
from visual_analyse.gait.sequences import Sequence, scan
from visual_analyse.models.gait_model import GaitModel
from visual_analyse.models.load import load_model

PEOPLE = ("001", "002", "003")
SHORT = 8  # frames are enough to show what a model does; some rows have fewer, skeletons more


@dataclass(frozen=True)
class Stage:
    """What stands in `folder`: `config`, the walks of `gallery` (two a person), and one of `probes`."""

    row: Row
    opengait: Path
    folder: Path

    @property
    def frames(self) -> int:
        """How many frames a walk has: few, but for skeletons, which are small."""
        return self.row.frames if self.row.inputs[0].startswith("pose") else min(self.row.frames, SHORT)

    @cached_property
    def config(self) -> Path:
        """The row's own config, or a copy that has its edits."""
        path = self.opengait / "configs" / self.row.config
        if not self.row.edits:
            return path
        sections = copy.deepcopy(yaml.safe_load(path.read_bytes()))
        for dotted, value in self.row.edits.items():
            *way, last = dotted.split(".")
            section = sections
            for name in way:
                section = section[name]
            section[last] = value
        edited = self.folder / path.name
        edited.write_text(yaml.safe_dump(sections), encoding="utf-8")
        return edited

    @cached_property
    def settings(self) -> Config:
        """What the config says, over the checkout's defaults."""
        return read_config(self.config, self.opengait / "configs" / "default.yaml")

    @property
    def probes(self) -> Path:
        return self._walks("Probes", [("001", "nm-05")])

    @property
    def gallery(self) -> Path:
        return self._walks("Gallery", [(person, kind) for person in PEOPLE for kind in ("nm-01", "nm-02")])

    @property
    def probe(self) -> Sequence:
        return scan(self.probes)[0]

    def model(self) -> GaitModel:
        """The row's model, with random weights. Raises VisualAnalyseError where it cannot be built."""
        return load_model(self.config, checkout=self.opengait, checkpoint="none", device="cpu")

    def _walks(self, name: str, whose: list[tuple[str, str]]) -> Path:
        root = self.folder / name
        for number, (person, kind) in enumerate(whose):
            place = root / person / kind / "090"
            if not place.is_dir():
                place.mkdir(parents=True)
                self._write(place, 10 * (name == "Probes") + number)
        return root

    def _write(self, place: Path, seed: int) -> None:
        """One pkl for each input, where `data_in_use` looks for it, and files that nobody reads in the other places."""
        inputs = self.row.walk(seed, self.frames)
        chosen = self.settings.data_in_use or list(range(len(inputs)))
        wanted = [k for k, use in enumerate(chosen) if use] if isinstance(chosen[0], bool) else chosen
        assert len(wanted) == len(inputs), f"{self.row.name}: {len(inputs)} inputs for data_in_use {chosen}"
        count = len(chosen) if isinstance(chosen[0], bool) else max(chosen) + 1
        files: list[Any] = [np.zeros(self.frames, np.float32)] * count
        for k, data in zip(wanted, inputs, strict=True):
            files[k] = data
        for k, data in enumerate(files):
            (place / f"{k:02d}.pkl").write_bytes(pickle.dumps(data))
