"""From files to a probe: what is drawn, what is a number beside it, which frames are shown."""

from __future__ import annotations

import pickle
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from tests.explain.test_explanation import layers_of
from tests.test_why import gallery_of
from tests.workshop import silhouettes
from visual_analyse.errors import VisualAnalyseError
from visual_analyse.explain.resolving import resolve
from visual_analyse.gait.config import Config
from visual_analyse.gait.sequences import Sequence
from visual_analyse.models.gait_model import GaitModel
from visual_analyse.probe import read_probe
from visual_analyse.why import explain_match


def reader(module, transforms, sampler=None, data_in_use=None):
    cfgs = {
        "model_cfg": {"model": "M"}, "data_cfg": {"dataset_name": "T", "data_in_use": data_in_use},
        "evaluator_cfg": {"save_name": "S", "transform": [{"type": "T"}] * len(transforms),
                          "sampler": sampler or {"sample_type": "all_ordered"}},
    }  # fmt: skip
    return GaitModel(Config(Path("s.yaml"), cfgs), module, torch.device("cpu"), transforms)


def files(root, *arrays):
    paths = []
    for k, array in enumerate(arrays):
        path = root / f"{k}.pkl"
        path.write_bytes(pickle.dumps(array))
        paths.append(path)
    return Sequence("001", "nm-01", "090", tuple(paths))


class Takes(nn.Module):
    """Whatever is given: a convolution of each picture."""

    def __init__(self, inputs: int = 2) -> None:
        super().__init__()
        self.layers = nn.ModuleList(nn.Conv2d(1, 2, 3, padding=1) for _ in range(inputs))

    def forward(self, inputs):
        pictures = [x for x in inputs[0] if x.ndim == 4]
        found = [layer(x.flatten(0, 1)[:, None]) for layer, x in zip(self.layers, pictures, strict=False)]
        embeddings = sum(x.tanh().amax(0).mean(2) for x in found)[None]
        return {"inference_feat": {"embeddings": embeddings}}


def halved(x):
    return np.asarray(x) / 255.0


def test_a_probe_of_a_ratio_and_silhouettes(tmp_path):
    """The first input cannot be drawn: the second is the picture, and the first a number beside it."""
    frames = silhouettes(1)
    model = reader(Takes(1), [lambda x: x, halved])
    probe = read_probe(model, files(tmp_path, np.arange(6.0), frames))
    assert (probe.picture, probe.kind.name) == (1, "silhouette")
    assert (probe.frames == frames).all()
    assert probe.inputs["1"].tolist() == list(range(6))
    assert probe.kinds["1"].name == "ratio"
    assert "shown" not in probe.facts
    plan = resolve(model, probe.batch)
    gallery = gallery_of(model, model.batch([[np.arange(6.0), silhouettes(2)]]))
    found = explain_match(model, probe, gallery, layers_of(model), plan)
    assert [(layer.on, layer.sees) for layer in found.layers] == [(0, (0,))]


def test_a_probe_of_some_frames_says_which(tmp_path):
    frames = silhouettes(1, frames=20)
    sampler = {"sample_type": "fixed_unordered", "frames_num_fixed": 5}
    probe = read_probe(reader(Takes(1), [halved], sampler), files(tmp_path, frames))
    assert len(probe.facts["shown"]) == 5
    assert (probe.frames == frames[probe.facts["shown"]]).all()


def test_a_probe_of_two_inputs_in_one_file(tmp_path):
    """Parsing and silhouettes as channels of one array, each with a layer of its own."""

    class Channels(Takes):
        def forward(self, inputs):
            x = inputs[0][0]
            return super().forward(([x[:, :, 0], x[:, :, 1]],))

    frames = silhouettes(1)
    both = np.stack([frames, np.roll(frames, 3, 2)], 1)
    model = reader(Channels(), [halved])
    probe = read_probe(model, files(tmp_path, both))
    assert [source.first for source in probe.batch.sources] == [0, 1]
    assert (probe.frames == both[:, 0]).all()
    assert (probe.inputs["1"] == both[:, 1]).all()
    gallery = gallery_of(model, model.batch([[both[:, :, ::-1].copy()]]))
    gallery = replace(gallery, embeddings=gallery.embeddings + 1)
    found = explain_match(model, probe, gallery, layers_of(model), resolve(model, probe.batch))
    assert [(layer.on, layer.sees) for layer in found.layers] == [(0, (0,)), (1, (1,))]


def test_nothing_that_can_be_drawn(tmp_path):
    with pytest.raises(VisualAnalyseError, match="holds ratio, and nothing that can be drawn"):
        read_probe(reader(Takes(1), [lambda x: x]), files(tmp_path, np.arange(6.0)))
