"""Motion or shape, on the small models."""

from __future__ import annotations

import numpy as np
import pytest

from visual_analyse.cli import motion
from visual_analyse.encode.encoder import Encoder
from visual_analyse.errors import VisualAnalyseError
from visual_analyse.gait.protocols import Protocol
from visual_analyse.gait.sequences import scan
from visual_analyse.models.load import load_model
from visual_analyse.synthetic.dataset import write_dataset
from visual_analyse.synthetic.small import MODELS, checkpoint_of, config_of
from visual_analyse.trust.interval import Interval
from visual_analyse.trust.motion import motion_or_shape
from visual_analyse.trust.perturbations import FROZEN, REVERSED, SHUFFLED


@pytest.fixture(scope="module")
def crowd(tmp_path_factory):
    root = tmp_path_factory.mktemp("motion") / "crowd"
    write_dataset(root, identities=3, conditions=("nm-01", "nm-05"), views=("072", "090"), frames=12, seed=77)
    return root


@pytest.fixture(autouse=True)
def no_checkout(monkeypatch):
    monkeypatch.delenv("OPENGAIT_ROOT", raising=False)


def effects_of(name, root, changes=(SHUFFLED, REVERSED, FROZEN)):
    model = load_model(config_of(name), checkpoint=checkpoint_of(name), device="cpu")
    found = motion_or_shape(Encoder(model), scan(root), Protocol("CASIA-B"), changes=changes)
    return {effect.name: effect for effect in found}


@pytest.mark.parametrize("name", MODELS)
def test_models_of_sets_see_no_order(crowd, name):
    """GaitSet and GaitBase pool frames by maximum: their order must change nothing at all."""
    found = effects_of(name, crowd)
    assert list(found) == ["as it is", "shuffled", "reversed", "frozen"]
    for order in ("shuffled", "reversed"):
        assert found[order].unmoved == 1
        assert abs(found[order].farther.mean) < 1e-5
        assert found[order].rank1 == found["as it is"].rank1
    assert found["frozen"].unmoved == 0
    assert found["frozen"].farther.low > 0
    assert found["as it is"].probes == 6


def test_a_model_of_poses_in_time_sees_order(crowd):
    found = effects_of("gaittr", crowd.with_name("crowd-poses"), (SHUFFLED,))
    assert found["shuffled"].unmoved == 0
    assert found["shuffled"].farther.low > 0


def test_the_interval_holds_the_mean_and_narrows():
    rng = np.random.default_rng(0)
    few, many = (Interval.of(rng.normal(2, 1, n)) for n in (10, 1000))
    for found in (few, many):
        assert found.low < found.mean < found.high
    assert many.high - many.low < (few.high - few.low) / 3
    assert abs(many.mean - 2) < 0.2


def test_a_gallery_without_others_is_told(crowd):
    model = load_model(config_of("gaitset"), checkpoint=checkpoint_of("gaitset"), device="cpu")
    mine = [walk for walk in scan(crowd) if walk.id == "001"]
    with pytest.raises(VisualAnalyseError, match="nothing can be compared"):
        motion_or_shape(Encoder(model), mine, Protocol("CASIA-B"))


def test_the_command(crowd, tmp_path, capsys):
    words = ["-c", str(config_of("gaitset")), "--checkpoint", str(checkpoint_of("gaitset")), "-d", str(crowd)]
    assert motion.command([*words, "--probes", "4", "-s", str(tmp_path), "--cache", str(tmp_path / "cache")]) == 0
    said = capsys.readouterr().out
    assert "sees shapes, and no motion" in said
    (table,) = tmp_path.glob("*_motion.csv")
    lines = table.read_text(encoding="utf-8").splitlines()
    assert len(lines) == 6
    assert lines[1].startswith("as it is,nothing changed,4,")
