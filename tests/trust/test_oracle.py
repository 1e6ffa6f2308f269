"""Where another package computes the same, it must find the same."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from tests.explain.nets import Model, fixed
from tests.trust.nets import Black
from visual_analyse.explain.model import Batch, Source
from visual_analyse.gait.kinds import SILHOUETTE
from visual_analyse.trust.faithfulness import faithfulness
from visual_analyse.trust.variants import Variants

pytestmark = pytest.mark.oracle


class Score(nn.Module):
    """One number of one picture, by two layers."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = nn.Conv2d(1, 4, 3, padding=1), nn.Linear(4, 2)

    def forward(self, x):
        return self.second(self.first(x).tanh().mean((2, 3)))


class AsWalk(nn.Module):
    def __init__(self, inner: nn.Module) -> None:
        super().__init__()
        self.inner = inner

    def forward(self, batch):
        return self.inner(batch.inputs[0])[:, :1].unsqueeze(2)


def test_deletion_is_pixel_flipping():
    """Quantus flips a fixed number of pixels at a time to black and predicts; the first step is the picture itself."""
    quantus = pytest.importorskip("quantus", reason="needs the package quantus")
    rng = np.random.default_rng(0)
    picture = rng.uniform(0.1, 1, (1, 1, 10, 8)).astype(np.float32)
    evidence = rng.normal(size=(1, 1, 10, 8)).astype(np.float32)
    module = fixed(Score(), 3.0)
    flipping = quantus.PixelFlipping(features_in_step=8, normalise=False, perturb_baseline=0.0, disable_warnings=True)
    (theirs,) = flipping(
        module, picture, np.zeros(1, int), a_batch=evidence, softmax=False, device="cpu", channel_first=True
    )
    batch = Batch((torch.from_numpy(picture[:, 0][:, None]),), ("n s h w",), (1,))
    found = faithfulness(
        Variants(Model(AsWalk(module)), batch, Source(0)), SILHOUETTE,
        lambda embeddings: {"score": embeddings[:, 0, 0].astype(np.float64)}, {"map": evidence[:, 0]}, Black(),
    )  # fmt: skip
    ours = found.own["map", "deletion", "score"]
    assert np.ptp(ours) > 0.01
    assert ours[1:] == pytest.approx(theirs, abs=1e-5)


def test_rank_correlation_is_theirs():
    quantus = pytest.importorskip("quantus", reason="needs the package quantus")
    from visual_analyse.trust.body import spearman

    rng = np.random.default_rng(1)
    one, other = rng.normal(size=50), rng.normal(size=50)
    assert spearman(one, other) == pytest.approx(float(quantus.similarity_func.correlation_spearman(one, other)))
