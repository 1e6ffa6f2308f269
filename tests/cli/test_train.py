from pathlib import Path

import numpy as np
import pytest
import torch
import yaml

from visual_analyse.cli import train as command_file
from visual_analyse.cli.train import command
from visual_analyse.gait.config import read_config
from visual_analyse.synthetic.small import checkpoint_of, config_of
from visual_analyse.synthetic.training import evaluation, sampling

TINY = {
    "data_cfg": {"dataset_name": "Walkers"},
    "evaluator_cfg": {"save_name": "Tiny", "restore_hint": "gaitset.pt", "metric": "euc"},
    "model_cfg": {
        "model": "GaitSet",
        "in_channels": [1, 8, 8, 16],
        "SeparateFCs": {"in_channels": 16, "out_channels": 3, "parts_num": 6},
        "bin_num": [2, 1],
    },
    "loss_cfg": [{"type": "TripletLoss", "margin": 0.2}],
    "optimizer_cfg": {"lr": 0.01, "weight_decay": 0.0},
    "trainer_cfg": {
        "total_iter": 2,
        "save_iter": 1,
        "enable_float16": False,
        "sampler": {"batch_size": [2, 2], "frames_num_fixed": 2},
    },
}


@pytest.fixture
def tiny(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    config = tmp_path / "tiny.yaml"
    config.write_text(yaml.safe_dump(TINY))
    monkeypatch.setattr(command_file, "config_of", lambda name: config)
    for name in ("PEOPLE", "WALKS", "FRAMES", "POSE_WALKS", "POSE_FRAMES"):
        monkeypatch.setattr(sampling, name, 3)
    conditions, views = ("nm-01", "nm-05", "bg-01", "cl-01"), ("000", "090")
    small = {poses: evaluation.make_lineup(2, conditions, views, 2, poses=poses) for poses in (False, True)}
    monkeypatch.setattr(evaluation, "PEOPLE", 2)
    monkeypatch.setattr(evaluation, "make_lineup", lambda people, frames, progress, poses: small[poses])
    return tmp_path / "out"


def test_a_model_is_trained_kept_and_evaluated(tiny: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert command(["gaitset", "--save-dir", str(tiny), "--seed=3", "--evaluate"]) == 0
    kept = torch.load(tiny / "gaitset.pt", weights_only=True)
    assert kept["iteration"] == 2
    evaluation.restore(read_config(tiny / "gaitset.yaml"), tiny / "gaitset.pt")
    printed = capsys.readouterr().out
    rows = {line[:22].strip(): line.split()[-3:] for line in printed.splitlines()[2:]}
    assert rows["chance"] == ["50.0"] * 3
    assert set(rows) == {"chance", "height, breadth, area", "mean silhouette", "Tiny"}
    assert all(0 <= float(rate) <= 100 for rates in rows.values() for rate in rates)


def test_a_model_of_poses_is_trained_kept_and_evaluated(
    tiny: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    config = tiny.parent / "tiny.yaml"
    sampler = {"batch_size": [2, 2], "frames_num_fixed": 2, "sample_type": "fixed_ordered"}
    poses = {
        **TINY,
        "model_cfg": {"model": "GaitTR", "joint_format": "coco", "in_channels": [10, 32], "num_class": 3},
        "trainer_cfg": {**TINY["trainer_cfg"], "sampler": sampler},
    }
    poses["evaluator_cfg"] = {
        **TINY["evaluator_cfg"],
        "transform": [{"type": "Compose", "trf_cfg": [{"type": "GaitTRMultiInput"}, {"type": "SkeletonInput"}]}],
    }
    config.write_text(yaml.safe_dump(poses))
    assert command(["gaittr", "-s", str(tiny), "--evaluate"]) == 0
    assert {path.name for path in tiny.iterdir()} == {
        "gaittr.pt",
        "gaittr.yaml",
        "gaittr-training.pt",
        "poses-1597.npz",
    }
    rows = {line[:10].strip() for line in capsys.readouterr().out.splitlines()[2:]}
    assert rows >= {"chance", "mean pose", "Tiny"} and "mean silho" not in rows


def test_the_same_command_again_ends_at_the_same_weights(tiny: Path) -> None:
    assert command(["gaitset", "-s", str(tiny)]) == 0
    first = torch.load(tiny / "gaitset.pt", weights_only=True)["model"]
    assert command(["gaitset", "-s", str(tiny)]) == 0
    again = torch.load(tiny / "gaitset.pt", weights_only=True)["model"]
    assert all(torch.equal(first[name], again[name]) for name in first)


def test_damaged_walks_are_answered_with_a_sentence(tiny: Path, capsys: pytest.CaptureFixture[str]) -> None:
    tiny.mkdir()
    np.savez(tiny / "walks-1597.npz", other=np.zeros(3))
    assert command(["gaitset", "-s", str(tiny)]) == 2
    assert "Delete it, and run the same command again" in capsys.readouterr().err


@pytest.mark.parametrize("words", [[], ["gaitpart"], ["gaitset", "--seed", "-1"], ["gaitset", "--sed", "1"]])
def test_wrong_words_are_answered_with_a_sentence(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        command(words)
    assert stopped.value.code == 2
    assert "visual-analyse train: " in capsys.readouterr().err


def test_without_a_model_the_shipped_ones_are_evaluated(
    tiny: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(command_file, "config_of", config_of)
    assert all(checkpoint_of(name).is_file() for name in (*command_file.MODELS, *command_file.POSE_MODELS))
    assert command(["--evaluate"]) == 0
    printed = capsys.readouterr().out
    for name in ("mean silhouette", "GaitSet-small", "GaitBase-small", "mean pose", "GaitGraph2-small", "GaitTR-small"):
        assert name in printed
