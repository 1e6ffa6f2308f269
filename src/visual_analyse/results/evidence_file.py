"""How evidence lies in its .npz: arrays by name, and a manifest in JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from visual_analyse.errors import VisualAnalyseError
from visual_analyse.results.archive import Array, read_npz, some_of
from visual_analyse.results.layer import InputKind, LayerEvidence, kind_of
from visual_analyse.results.ledger import Ledger

GALLERY = "gallery/"  # before the names of what is the matched walk's
# The name that a result file has for the first input, by how it is drawn.
_SAID = ("layers", "further", "ledgers", "matched", "region_names", "input_kind", "input_kinds")
_PLACES = {"frames": "frames", "joints": "joints", "points": "points"}


def arrays_of(evidence: Any) -> dict[str, Array]:
    """The arrays of a result file of an Evidence, by their names."""
    arrays, facts = _own(evidence)
    # What a record that was read and changed no longer has, its manifest must not speak of.
    told = {key: value for key, value in evidence.manifest.items() if key not in _SAID}
    manifest = {**told, **facts}
    arrays["parts"] = evidence.parts.astype(np.float64)
    if evidence.ledgers:
        arrays.update({f"ledgers/{k}": ledger.parts.astype(np.float64) for k, ledger in enumerate(evidence.ledgers)})
        manifest["ledgers"] = [{"walk": ledger.walk, "role": ledger.role} for ledger in evidence.ledgers]
    if evidence.heights is not None:
        arrays["heights"] = evidence.heights.astype(np.float32)
    if evidence.matched is not None:
        theirs, about = _own(evidence.matched)
        arrays.update({GALLERY + name: array for name, array in theirs.items()})
        manifest["matched"] = {
            **{key: value for key, value in evidence.matched.manifest.items() if key not in _SAID}, **about
        }  # fmt: skip
    arrays["manifest"] = np.array(json.dumps(manifest, ensure_ascii=False, default=str))
    return arrays


def _own(evidence: Any) -> tuple[dict[str, Array], dict[str, Any]]:
    """What one of the two walks has: its arrays, and what the manifest says of them."""
    arrays: dict[str, Array] = {_place(evidence.kind): evidence.frames}
    facts: dict[str, Any] = {
        "layers": _facts(evidence.layers),
        "input_kind": asdict(evidence.kind),
        "input_kinds": {number: asdict(kind) for number, kind in evidence.kinds.items()},
    }
    if evidence.further:
        facts["further"] = _facts(evidence.further)
    if evidence.kind.edges:
        arrays["edges"] = np.array(evidence.kind.edges, np.int64)
    arrays.update({f"inputs/{name}": array for name, array in evidence.inputs.items()})
    for layer in (*evidence.layers, *evidence.further):
        arrays[f"maps/{layer.key}"] = layer.maps.astype(np.float32)
        arrays[f"spans/{layer.key}"] = layer.spans.astype(np.int64)
        if layer.cells is not None:
            arrays[f"cells/{layer.key}"] = layer.cells.astype(np.int32)
    if evidence.phase is not None:
        arrays["phase"] = evidence.phase.astype(np.float64)
    if evidence.regions is not None:
        arrays["regions"] = evidence.regions.astype(np.uint8)
        facts["region_names"] = list(evidence.region_names)
    return arrays, facts


def _facts(layers: tuple[LayerEvidence, ...]) -> dict[str, Any]:
    return {
        layer.key: {"number": layer.number, "name": layer.name, "kind": layer.kind, "calls": layer.calls,
                    "input": layer.on, "sees": list(layer.sees), "pooled": layer.pooled,
                    **({"method": layer.method, "target": layer.target} if layer.method else {})}
        for layer in layers
    }  # fmt: skip


def read_fields(path: Path) -> tuple[dict[str, Any], dict[str, Any] | None]:
    """The fields of the Evidence in a result file, and those of the walk it matched; errors as `Evidence.load` has."""
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
        matched = None
        if "matched" in manifest:
            about = manifest.pop("matched")
            theirs = {name[len(GALLERY) :]: array for name, array in arrays.items() if name.startswith(GALLERY)}
            matched = _read(theirs, about, arrays["parts"])
        ledgers = tuple(
            Ledger(str(fact["walk"]), str(fact["role"]), arrays[f"ledgers/{k}"])
            for k, fact in enumerate(manifest.get("ledgers", ()))
        )
        own = _read(arrays, manifest, arrays["parts"])
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise VisualAnalyseError(
            f"{path} is no Grad-CAM result of this tool: its manifest and its maps do not agree ({error}). "
            "Run 'python -m visual_analyse.grad_cam' again to make it anew."
        ) from error
    return {**own, "ledgers": ledgers, "heights": arrays.get("heights")}, matched


def _read(arrays: Mapping[str, Array], manifest: Mapping[str, Any], parts: Array) -> dict[str, Any]:
    kind = kind_of(manifest["input_kind"])
    return {
        "frames": arrays[_place(kind)],
        "layers": _layers(arrays, manifest["layers"]),
        "parts": parts,
        "manifest": manifest,
        "inputs": {name[len("inputs/") :]: array for name, array in arrays.items() if name.startswith("inputs/")},
        "kind": kind,
        "kinds": {str(number): kind_of(fact) for number, fact in manifest.get("input_kinds", {}).items()},
        "further": _layers(arrays, manifest.get("further", {})),
        "phase": arrays.get("phase"),
        "regions": arrays.get("regions"),
        "region_names": tuple(map(str, manifest.get("region_names", ()))),
    }


def _layers(arrays: Mapping[str, Array], facts: Mapping[str, Any]) -> tuple[LayerEvidence, ...]:
    return tuple(
        LayerEvidence(
            number=int(fact["number"]), name=str(fact["name"]), kind=str(fact["kind"]),
            maps=arrays[f"maps/{key}"], spans=arrays[f"spans/{key}"],
            calls=int(fact["calls"]), on=int(fact["input"]), pooled=bool(fact["pooled"]),
            sees=tuple(map(int, fact.get("sees", [fact["input"]]))), cells=arrays.get(f"cells/{key}"),
            method=str(fact.get("method", "")), target=str(fact.get("target", "")),
        )
        for key, fact in facts.items()
    )  # fmt: skip


def _place(kind: InputKind) -> str:
    return _PLACES.get(kind.picture, "frames")
