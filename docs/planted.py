"""Which method, layer and sign finds planted evidence: `python -m docs.planted` trains, scores and writes the table."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from visual_analyse.files import make_folder
from visual_analyse.models.gait_model import GaitModel
from visual_analyse.models.load import load_model
from visual_analyse.synthetic.small import POSE_MODELS
from visual_analyse.synthetic.training.planted import PlantedCrowd, planted_config, planted_crowd
from visual_analyse.synthetic.training.steps import Recipe, save_model, train

HERE = Path(__file__).parent
PLANTS = ("head", "trunk", "arms", "legs", "swing")
MODELS = {"gaitset": PLANTS, "gaitbase": PLANTS, "gaitgraph2": ("swing",)}
SEED = 1597


def trained(model: str, plant: str, folder: Path) -> tuple[GaitModel, PlantedCrowd]:
    """A small model that learned a plant, and the walks; what an earlier run finished is taken as it is."""
    crowd = planted_crowd(plant, folder / f"{plant}.npz", SEED, _tell(f"walks of {plant}"))
    config = planted_config(model, plant, folder)
    checkpoint = folder / f"{model}-{plant}.pt"
    if not checkpoint.exists():
        learnt = crowd.learnt(model in POSE_MODELS)
        tell = _tell(f"training {config.save_name}")
        made = train(config, learnt, folder / f"{model}-{plant}-training.pt", SEED, lambda k, of, loss: tell(k, of))
        save_model(checkpoint, made, Recipe.read(config).steps)
    return load_model(config.path, checkpoint=str(checkpoint), device="cpu"), crowd


def _tell(what: str):  # type: ignore[no-untyped-def]
    def tell(done: int, of: int) -> None:
        if done == of or done % 50 == 0:
            print(f"{what}: {done} of {of}", file=sys.stderr, flush=True)

    return tell


def main() -> None:
    """Train what is not trained, score every way on every layer, and write the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--save_dir", type=Path, default=Path("planted"), help="walks, checkpoints and scores")
    parser.add_argument("--models", nargs="+", choices=[*MODELS], default=[*MODELS])
    parser.add_argument("--plants", nargs="+", choices=PLANTS, default=PLANTS)
    options = parser.parse_args()
    folder = make_folder(options.save_dir)
    for model in options.models:
        for plant in options.plants:
            if plant in MODELS[model]:
                trained(model, plant, folder)


if __name__ == "__main__":
    main()
