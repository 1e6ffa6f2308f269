"""The mean evidence of many probes, by condition, view and outcome: one probe's map is an anecdote."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from visual_analyse.errors import VisualAnalyseError
from visual_analyse.measure.interval import mean_interval
from visual_analyse.names import listed, plain
from visual_analyse.results import Evidence, Group, LayerEvidence, Summary
from visual_analyse.results.sums import by_frame, spread_on

PHASES = 10  # bins of a step
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class _Probe:
    """What one probe adds: its evidence in shares of all that it has."""

    labels: dict[str, str]
    body: Floats  # [h, w], of joints [v, 2]
    maps: Floats  # [h, w], of joints [v]
    regions: Floats  # [r, 2]
    parts: Floats  # [p]
    phases: Floats  # [b]


def summarise(evidences: Iterable[Evidence], layer: str | None = None) -> Summary:
    """The mean of many probes' evidence on one layer, by its key; on the first of the first probe where none is named.

    Where none is named and `explain` chose one layer for where and another for when, the phase is of the latter; the
    manifest says so ("phases_of").

    Raises VisualAnalyseError where there are no probes, one lacks the layer, or they are of several models, sizes or
    targets, or hold neither silhouettes nor joints.

    >>> summarise(Evidence.load(path) for path in paths).groups[0].by  # doctest: +SKIP
    'all'
    """
    probes: list[_Probe] = []
    first: Evidence | None = None
    when: str | None = layer
    for evidence in evidences:
        when = when or _layer_for_when(evidence)
        layer = evidence.layers[0].key if layer is None else layer
        first = first or evidence
        _alike(evidence, first)
        probes.append(_read(evidence, layer, when))
    if first is None or layer is None:
        raise VisualAnalyseError("There is no probe to take the mean of. Name results of 'visual-analyse explain'.")
    groups = [_group("all", "all", probes)]
    for by in ("condition", "view", "outcome"):
        names = sorted({probe.labels[by] for probe in probes if by in probe.labels})
        if len(names) > 1:
            groups += [_group(by, name, [probe for probe in probes if probe.labels.get(by) == name]) for name in names]
    kept = ("model", "config", "checkpoint", "method", "sign", "asked", "metric", "versions")
    manifest = {key: first.manifest[key] for key in kept if key in first.manifest} | {"phases_of": when}
    return Summary(layer, tuple(groups), first.region_names, first.heights, manifest, first.kind)


def _alike(evidence: Evidence, first: Evidence) -> None:
    for what, one, other in (
        ("models", evidence.manifest.get("model"), first.manifest.get("model")),
        ("targets", evidence.manifest.get("asked"), first.manifest.get("asked")),
        ("methods", evidence.manifest.get("method"), first.manifest.get("method")),
        ("kinds of input", evidence.kind.name, first.kind.name),
        ("sizes", evidence.frames.shape[1:3], first.frames.shape[1:3]),
        ("kinds of regions", evidence.region_names, first.region_names),
    ):
        if one != other:
            raise VisualAnalyseError(
                f"The results are of several {what} ({plain(str(one))} and {plain(str(other))}), which have no mean. "
                "Name a folder that holds one run."
            )


def _layer_for_when(evidence: Evidence) -> str:
    """The key of the layer that was chosen for when; of the first layer where none was."""
    number = evidence.manifest.get("chosen", {}).get("when")
    return next((one.key for one in evidence.layers if one.number == number), evidence.layers[0].key)


def _found(evidence: Evidence, key: str) -> LayerEvidence:
    for layer in evidence.layers:
        if layer.key == key:
            return layer
    name, there = plain(str(evidence.manifest["probe"]["name"])), listed([layer.key for layer in evidence.layers])
    raise VisualAnalyseError(f"The result of {name} has no layer {plain(key)}; it has {there}. Name one with --layer.")


def _read(evidence: Evidence, key: str, when: str) -> _Probe:
    layer, timed = _found(evidence, key), _found(evidence, when)
    name = plain(str(evidence.manifest["probe"]["name"]))
    joints = evidence.kind.picture == "joints"
    if layer.on != 0 or (layer.maps.ndim != 2 if joints else evidence.kind.picture != "grey" or layer.maps.ndim != 3):
        raise VisualAnalyseError(
            f"The layer {plain(key)} of {name} lies on {_under(evidence, layer)}; a mean body is of silhouettes or of "
            "joints. Name results of such."
        )
    speaks, against = sides(evidence, layer)
    total = float(np.abs(speaks.maps).sum() + np.abs(against.maps).sum()) or 1.0
    frames, size = len(evidence.frames), evidence.frames.shape[1 : 2 if joints else 3]
    both = [spread_on(one, frames, size) / total for one in (speaks, against)]
    regions = evidence.regions if evidence.regions is not None else np.zeros((frames, *size), np.uint8)
    counts = range(1, len(evidence.region_names) + 1)
    by_region = [[float(one[regions == number].sum()) for one in both] for number in counts]
    about = evidence.manifest["probe"]
    labels = {"condition": family(str(about["type"])), "view": str(about["view"])} if "type" in about else {}
    right = evidence.manifest.get("match", {}).get("right")
    if right is not None:
        labels["outcome"] = "right" if right else "wrong"
    body = mean_pose(evidence.frames) if joints else evidence.frames.mean(0) / 255.0
    return _Probe(
        labels, body, (both[0] + both[1]).sum(0), np.array(by_region).reshape(-1, 2),
        evidence.parts / (evidence.distance or 1.0), _by_phase(evidence, sides(evidence, timed)),
    )  # fmt: skip


def _under(evidence: Evidence, layer: LayerEvidence) -> str:
    return evidence.seen_by(layer)[1].name


def mean_pose(poses: NDArray[Any]) -> Floats:
    """The mean column and row of each joint of poses `[s, v, 3]`, `[v, 2]`, in heights of the walk's body.

    Columns from the middle of each frame's joints, rows from the top of all. NaN for a joint that is always missing.

    >>> mean_pose(np.array([[[4.0, 10.0, 1.0], [8.0, 20.0, 1.0]]])).tolist()
    [[-0.2, 0.0], [0.2, 1.0]]
    """
    places = np.where((poses != 0).any(-1, keepdims=True), poses[..., :2], np.nan).astype(np.float64)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # of what is missing all the time there is no mean
        top, bottom = np.nanmin(places[..., 1]), np.nanmax(places[..., 1])
        places[..., 0] -= np.nanmean(places[..., 0], axis=1, keepdims=True)
        places[..., 1] -= top
        return np.asarray(np.nanmean(places, axis=0) / ((bottom - top) or 1.0))


def sides(evidence: Evidence, layer: LayerEvidence) -> tuple[LayerEvidence, LayerEvidence]:
    """A layer's evidence for, and (negative) against, as the result holds them; else the two signs of its map.

    >>> sides(evidence, evidence.layers[0])[1].maps.max() <= 0  # doctest: +SKIP
    True
    """
    method = str(evidence.manifest.get("method", ""))
    own = {
        further.method: further for further in evidence.further
        if (further.number, further.name) == (layer.number, layer.name)
    }  # fmt: skip
    sign = str(evidence.manifest.get("sign", "signed"))
    own.setdefault(method if sign == "signed" else f"{method}-{sign}", layer)
    speaks, against = own.get(f"{method}-for"), own.get(f"{method}-against")
    # Of a linear method either is the whole signed map.
    if speaks is not None and against is not None and speaks.maps.min() >= 0 >= against.maps.max():
        return speaks, against
    signed = own.get(method, layer)
    return tuple(_clipped(signed, low, high) for low, high in ((0, None), (None, 0)))  # type: ignore[return-value]


def _clipped(layer: LayerEvidence, low: float | None, high: float | None) -> LayerEvidence:
    return replace(layer, maps=np.clip(layer.maps, low, high))


def family(condition: str) -> str:
    """What a condition is a repetition of.

    >>> family("nm-05"), family("00"), family("U0_D0")
    ('nm', '00', 'U0_D0')
    """
    return re.sub(r"(?<=[A-Za-z])[-_]\d+$", "", condition)


def _by_phase(evidence: Evidence, both: Sequence[LayerEvidence]) -> Floats:
    """The net evidence in each bin of the step, each bin's frames counting alike; NaN where the phase is unknown.

    In shares of all that the layer has, for and against.
    """
    total = sum(float(np.abs(one.maps).sum()) for one in both) or 1.0
    net = sum(sum(by_frame(one, len(evidence.frames))) for one in both) / total
    found = np.full(PHASES, np.nan)
    if evidence.phase is None or all(one.pooled for one in both):
        return found
    bins = np.floor(np.mod(evidence.phase, 1) * PHASES)
    for place in range(PHASES):
        if (bins == place).any():
            found[place] = np.asarray(net)[bins == place].mean()
    return found


def _group(by: str, name: str, probes: Sequence[_Probe]) -> Group:
    def stacked(what: str) -> NDArray[Any]:
        return np.stack([getattr(probe, what) for probe in probes])

    return Group(
        by, name, len(probes), stacked("body").mean(0), stacked("maps").mean(0), mean_interval(stacked("regions")),
        mean_interval(stacked("parts")), mean_interval(stacked("phases")),
    )  # fmt: skip
