"""The models that learn walks with planted evidence: their configs build them, and fit the walks they learn from."""

from __future__ import annotations

import numpy as np
import pytest

from visual_analyse.models.builtin import build
from visual_analyse.models.builtin.skeleton import SkeletonModel
from visual_analyse.synthetic.small import POSE_MODELS
from visual_analyse.synthetic.training.planted import (
    FRAMES,
    LEARNT,
    STEPS,
    PlantedCrowd,
    held_out,
    planted_config,
)
from visual_analyse.synthetic.training.sampling import Sampler
from visual_analyse.synthetic.training.steps import Recipe


@pytest.fixture(scope="module")
def crowd() -> PlantedCrowd:
    everybody, pairs = LEARNT + len(held_out()), 6
    silhouettes = np.broadcast_to(
        np.arange(everybody, dtype=np.uint8)[:, None, None, None], (pairs, everybody, FRAMES, 64, 64)
    )
    joints = np.zeros((pairs, everybody, FRAMES, 17, 3), np.float32)
    masks = np.zeros((pairs, FRAMES, 64, 64), bool)
    return PlantedCrowd(silhouettes, joints, masks, np.array(["nm-01"] * pairs), np.array(["090"] * pairs))


@pytest.mark.parametrize("plant", ["arms", "swing"])
@pytest.mark.parametrize("model", STEPS)
def test_a_config_builds_a_model_that_learns_from_the_walks(model, plant, crowd, tmp_path):
    config = planted_config(model, plant, tmp_path)
    recipe = Recipe.read(config)
    assert config.save_name == f"{model}-{plant}" and recipe.steps == STEPS[model] and not recipe.disturbed
    net = build(config.model_cfg)
    assert isinstance(net, SkeletonModel) == (model in POSE_MODELS)
    learnt = crowd.learnt(model in POSE_MODELS)
    assert learnt.kind == ("poses" if model in POSE_MODELS else "silhouettes") and learnt.people == LEARNT
    walks, labels = Sampler(learnt, recipe.people, recipe.walks, recipe.frames, 1, recipe.ordered).draw(0)
    assert walks.shape[:2] == (recipe.people * recipe.walks, recipe.frames) and labels.max() < LEARNT
    if model not in POSE_MODELS:
        assert (walks[:, 0, 0, 0] == labels).all()  # nobody who is held out
    assert recipe.ordered == (model in ("gaitgl", *POSE_MODELS))


def test_nobody_learns_from_who_is_held_out(crowd):
    assert min(held_out()) == LEARNT and max(held_out()) < crowd.silhouettes.shape[1]
    assert crowd.learnt(False).walks.max() == LEARNT - 1
