"""What goes wrong for people: one sentence each, exit status 2, no traceback."""

from __future__ import annotations

import pickle
import sys

import numpy as np
import pytest
import torch

from tests.six import FACTS, narrow
from tests.workshop import silhouettes, write_config, write_walk
from visual_analyse.cli.grad_cam import command
from visual_analyse.models.builtin import build


class Spell:
    """What a hostile file holds: unpickling it would make a file."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return (open, (str(self.path), "w"))


def said(capsys, words) -> str:
    """Run it; it must end with status 2 and say something on the error stream, without a traceback."""
    try:
        status = command(words)
    except SystemExit as stopped:
        status = stopped.code
    text = " ".join(capsys.readouterr().err.split())
    assert status == 2, text
    assert "Traceback" not in text
    return text


@pytest.mark.parametrize(
    ("option", "missing", "words"),
    [
        ("config_path", "gaitsett.yaml", ["gaitsett.yaml", "gaitset.yaml"]),
        ("probe_dir", "nowhere", ["nowhere", "--probe_dir", "does not exist"]),
        ("gallery_dir", "nowhere", ["nowhere", "--gallery_dir", "does not exist"]),
        ("checkpoint", "no.pt", ["no.pt", "--checkpoint"]),
        ("opengait", "nowhere", ["nowhere", "opengait/"]),
    ],
)
def test_paths_that_are_not_there(workshop, capsys, option, missing, words):
    text = said(capsys, workshop.arguments(**{option: workshop.root / missing}))
    for word in words:
        assert word in text


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("model_cfg: [", "YAML"),
        ("just words", "mapping"),
        ("data_cfg: {dataset_name: A}", "model_cfg"),
        ("data_cfg: {dataset_name: A}\nevaluator_cfg: {restore_hint: 0}\nmodel_cfg: {model: GaitSett}", "GaitSet"),
        ("data_cfg: {dataset_name: A}\nevaluator_cfg: {restore_hint: 0}\nmodel_cfg: {model: GaitSet}", "in_channels"),
        ("!!python/object/apply:os.system ['touch pwned']", "YAML"),
    ],
)
def test_configs(workshop, capsys, text, words):
    workshop.config.write_text(text, encoding="utf-8")
    assert words in said(capsys, workshop.arguments(checkpoint="none"))
    assert not (workshop.root / "pwned").exists()


def test_checkpoint_of_another_model(workshop, capsys):
    other = build(narrow(FACTS["GaitBase"]["model_cfg"]))
    torch.save({"model": other.state_dict(), "iteration": 1}, workshop.checkpoint)
    text = said(capsys, workshop.arguments())
    assert "Backbone.forward_block.conv1.conv.weight" in text
    assert "set_block1.forward_block.0.conv.weight" in text


def test_checkpoint_of_other_sizes(workshop, capsys):
    cfg = narrow(FACTS["GaitSet"]["model_cfg"])
    cfg["SeparateFCs"].update(out_channels=16)
    torch.save({"model": build(cfg).state_dict(), "iteration": 1}, workshop.checkpoint)
    text = said(capsys, workshop.arguments())
    assert "Head.fc_bin" in text
    assert "[62, 8, 16]" in text
    assert "[62, 8, 8]" in text


@pytest.mark.parametrize("harm", ["truncated", "code", "text", "empty"])
def test_checkpoints_that_are_broken_or_hostile(workshop, capsys, harm):
    trap = workshop.root / "pwned"
    if harm == "truncated":
        workshop.checkpoint.write_bytes(workshop.checkpoint.read_bytes()[:1000])
    elif harm == "code":
        torch.save({"model": {"x": Spell(trap)}}, workshop.checkpoint)
    else:
        workshop.checkpoint.write_bytes(b"words" if harm == "text" else b"")
    text = said(capsys, workshop.arguments())
    assert "gaitset.pt" in text
    assert not trap.exists()
    if harm == "code":
        assert "code" in text


def test_config_names_a_checkpoint_that_is_not_there(workshop, capsys):
    write_config(workshop.config, restore_hint=40000)
    text = said(capsys, workshop.arguments(checkpoint=None))
    assert "GaitSet-40000.pt" in text
    assert "--checkpoint" in text


FRAMES = silhouettes(1)


@pytest.mark.parametrize(
    ("content", "word"),
    [
        (b"", "empty"),
        (pickle.dumps(FRAMES)[:500], "cut short"),
        (b"not a pickle", "pickle"),
        (pickle.dumps(FRAMES[:0]), "frames"),
        (pickle.dumps(np.full((4, 64, 64), np.nan, np.float32)), "NaN"),
        (pickle.dumps(np.zeros((4, 64, 64), object)), "object"),
        (pickle.dumps(np.zeros((4, 64, 64, 9, 9), np.uint8)), "shape"),
        (pickle.dumps(np.zeros((4, 3, 5), np.uint8)), "(4, 3, 5)"),
        (pickle.dumps(np.random.default_rng(0).random((4, 17, 3), np.float32)), "(4, 17, 3)"),
        (pickle.dumps(silhouettes(1, height=40, width=40)), "64 x 44"),
    ],
)
@pytest.mark.parametrize("where", ["probes", "gallery"])
def test_pickles(workshop, capsys, content, word, where):
    """Empty, truncated, no pickle, zero frames, NaN, objects, wrong shapes, another modality; probe or gallery."""
    folder = {"probes": workshop.probes / "001/nm-05/090", "gallery": workshop.gallery / "001/nm-01/072"}[where]
    (folder / "0.pkl").write_bytes(content)
    text = said(capsys, workshop.arguments(layers="1"))
    assert word in text
    assert "001" in text


@pytest.mark.parametrize("where", ["probes", "gallery"])
def test_pickles_that_hold_code(workshop, capsys, where):
    trap = workshop.root / "pwned"
    folder = {"probes": workshop.probes / "001/nm-05/090", "gallery": workshop.gallery / "001/nm-01/072"}[where]
    (folder / "0.pkl").write_bytes(pickle.dumps(Spell(trap)))
    assert "code" in said(capsys, workshop.arguments(layers="1"))
    assert not trap.exists()


def test_two_modalities_where_one_is_expected(workshop, capsys):
    write_walk(workshop.probes, "001/nm-05/090", silhouettes(5), "1.pkl")
    text = said(capsys, workshop.arguments(layers="1"))
    assert "data_in_use" in text
    assert "2 input(s)" in text


def test_walks_shorter_than_a_step_are_repeated_and_said(workshop, capsys):
    """GaitGL needs three frames: it repeats shorter walks, and the run says so."""
    write_config(workshop.config, "GaitGL")
    write_walk(workshop.probes, "001/nm-05/090", silhouettes(1, frames=1), "0.pkl")
    assert command(workshop.arguments(checkpoint="none", layers="1 3")) == 0
    text = " ".join(capsys.readouterr().err.split())
    assert "001-nm-05-090: 1 frame(s) are fewer than the model's layers need" in text


def test_empty_folders(workshop, capsys):
    (workshop.root / "void").mkdir()
    for option in ("probe_dir", "gallery_dir"):
        text = said(capsys, workshop.arguments(**{option: workshop.root / "void"}))
        assert "void" in text
        assert "<id>/<type>/<view>" in text or "id/type/view" in text


def test_a_gallery_that_is_all_overlap(workshop, capsys):
    text = said(capsys, workshop.arguments(probe_dir=workshop.probes / "..", gallery_dir=workshop.probes))
    assert "layout" in text or "folders deep" in text
    for path in (workshop.probes / "002/nm-05/090").iterdir():
        path.unlink()
    text = said(capsys, workshop.arguments(gallery_dir=workshop.probes, layers="1"))
    assert "no gallery walk left" in text
    assert "being that walk itself: 001-nm-05-090" in text


@pytest.mark.parametrize(
    ("layers", "word"),
    [
        ("99", "1 to 25"),
        ("gl_block2.0.con", "gl_block2.0.conv"),
        ("25", "no place in the frames"),
        ("Head", "no place in the frames"),
        ("conv4d", "conv"),
    ],
)
def test_layers_nobody_can_draw(workshop, capsys, layers, word):
    assert word in said(capsys, workshop.arguments(layers=layers))


def test_a_layer_that_is_never_called(workshop, capsys):
    write_config(workshop.config, "GaitBase")
    text = said(capsys, workshop.arguments(layers="4", checkpoint="none"))
    assert "is never called" in text


def test_no_answer_where_layers_are_asked_for(workshop, capsys, monkeypatch):
    import io

    monkeypatch.setattr("sys.stdin", io.StringIO(""))
    assert "--layers" in said(capsys, workshop.arguments(layers=None))


@pytest.mark.parametrize("device", ["cuda:7", "mps", "tpu"])
def test_devices_that_are_not_there(workshop, capsys, device):
    if device == "mps" and torch.backends.mps.is_available():
        pytest.skip("this machine has it")
    text = said(capsys, workshop.arguments(device=device))
    assert device in text
    assert "cpu" in text


def test_the_default_device_falls_back_with_a_notice(workshop, capsys):
    if torch.cuda.is_available():
        pytest.skip("this machine has a GPU")
    assert command(workshop.arguments(device="0", layers="1")) == 0
    assert "CPU" in capsys.readouterr().err


def test_an_output_folder_that_cannot_be_written(workshop, capsys):
    (workshop.root / "file").write_text("in the way", encoding="utf-8")
    text = said(capsys, workshop.arguments(save_dir=workshop.root / "file" / "out"))
    assert "--save_dir" in text


def test_a_full_disk_keeps_what_was_finished(workshop, capsys, monkeypatch):
    import errno

    from visual_analyse.results import evidence

    real, wrote = evidence.np.savez_compressed, []

    def full(*args, **kwargs):
        if wrote:
            raise OSError(errno.ENOSPC, "No space left on device")
        wrote.append(1)
        return real(*args, **kwargs)

    monkeypatch.setattr(evidence.np, "savez_compressed", full)
    text = said(capsys, workshop.arguments(layers="1"))
    assert "No space left" in text
    assert [path.name for path in (workshop.root / "out").iterdir()] == ["GaitSet_001-nm-05-090.npz"]


@pytest.mark.skipif(sys.platform == "win32", reason="such names cannot be made on Windows")
def test_names_of_a_dataset_never_become_paths(workshop):
    name = "x..\\y"
    write_walk(workshop.probes, f"{name}/nm:01/<b>", silhouettes(40))
    assert command(workshop.arguments(layers="1")) == 0
    made = sorted(path.name for path in (workshop.root / "out").iterdir())
    assert len(made) == 3
    assert all(not set(path) & set('\\/:<>"|?*') for path in made)
    assert {path.name for path in workshop.root.iterdir()} >= {"out"}


def test_dataset_and_folders_do_not_mix(workshop, capsys):
    assert "--dataset" in said(capsys, workshop.arguments(dataset=workshop.dataset, probe="001/nm-05/090"))
    assert "--probe" in said(capsys, workshop.arguments(probe_dir=None, gallery_dir=None, dataset=workshop.dataset))


def test_a_probe_of_a_dataset_that_nobody_has(workshop, capsys):
    words = workshop.arguments(probe_dir=None, gallery_dir=None, dataset=workshop.dataset, probe="001/nm-07/090")
    assert "nearest" in said(capsys, words)


def test_unknown_options_are_answered_with_the_nearest(workshop, capsys):
    assert "--probe_dir" in said(capsys, [*workshop.arguments(), "--probes_dir", "x"])
    assert "--weights" in said(capsys, workshop.arguments(weights="both"))
    assert "--config_path" in said(capsys, [])


def test_the_older_tools_folder_in_the_way(workshop, capsys):
    """A package of that name in the current folder would be run in our place: the console script says so and works."""
    from visual_analyse.cli.main import main

    folder = workshop.root / "visual_analyse"
    folder.mkdir()
    (folder / "__init__.py").write_text("", encoding="utf-8")
    (folder / "grad_cam.py").write_text("print('the older tool')", encoding="utf-8")
    assert main(["grad_cam", *workshop.arguments(layers="1")]) == 0
    text = " ".join(capsys.readouterr().err.split())
    assert "visual-analyse grad_cam" in text
    assert "in the way" in text
    assert any((workshop.root / "out").iterdir())
