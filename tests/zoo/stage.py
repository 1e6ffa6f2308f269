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
KINDS = ("nm-01", "nm-05")


@dataclass(frozen=True)
class Stage:
    """What is made in `folder`, as it is asked for: `config`, and the walks of `dataset`, `probes` and `gallery`."""

    row: Row
    opengait: Path
    folder: Path

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
    def dataset(self) -> Path:
        """Two walks of each person."""
        return self._walks("Dataset", [(person, kind) for person in PEOPLE for kind in KINDS])

    @property
    def probes(self) -> Path:
        """One walk of the data set."""
        return self._walks("Probes", [(PEOPLE[0], KINDS[1])])

    @property
    def gallery(self) -> Path:
        """The other walks of everybody."""
        return self._walks("Gallery", [(person, KINDS[0]) for person in PEOPLE])

    @property
    def probe(self) -> Sequence:
        return scan(self.probes)[0]

    @property
    def walks(self) -> list[Sequence]:
        """All walks of the data set."""
        return scan(self.dataset)

    @property
    def match(self) -> Sequence:
        """A walk of somebody else."""
        return scan(self.gallery)[-1]

    def model(self) -> GaitModel:
        """The row's model, with random weights. Raises VisualAnalyseError where it cannot be built."""
        return load_model(self.config, checkout=self.opengait, checkpoint="none", device="cpu")

    def _walks(self, name: str, whose: list[tuple[str, str]]) -> Path:
        root = self.folder / name
        for person, kind in whose:
            place = root / person / kind / "090"
            if not place.is_dir():
                place.mkdir(parents=True)
                self._write(place, 2 * PEOPLE.index(person) + KINDS.index(kind))
        return root

    def _write(self, place: Path, seed: int) -> None:
        """One pkl for each input, where `data_in_use` looks for it, and files that nobody reads in the other places."""
        inputs = self.row.walk(seed)
        chosen = self.settings.data_in_use or list(range(len(inputs)))
        wanted = [k for k, use in enumerate(chosen) if use] if isinstance(chosen[0], bool) else chosen
        assert len(wanted) == len(inputs), f"{self.row.name}: {len(inputs)} inputs for data_in_use {chosen}"
        count = len(chosen) if isinstance(chosen[0], bool) else max(chosen) + 1
        files: list[Any] = [np.zeros(self.row.frames, np.float32)] * count
        for k, data in zip(wanted, inputs, strict=True):
            files[k] = data
        for k, data in enumerate(files):
            (place / f"{k:02d}.pkl").write_bytes(pickle.dumps(data))
