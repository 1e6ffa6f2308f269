"""Probes, and for each the gallery walks it is compared with."""

from __future__ import annotations

from collections.abc import Sequence as ListOf
from dataclasses import dataclass
from pathlib import Path

from visual_analyse.gait.overlap import without_overlap
from visual_analyse.gait.protocols import Protocol
from visual_analyse.gait.selection import select
from visual_analyse.gait.sequences import Choice, Sequence, scan


@dataclass(frozen=True)
class Pairing:
    """The probes of a run and the walks that may be gallery; `protocol`, where a dataset's own rule pairs them.

    >>> Pairing.of_folders(Path("Probes"), Path("Gallery")).probes  # doctest: +SKIP
    """

    probes: tuple[Sequence, ...]
    walks: tuple[Sequence, ...]
    protocol: Protocol | None = None
    data_in_use: Choice = None

    @staticmethod
    def of_folders(probe_dir: Path, gallery_dir: Path, data_in_use: Choice = None) -> Pairing:
        """Every walk of one folder against every walk of another. Raises VisualAnalyseError where one holds none."""
        probes, walks = scan(probe_dir, "--probe_dir"), scan(gallery_dir, "--gallery_dir")
        return Pairing(tuple(probes), tuple(walks), None, data_in_use)

    @staticmethod
    def alone(probe_dir: Path, data_in_use: Choice = None) -> Pairing:
        """Every walk of a folder, compared with none: what a classifier is asked."""
        return Pairing(tuple(scan(probe_dir, "--probe_dir")), (), None, data_in_use)

    @staticmethod
    def of_dataset(root: Path, patterns: ListOf[str], protocol: Protocol, data_in_use: Choice = None) -> Pairing:
        """The walks of a dataset that the patterns name, against its gallery by the dataset's own evaluation."""
        walks = scan(root, "--dataset")
        return Pairing(tuple(select(walks, patterns)), tuple(walks), protocol, data_in_use)

    def gallery_for(self, probe: Sequence) -> tuple[list[Sequence], list[Sequence]]:
        """The gallery of a probe, and what was left out of it because it is the probe itself: same content or name."""
        candidates = self.protocol.gallery_for(probe, self.walks) if self.protocol else list(self.walks)
        return without_overlap(probe, candidates, self.data_in_use)

    def rule(self, probe: Sequence) -> str:
        """How the pairs came about, in words."""
        return self.protocol.rule(probe) if self.protocol else "the gallery is every walk of the gallery folder"
