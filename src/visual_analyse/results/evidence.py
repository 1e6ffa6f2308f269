"""Why one probe matched one gallery walk, as a frozen record and its .npz."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from visual_analyse.files import write_whole
from visual_analyse.results.archive import Array
from visual_analyse.results.evidence_file import arrays_of, read_fields
from visual_analyse.results.layer import InputKind, LayerEvidence
from visual_analyse.results.ledger import Ledger


@dataclass(frozen=True, repr=False)
class Evidence:
    """Why one probe matched one gallery walk: the frames, the maps of each layer, the ledger of parts.

    `frames`, the first input that can be drawn, as the model saw it: pictures uint8 `[s, h, w]` or `[s, h, w, 3]`,
    joints float32 `[s, v, 3]` (column, row, confidence), or points float32 `[s, q, 3]`; `kind` says which. `inputs`
    holds the others, numbered from 1, alike; `kinds` says what each is. `parts` float64 `[p]`, what each part adds to
    the distance (they sum to it); `manifest`, how it was made.

    What `explain` adds: `further`, maps by other methods or of other targets; `ledgers`, the parts for each walk that
    the probe was compared with by name; `heights` float32 `[p, h]`, how much each part looks at each row of the frames,
    of which every row sums to one (to zero of a part that nothing moves); `phase` float64 `[s]`, the fraction of a
    step, from 0 to 1, NaN where it cannot be told; `regions` uint8 `[s, h, w]`, or of joints `[s, v]`, the place of
    each pixel's or joint's body region in `region_names`, 0 for none; `matched`, the walk it matched, explained alike.

    >>> Evidence.load(Path("GaitSet_001-nm-05-090.npz")).distance  # doctest: +SKIP
    """

    frames: Array
    layers: tuple[LayerEvidence, ...]
    parts: Array
    manifest: Mapping[str, Any] = field(default_factory=dict)
    inputs: Mapping[str, Array] = field(default_factory=dict)
    kind: InputKind = field(default_factory=lambda: InputKind("silhouette"))
    kinds: Mapping[str, InputKind] = field(default_factory=dict)
    further: tuple[LayerEvidence, ...] = ()
    ledgers: tuple[Ledger, ...] = ()
    heights: Array | None = None
    phase: Array | None = None
    regions: Array | None = None
    region_names: tuple[str, ...] = ()
    matched: Evidence | None = None

    def seen_by(self, layer: LayerEvidence) -> tuple[Array, InputKind]:
        """The input that a layer lies on, and what it is; the first one where its own cannot be drawn."""
        kind = self.kinds.get(str(layer.on))
        if kind is None or kind.picture == "none":
            return self.frames, self.kind
        return self.inputs[str(layer.on)], kind

    @property
    def distance(self) -> float:
        """The distance to the match, the sum of `parts`."""
        return float(self.parts.sum())

    @property
    def of_random_weights(self) -> bool:
        """Whether the model had no checkpoint, so that the maps mean nothing."""
        return "checkpoint" in self.manifest and self.manifest["checkpoint"] is None

    @property
    def strongest(self) -> int:
        """The frame, from 0, on which the layers together have most to show, each on its own scale."""
        total = np.zeros(len(self.frames))
        for layer in self.layers:
            peaks = np.abs(layer.maps).reshape(len(layer.maps), -1).max(1) / max(layer.strength, 1e-30)
            for peak, (first, end) in zip(peaks, layer.spans, strict=True):
                total[first:end] += peak
        return int(total.argmax())

    def __repr__(self) -> str:
        names = ", ".join(layer.key for layer in self.layers[:4]) + (", ..." if len(self.layers) > 4 else "")
        probe, match = (dict(self.manifest.get(who) or {}).get("name", "?") for who in ("probe", "match"))
        return f"Evidence({probe} -> {match}, distance {self.distance:.4g}, {len(self.frames)} frames, {names})"

    def save(self, path: Path) -> Path:
        """Write the contract's .npz, whole or not at all, readable with `allow_pickle=False`."""
        arrays: dict[str, Any] = arrays_of(self)
        return write_whole(path, lambda stream: np.savez_compressed(stream, **arrays))

    @staticmethod
    def load(path: Path) -> Evidence:
        """Read one result file without running code from it.

        Raises VisualAnalyseError for a file that is no result, is cut short, or is one of the older tool's.
        """
        own, matched = read_fields(path)
        return Evidence(**own, matched=None if matched is None else Evidence(**matched))
