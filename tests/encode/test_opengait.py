"""Embeddings of the real framework's models, by its own code."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from visual_analyse.encode.extraction import extract
from visual_analyse.gait.sequences import scan
from visual_analyse.models.load import load_model
from visual_analyse.synthetic.dataset import write_dataset

pytestmark = pytest.mark.opengait


@pytest.mark.parametrize("config", ["gaitset/gaitset.yaml", "gaitgl/gaitgl.yaml"])
def test_extraction_gives_what_the_model_gives_alone(opengait, tmp_path, config):
    """GaitSet is packed, GaitGL takes one walk at a time."""
    write_dataset(tmp_path / "walks", identities=3, conditions=["nm-01", "bg-01"], views=["000", "090"], frames=14)
    walks = scan(tmp_path / "walks")
    model = load_model(opengait / "configs" / config, checkout=opengait, checkpoint="none", device="cpu")
    assert model.source == "checkout"
    with torch.no_grad():
        alone = np.stack([model.embed(model.batch([walk.load()])).numpy()[0] for walk in walks])
    with extract(model, walks, cache=tmp_path / "cache") as found:
        assert found.shape == alone.shape[1:]
        assert np.abs(found.read(0, 12) - alone.reshape(12, -1)).max() <= 1e-5 * np.abs(alone).max()
        before = found.read(0, 12)
    again = load_model(opengait / "configs" / config, checkout=opengait, checkpoint="none", device="cpu")
    with extract(again, walks, cache=tmp_path / "cache", failed=lambda *fault: 1 / 0) as found:
        assert np.array_equal(found.read(0, 12), before)
        assert found.thumbnails() is not None
