"""Files of pretrained weights that are not there, and those that are."""

from __future__ import annotations

import sys
import types
from pathlib import Path

import pytest
import torch
from torch import nn

from visual_analyse.models.pretrained import Absent, without_pretrained


def state():
    return torch.load, vars(nn.Module)["load_state_dict"]


@pytest.fixture(autouse=True)
def everything_is_put_back():
    before = state()
    yield
    assert state() == before


def net():
    torch.manual_seed(0)
    return nn.Linear(2, 3)


@pytest.mark.parametrize("kind", [str, Path])
def test_a_missing_file_leaves_the_weights(kind, tmp_path):
    mine, untouched = net(), net()
    with without_pretrained({}) as missing:
        found = torch.load(kind(tmp_path / "gone.pt"), map_location="cpu")
        answer = mine.load_state_dict(found["model"]["deeper"], strict=True)
    assert (answer.missing_keys, answer.unexpected_keys) == ([], [])
    assert torch.equal(mine.weight, untouched.weight)
    assert missing == [str(tmp_path / "gone.pt")]


def test_an_existing_file_is_loaded(tmp_path):
    other = nn.Linear(2, 3)
    torch.save({"model": other.state_dict()}, tmp_path / "there.pt")
    mine = net()
    with without_pretrained({}) as missing:
        answer = mine.load_state_dict(torch.load(tmp_path / "there.pt", map_location="cpu")["model"])
    assert torch.equal(mine.weight, other.weight)
    assert answer.missing_keys == []
    assert missing == []


def test_what_does_not_fit_is_still_refused(tmp_path):
    torch.save(nn.Linear(5, 5).state_dict(), tmp_path / "there.pt")
    with without_pretrained({}), pytest.raises(RuntimeError, match="size mismatch"):
        net().load_state_dict(torch.load(tmp_path / "there.pt"))


def test_streams_are_read():
    import io

    stream = io.BytesIO()
    torch.save(torch.ones(2), stream)
    stream.seek(0)
    with without_pretrained({}) as missing:
        assert torch.load(stream).tolist() == [1, 1]
    assert missing == []


def test_each_name_once_and_in_order(tmp_path):
    with without_pretrained({}) as missing:
        for name in ("b", "a", "b"):
            torch.load(tmp_path / name)
    assert [Path(name).name for name in missing] == ["b", "a"]


def test_all_is_put_back_after_an_error():
    with pytest.raises(KeyError), without_pretrained({}):
        assert state()[0] is not torch.serialization.load
        raise KeyError


def test_a_model_with_a_way_of_its_own_to_load_keeps_it(tmp_path):
    class Own(nn.Linear):
        def load_state_dict(self, state, *args, **kwargs):
            self.seen = state
            return super().load_state_dict(state, *args, **kwargs)

    own = Own(2, 3)
    with without_pretrained({}):
        own.load_state_dict(torch.load(tmp_path / "gone.pt"))
    assert isinstance(own.seen, Absent)
    assert "load_state_dict" in vars(Own)


WAYS = {
    "load(f=)": lambda file: torch.load(f=file),
    "load_state_dict(state_dict=)": lambda file: net().load_state_dict(state_dict=torch.load(file)),
    "names without a prefix": lambda file: net().load_state_dict(
        {name[7:]: x for name, x in torch.load(file)["model"].items()}
    ),
    "get": lambda file: net().load_state_dict(torch.load(file).get("model")),
    "pop": lambda file: torch.load(file).pop("head.weight"),
}


@pytest.mark.parametrize("way", WAYS)
def test_the_ways_in_which_constructors_load(way, tmp_path):
    """Names given in words, names stripped of a prefix, a head taken out: none of it stops a constructor."""
    with without_pretrained({}) as missing:
        WAYS[way](tmp_path / "gone.pt")
    assert missing == [str(tmp_path / "gone.pt")]


def test_an_existing_file_by_torchs_own_names(tmp_path):
    """`f` and `state_dict` are what torch calls them, and code that says so works outside."""
    torch.save(net().state_dict(), tmp_path / "there.pt")
    mine = nn.Linear(2, 3)
    with without_pretrained({}):
        mine.load_state_dict(state_dict=torch.load(f=tmp_path / "there.pt"))
    assert torch.equal(mine.weight, net().weight)


# --- the package transformers, or what stands for it ---


@pytest.fixture
def transformers(monkeypatch):
    """A module of that name with the two classes that read folders."""
    made = types.ModuleType("transformers")

    class PretrainedConfig:
        def __init__(self, hidden_size=768, num_hidden_layers=12, num_attention_heads=12):
            self.hidden_size, self.num_hidden_layers, self.num_attention_heads = (
                hidden_size, num_hidden_layers, num_attention_heads,
            )  # fmt: skip

        @classmethod
        def from_pretrained(cls, place, **kwargs):
            return cls(hidden_size=int((Path(place) / "config").read_text()))

    class PreTrainedModel(nn.Module):
        def __init__(self, config):
            super().__init__()
            self.config, self.stored = config, None

        @classmethod
        def from_pretrained(cls, place, config=None):
            model = cls(config or PretrainedConfig.from_pretrained(place))
            model.stored = str(place)
            return model

    class TinyConfig(PretrainedConfig): ...

    class TinyModel(PreTrainedModel): ...

    made.PretrainedConfig, made.PreTrainedModel = PretrainedConfig, PreTrainedModel
    made.TinyConfig, made.TinyModel = TinyConfig, TinyModel
    monkeypatch.setitem(sys.modules, "transformers", made)
    owners = (PretrainedConfig, PreTrainedModel)
    before = [vars(owner)["from_pretrained"] for owner in owners]
    yield made
    assert [vars(owner)["from_pretrained"] for owner in owners] == before


CFG = {"pretrained_dinov2": "weights/dinov2-small", "source_dim": 384, "total_layer_num": 3}


def test_a_folder_that_is_not_there_is_made_of_what_the_config_says(transformers, tmp_path):
    gone = tmp_path / "dinov2-small"
    with without_pretrained(CFG) as missing:
        config = transformers.TinyConfig.from_pretrained(str(gone))
        model = transformers.TinyModel.from_pretrained(str(gone), config=config)
    assert type(config) is transformers.TinyConfig
    assert (config.hidden_size, config.num_attention_heads, config.num_hidden_layers) == (384, 6, 3)
    assert type(model) is transformers.TinyModel
    assert model.config is config
    assert model.stored is None
    assert missing == [str(gone)]


def test_without_numbers_in_the_config_the_usual_ones_are_taken(transformers, tmp_path):
    with without_pretrained({}):
        config = transformers.TinyConfig.from_pretrained(tmp_path / "gone")
    assert (config.hidden_size, config.num_attention_heads, config.num_hidden_layers) == (768, 12, 12)


def test_a_folder_that_is_there_is_read(transformers, tmp_path):
    (tmp_path / "config").write_text("64")
    with without_pretrained(CFG) as missing:
        config = transformers.TinyConfig.from_pretrained(tmp_path)
        models = [
            transformers.TinyModel.from_pretrained(tmp_path, config=config),
            transformers.TinyModel.from_pretrained(tmp_path),
        ]
    assert [model.config.hidden_size for model in models] == [64, 64]
    assert [model.stored for model in models] == [str(tmp_path)] * 2
    assert missing == []


def test_classes_are_put_back_after_an_error(transformers, tmp_path):
    with pytest.raises(KeyError), without_pretrained(CFG):
        raise KeyError
    with pytest.raises(FileNotFoundError):
        transformers.TinyConfig.from_pretrained(tmp_path / "gone")


def test_a_folder_is_asked_for_where_the_package_is_not_installed(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "transformers", None)  # importing it raises ImportError
    with without_pretrained(CFG) as missing:
        torch.load(tmp_path / "gone.pt")
    assert len(missing) == 1


def test_the_package_is_imported_only_where_a_folder_is_named(monkeypatch):
    import visual_analyse.models.pretrained as pretrained

    asked = []
    monkeypatch.delitem(sys.modules, "transformers", raising=False)
    monkeypatch.setattr(
        pretrained, "import_module", lambda name: asked.append(name) or (_ for _ in ()).throw(ImportError)
    )
    for cfg in ({}, {"pretrained_mask": "mask.pt"}, {"width": 3}):
        with without_pretrained(cfg):
            assert asked == []
    with without_pretrained(CFG):
        assert asked == ["transformers"]
