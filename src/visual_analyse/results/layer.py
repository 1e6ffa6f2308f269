"""What an input is, and the maps that one layer has on it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from visual_analyse.results.archive import Array


@dataclass(frozen=True)
class InputKind:
    """How a person looks at an input: silhouettes in grey, parsing in colours, joints on a body.

    `name` is the modality; `picture` is how one frame is drawn ("grey", "rgb",
    "palette" for class ids, "planes", "joints", "points"; "none" for what is no picture). `edges` are the bones between
    joints, `joints` their names.
    """

    name: str
    picture: str = "grey"
    palette: tuple[tuple[int, int, int], ...] = ()
    edges: tuple[tuple[int, int], ...] = ()
    joints: tuple[str, ...] = ()


def kind_of(fact: Mapping[str, Any]) -> InputKind:
    """The kind that `asdict` made plain."""
    return InputKind(
        str(fact["name"]),
        str(fact["picture"]),
        tuple((int(r), int(g), int(b)) for r, g, b in fact["palette"]),
        tuple((int(a), int(b)) for a, b in fact["edges"]),
        tuple(str(name) for name in fact.get("joints", ())),
    )


@dataclass(frozen=True)
class LayerEvidence:
    """The signed maps of one layer on the layer's own grid.

    `maps` float32, positive where the layer speaks for the match: `[t, gh, gw]` on pictures, `[t, g]` on joints or
    points. `spans` int64 `[t, 2]`, the window of frames `first:last+1` of each step (stored as first, last + 1).
    `calls`, how often the layer ran in one forward; `pooled`, whether it lies after set pooling, one map for the whole
    walk. `on`, the input it lies on; `sees`, all inputs that it depends on. `cells` int32, of joints or points: which
    of a frame's each cell stands for, -1 where there are no more: `[g, k]` of joints, `[t, g, k]` of points; None where
    cell i stands for joint or point i. `method` and `target`: how a further map was made and of what; empty for the
    first map of each layer, of which the manifest says so. Layer 0 is the input itself.
    """

    number: int
    name: str
    kind: str
    maps: Array
    spans: Array
    calls: int = 1
    on: int = 0
    pooled: bool = False
    sees: tuple[int, ...] = (0,)
    cells: Array | None = None
    method: str = ""
    target: str = ""

    @property
    def key(self) -> str:
        """Its name in a result file: `<number>_<name>`, dots as hyphens; of further maps also `/<method>/<target>`."""
        key = f"{self.number}_{self.name.replace('.', '-')}"
        return f"{key}/{self.method}/{self.target}" if self.method else key

    @property
    def strength(self) -> float:
        """The largest absolute value over the clip: the one scale of all its pictures."""
        return float(np.abs(self.maps).max()) if self.maps.size else 0.0
