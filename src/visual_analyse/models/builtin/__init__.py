"""The models that need no checkout of OpenGait, by the class names of its configs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from visual_analyse.errors import VisualAnalyseError
from visual_analyse.models.builtin.baseline import Baseline
from visual_analyse.models.builtin.gaitgl import GaitGL
from visual_analyse.models.builtin.gaitgraph2 import GaitGraph2
from visual_analyse.models.builtin.gaitpart import GaitPart
from visual_analyse.models.builtin.gaitset import GaitSet
from visual_analyse.models.builtin.gaittr import GaitTR
from visual_analyse.models.builtin.gln import GLN
from visual_analyse.models.builtin.model import BuiltinModel
from visual_analyse.models.builtin.section import Section

__all__ = ["MODELS", "BuiltinModel", "build"]

MODELS: dict[str, type[BuiltinModel]] = {
    "GaitSet": GaitSet,
    "GaitPart": GaitPart,
    "GaitGL": GaitGL,
    "GLN": GLN,
    "Baseline": Baseline,
    "GaitGraph2": GaitGraph2,
    "GaitTR": GaitTR,
}


def build(model_cfg: Mapping[str, Any]) -> BuiltinModel:
    """The built-in model that the section `model_cfg` of an OpenGait config describes, with fresh weights.

    Raises VisualAnalyseError for a class that is not built in, and for keys that are missing or do not fit together.

    >>> head = {"in_channels": 16, "out_channels": 8, "parts_num": 6}
    >>> type(build({"model": "GaitSet", "in_channels": [1, 4, 8, 16], "SeparateFCs": head, "bin_num": [2, 1]})).__name__
    'GaitSet'
    """
    name = Section(model_cfg, "model_cfg").values.get("model")
    if not isinstance(name, str) or name not in MODELS:
        raise VisualAnalyseError(
            f"model_cfg.model is {name!r}, and no such model is built in; there are {', '.join(MODELS)}. "
            "Any other class is built from an OpenGait checkout: name it with --opengait DIR or OPENGAIT_ROOT."
        )
    return MODELS[name](model_cfg)
