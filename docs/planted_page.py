"""The page of planted evidence: who wins, and by how much."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from docs.planted_scores import (
    INPUTS,
    LEAST,
    MOMENT,
    ORDERED,
    PERTURBING,
    REGIONS,
    SILHOUETTES,
    USUAL_WAY,
    Row,
    Way,
    candidates,
    in_time,
    layer_by,
    reached,
    share_reached,
    way_of,
    winner,
)
from visual_analyse.explain.defaults import LAYERS, LAYERS_OF_TIME, METHOD, SIGN, TARGET
from visual_analyse.explain.methods import METHODS
from visual_analyse.synthetic.training.planted import HELD_OUT

ABOUT = """\
# Where planted evidence is found

On synthetic walkers whose identities differ in one region of the body, or at one moment of the stride, and in nothing
else, small models are trained to tell them apart. Of {held_out} identities that they never saw, the probes that are
recognised are explained, by every method, on every convolution, with every sign; methods that take forwards of their
own for each layer on those layers that a rule finds, and perturbing and methods at the input on every third probe. What
is scored is how much of the strongest twentieth of a map over the body lies where identities differ, widened by one
cell of the layer's grid; in shares of the **ceiling**, what a perfect map on the same grid reaches. **Chance** is what
a map that knows nothing reaches. `python -m docs.planted` trains, scores and writes this page and `docs/planted.csv`,
which has every number. The models of this page learned on a GPU, in minutes; on two cores a step of GaitGL takes four
seconds, and it takes 2,500.

The targets are the distance to the *match*, as Grad-CAM is asked; the *contrast*: the best true match's distance minus
the nearest impostor's; and the *crowd*: the best true match's minus the mean of those to the nearest walks of everybody
else. *for* looks at the strongest evidence for, *against* at that against, *abs* at both.
"""


TIME = """\
Identities differ while the left foot swings forwards, and look alike in all other frames: what is scored is how much of
the evidence lies in the frames where they differ. What a frame says is what all its cells add up to, for and against;
*signed* is that sum, *for*, *against* and *abs* are as above. Perturbing changes a cell in all frames at once, and
tells no time."""
SINGLE = """\
What is drawn at a frame should come from that frame: on layers whose steps see single frames, or as few as the model
has, the ways to make maps compare as follows."""
ANY = """\
On any layer that a rule finds, those too whose steps see a dozen frames or more, so that what is drawn at a frame may
have come from any of these:"""


def write_page(rows: Sequence[Row]) -> str:
    """The page."""
    scores = candidates(rows)
    best, default = winner(scores), (way_of(METHOD, SIGN), LAYERS, TARGET)
    pairs = sorted(
        {(row["model"], row["plant"]) for row in rows if row["model"] in SILHOUETTES and row["plant"] in REGIONS}
    )
    learnt = [pair for pair in pairs if any(_of(row, *pair) and row["rank1"] >= LEAST for row in rows)]
    lines = [ABOUT.format(held_out=HELD_OUT), "## The usual way, the default, and the best", ""]
    head = [
        "model",
        "differ in",
        "recognised",
        "chance",
        _title(USUAL_WAY),
        _title(default),
        "same, match",
        "best of all",
    ]
    lines += _table(head, [_row(rows, *pair, default) for pair in pairs])
    unlearnt = [f"{model} {plant}" for model, plant in pairs if (model, plant) not in learnt]
    if unlearnt:
        lines += ["", f"Not counted, as the model recognises too few to have learned it: {', '.join(unlearnt)}."]
    lines += [
        "",
        f"{_title(default)}, the default, reaches {min(scores[default]):.0%} of the ceiling where it is worst and "
        f"{np.mean(scores[default]):.0%} in the mean; the usual way {min(scores[USUAL_WAY]):.0%} and "
        f"{np.mean(scores[USUAL_WAY]):.0%}. Of all ways, targets, and layers that one rule finds in every model, the "
        f"one whose worst region is best is {_title(best)}: {min(scores[best]):.0%}.",
        "",
        "## Every method",
        "",
        "Each with the sign, the layer and the target where its worst region is best.",
        "",
    ]
    names = [name for name in [*METHODS, PERTURBING, *INPUTS] if any(_named(way, name) for way, *_ in scores)]
    lines += _table(
        ["method", "sign", "layer", "target", "worst region", "mean", *(f"{model} {plant}" for model, plant in learnt)],
        [_method(scores, name) for name in names],
    )
    lines += ["", f"## Every layer that a rule finds, {default[0]}, {TARGET}", ""]
    for model in SILHOUETTES:
        layers = sorted(
            {row["layer"] for row in rows if row["model"] == model and row["layer"] > 0 and row["way"] == default[0]}
        )
        some = [plant for plant in REGIONS if (model, plant) in learnt]
        shares = [
            [str(k), *(_share(reached(rows, model, plant, k, default[0], TARGET)) for plant in some)] for k in layers
        ]
        if layers:
            lines += [*_table([f"layer of {model}", *some], shares), ""]
    return "\n".join([*lines, "## In time", "", *_time(rows), ""])


def _of(row: Row, model: str, plant: str) -> bool:
    return bool(row["model"] == model and row["plant"] == plant)


def _title(way: Way) -> str:
    return f"{way[0]}, {way[1]}, {way[2]}"


def _row(rows: Sequence[Row], model: str, plant: str, default: Way) -> list[str]:
    own = [row for row in rows if _of(row, model, plant)]
    layer, last = layer_by(LAYERS, rows, model), layer_by(USUAL_WAY[1], rows, model)
    here = next(row for row in own if row["layer"] == layer)
    top = max(own, key=share_reached)
    most = _share(share_reached(top))
    return [
        model,
        plant,
        f"{here['rank1']:.0%}",
        _share(here["where_chance"] / here["where_ceiling"]),
        _share(reached(rows, model, plant, last, USUAL_WAY[0], USUAL_WAY[2])),
        _share(reached(rows, model, plant, layer, default[0], default[2])),
        _share(reached(rows, model, plant, layer, default[0], "match")),
        f"{most} ({top['way']}, {top['layer'] or 'input'}, {top['target']})",
    ]


def _method(scores: dict[Way, list[float]], name: str) -> list[str]:
    best = winner({key: values for key, values in scores.items() if _named(key[0], name)})
    values = scores[best]
    sign = best[0][len(name) + 1 :] or "signed"
    return [name, sign, best[1], best[2], _share(min(values)), _share(float(np.mean(values))), *map(_share, values)]


def _named(way: str, name: str) -> bool:
    return way == name or way.removeprefix(f"{name}-") in ("for", "against", "abs")


def _time(rows: Sequence[Row]) -> list[str]:
    """How much of the evidence lies in the frames where identities differ, of those that differ at one moment."""
    default = (METHOD, LAYERS_OF_TIME, TARGET)
    found = []
    for model in dict.fromkeys(row["model"] for row in rows if row["plant"] == MOMENT):
        own = [row for row in rows if _of(row, model, MOMENT) and not row["pooled"]]
        top = max(own, key=share_reached)
        last = layer_by("last of frames", rows, model)
        found.append(
            [
                model,
                "yes" if model in ORDERED else "no",
                f"{top['rank1']:.0%}",
                str(max(row["probes"] for row in own)),
                _share(top["when_chance"]),
                _share(reached(rows, model, MOMENT, last, USUAL_WAY[0], USUAL_WAY[2])),
                _share(max(share_reached(row) for row in own if (row["way"], row["target"]) == USUAL_WAY[::2])),
                _share(reached(rows, model, MOMENT, layer_by(LAYERS_OF_TIME, rows, model), METHOD, TARGET)),
                f"{_share(share_reached(top))} ({top['way']}, {top['layer'] or 'input'}, {top['target']})",
            ]
        )
    usual = f"{USUAL_WAY[0]}, last of frames, {USUAL_WAY[2]}"
    head = ["model", "sees order", "recognised", "probes", "chance", usual, "same, its best layer", _title(default)]
    models = sorted({row["model"] for row in rows if row["plant"] == MOMENT and row["rank1"] >= LEAST} & {*ORDERED})
    lines = [TIME, "", *_table([*head, "best of all"], found)]
    for single, about in ((True, SINGLE), (False, ANY)):
        scores = in_time(rows, single)
        best = winner(scores)
        most = max(scores, key=lambda way: float(np.mean(scores[way])))
        said = f"Best where it is worst is {_title(best)}: {_least_and_mean(scores[best])}. Best in the mean is "
        said += "the same." if most == best else f"{_title(most)}: {_least_and_mean(scores[most])}."
        names = [name for name in [*METHODS, PERTURBING, *INPUTS] if any(_named(way, name) for way, *_ in scores)]
        columns = ["method", "sign", "layer", "target", "worst model", "mean", *models]
        lines += ["", about, said, "", *_table(columns, [_method(scores, name) for name in names])]
    return lines


def _least_and_mean(values: Sequence[float]) -> str:
    return f"{_share(min(values))} at the worst and {_share(float(np.mean(values)))} in the mean"


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    return [
        "| " + " | ".join(head) + " |",
        "|" + "---|" * len(head),
        *("| " + " | ".join(row) + " |" for row in rows),
    ]


def _share(value: float) -> str:
    return "–" if np.isnan(value) else f"{value:.2f}"
