"""Results side by side: one row a model, on one colour scale."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from visual_analyse.draw.style import Style
from visual_analyse.errors import VisualAnalyseError
from visual_analyse.results import Evidence


@dataclass(frozen=True)
class Row:
    """One result in a figure: the name of its model, and its evidence."""

    model: str
    evidence: Evidence


@dataclass(frozen=True)
class Card:
    """What must be known of a result file to put it beside others, without keeping its arrays.

    `walk`: digest of the frames; `strength`: the largest absolute value of all maps; `share`: the same, over the
    distance it explains; `picture`, what the frames are drawn as.
    """

    path: Path
    model: str
    probe: str | None
    shape: tuple[int, ...]
    walk: str
    strength: float
    share: float
    picture: str

    @staticmethod
    def of(path: Path, evidence: Evidence) -> Card:
        """The card of one result file."""
        strength = max((layer.strength for layer in evidence.layers), default=0.0)
        distance = evidence.distance
        return Card(
            path, model_name(evidence, path), named(evidence.manifest, "probe"), evidence.frames.shape,
            hashlib.sha256(np.ascontiguousarray(evidence.frames).tobytes()).hexdigest(), strength,
            strength / distance if distance > 0 else 0.0, evidence.kind.picture,
        )  # fmt: skip


def model_name(evidence: Evidence, path: Path) -> str:
    """The model's name: what the manifest says, else the file's name before the probe's."""
    stated = named(evidence.manifest, "model")
    if stated:
        return stated
    probe = named(evidence.manifest, "probe")
    return path.stem.removesuffix(f"_{probe}") if probe else path.stem


def named(manifest: Mapping[str, object], what: str) -> str | None:
    """The name of a thing in a manifest, which is a string or a dictionary with a name."""
    thing = manifest.get(what)
    name = thing.get("name") if isinstance(thing, Mapping) else thing
    return name if isinstance(name, str) and name else None


def answers(evidence: Evidence) -> bool:
    """Whether a classifier's answer is explained, so that there is no match and no distance."""
    return evidence.manifest.get("metric") == "logit"


def group(cards: Sequence[Card]) -> tuple[list[tuple[Card, ...]], list[str]]:
    """Results of the same probe together, and a sentence on each that had to stay apart.

    Results belong together where probe and frames are the same. Order is kept.
    """
    by_probe: dict[str, list[Card]] = {}
    groups: list[tuple[Card, ...]] = []
    sentences: list[str] = []
    for card in cards:
        by_probe.setdefault(card.probe or str(card.path), []).append(card)
    for probe, same in by_probe.items():
        by_walk: dict[str, list[Card]] = {}
        for card in same:
            by_walk.setdefault(f"{card.shape}{card.walk}", []).append(card)
        groups.extend(tuple(members) for members in by_walk.values())
        if len(by_walk) > 1:
            sizes = "; ".join(f"{members[0].path.name}: {_frames(members[0])}" for members in by_walk.values())
            sentences.append(
                f"Results of probe {probe} cannot be set side by side: their frames differ ({sizes}). Each is drawn by "
                "itself; run grad_cam on the same walk with all models to compare them."
            )
    if len(cards) > 1 and all(len(members) == 1 for members in groups) and not sentences:
        probes = ", ".join(dict.fromkeys(card.probe or "unknown" for card in cards[:4]))
        sentences.append(
            f"These results are of different probes ({probes}{', ...' if len(cards) > 4 else ''}), so none are set "
            "side by side; rows need results of one probe by several models."
        )
    return groups, sentences


def row_names(cards: Sequence[Card]) -> list[str]:
    """A name a row: the model's, and where two are alike, the folder that tells them apart."""
    models = [card.model for card in cards]
    if len(set(models)) == len(models):
        return models
    parents = [card.path.resolve().parent for card in cards]
    common = Path(os.path.commonpath(parents))
    folders = [str(parent.relative_to(common)) for parent in parents]
    if len(set(folders)) < len(folders):
        folders = [card.path.stem for card in cards]
    return [f"{model} ({folder})" if models.count(model) > 1 else model
            for model, folder in zip(models, folders, strict=True)]  # fmt: skip


def ends(rows: Sequence[Row], style: Style) -> list[list[float]]:
    """The end of the colour scale of every layer of every row, in the units of that row's maps.

    One result: its own strength a layer ("clip"), the largest of its layers ("shared"), or the number given. Several:
    maps are measured as shares of the distance they explain, since embeddings of two models have no common unit; the
    scale is that of the strongest row a column ("clip"), of all ("shared"), or the share given.

    Raises VisualAnalyseError where a row explains a distance that is not above zero.
    """
    units = [1.0] if len(rows) == 1 else [_unit(row) for row in rows]
    shares = [[layer.strength / unit for layer in row.evidence.layers] for row, unit in zip(rows, units, strict=True)]
    if isinstance(style.scale, str) and style.scale == "clip":
        width = max((len(line) for line in shares), default=0)
        tops = [max(line[k] for line in shares if k < len(line)) for k in range(width)]
    else:
        top = max((value for line in shares for value in line), default=0.0)
        if style.scale != "shared":
            top = float(style.scale)
        tops = [top] * max((len(line) for line in shares), default=0)
    return [[tops[k] * unit for k in range(len(line))] for line, unit in zip(shares, units, strict=True)]


def _unit(row: Row) -> float:
    distance = row.evidence.distance
    if answers(row.evidence):
        raise VisualAnalyseError(
            f"The result of {row.model} explains the score of a class. Rows of several models are drawn as shares of "
            "the distance to a match, and there is none; draw that result alone."
        )
    if not distance > 0:
        raise VisualAnalyseError(
            f"The result of {row.model} explains a distance of {distance:g}. Rows of several models are drawn as "
            "shares of their distance, which must be above zero; draw that result alone."
        )
    return distance


def _frames(card: Card) -> str:
    shape = card.shape
    if card.picture in ("joints", "points") and len(shape) > 1:
        return f"{shape[0]} of {shape[1]} {card.picture}"
    return f"{shape[0]} of {shape[1]}x{shape[2]}" if len(shape) > 2 else str(list(shape))
