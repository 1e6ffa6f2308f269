"""From a config to a model that can be asked."""

from __future__ import annotations

import difflib
from pathlib import Path

import torch
from torch import nn

from visual_analyse.errors import VisualAnalyseError
from visual_analyse.files import digest
from visual_analyse.gait.config import Config, read_config
from visual_analyse.gait.pose_transforms import __file__ as pose_transforms_file
from visual_analyse.gait.transforms import __file__ as transforms_file
from visual_analyse.gait.transforms import build_transforms
from visual_analyse.models import builtin
from visual_analyse.models.checkout import Checkout, find_checkout
from visual_analyse.models.checkpoint import load_checkpoint, resolve_checkpoint
from visual_analyse.models.device import pick_device
from visual_analyse.models.gait_model import EMBEDDING, GaitModel

SEED = 1597


def load_model(
    config: Path | Config,
    *,
    checkout: Path | None = None,
    checkpoint: Path | str | None = None,
    device: str = "0",
    seed: int = SEED,
    embedding: str = EMBEDDING,
) -> GaitModel:
    """The model of a config: the checkout's class where there is a checkout that has it, else the built-in one.

    `checkout` names a folder with `opengait/`; else it is found (`find_checkout`). `checkpoint` is a file, "none" for
    random weights (from `seed`; a notice says so), or None for the config's own. `embedding` names the tensor of the
    model's `inference_feat` that walks are compared by. Raises VisualAnalyseError for what is wrong with config,
    checkout, checkpoint or device; whether there is such an embedding shows when the model first answers.

    >>> load_model(Path("configs/gaitset/gaitset.yaml"), checkpoint="none").class_name  # doctest: +SKIP
    'GaitSet'
    """
    path = config.path if isinstance(config, Config) else Path(config)
    source = find_checkout(checkout, path)
    if source is not None and not path.is_file() and (source.root / path).is_file():
        path = source.root / path  # as OpenGait's users type it, from whatever folder
    if not isinstance(config, Config):
        config = read_config(path, None if source is None else source.defaults)
    place, notice = pick_device(device)
    weights = resolve_checkpoint(config, None if source is None else source.root, checkpoint)
    used = source if source is not None and source.has(config.model_class) else None
    if used is None and config.model_class not in builtin.MODELS:
        raise VisualAnalyseError(_unknown(config, source))
    notices = [] if notice is None else [notice]
    if used is not None:
        module, transforms = used.build(config, place, seed, notices), used.transforms(config, place)
    else:
        module, transforms = _built_in(config, seed), build_transforms(config.transforms)
    if weights is None:
        notices.append(
            f"RANDOM WEIGHTS: {config.save_name} was given no checkpoint (seed {seed}); its results mean nothing."
        )
    else:
        notices += load_checkpoint(module, weights, config.restore_strictly)
    # What a built-in model answers depends on the transforms before it as well.
    own = [*Path(builtin.__file__).parent.glob("*.py"), Path(transforms_file), Path(pose_transforms_file)]
    files = sorted(own) if used is None else used.code_files
    return GaitModel(
        config=config,
        module=module.to(place).eval().requires_grad_(False),
        device=place,
        transforms=transforms,
        checkpoint=weights,
        checkpoint_digest="" if weights is None else digest(weights),
        checkout=used,
        code=tuple(files),
        notices=notices,
        seed=seed,
        embedding=embedding,
    )


def _built_in(config: Config, seed: int) -> nn.Module:
    with torch.random.fork_rng([]):
        torch.manual_seed(seed)
        return builtin.build(config.model_cfg)


def _unknown(config: Config, source: Checkout | None) -> str:
    known = set(builtin.MODELS) | (set() if source is None else set(source.classes()))
    near = difflib.get_close_matches(config.model_class, sorted(known), 3, 0.5)
    hint = f" Did you mean {' or '.join(near)}?" if near else ""
    where = "built in; name a checkout of OpenGait that has it with --opengait DIR or OPENGAIT_ROOT"
    if source is not None:
        broken = ", ".join(str(file.relative_to(source.root)) for file in source.unreadable)
        where = f"in {source.root} or built in" + (f" ({broken} could not be read)" if broken else "")
    return (
        f"{config.path} asks for the model {config.model_class!r}, and there is none of that name {where}.{hint} "
        f"There are {', '.join(sorted(known))}."
    )
