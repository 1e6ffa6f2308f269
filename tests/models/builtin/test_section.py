"""Configs that do not fit: each has its sentence, which names the key."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from visual_analyse.errors import VisualAnalyseError
from visual_analyse.models.builtin import build
from visual_analyse.models.builtin.section import Section

_MISSING = [
    ("GaitSet", "in_channels"), ("GaitSet", "bin_num"), ("GaitSet", "SeparateFCs"),
    ("GaitSet", "SeparateFCs.parts_num"),
    ("GaitPart", "backbone_cfg"), ("GaitPart", "backbone_cfg.layers_cfg"), ("GaitPart", "backbone_cfg.type"),
    ("GaitGL", "channels"), ("GaitGL", "class_num"), ("GaitGL, deep, necks", "SeparateBNNecks.class_num"),
    ("GLN, phase 1", "lateral_dim"), ("GLN, phase 1", "Lateral_pretraining"), ("GLN, phase 2", "hidden_dim"),
    ("GLN, phase 2", "dropout"), ("Baseline", "SeparateBNNecks"), ("Baseline", "backbone_cfg.block"),
]  # fmt: skip
_WRONG = [
    ("GaitSet", "bin_num", 16, "a list of whole numbers above 0"),
    ("GaitSet", "bin_num", [], "a list of whole numbers above 0"),
    ("GaitSet", "bin_num", [4, 0], "a list of whole numbers above 0"),
    ("GaitSet", "in_channels", [1, 2, 4], "a list of 4 whole numbers above 0"),
    ("GaitSet", "SeparateFCs", 62, "a section of keys and values"),
    ("GaitSet", "SeparateFCs.parts_num", 62, "Write parts_num: 12"),
    ("GaitSet", "SeparateFCs.in_channels", 128, "Write in_channels: 8"),
    ("GaitSet", "SeparateFCs.out_channels", "256", "a whole number above 0"),
    ("GaitSet", "SeparateFCs.out_channels", True, "a whole number above 0"),
    ("GaitPart", "SeparateFCs.parts_num", 16, "Write parts_num: 4"),
    ("GaitPart", "backbone_cfg.layers_cfg", ["BC-4", "XC-8"], "'XC-8' at place 2"),
    ("GaitPart", "backbone_cfg.layers_cfg", ["M", "BC-8"], "'M' at place 1"),
    ("GaitPart", "backbone_cfg.layers_cfg", ["BC-4", "FC-8"], "'FC-8' at place 2"),
    ("GaitPart", "backbone_cfg.layers_cfg", "BC-8", "a list of words"),
    ("GaitPart", "backbone_cfg.type", "ResNet50", "'Plain' or 'ResNet9'"),
    ("GaitGL", "channels", [2, 3], "a list of 3 or 4 whole numbers above 0"),
    ("GaitGL", "class_num", 0, "a whole number above 0"),
    ("GaitGL, deep, necks", "SeparateBNNecks.parts_num", 16, "Write parts_num: 64"),
    ("GLN, phase 1", "Lateral_pretraining", 1, "True or False"),
    ("GLN, phase 2", "dropout", 90, "a number from 0 to 1"),
    ("Baseline", "backbone_cfg.block", "Bottleneck", "'BasicBlock'"),
    ("Baseline", "backbone_cfg.strides", [1, 2, 2], "a list of 4 whole numbers above 0"),
    ("Baseline", "backbone_cfg.maxpool", "no", "True or False"),
    ("Baseline", "SeparateBNNecks.in_channels", 256, "Write in_channels: 4"),
]


def place(cfg: dict[str, Any], path: str) -> tuple[dict[str, Any], str]:
    *outer, key = path.split(".")
    for name in outer:
        cfg = cfg[name]
    return cfg, key


@pytest.mark.parametrize(("name", "path"), _MISSING)
def test_missing_key_is_named(name: str, path: str, small_cfg: Callable[[str], dict[str, Any]]) -> None:
    cfg = small_cfg(name)
    section, key = place(cfg, path)
    del section[key]
    with pytest.raises(VisualAnalyseError, match=rf"model_cfg.* lacks '{key}' \("):
        build(cfg)


@pytest.mark.parametrize(("name", "path", "value", "expected"), _WRONG)
def test_wrong_value_is_named_with_what_it_should_be(
    name: str, path: str, value: object, expected: str, small_cfg: Callable[[str], dict[str, Any]]
) -> None:
    cfg = small_cfg(name)
    section, key = place(cfg, path)
    section[key] = value
    with pytest.raises(VisualAnalyseError) as caught:
        build(cfg)
    assert f"model_cfg.{path}" in str(caught.value) and expected in str(caught.value)


def test_mistyped_keys_are_answered_with_the_nearest(small_cfg: Callable[[str], dict[str, Any]]) -> None:
    cfg = small_cfg("Baseline")
    cfg["backbone_cfg"]["in_channels"] = 3  # the Plain backbone's spelling
    with pytest.raises(VisualAnalyseError, match=r"holds 'in_channels'.*Did you mean 'in_channel'"):
        build(cfg)
    cfg = small_cfg("GaitSet")
    cfg["bin_nums"] = cfg.pop("bin_num")
    with pytest.raises(VisualAnalyseError, match=r"lacks 'bin_num'.*by 'bin_nums'"):
        build(cfg)


def test_defaults_stand_in_for_what_is_not_there() -> None:
    empty = Section({}, "backbone_cfg")
    assert empty.count("in_channel", 1) == 1
    assert empty.counts("layers", 4, [1, 2, 2, 1]) == [1, 2, 2, 1]
    assert empty.choice("maxpool", (True, False), True) is True
