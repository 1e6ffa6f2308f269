"""The tables of planted evidence: who wins, and by how much."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from visual_analyse.explain.defaults import LAYERS, METHOD, SIGN
from visual_analyse.explain.methods import METHODS

HERE = Path(__file__).parent
CSV, PAGE = HERE / "planted.csv", HERE / "planted.md"
USUAL_WAY = ("grad_cam", "abs", "last")
SILHOUETTES = ("gaitset", "gaitbase")
INPUTS = ("integrated_gradients", "occlusion")
LEAST = 1 / 3  # of the probes, four times what chance recognises: a model below has not learned what was planted
Row = dict[str, Any]

# Rules that find a layer of any model: from the numbers of its convolutions, and which of them have frames.
RULES: dict[str, Callable[[Sequence[int], Sequence[int]], int]] = {
    "first": lambda every, framed: every[0],
    "middle of frames": lambda every, framed: framed[len(framed) // 2],
    "last but one of frames": lambda every, framed: framed[max(0, len(framed) - 2)],
    "last of frames": lambda every, framed: framed[-1],
    "last but one": lambda every, framed: every[max(0, len(every) - 2)],
    "last": lambda every, framed: every[-1],
}
ABOUT = """\
# Where planted evidence is found

On synthetic walkers whose identities differ in one region of the body, or at one moment of the stride, and in nothing
else, small models are trained to tell them apart. Of {held_out} identities that they never saw, the probes that are
recognised are explained, by every method, on every convolution, with every sign. What is scored is how much of the
strongest twentieth of a map over the body lies where identities differ, widened by one cell of the layer's grid; in
shares of the **ceiling**, what a perfect map on the same grid reaches. **Chance** is what a map that knows nothing
reaches. `python -m docs.planted` trains, scores and writes this page and `docs/planted.csv`, which has every number.

The target is the distance to the match, as a user would ask it, unless *contrast* is said. *for* looks at the strongest
evidence for the match, *against* at that against it, *abs* at both.
"""


def numbers(rows: Iterable[Row]) -> list[Row]:
    """Rows as read from the CSV, with numbers for numbers."""
    kinds: dict[str, Callable[[str], Any]] = {"layer": int, "probes": int, "pooled": lambda word: word == "True"}
    texts = {"model", "plant", "name", "target", "way"}
    return [
        {key: value if key in texts else kinds.get(key, float)(value) for key, value in row.items()} for row in rows
    ]


def read_rows(path: Path = CSV) -> list[Row]:
    """The scores that were kept."""
    with path.open(encoding="utf-8", newline="") as stream:
        return numbers(csv.DictReader(stream))


def csv_of(rows: Sequence[Row]) -> str:
    """All scores, a line each."""
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def layer_by(rule: str, rows: Sequence[Row], model: str) -> int:
    """The layer of a model that a rule finds."""
    of_model = {row["layer"]: row["pooled"] for row in rows if row["model"] == model and row["layer"] > 0}
    every = sorted(of_model)
    return RULES[rule](every, [layer for layer in every if not of_model[layer]] or every)


def reached(rows: Sequence[Row], model: str, plant: str, layer: int, way: str, target: str = "match") -> float:
    """The share of the ceiling that a way reaches; NaN where it was not tried."""
    for row in rows:
        if (row["model"], row["plant"], row["layer"], row["way"], row["target"]) == (model, plant, layer, way, target):
            return float(row["where_found"] / row["where_ceiling"])
    return float("nan")


def candidates(rows: Sequence[Row]) -> dict[tuple[str, str], list[float]]:
    """Of every way at every rule's layer, and at the input: the shares reached, of all plants and silhouette models."""
    known = {
        (row["model"], row["plant"], row["layer"], row["way"]): row["where_found"] / row["where_ceiling"]
        for row in rows
        if row["target"] == "match" and row["model"] in SILHOUETTES and row["rank1"] >= LEAST
    }
    pairs = sorted({(model, plant) for model, plant, _, _ in known})
    found: dict[tuple[str, str], list[float]] = {}
    for way in dict.fromkeys(way for *_, way in known):
        of_input = way.startswith(INPUTS)
        for rule in ["input"] if of_input else RULES:
            layers = {model: 0 if of_input else layer_by(rule, rows, model) for model, _ in pairs}
            values = [known.get((model, plant, layers[model], way), float("nan")) for model, plant in pairs]
            if not np.isnan(values).any():
                found[way, rule] = values
    return found


def winner(rows: Sequence[Row]) -> tuple[str, str]:
    """The way and the rule whose worst region is best."""
    scores = candidates(rows)
    return max(scores, key=lambda key: (round(min(scores[key]), 4), np.mean(scores[key])))


def way_of(method: str, sign: str) -> str:
    """What a way is called in the rows."""
    return method if sign == "signed" else f"{method}-{sign}"


def write_table(rows: Sequence[Row]) -> str:
    """The page."""
    plants = list(dict.fromkeys(row["plant"] for row in rows))
    scores = candidates(rows)
    best = winner(rows)
    pairs = sorted({(row["model"], row["plant"]) for row in rows if row["model"] in SILHOUETTES})
    lines = [ABOUT.format(held_out=12), "## The usual way, the default, and the best", ""]
    default, usual = way_of(METHOD, SIGN), "-".join(USUAL_WAY[:2])
    lines += _table(
        [
            "model",
            "differ in",
            "recognised",
            "chance",
            f"{usual}, last",
            f"{default}, {LAYERS}",
            "same, contrast",
            "best",
        ],
        [_row(rows, model, plant, usual, default) for model, plant in pairs],
    )
    learnt = {(row["model"], row["plant"]) for row in rows if row["rank1"] >= LEAST}
    unlearnt = [f"{model} {plant}" for model, plant in pairs if (model, plant) not in learnt]
    if unlearnt:
        lines += ["", f"Not counted, as the model recognises too few to have learned it: {', '.join(unlearnt)}."]
    pairs = [pair for pair in pairs if pair in learnt]
    mine, worst = scores.get((default, LAYERS), [float("nan")]), min(scores[best])
    by_usual = scores[usual, USUAL_WAY[2]]
    lines += [
        "",
        f"The default reaches {min(mine):.0%} of the ceiling where it is worst, {np.mean(mine):.0%} in the mean; the "
        f"usual way {min(by_usual):.0%} and {np.mean(by_usual):.0%}. Of all ways, and layers that one rule finds in "
        f"every model, {best[0]} on the {best[1]} is the one whose worst region is best: {worst:.0%}.",
        "",
        "## Every method",
        "",
        "Each with the sign and at the layer where its worst region is best.",
        "",
    ]
    lines += _table(
        ["method", "sign", "layer", "worst region", "mean", *(f"{model} {plant}" for model, plant in pairs)],
        [_method(scores, name) for name in [*METHODS, *INPUTS] if any(_named(way, name) for way, _ in scores)],
    )
    lines += ["", f"## Every layer, {default}", ""]
    for model in SILHOUETTES:
        layers = sorted({row["layer"] for row in rows if row["model"] == model and row["layer"] > 0})
        if layers:
            lines += _table(
                [model, *plants],
                [
                    [f"{layer}", *(_share(reached(rows, model, plant, layer, default)) for plant in plants)]
                    for layer in layers
                ],
            )
            lines.append("")
    lines += ["## In time", "", *_time(rows, default), ""]
    return "\n".join(lines)


def _row(rows: Sequence[Row], model: str, plant: str, usual: str, default: str) -> list[str]:
    own = [row for row in rows if (row["model"], row["plant"]) == (model, plant)]
    layer, last = layer_by(LAYERS, rows, model), layer_by(USUAL_WAY[2], rows, model)
    here = next(row for row in own if row["layer"] == layer)
    matches = [row for row in own if row["target"] == "match"]
    top = max(matches, key=lambda row: row["where_found"] / row["where_ceiling"])
    best = f"{_share(top['where_found'] / top['where_ceiling'])} ({top['way']}, {top['layer'] or 'input'})"
    return [
        model,
        plant,
        f"{here['rank1']:.0%}",
        _share(here["where_chance"] / here["where_ceiling"]),
        _share(reached(rows, model, plant, last, usual)),
        _share(reached(rows, model, plant, layer, default)),
        _share(reached(rows, model, plant, layer, default, "contrast")),
        best,
    ]


def _method(scores: dict[tuple[str, str], list[float]], name: str) -> list[str]:
    own = {key: values for key, values in scores.items() if _named(key[0], name)}
    way, rule = max(own, key=lambda key: (round(min(own[key]), 4), np.mean(own[key])))
    values = own[way, rule]
    sign = way[len(name) + 1 :] or "signed"
    return [name, sign, rule, _share(min(values)), _share(float(np.mean(values))), *map(_share, values)]


def _named(way: str, name: str) -> bool:
    return way == name or way.removeprefix(f"{name}-") in ("for", "against", "abs")


def _time(rows: Sequence[Row], default: str) -> list[str]:
    """How much of the evidence lies in the frames where identities differ, of those that differ at one moment."""
    found = []
    for model in dict.fromkeys(row["model"] for row in rows if row["plant"] == "swing"):
        own = [
            row for row in rows
            if row["model"] == model and row["plant"] == "swing" and row["target"] == "match" and not row["pooled"]
        ]  # fmt: skip
        top = max(own, key=lambda row: row["when_found"])
        layer = layer_by(LAYERS, rows, model)
        mine = next((row for row in own if row["way"] == default and row["layer"] == layer), None)
        usual = [row["when_found"] for row in own if row["way"] == "grad_cam-abs"]
        found.append([
            model, f"{top['rank1']:.0%}", _share(top["when_chance"]), _share(max(usual, default=float("nan"))),
            _share(mine["when_found"] if mine else float("nan")),
            f"{_share(top['when_found'])} ({top['way']}, {top['layer'] or 'input'})",
        ])  # fmt: skip
    head = ["model", "recognised", "chance", "grad_cam-abs, its best layer", f"{default}, {LAYERS}", "best"]
    return [
        "Identities differ while the left foot swings forwards, and look alike in all other frames: how much of the "
        "evidence lies in the frames where they differ. GaitGraph2 sees the order of frames, the others do not.",
        "",
        *_table(head, found),
    ]


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    return [
        "| " + " | ".join(head) + " |",
        "|" + "---|" * len(head),
        *("| " + " | ".join(row) + " |" for row in rows),
    ]


def _share(value: float) -> str:
    return "–" if np.isnan(value) else f"{value:.2f}"
