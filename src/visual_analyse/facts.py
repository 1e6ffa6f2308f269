"""What computed a result, for its manifest."""

from __future__ import annotations

import platform
from typing import Any

import numpy as np
import torch

from visual_analyse.models.gait_model import GaitModel
from visual_analyse.version import __version__


def model_facts(model: GaitModel) -> dict[str, Any]:
    """Which model computed a result, for its manifest."""
    return {
        "model": model.name,
        "class": model.class_name,
        "source": model.source,
        "config": str(model.config.path),
        "checkpoint": None if model.checkpoint is None else str(model.checkpoint),
        "checkpoint_digest": model.checkpoint_digest or None,
        "device": str(model.device),
        "seed": model.seed,
    }


def versions() -> dict[str, str]:
    """What computed a result, for its manifest."""
    return {
        "visual_analyse": __version__,
        "torch": str(torch.__version__),
        "numpy": np.__version__,
        "python": platform.python_version(),
    }
