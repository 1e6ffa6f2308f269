"""The model that a user named."""

from __future__ import annotations

from typing import Any

from visual_analyse.cli.progress import DelayedBar
from visual_analyse.models.gait_model import GaitModel
from visual_analyse.models.load import load_model


def chosen_model(options: Any, embedding: str = "embeddings") -> GaitModel:
    """The model that a user named, loaded under a bar; `embedding`, which of a BigGait's."""
    with DelayedBar() as bar:
        bar.begin("loading the model", 0, 1)
        return load_model(
            options.config_path, checkout=options.opengait, checkpoint=options.checkpoint, device=options.device,
            seed=options.seed, embedding=embedding,
        )  # fmt: skip
