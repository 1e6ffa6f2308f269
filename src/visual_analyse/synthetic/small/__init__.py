"""The small models that are shipped: a config and a checkpoint each, trained on walkers."""

from __future__ import annotations

from pathlib import Path

MODELS = ("gaitset", "gaitbase")  # of silhouettes
POSE_MODELS = ("gaitgraph2", "gaittr")


def config_of(name: str) -> Path:
    """The config of one of MODELS or POSE_MODELS, as OpenGait's are.

    >>> config_of("gaitset").name
    'gaitset.yaml'
    """
    return Path(__file__).parent / f"{name}.yaml"


def checkpoint_of(name: str) -> Path:
    """The checkpoint of one of MODELS or POSE_MODELS, as OpenGait's are.

    >>> checkpoint_of("gaitset").name
    'gaitset.pt'
    """
    return Path(__file__).parent / f"{name}.pt"
