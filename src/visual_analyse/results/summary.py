"""The mean evidence of many probes, group by group: one probe's map is an anecdote."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from visual_analyse.errors import VisualAnalyseError
from visual_analyse.files import write_whole
from visual_analyse.results.archive import Array, read_npz
from visual_analyse.results.layer import InputKind, kind_of

_ARRAYS = ("body", "maps", "regions", "parts", "phases")


@dataclass(frozen=True)
class Group:
    """The mean over some probes, each of which counts alike: its evidence is in shares of its total, |for| + |against|.

    `by`: what parts the groups, "all", "condition", "view" or "outcome"; `name`, which group. `body` float `[h, w]`,
    the mean silhouette, 0 to 1, or `[v, 2]`, the mean column and row of each joint in heights of the body, from its
    middle and its top; `maps` float `[h, w]` or `[v]`, the mean signed evidence there. With the 95 % interval
    over probes (mean, low, high): `regions` `[r, 2, 3]`, the evidence for and (negative) against in each region;
    `parts` `[p, 3]`, the share of each part in the distance; `phases` `[b, 3]`, the net evidence in equal bins of the
    step's phase, NaN where it is known of no probe.
    """

    by: str
    name: str
    probes: int
    body: Array
    maps: Array
    regions: Array
    parts: Array
    phases: Array


@dataclass(frozen=True)
class Summary:
    """The groups of many probes on one layer.

    `layer` is its key in the results, `region_names` the regions of the groups, `heights` and `kind`, of silhouettes or
    joints, as Evidence has them.

    >>> Summary.load(Path("GaitSet_CASIA-B_summary.npz")).groups[0].probes  # doctest: +SKIP
    240
    """

    layer: str
    groups: tuple[Group, ...]
    region_names: tuple[str, ...]
    heights: Array | None = None
    manifest: Mapping[str, Any] = field(default_factory=dict)
    kind: InputKind = field(default_factory=lambda: InputKind("silhouette"))

    def save(self, path: Path) -> Path:
        """Write it as an .npz, whole or not at all, readable with `allow_pickle=False`."""
        facts = [{"by": group.by, "name": group.name, "probes": group.probes} for group in self.groups]
        manifest = {**self.manifest, "layer": self.layer, "region_names": list(self.region_names), "groups": facts,
                    "input_kind": asdict(self.kind)}  # fmt: skip
        arrays: dict[str, Any] = {
            f"groups/{k}/{name}": getattr(group, name) for k, group in enumerate(self.groups) for name in _ARRAYS
        }
        if self.heights is not None:
            arrays["heights"] = self.heights
        arrays["manifest"] = np.array(json.dumps(manifest, ensure_ascii=False, default=str))
        return write_whole(path, lambda stream: np.savez_compressed(stream, **arrays))

    @staticmethod
    def load(path: Path) -> Summary:
        """Read what `save` wrote. Raises VisualAnalyseError for a file that is none."""
        arrays = read_npz(path)
        try:
            manifest = json.loads(str(arrays["manifest"]))
            groups = tuple(
                Group(
                    fact["by"], fact["name"], int(fact["probes"]), *(arrays[f"groups/{k}/{name}"] for name in _ARRAYS)
                )
                for k, fact in enumerate(manifest["groups"])
            )
            names = tuple(map(str, manifest["region_names"]))
            kind = kind_of(manifest["input_kind"])
            return Summary(str(manifest["layer"]), groups, names, arrays.get("heights"), manifest, kind)
        except (KeyError, TypeError, ValueError) as error:
            raise VisualAnalyseError(
                f"{path} is no summary of many probes: it lacks or garbles {error}. "
                "Name a *_summary.npz written by 'visual-analyse summary'."
            ) from error
