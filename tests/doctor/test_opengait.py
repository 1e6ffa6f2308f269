"""The real framework."""

from __future__ import annotations

import json

import numpy as np
import pytest

from tests.doctor.asking import about, of, one
from tests.workshop import silhouettes, write_walk

pytestmark = pytest.mark.opengait
RNG = np.random.default_rng(5)


@pytest.fixture
def town(tmp_path, monkeypatch):
    """Four test ids of CASIA-B with walks of one file or of several."""
    monkeypatch.chdir(tmp_path)

    def build(**files):
        for k in range(2):
            for kind in ("nm-01", "nm-05"):
                for view in ("000", "090"):
                    for file, make in files.items():
                        write_walk(tmp_path / "town", f"{75 + k:03d}/{kind}/{view}", make(20), f"{file}.pkl")
        return tmp_path / "town"

    return build


@pytest.mark.parametrize(
    ("config", "files"),
    [
        ("gaitset/gaitset.yaml", {"sil": lambda n: silhouettes(1, n)}),
        ("gaitbase/gaitbase_da_casiab.yaml", {"sil": lambda n: silhouettes(2, n)}),
        ("gaitgl/gaitgl.yaml", {"sil": lambda n: silhouettes(3, n)}),
    ],
)
def test_models_of_silhouettes(opengait, town, config, files):
    found = about(opengait / "configs" / config, dataset_dir=town(**files), checkpoint="none")
    assert [item.text for item in found if item.stops] == []
    assert of(found, "forward", "ok")
    assert "at commit" in one(found, "checkout").text
    known = json.loads((opengait / "datasets/CASIA-B/CASIA-B.json").read_text())
    assert f"2 of {len(known['TEST_SET'])} test ids" in one(found, "partition", "ok").text


def test_a_model_of_silhouettes_and_a_walk_of_several_files(opengait, town):
    place = town(a_pose=lambda n: RNG.random((n, 17, 3)), b_sil=lambda n: silhouettes(1, n))
    found = about(opengait / "configs/gaitset/gaitset.yaml", dataset_dir=place, checkpoint="none")
    assert one(found, "walks", "wrong").remedy == "data_in_use: [false, true] below data_cfg in the config"


def test_every_config_is_read_without_a_key_that_only_seems_to_lack(opengait):
    """What the quick look says of the official configs: the two that cannot be built as they stand, and no other."""
    lacking = {}
    for config in sorted((opengait / "configs").glob("*/*.yaml")):
        for item in about(config, opengait=opengait, checkpoint="none", quick=True):
            if item.subject == "model" and item.stops:
                lacking.setdefault(config.parent.name, item.text)
            assert not item.text.startswith("looking at it failed"), (config, item)
    assert set(lacking) == {"gaitedge", "multigaitpp"}
    assert "kernel_size" in lacking["gaitedge"]
    assert "Backbone.in_channels" in lacking["multigaitpp"]
