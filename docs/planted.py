"""Which method, layer and sign finds planted evidence: `python -m docs.planted` trains, scores and writes the table."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from docs.planted_page import write_page
from docs.planted_scores import CSV, MOMENT, ORDERED, PAGE, REGIONS, RULES, csv_of, rows_in
from visual_analyse.explain.defaults import grid_of
from visual_analyse.explain.input_methods import IntegratedGradients, Occlusion
from visual_analyse.explain.layers import Layer, leaves
from visual_analyse.explain.methods import METHODS, Deviation, EigenCam, How, method_named
from visual_analyse.explain.reach import reaches
from visual_analyse.explain.resolving import resolve
from visual_analyse.explain.usual import USUAL, spaced, usual_outputs
from visual_analyse.files import make_folder, write_whole
from visual_analyse.models.device import pick_device
from visual_analyse.models.gait_model import GaitModel
from visual_analyse.models.load import load_model
from visual_analyse.synthetic.small import POSE_MODELS
from visual_analyse.synthetic.training.planted import (
    CONDITIONS,
    GALLERY,
    PlantedCrowd,
    held_out,
    planted_config,
    planted_crowd,
)
from visual_analyse.synthetic.training.steps import Recipe, save_model, train
from visual_analyse.trust.planted import PlantedWalk, Score, batch_of, score_ways

PLANTS = (*REGIONS, MOMENT)
MODELS = {"gaitset": PLANTS, "gaitbase": REGIONS, **dict.fromkeys(ORDERED, (MOMENT,))}
SEED = 1597
PROBES = 24  # scored of each model, evenly among views and identities
DEAR = {"gaitgl": 9}  # a model whose every forward is dear, so that fewer are scored
MOVED = 0.5  # pixels by which a joint must differ between identities to be where they differ
SAMPLED = ("054", "090", "126")
Tell = Callable[[int, int], object]


def trained(model: str, plant: str, folder: Path, device: str = "0") -> tuple[GaitModel, PlantedCrowd]:
    """A small model that learned a plant, and the walks; what an earlier run finished is taken as it is."""
    crowd = planted_crowd(plant, folder / f"{plant}.npz", SEED, _tell(f"walks of {plant}"))
    config = planted_config(model, plant, folder)
    checkpoint = folder / f"{model}-{plant}.pt"
    if not checkpoint.exists():
        learnt = crowd.learnt(model in POSE_MODELS)
        tell = _tell(f"training {config.save_name}")
        place, _ = pick_device(device)
        kept = folder / f"{model}-{plant}-training.pt"
        made = train(config, learnt, kept, SEED, lambda k, of, loss: tell(k, of), place)
        save_model(checkpoint, made, Recipe.read(config).steps)
    return load_model(config.path, checkpoint=str(checkpoint), device="cpu"), crowd


def scored(model: GaitModel, crowd: PlantedCrowd, poses: bool, count: int, tell: Tell) -> tuple[list[Score], float]:
    """The scores of every way on every convolution of a model, on identities it never learned from."""
    pairs = list(enumerate(zip(crowd.types.tolist(), crowd.views.tolist(), strict=True)))
    gallery = [_walk(crowd, j, n, poses) for j, (condition, _) in pairs if condition in GALLERY for n in held_out()]
    asked = [
        (j, n) for n in held_out() for j, (condition, view) in pairs
        if condition in CONDITIONS[len(GALLERY):] and view in SAMPLED
    ]  # fmt: skip
    probes = [_walk(crowd, j, n, poses) for j, n in spaced(asked, count)]
    batch = batch_of(model, probes[0])
    plan = resolve(model, batch)
    layers = [
        layer
        for layer, _ in leaves(model.module)
        if layer.kind.startswith("Conv") and not plan[layer.number].reason and plan.extent(layer.number)
    ]
    plan = replace(plan, reach=reaches(model, batch, plan, layers))
    usual = usual_outputs(model, (batch_of(model, walk) for walk in spaced(gallery, USUAL)), layers, plan)
    inputs = [] if poses else [IntegratedGradients(steps=16), Occlusion()]
    framed = [layer for layer in layers if not plan[layer.number].pooled] or layers
    grids = {layer: grid_of(plan, layer) for layer in layers}
    reach = {layer: plan.reach.get(layer.number, 1) for layer in layers}
    some = {rule(layers, framed, grids, reach) for rule in RULES.values()}
    return score_ways(model, probes, gallery, layers, plan, ways(usual), inputs, sorted(some, key=_number), tell)


def _number(layer: Layer) -> int:
    return layer.number


def ways(usual: dict[int, Any]) -> list[How]:
    """Every method with every sign that makes a difference to what is strongest."""
    found: list[How] = []
    for name in METHODS:
        method = method_named(name)
        method = replace(method, usual=usual) if isinstance(method, Deviation) else method
        signs = ("signed", "abs") if name == EigenCam.name else ("for", "against", "abs", "signed")
        found += [(method, sign) for sign in signs]  # type: ignore[misc]
    return found


def _walk(crowd: PlantedCrowd, j: int, n: int, poses: bool) -> PlantedWalk:
    if poses:
        data, all_of = crowd.joints[j, n], crowd.joints[j]
        moved = np.ptp(all_of[..., :2], axis=0).max(-1) > MOVED
        return PlantedWalk(n, data, np.ones_like(moved)[:, None], moved[:, None])
    data = crowd.silhouettes[j, n]
    cut = data.shape[2] // 64 * 10  # the columns that the transform of silhouettes takes off each side
    seen = np.s_[:, :, cut : data.shape[2] - cut]
    return PlantedWalk(n, data, data[seen] > 127, crowd.masks[j][seen])


def _tell(what: str) -> Tell:
    def tell(done: int, of: int) -> None:
        if done == of or done % 50 == 0:
            print(f"{what}: {done} of {of}", file=sys.stderr, flush=True)

    return tell


def rows_of(model: str, plant: str, scores: Sequence[Score], rank1: float) -> list[dict[str, Any]]:
    """The scores as plain rows, for a file."""
    return [
        {
            "model": model, "plant": plant, "layer": score.layer.number, "pooled": score.pooled, "reach": score.reach,
            "grid": "x".join(map(str, score.grid)), "target": score.target, "way": score.way,
            "probes": score.probes, "rank1": rank1,
            **{f"where_{k}": round(getattr(score.where, k), 4) for k in ("found", "chance", "ceiling")},
            **{f"when_{k}": round(getattr(score.when, k), 4) for k in ("found", "chance", "ceiling")},
        }
        for score in scores
    ]  # fmt: skip


def main() -> None:
    """Train what is not trained, score every way on every layer, and write the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--save_dir", type=Path, default=Path("planted"), help="walks, checkpoints and scores")
    parser.add_argument("--models", nargs="+", choices=[*MODELS], default=[*MODELS])
    parser.add_argument("--plants", nargs="+", choices=PLANTS, default=PLANTS)
    parser.add_argument("--device", default="0", help="where models learn: a GPU's index, or cpu (default: 0)")
    parser.add_argument("--train", action="store_true", help="train alone, and write no table")
    options = parser.parse_args()
    folder = make_folder(options.save_dir)
    rows: list[dict[str, Any]] = []
    for name in options.models:
        for plant in options.plants:
            if plant not in MODELS[name]:
                continue
            kept = folder / f"{name}-{plant}-scores.json"
            if not kept.exists():
                model, crowd = trained(name, plant, folder, options.device)
                if options.train:
                    continue
                tell = _tell(f"scoring {name}-{plant}")
                found = rows_of(name, plant, *scored(model, crowd, name in POSE_MODELS, DEAR.get(name, PROBES), tell))
                text = json.dumps(found)
                write_whole(kept, lambda stream, text=text: stream.write(text.encode()))
            rows += json.loads(kept.read_text())
    if options.train:
        return
    there = {(row["model"], row["plant"]) for row in rows}
    if there != {(name, plant) for name in MODELS for plant in MODELS[name]}:
        print(f"Scored {len(there)} of the models; the page takes all of them: run this without --models and --plants.")
        return
    table = csv_of(rows)
    page = write_page(rows_in(table))
    print(page)
    for path, text in ((PAGE, page), (CSV, table)):
        write_whole(path, lambda stream, text=text: stream.write(text.encode()))


if __name__ == "__main__":
    main()
