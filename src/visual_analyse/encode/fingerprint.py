"""What a model's answers depend on, in one line: its weights, its code, its config."""

from __future__ import annotations

import hashlib
import json
from functools import lru_cache
from pathlib import Path

import torch
from torch import nn

import visual_analyse.errors
from visual_analyse.encode.store import key
from visual_analyse.files import digest
from visual_analyse.models.gait_model import GaitModel


def fingerprint(model: GaitModel) -> str:
    """A name for all that decides an embedding: two models share it only where they answer alike.

    >>> len(fingerprint(model))  # doctest: +SKIP
    64
    """
    settings = {section: model.config.sections.get(section) for section in ("model_cfg", "evaluator_cfg")}
    return key(
        model.class_name,
        model.source,
        model.embedding,
        json.dumps(settings, sort_keys=True, default=str),
        *(digest(path) for path in sorted(model.code)),
        own_code(),
        weights_digest(model.module),
        model.device.type,
        torch.__version__,
    )


@lru_cache(maxsize=1)
def own_code() -> str:
    """SHA-256 over all that computes here: what an older version of this package found is found anew.

    >>> len(own_code())
    64
    """
    home = Path(visual_analyse.errors.__file__).parent
    idle = {"cli", "draw", "embed", "synthetic", "trust"}
    files = [path for path in sorted(home.rglob("*.py")) if path.relative_to(home).parts[0] not in idle]
    return key(*(digest(path) for path in files))


def weights_digest(module: nn.Module) -> str:
    """SHA-256 of all parameters and buffers, with their names, types and shapes.

    >>> weights_digest(nn.ReLU())[:8]
    'e3b0c442'
    """
    total = hashlib.sha256()
    for name, tensor in sorted(module.state_dict().items()):
        total.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}".encode())
        total.update(tensor.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy().tobytes())
    return total.hexdigest()
