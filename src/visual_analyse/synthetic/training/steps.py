"""Training of a small model on walkers, step by step, so that a run that was stopped goes on."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from visual_analyse.errors import VisualAnalyseError
from visual_analyse.files import write_whole
from visual_analyse.gait.config import Config
from visual_analyse.gait.transforms import build_transforms
from visual_analyse.models.builtin import BuiltinModel, build
from visual_analyse.models.builtin.skeleton import SkeletonModel
from visual_analyse.synthetic.training.augmentation import augment
from visual_analyse.synthetic.training.losses import contrastive_loss, cross_entropy, triplet_loss
from visual_analyse.synthetic.training.pose_augmentation import disturb
from visual_analyse.synthetic.training.sampling import Crowd, Sampler

# The rate of learning climbs over this share of the steps, and falls along half a cosine over the rest.
_WARM = 0.05


@dataclass(frozen=True)
class Recipe:
    """How a model is trained: what the sections loss_cfg, optimizer_cfg and trainer_cfg of its config say.

    `people` x `walks` x `frames` a step, on end where they are `ordered`; `margin` of the triplet loss, `scale` of the
    logits and `temperature` of the contrastive loss, each None where there is no such loss; `half`, whether layers
    calculate in bfloat16: half the time on processors that know it; `disturbed`, whether walks are learnt from as
    another camera might have recorded them, drawn anew each time.
    """

    steps: int
    save_every: int
    people: int
    walks: int
    frames: int
    ordered: bool
    rate: float
    decay: float
    margin: float | None
    scale: float | None
    temperature: float | None
    half: bool
    disturbed: bool

    @staticmethod
    def read(config: Config) -> Recipe:
        """The recipe of a config.

        Raises VisualAnalyseError where the config lacks what a training needs.

        >>> Recipe.read(config).steps  # doctest: +SKIP
        1800
        """
        sections = config.sections
        try:
            losses = {str(loss["type"]): loss for loss in sections["loss_cfg"]}
            trainer, optimiser = sections["trainer_cfg"], sections["optimizer_cfg"]
            sampler = trainer["sampler"]
            people, walks = sampler["batch_size"]
            triplet, softmax, contrast = map(losses.get, ("TripletLoss", "CrossEntropyLoss", "SupConLoss_Lp"))
            if triplet is None and contrast is None:
                raise KeyError("TripletLoss")
            return Recipe(
                steps=int(trainer["total_iter"]), save_every=int(trainer["save_iter"]), people=int(people),
                walks=int(walks), frames=int(sampler["frames_num_fixed"]),
                ordered=sampler.get("sample_type") == "fixed_ordered", rate=float(optimiser["lr"]),
                decay=float(optimiser["weight_decay"]), margin=float(triplet["margin"]) if triplet else None,
                scale=float(softmax["scale"]) if softmax else None,
                temperature=float(contrast["temperature"]) if contrast else None, half=bool(trainer["enable_float16"]),
                disturbed=bool(trainer.get("disturb", True)),
            )  # fmt: skip
        except (KeyError, TypeError, ValueError) as error:
            raise VisualAnalyseError(
                f"{config.path} does not say how to train: {type(error).__name__} {error}. It needs loss_cfg (a list "
                "with a TripletLoss or SupConLoss_Lp), optimizer_cfg (lr, weight_decay) and trainer_cfg (total_iter, "
                "save_iter, sampler with batch_size and frames_num_fixed), as the configs of "
                "visual_analyse.synthetic.small."
            ) from error


def train(
    config: Config,
    crowd: Crowd,
    checkpoint: Path,
    seed: int,
    progress: Callable[[int, int, float], object] | None = None,
    device: torch.device | str = "cpu",
) -> BuiltinModel:
    """Train the model of a config on a crowd, and return it ready for use, on the CPU.

    `checkpoint` is written every `save_iter` steps and at the end; where it already holds a run of the same seed and
    config, that run goes on, to the result it would have had without a stop. `progress` is called with the step, the
    steps in all, and the loss. Same seed, same machine, same `device`: same weights, up to what a GPU adds up in
    another order.

    Raises VisualAnalyseError where the config does not fit the crowd, or the checkpoint is of another run.

    >>> train(config, crowd, Path("run.pt"), seed=1)  # doctest: +SKIP
    """
    recipe = Recipe.read(config)
    sampler = Sampler(crowd, recipe.people, recipe.walks, recipe.frames, seed, recipe.ordered)
    prepare = build_transforms(config.transforms)[0]
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = build(config.model_cfg)
    kind = "poses" if isinstance(model, SkeletonModel) else "silhouettes"
    if crowd.kind != kind:
        raise VisualAnalyseError(
            f"The walks to learn from do not fit {type(model).__name__}, which learns from {kind}: they are "
            f"{crowd.kind}. Give it a crowd of {kind}."
        )
    device = torch.device(device)
    model.to(device)
    optimiser = torch.optim.AdamW(model.parameters(), lr=recipe.rate, weight_decay=recipe.decay)
    run = {"seed": seed, "config": repr(config.own)}
    first = _resume(checkpoint, run, model, optimiser)
    model.train()
    for step in range(first, recipe.steps):
        for group in optimiser.param_groups:
            group["lr"] = recipe.rate * pace(step, recipe.steps)
        walks, labels = sampler.draw(step)
        number = (seed << 32) + step
        chance = torch.Generator().manual_seed(number)
        if kind == "silhouettes" and recipe.disturbed:
            frames = augment(torch.from_numpy(walks), chance)
        else:
            seen = disturb(torch.from_numpy(walks), chance).numpy() if recipe.disturbed else walks
            frames = torch.from_numpy(np.stack([prepare(walk) for walk in seen]))
        with torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):
            torch.manual_seed(number)  # dropout takes no generator
            loss = _loss(model, frames.to(device), torch.from_numpy(labels).to(device), recipe)
        optimiser.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(model.parameters(), 5.0)
        optimiser.step()
        if progress is not None:
            progress(step + 1, recipe.steps, loss.item())
        if (step + 1) % recipe.save_every == 0 or step + 1 == recipe.steps:
            _keep(
                checkpoint, {"model": weights(model), "optimizer": optimiser.state_dict(), "iteration": step + 1, **run}
            )
    return model.eval().cpu()


def pace(step: int, steps: int) -> float:
    """The share of the full rate of learning at a step, from 0: up a slope, then down half a cosine.

    >>> [round(pace(step, 100), 2) for step in (0, 4, 52, 99)]
    [0.2, 1.0, 0.5, 0.0]
    """
    warm = max(1, round(_WARM * steps))
    if step < warm:
        return (step + 1) / warm
    return 0.5 + 0.5 * math.cos(math.pi * (step + 1 - warm) / (steps - warm + 1))


def weights(model: nn.Module) -> dict[str, Tensor]:
    """The parameters and buffers of a model as a checkpoint keeps them."""
    return {name: tensor.detach().cpu().clone() for name, tensor in model.state_dict().items()}


def save_model(path: Path, model: nn.Module, iteration: int) -> Path:
    """Write a checkpoint as OpenGait's are, without what only training needs.

    >>> save_model(Path("gaitset.pt"), model, 1800)  # doctest: +SKIP
    """
    return _keep(path, {"model": weights(model), "iteration": iteration})


def _loss(model: BuiltinModel, frames: Tensor, labels: Tensor, recipe: Recipe) -> Tensor:
    with torch.autocast(frames.device.type, torch.bfloat16, enabled=recipe.half):
        learnt = model(([frames], labels, None, None, None))["training_feat"]
    loss = torch.zeros((), device=frames.device)
    if recipe.margin is not None:
        loss = loss + triplet_loss(learnt["triplet"]["embeddings"].float(), labels, recipe.margin)
    if recipe.scale is not None:
        loss = loss + cross_entropy(learnt["softmax"]["logits"].float(), labels, recipe.scale)
    if recipe.temperature is not None:
        loss = loss + contrastive_loss(learnt["SupConLoss"]["features"].float(), labels, recipe.temperature)
    return loss


def _resume(path: Path, run: Mapping[str, Any], model: nn.Module, optimiser: torch.optim.Optimizer) -> int:
    if not path.exists():
        return 0
    advice = "Name another folder with --save_dir, or delete it to begin anew."
    try:
        kept = torch.load(path, map_location="cpu", weights_only=True)
        found = {name: kept[name] for name in run}
        model_state, optimiser_state, step = kept["model"], kept["optimizer"], int(kept["iteration"])
    except (UnpicklingError, RuntimeError, EOFError, OSError, KeyError, TypeError, ValueError) as error:
        raise VisualAnalyseError(f"{path} is no checkpoint of a training, or is damaged. {advice}") from error
    if found != run:
        what = "seed" if found["seed"] != run["seed"] else "config"
        raise VisualAnalyseError(f"{path} is of a training with another {what}. {advice}")
    model.load_state_dict(model_state)
    optimiser.load_state_dict(optimiser_state)
    return step


def _keep(path: Path, content: Mapping[str, Any]) -> Path:
    return write_whole(path, lambda stream: torch.save(dict(content), stream))
