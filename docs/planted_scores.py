"""The scores of planted evidence: where they are kept, which layer a rule finds, and who wins."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from visual_analyse.explain.defaults import first_of_last, nearest

HERE = Path(__file__).parent
CSV, PAGE = HERE / "planted.csv", HERE / "planted.md"
USUAL_WAY = ("grad_cam-abs", "last", "match")
SILHOUETTES = ("gaitset", "gaitbase")
ORDERED = ("gaitgraph2", "gaittr", "gaitgl")  # models that see the order of frames
REGIONS = ("head", "trunk", "arms", "legs")
MOMENT = "swing"
INPUTS = ("integrated_gradients", "occlusion")
PERTURBING = "perturbing"
LEAST = 1 / 3  # of the probes, four times what chance recognises: a model below has not learned what was planted
Row = dict[str, Any]
Way = tuple[str, str, str]  # method and sign, the rule of its layer, target

# Rules that find a layer of any model: from its convolutions in order, those of them that have frames, the grid of
# each, steps and all, and how many frames it sees.
Rule = Callable[[Sequence[Any], Sequence[Any], Mapping[Any, Any], Mapping[Any, int]], Any]
RULES: dict[str, Rule] = {
    "first": lambda every, framed, grids, reach: every[0],
    "middle of frames": lambda every, framed, grids, reach: framed[len(framed) // 2],
    "first on the last grid of frames": lambda every, framed, grids, reach: first_of_last(framed, grids),
    "first on the last grid of single frames": lambda every, framed, grids, reach: first_of_last(
        nearest(framed, reach), grids
    ),
    "first of single frames": lambda every, framed, grids, reach: nearest(framed, reach)[0],
    "last of single frames": lambda every, framed, grids, reach: nearest(framed, reach)[-1],
    "last but one of frames": lambda every, framed, grids, reach: framed[max(0, len(framed) - 2)],
    "last of frames": lambda every, framed, grids, reach: framed[-1],
    "first on the last grid": lambda every, framed, grids, reach: first_of_last(every, grids),
    "last but one": lambda every, framed, grids, reach: every[max(0, len(every) - 2)],
    "last": lambda every, framed, grids, reach: every[-1],
}


def numbers(rows: Iterable[Mapping[str, str]]) -> list[Row]:
    """Rows as read from the CSV, with numbers for numbers."""
    whole = dict.fromkeys(("layer", "probes", "reach"), int)
    kinds: dict[str, Callable[[str], Any]] = {**whole, "pooled": lambda word: word == "True"}
    texts = {"model", "plant", "target", "way", "grid"}
    return [
        {key: value if key in texts else kinds.get(key, float)(value) for key, value in row.items()} for row in rows
    ]


def read_rows(path: Path = CSV) -> list[Row]:
    """The scores that were kept."""
    return rows_in(path.read_text(encoding="utf-8"))


def rows_in(text: str) -> list[Row]:
    """The scores in the text of a CSV."""
    return numbers(csv.DictReader(io.StringIO(text, newline="")))


def csv_of(rows: Sequence[Row]) -> str:
    """All scores, a line each; shares in thousandths."""
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(
        {key: f"{value:.3f}" if isinstance(value, float) else value for key, value in row.items()} for row in rows
    )
    return text.getvalue()


def layer_by(rule: str, rows: Sequence[Row], model: str) -> int:
    """The layer of a model that a rule finds."""
    mine = [row for row in rows if row["model"] == model and row["layer"] > 0]
    of_model, grids, reach = ({row["layer"]: row[what] for row in mine} for what in ("pooled", "grid", "reach"))
    every = sorted(of_model)
    found: int = RULES[rule](every, [layer for layer in every if not of_model[layer]] or every, grids, reach)
    return found


def reached(rows: Sequence[Row], model: str, plant: str, layer: int, way: str, target: str = "match") -> float:
    """The share of the ceiling that a way reaches; NaN where it was not tried."""
    for row in rows:
        if (row["model"], row["plant"], row["layer"], row["way"], row["target"]) == (model, plant, layer, way, target):
            return share_reached(row)
    return float("nan")


def share_reached(row: Row) -> float:
    """As a share of the ceiling; of the moment, how much of the evidence lies in its frames."""
    return float(row["when_found"] if row["plant"] == MOMENT else row["where_found"] / row["where_ceiling"])


def candidates(
    rows: Sequence[Row], models: Sequence[str] = SILHOUETTES, plants: Sequence[str] = REGIONS
) -> dict[Way, list[float]]:
    """The shares reached by every way, at every rule's layer or at the input, of every target: plant by plant.

    Of those of `models` that learned them. In time, layers that are pooled over it are none.
    """
    known = {
        (row["model"], row["plant"], row["layer"], row["way"], row["target"]): share_reached(row)
        for row in rows
        if row["model"] in models and row["plant"] in plants and row["rank1"] >= LEAST
        if not (row["pooled"] and row["plant"] == MOMENT)
    }
    pairs = sorted({(model, plant) for model, plant, *_ in known})
    found: dict[Way, list[float]] = {}
    for way, target in dict.fromkeys((way, target) for *_, way, target in known):
        of_input = way.startswith(INPUTS)
        for rule in ["input"] if of_input else RULES:
            layers = {model: 0 if of_input else layer_by(rule, rows, model) for model, _ in pairs}
            values = [known.get((model, plant, layers[model], way, target), float("nan")) for model, plant in pairs]
            if not np.isnan(values).any():
                found[way, rule, target] = values
    return found


def in_time(rows: Sequence[Row], single: bool = True) -> dict[Way, list[float]]:
    """The candidates of the moment, in models that see the order of frames.

    On layers of `single` frames, or of as few as the model has: of others, a step says what many frames say.
    """
    found = candidates(rows, ORDERED, (MOMENT,))
    return {way: values for way, values in found.items() if not single or way[1].endswith("of single frames")}


def winner(scores: dict[Way, list[float]]) -> Way:
    """The way whose worst region is best, and of equals the one that is best in the mean."""
    return max(scores, key=lambda key: (round(min(scores[key]), 4), np.mean(scores[key])))


def way_of(method: str, sign: str) -> str:
    """What a way is called in the rows."""
    return method if sign == "signed" else f"{method}-{sign}"
