"""Why one probe matched one gallery walk, as a frozen record and its .npz."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from visual_analyse.errors import VisualAnalyseError
from visual_analyse.files import write_whole
from visual_analyse.results.archive import Array, read_npz, some_of


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


@dataclass(frozen=True)
class LayerEvidence:
    """The signed maps of one layer on the layer's own grid.

    `maps` float32, positive where the layer speaks for the match: `[t, gh, gw]` on pictures, `[t, g]` on joints or
    points. `spans` int64 `[t, 2]`, the window of frames `first:last+1` of each step (stored as first, last + 1).
    `calls`, how often the layer ran in one forward; `pooled`, whether it lies after set pooling, one map for the whole
    walk. `on`, the input it lies on; `sees`, all inputs that it depends on. `cells` int32, of joints or points: which
    of a frame's each cell stands for, -1 where there are no more: `[g, k]` of joints, `[t, g, k]` of points; None where
    cell i stands for joint or point i.
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

    @property
    def key(self) -> str:
        """Its name in a result file: `<number>_<name>`, dots written as hyphens."""
        return f"{self.number}_{self.name.replace('.', '-')}"

    @property
    def strength(self) -> float:
        """The largest absolute value over the clip: the one scale of all its pictures."""
        return float(np.abs(self.maps).max()) if self.maps.size else 0.0


@dataclass(frozen=True, repr=False)
class Evidence:
    """Why one probe matched one gallery walk: the frames, the maps of each layer, the ledger of parts.

    `frames`, the first input that can be drawn, as the model saw it: pictures uint8 `[s, h, w]` or `[s, h, w, 3]`,
    joints float32 `[s, v, 3]` (column, row, confidence), or points float32 `[s, q, 3]`; `kind` says which. `inputs`
    holds the others, numbered from 1, alike; `kinds` says what each is. `parts` float64 `[p]`, what each part adds to
    the distance (they sum to it); `manifest`, how it was made.

    >>> Evidence.load(Path("GaitSet_001-nm-05-090.npz")).distance  # doctest: +SKIP
    """

    frames: Array
    layers: tuple[LayerEvidence, ...]
    parts: Array
    manifest: Mapping[str, Any] = field(default_factory=dict)
    inputs: Mapping[str, Array] = field(default_factory=dict)
    kind: InputKind = field(default_factory=lambda: InputKind("silhouette"))
    kinds: Mapping[str, InputKind] = field(default_factory=dict)

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
        facts = {
            layer.key: {"number": layer.number, "name": layer.name, "kind": layer.kind, "calls": layer.calls,
                        "input": layer.on, "sees": list(layer.sees), "pooled": layer.pooled}
            for layer in self.layers
        }  # fmt: skip
        kinds = {number: asdict(kind) for number, kind in self.kinds.items()}
        manifest = {**self.manifest, "layers": facts, "input_kind": asdict(self.kind), "input_kinds": kinds}
        arrays: dict[str, Any] = {_place(self.kind): self.frames, "parts": self.parts.astype(np.float64)}
        if self.kind.edges:
            arrays["edges"] = np.array(self.kind.edges, np.int64)
        arrays.update({f"inputs/{name}": array for name, array in self.inputs.items()})
        for layer in self.layers:
            arrays[f"maps/{layer.key}"] = layer.maps.astype(np.float32)
            arrays[f"spans/{layer.key}"] = layer.spans.astype(np.int64)
            if layer.cells is not None:
                arrays[f"cells/{layer.key}"] = layer.cells.astype(np.int32)
        arrays["manifest"] = np.array(json.dumps(manifest, ensure_ascii=False, default=str))
        return write_whole(path, lambda stream: np.savez_compressed(stream, **arrays))

    @staticmethod
    def load(path: Path) -> Evidence:
        """Read one result file without running code from it.

        Raises VisualAnalyseError for a file that is no result, is cut short, or is one of the older tool's.
        """
        arrays = read_npz(path)
        missing = [name for name in ("parts", "manifest") if name not in arrays]
        missing += [] if any(name in arrays for name in _PLACES.values()) else ["frames"]
        if missing:
            raise VisualAnalyseError(
                f"{path} is no Grad-CAM result: it lacks {', '.join(missing)}; it holds {some_of(arrays)}. "
                "Name an .npz written by 'python -m visual_analyse.grad_cam'."
            )
        try:
            manifest = json.loads(str(arrays["manifest"]))
            layers = tuple(
                LayerEvidence(
                    number=int(fact["number"]), name=str(fact["name"]), kind=str(fact["kind"]),
                    maps=arrays[f"maps/{key}"], spans=arrays[f"spans/{key}"],
                    calls=int(fact["calls"]), on=int(fact["input"]), pooled=bool(fact["pooled"]),
                    sees=tuple(map(int, fact.get("sees", [fact["input"]]))), cells=arrays.get(f"cells/{key}"),
                )
                for key, fact in manifest["layers"].items()
            )  # fmt: skip
            kind = _kind(manifest["input_kind"])
            kinds = {str(number): _kind(fact) for number, fact in manifest.get("input_kinds", {}).items()}
            frames = arrays[_place(kind)]
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise VisualAnalyseError(
                f"{path} is no Grad-CAM result of this tool: its manifest and its maps do not agree ({error}). "
                "Run 'python -m visual_analyse.grad_cam' again to make it anew."
            ) from error
        inputs = {name[len("inputs/") :]: array for name, array in arrays.items() if name.startswith("inputs/")}
        return Evidence(frames, layers, arrays["parts"], manifest, inputs, kind, kinds)


# The name that a result file has for the first input, by how it is drawn.
_PLACES = {"frames": "frames", "joints": "joints", "points": "points"}


def _place(kind: InputKind) -> str:
    return _PLACES.get(kind.picture, "frames")


def _kind(fact: Mapping[str, Any]) -> InputKind:
    return InputKind(
        str(fact["name"]),
        str(fact["picture"]),
        tuple((int(r), int(g), int(b)) for r, g, b in fact["palette"]),
        tuple((int(a), int(b)) for a, b in fact["edges"]),
        tuple(str(name) for name in fact.get("joints", ())),
    )
