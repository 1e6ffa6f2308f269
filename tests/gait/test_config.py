"""Configs: read, laid over defaults, and answered with one sentence where they are wrong."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from visual_analyse.errors import VisualAnalyseError
from visual_analyse.gait.config import Config, merged, read_config

FULL = """
data_cfg:
  dataset_name: OUMVLP
  dataset_root: /data/oumvlp
  dataset_partition: ./datasets/OUMVLP/OUMVLP.json
  data_in_use: [false, true]
evaluator_cfg:
  restore_hint: 400
  save_name: Mine
  metric: cos
  transform:
    - type: BaseSilCuttingTransform
      cutting: 5
    -
model_cfg:
  model: GaitSet
  bin_num: [4, 2]
"""
BARE = "data_cfg: {dataset_name: Town}\nmodel_cfg: {model: GaitSet}\n"


@pytest.fixture
def config(tmp_path):
    def config(text, defaults=None):
        path = tmp_path / "a.yaml"
        path.write_text(text)
        return read_config(path, defaults)

    return config


def test_what_a_config_says(config):
    found = config(FULL)
    assert (found.model_class, found.save_name, found.metric) == ("GaitSet", "Mine", "cos")
    assert (found.dataset_name, found.test_dataset_name) == ("OUMVLP", "OUMVLP")
    assert found.dataset_root == Path("/data/oumvlp")
    assert found.partition == Path("datasets/OUMVLP/OUMVLP.json")
    assert found.data_in_use == [False, True]
    assert found.transforms == [{"type": "BaseSilCuttingTransform", "cutting": 5}, {"type": "NoOperation"}]
    assert found.restore_hint == 400
    assert found.restore_strictly
    assert found.model_cfg["bin_num"] == [4, 2]


def test_what_a_config_leaves_out_comes_from_the_defaults(config, tmp_path):
    found = config(BARE)
    assert found.metric == "euc"
    assert found.transforms == [{"type": "BaseSilCuttingTransform"}]
    assert found.restore_hint == 80000
    assert found.dataset_root is None
    assert found.partition is None
    assert found.data_in_use is None
    assert found.sections["evaluator_cfg"]["sampler"]["sample_type"] == "all_ordered"

    defaults = tmp_path / "default.yaml"
    defaults.write_text(
        "evaluator_cfg: {metric: cos, restore_hint: 7, sampler: {type: Own}}\ndata_cfg: {cache: true}\n"
    )
    found = config(BARE + "evaluator_cfg: {sampler: {batch_size: 2}}\n", defaults)
    assert (found.metric, found.restore_hint) == ("cos", 7)
    assert found.sections["evaluator_cfg"]["sampler"] == {"type": "Own", "batch_size": 2}
    assert found.sections["data_cfg"] == {"cache": True, "dataset_name": "Town"}


def test_a_name_is_the_class_where_the_file_has_none_whatever_the_defaults_say(config):
    assert config(BARE).save_name == "GaitSet"
    assert config(BARE + "evaluator_cfg: {metric: cos}\n").save_name == "GaitSet"


def test_merging_changes_neither_side_and_replaces_lists():
    defaults = {"a": {"b": [1, 2], "c": {"d": 1}}, "e": {"f": 1}}
    own = {"a": {"b": [3], "c": {"g": 2}}, "e": [5]}
    result = merged(defaults, own)
    assert result == {"a": {"b": [3], "c": {"d": 1, "g": 2}}, "e": [5]}
    result["a"]["b"].append(4)
    result["a"]["c"]["d"] = 9
    assert (defaults["a"]["c"]["d"], own["a"]["b"]) == (1, [3])


def test_several_datasets(config):
    data = "[{dataset_name: A, dataset_root: r, data_in_use: [true]}, {dataset_name: B}]"
    found = config(f"data_cfg: {data}\nmodel_cfg: {{model: M}}\n")
    assert (found.dataset_name, found.test_dataset_name) == ("A_B", "A")
    assert (found.dataset_root, found.data_in_use) == (Path("r"), [True])


def test_the_dataset_of_the_protocol(config):
    assert config(BARE.replace("Town", "Town, test_dataset_name: City")).test_dataset_name == "City"
    assert config("data_cfg: {cache: true}\nmodel_cfg: {model: M}\n").test_dataset_name == "CASIA-B"


def test_a_single_transform_may_stand_alone(config):
    assert config(BARE + "evaluator_cfg: {transform: {type: X}}\n").transforms == [{"type": "X"}]


@pytest.mark.parametrize(
    ("hint", "expected"),
    [
        ("400", "output/OUMVLP/GaitSet/Mine/checkpoints/Mine-00400.pt"),
        ("120000", "output/OUMVLP/GaitSet/Mine/checkpoints/Mine-120000.pt"),
        ("output/mine.pt", "output/mine.pt"),
    ],
)
def test_where_checkpoints_are_looked_for(config, hint, expected):
    found = config(FULL.replace("restore_hint: 400", f"restore_hint: {hint}"))
    assert found.checkpoint_candidates([Path("one"), Path("two")]) == [Path("one", expected), Path("two", expected)]


def test_a_whole_path_is_looked_for_once_and_0_nowhere(config, tmp_path):
    path = tmp_path / "mine.pt"
    found = config(FULL.replace("restore_hint: 400", f"restore_hint: {path}"))
    assert found.checkpoint_candidates([Path("one"), Path("two")]) == [path]
    assert config(FULL.replace("restore_hint: 400", "restore_hint: 0")).checkpoint_candidates([Path("one")]) == []


def test_a_checkpoint_of_a_config_without_a_name_has_that_of_the_defaults(config):
    found = config(BARE).checkpoint_candidates([Path()])
    assert found == [Path("output/Town/GaitSet/tmp/checkpoints/tmp-80000.pt")]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("data_cfg: {a: 1}\nevaluator_cfg: {}\n", r"lacks the section model_cfg; it has data_cfg, evaluator_cfg\."),
        ("model_cfg: {model: M}\n", "lacks the section data_cfg; it has model_cfg"),
        ("model_cfg:\ndata_cfg:\n", "lacks the section data_cfg and model_cfg"),
        ("- 1\n- 2\n", "holds a list; a mapping with the sections data_cfg"),
        ("just words", "holds a text; a mapping"),
        ("", "holds a nothing; a mapping"),
        ("a: 1\nb: [1, 2\nc: 3\n", r"is not YAML: .* at line 3, column 2\."),
        ("a: 1\n\tb: 2\n", r"is not YAML: .* at line 2, column 1\."),
        ("a: !!python/object/apply:os.system ['true']\n", r"is not YAML: could not determine a constructor .* line 1"),
        ("a: \x00\n", "is not YAML"),
        ("[" * 5000, "is not YAML"),
        ("data_cfg: {a: 1}\nmodel_cfg: [1]\n", "model_cfg is a list; a mapping"),
        ("data_cfg: word\nmodel_cfg: {model: M}\n", "data_cfg is 'word'; a mapping"),
        ("data_cfg: [1]\nmodel_cfg: {model: M}\n", r"data_cfg is \[1\]; a mapping"),
        ("data_cfg: {a: 1}\nmodel_cfg: {width: 3}\n", "model_cfg.model is None; the name of a class"),
        ("data_cfg: {a: 1}\nmodel_cfg: {model: [A]}\n", r"model_cfg.model is \['A'\]"),
        (BARE + "evaluator_cfg: {metric: cosine}\n", "metric is 'cosine'; euc or cos was expected"),
        (BARE + "evaluator_cfg: {restore_hint: [a.pt, b.pt]}\n", r"restore_hint is \['a.pt', 'b.pt'\]; an iteration"),
        (BARE + "evaluator_cfg: {restore_hint: true}\n", "restore_hint is True; an iteration"),
        (BARE + "evaluator_cfg:\n", "evaluator_cfg is a nothing; a mapping"),
    ],
)
def test_what_is_wrong_is_said(config, text, sentence):
    with pytest.raises(VisualAnalyseError, match=sentence):
        config(text)


@pytest.mark.parametrize(
    ("transform", "sentence"),
    [
        ("", "transform is None; a list"),
        ("[]", r"transform is \[\]; a list"),
        ("[word]", "holds 'word'; a mapping with a type"),
        ("[{divsor: 1}]", "holds {'divsor': 1}; a mapping with a type"),
    ],
)
def test_wrong_transforms_are_said(config, transform, sentence):
    found = config(BARE + f"evaluator_cfg:\n  transform: {transform}\n")
    with pytest.raises(VisualAnalyseError, match=sentence):
        _ = found.transforms


def test_a_missing_file_has_neighbours(tmp_path):
    folder = tmp_path / "configs" / "gaitset"
    folder.mkdir(parents=True)
    (folder / "gaitset.yaml").write_text(BARE)
    with pytest.raises(VisualAnalyseError, match=r"no config .*gaitset\.yml\. Did you mean gaitset\.yaml\?"):
        read_config(folder / "gaitset.yml")
    with pytest.raises(VisualAnalyseError, match=r"configs holds no gaitsset\. Did you mean gaitset\?"):
        read_config(tmp_path / "configs" / "gaitsset" / "gaitset.yaml")
    with pytest.raises(VisualAnalyseError, match=r"is a folder.*gaitset\.yaml"):
        read_config(folder)


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read(config, tmp_path):
    (tmp_path / "a.yaml").write_text(BARE)
    (tmp_path / "a.yaml").chmod(0)
    with pytest.raises(VisualAnalyseError, match="could not be read"):
        read_config(tmp_path / "a.yaml")


def test_a_config_can_be_made_without_a_file():
    found = Config(Path("here.yaml"), {"model_cfg": {"model": "A"}, "data_cfg": {"dataset_name": "B"}})
    assert (found.model_class, found.save_name, found.metric, found.restore_hint) == ("A", "A", "euc", 0)


@pytest.mark.opengait
@pytest.mark.skipif(not os.environ.get("OPENGAIT_ROOT"), reason="OPENGAIT_ROOT names no checkout of OpenGait")
def test_every_config_of_the_checkout_is_read():
    root = Path(os.environ["OPENGAIT_ROOT"])
    read = 0
    for path in sorted((root / "configs").rglob("*.yaml")):
        if path.name in {"default.yaml", "pretreatment_heatmap.yaml"}:  # neither describes a model and its data
            continue
        for defaults in (None, root / "configs" / "default.yaml"):
            found = read_config(path, defaults)
            assert found.transforms
            assert found.save_name
            assert found.test_dataset_name
        read += 1
    assert read > 50
