"""Checkpoints of all kinds: those that load, and those that are refused with a sentence."""

from __future__ import annotations

import collections
import os
import pickle
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from visual_analyse.errors import VisualAnalyseError
from visual_analyse.gait.config import Config
from visual_analyse.models.checkpoint import load_checkpoint, resolve_checkpoint


def net(width=4, parts=2, seed=0):
    torch.manual_seed(seed)
    layers = {"conv": nn.Conv2d(1, width, 3), "norm": nn.BatchNorm2d(width), "head": nn.Linear(width, parts)}
    return nn.ModuleDict(layers)


def same(a, b):
    return all(torch.equal(x, y) for x, y in zip(a.state_dict().values(), b.state_dict().values(), strict=True))


def trained(module):
    """What a training loop leaves: an optimiser with momentum, and a scheduler that counts its milestones."""
    optimizer = torch.optim.SGD(module.parameters(), lr=0.1, momentum=0.9)
    scheduler = torch.optim.lr_scheduler.MultiStepLR(optimizer, [2, 4], 0.1)
    for _ in range(3):
        optimizer.zero_grad()
        sum(parameter.square().sum() for parameter in module.parameters()).backward()
        optimizer.step()
        scheduler.step()
    assert isinstance(scheduler.state_dict()["milestones"], collections.Counter)
    return {
        "model": module.state_dict(),
        "optimizer": optimizer.state_dict(),
        "scheduler": scheduler.state_dict(),
        "iteration": 3,
    }


FORMS = {
    "as save_ckpt writes": trained,
    "a bare state dict": lambda module: module.state_dict(),
    "under state_dict": lambda module: {"state_dict": module.state_dict(), "epoch": 3},
    "with prefixes": lambda module: {"model": {f"module.{name}": value for name, value in module.state_dict().items()}},
    "with numbers of numpy": lambda module: {
        "model": module.state_dict(), "loss": np.float64(0.5), "best": [np.float32(2), np.int64(3), np.bool_(True)],
    },
    "with parameters": lambda module: {"model": dict(module.named_parameters()) | dict(module.named_buffers())},
}  # fmt: skip


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("zipped", [True, False])
def test_what_loads(tmp_path, form, zipped):
    source, target = net(seed=1), net(seed=2)
    torch.save(FORMS[form](source), tmp_path / "a.pt", _use_new_zipfile_serialization=zipped)
    assert not same(source, target)
    assert load_checkpoint(target, tmp_path / "a.pt") == []
    assert same(source, target)


def test_numbers_that_numpy_1_wrote(tmp_path, monkeypatch):
    # The function that makes a number lived in numpy.core then.
    from numpy._core import multiarray

    monkeypatch.setattr(multiarray.scalar, "__module__", "numpy.core.multiarray", raising=False)
    source, target = net(seed=1), net(seed=2)
    stream = tmp_path / "a.pt"
    torch.save({"model": source.state_dict(), "loss": np.float64(0.5)}, stream)
    written = zipfile.ZipFile(stream).read("a/data.pkl")
    old = written.replace(b"numpy._core.multiarray", b"numpy.core.multiarray")
    with zipfile.ZipFile(stream) as archive, zipfile.ZipFile(tmp_path / "old.pt", "w") as copy:
        for item in archive.infolist():
            copy.writestr(item.filename, old if item.filename == "a/data.pkl" else archive.read(item))
    load_checkpoint(target, tmp_path / "old.pt")
    assert same(source, target)


def test_a_model_whose_own_names_begin_with_module(tmp_path):
    source, target = nn.ModuleDict({"module": net(seed=1)}), nn.ModuleDict({"module": net(seed=2)})
    torch.save(source.state_dict(), tmp_path / "a.pt")
    load_checkpoint(target, tmp_path / "a.pt")
    assert same(source, target)


class Naughty:
    def __reduce__(self):
        return (os.mkdir, (str(Path(sys.argv[0]).parent / "code_ran"),))


def write_pickle(path):
    path.write_bytes(pickle.dumps({"model": {"a": 1}}, protocol=2))


def write_naughty(path):
    torch.save({"model": net().state_dict(), "optimizer": Naughty()}, path)


def write_module(path):
    torch.save(net(), path)


def cut(share):
    def write(path):
        torch.save(trained(net()), path)
        path.write_bytes(path.read_bytes()[: int(path.stat().st_size * share)])

    return write


def write_npz(path):
    with path.open("wb") as stream:
        np.savez(stream, a=np.zeros(3))


def write_script(path):
    torch.jit.script(nn.Linear(1, 1)).save(str(path))


BROKEN = {
    "code": (write_naughty, r"hold.*can run code \((posix|nt)\.mkdir\), and was left unopened.*model\.state_dict\(\)"),
    "a whole module": (write_module, r"can run code \(torch\.nn\.modules\.container\.ModuleDict\)"),
    "empty": (lambda path: path.write_bytes(b""), "is empty"),
    "cut in half": (cut(0.5), r"is a damaged checkpoint, or none: its \d+ bytes cannot be read to the end"),
    "without its end": (cut(0.98), "is a damaged checkpoint"),
    "nearly nothing": (lambda path: path.write_bytes(b"PK"), "is a damaged checkpoint"),
    "text": (lambda path: path.write_text("version https://git-lfs\n"), "is no checkpoint: it does not begin"),
    "a picture": (lambda path: path.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(9)), "is no checkpoint: it does not"),
    "npz": (write_npz, "is no checkpoint: it is a zip file of other things"),
    "a pickle": (write_pickle, "checkpoint"),
    "torchscript": (write_script, "is no checkpoint: it is a program of TorchScript"),
    "a tensor": (lambda path: torch.save(torch.zeros(3), path), "is no checkpoint of a model: it holds Tensor; a"),
    "other things": (lambda path: torch.save({"epoch": 3, "model": [1]}, path), "it holds epoch, model; a state dict"),
    "nothing": (lambda path: torch.save({}, path), "it holds nothing; a state dict"),
    "a number": (lambda path: torch.save(3, path), "it holds int; a state dict"),
    "absent": (lambda path: None, r"There is no checkpoint .*a\.pt\. Type --checkpoint"),
    "a folder": (lambda path: path.mkdir(), "There is no checkpoint"),
}  # fmt: skip


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # TorchScript's own
@pytest.mark.parametrize("kind", BROKEN)
def test_what_does_not_load(tmp_path, monkeypatch, kind):
    monkeypatch.setattr(sys, "argv", [str(tmp_path / "here")])
    write, sentence = BROKEN[kind]
    write(tmp_path / "a.pt")
    module = net()
    before = {name: value.clone() for name, value in module.state_dict().items()}
    with pytest.raises(VisualAnalyseError, match=sentence):
        load_checkpoint(module, tmp_path / "a.pt")
    assert not (tmp_path / "code_ran").exists()
    assert all(torch.equal(value, before[name]) for name, value in module.state_dict().items())


def test_every_truncation_gets_a_sentence(tmp_path):
    torch.save(net().state_dict(), tmp_path / "whole.pt")
    whole = (tmp_path / "whole.pt").read_bytes()
    for end in range(0, len(whole), 131):
        (tmp_path / "a.pt").write_bytes(whole[:end])
        with pytest.raises(VisualAnalyseError, match=r"empty|damaged|no checkpoint"):
            load_checkpoint(net(), tmp_path / "a.pt")


def refusal(tmp_path, source, target):
    torch.save({"model": source}, tmp_path / "a.pt")
    with pytest.raises(VisualAnalyseError) as caught:
        load_checkpoint(target, tmp_path / "a.pt")
    return str(caught.value)


def test_other_sizes_name_key_both_shapes_and_both_remedies(tmp_path):
    said = refusal(tmp_path, net(parts=31).state_dict(), net(parts=62))
    assert "2 of other shapes (head.weight is [31, 4] there and [62, 4] in the config; head.bias is [31] there" in said
    assert "take the checkpoint that was trained with this config" in said
    assert "set those sizes in model_cfg" in said


def test_missing_and_surplus_parameters_are_listed_with_their_number(tmp_path):
    state = net().state_dict()
    del state["head.weight"], state["head.bias"]
    state.update({f"extra.{k}": torch.zeros(1) for k in range(9)})
    said = refusal(tmp_path, state, net())
    assert "2 that the config has and the checkpoint lacks (head.weight, head.bias)" in said
    assert "9 that the checkpoint has and the config lacks (extra.0, extra.1, extra.2, extra.3, ...)" in said


def test_a_checkpoint_of_another_model(tmp_path):
    said = refusal(tmp_path, nn.ModuleDict({"other": nn.Linear(3, 3)}).state_dict(), net())
    assert "a checkpoint of another model" in said


def test_a_config_may_ask_for_a_loose_fit_but_shapes_must_agree(tmp_path):
    source, target = net(seed=1), net(seed=2)
    state = source.state_dict()
    del state["head.weight"]
    state["extra"] = torch.zeros(1)
    torch.save({"model": state}, tmp_path / "a.pt")
    kept = target.state_dict()["head.weight"].clone()
    (notice,) = load_checkpoint(target, tmp_path / "a.pt", strict=False)
    assert "kept random weights in head.weight; left unused extra." in notice
    assert torch.equal(target.state_dict()["head.weight"], kept)
    assert torch.equal(target.state_dict()["conv.weight"], source.state_dict()["conv.weight"])
    with pytest.raises(VisualAnalyseError, match="of other shapes"):
        load_checkpoint(net(parts=5), tmp_path / "a.pt", strict=False)
    torch.save({"model": {"nothing.of.it": torch.zeros(1)}}, tmp_path / "b.pt")
    with pytest.raises(VisualAnalyseError, match="another model"):
        load_checkpoint(target, tmp_path / "b.pt", strict=False)


@pytest.fixture
def config(tmp_path):
    def config(hint):
        cfgs = {"model_cfg": {"model": "GaitSet"}, "data_cfg": {"dataset_name": "Town"},
                "evaluator_cfg": {"save_name": "A", "restore_hint": hint}}  # fmt: skip
        return Config(tmp_path / "configs" / "a.yaml", cfgs)

    return config


@pytest.mark.parametrize("place", ["here", "checkout", "configs"])
@pytest.mark.parametrize(
    ("hint", "name"), [(70, "output/Town/GaitSet/A/checkpoints/A-00070.pt"), ("kept/b.pt", "kept/b.pt")]
)
def test_the_configs_own_checkpoint_is_found(tmp_path, config, place, hint, name):
    path = tmp_path / place / name
    path.parent.mkdir(parents=True)
    path.touch()
    assert resolve_checkpoint(config(hint), tmp_path / "checkout", None, tmp_path / "here") == path


def test_the_current_folder_comes_before_the_checkout(tmp_path, config):
    for place in ("here", "checkout"):
        (tmp_path / place).mkdir()
        (tmp_path / place / "b.pt").touch()
    assert (
        resolve_checkpoint(config("b.pt"), tmp_path / "checkout", None, tmp_path / "here") == tmp_path / "here" / "b.pt"
    )


def test_no_checkpoint_is_asked_for(tmp_path, config):
    assert resolve_checkpoint(config(0), None, None, tmp_path) is None
    assert resolve_checkpoint(config(70), None, "none", tmp_path) is None


def test_the_given_one_comes_before_the_configs(tmp_path, config, monkeypatch):
    (tmp_path / "mine.pt").touch()
    assert resolve_checkpoint(config(70), None, "mine.pt", tmp_path) == tmp_path / "mine.pt"
    assert resolve_checkpoint(config(70), None, tmp_path / "mine.pt") == tmp_path / "mine.pt"
    monkeypatch.chdir(tmp_path)
    assert resolve_checkpoint(config(70), None, "mine.pt") == tmp_path / "mine.pt"
    with pytest.raises(VisualAnalyseError, match=r"no checkpoint .*mime\.pt \(there is mine\.pt\)\. Type --checkpoint"):
        resolve_checkpoint(config(70), None, "mime.pt", tmp_path)


def test_a_missing_one_says_where_it_was_looked_for_and_what_to_type(tmp_path, config):
    folder = tmp_path / "checkout/output/Town/GaitSet/A/checkpoints"
    folder.mkdir(parents=True)
    (folder / "A-00060.pt").touch()
    with pytest.raises(VisualAnalyseError) as caught:
        resolve_checkpoint(config(70), tmp_path / "checkout", None, tmp_path / "here")
    said = str(caught.value)
    for place in ("here", "checkout", "configs"):
        assert str(tmp_path / place / "output/Town/GaitSet/A/checkpoints/A-00070.pt") in said
    assert "(there is A-00060.pt)" in said
    assert "restore_hint: 70" in said
    assert "--checkpoint FILE, or --checkpoint none" in said
