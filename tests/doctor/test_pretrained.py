"""Files that the model's section names."""

from __future__ import annotations

import pytest

from tests.doctor.asking import about, of, one
from tests.models.fake_checkout import write_checkout
from visual_analyse.doctor.model.pretrained import named_files

POINTER = b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n"


@pytest.mark.parametrize(
    ("section", "named"),
    [
        ({"a": "./pretrained_LVMs/x"}, [("a", "./pretrained_LVMs/x")]),
        ({"a": "pretrained/x"}, [("a", "pretrained/x")]),
        ({"a": {"b": ["x", "weights.PTH"]}}, [("a.b[1]", "weights.PTH")]),
        ({"pretrained_lvm": "facebook/dinov2-small"}, [("pretrained_lvm", "facebook/dinov2-small")]),
        ({"a": "/data/x", "b": "~/x", "c": "..\\x"}, [("a", "/data/x"), ("b", "~/x"), ("c", "..\\x")]),
        ({"type": "ResNet9", "layers": ["BC-64", "M"], "block": "BasicBlock", "mode": "p3d", "n": 3, "o": None}, []),
        ({"a": "https://x.org/y.pth", "b": "and/or", "c": ""}, []),
    ],
)
def test_what_looks_like_a_file(section, named):
    assert list(named_files(section)) == named


@pytest.fixture
def config(tmp_path, monkeypatch):
    monkeypatch.delenv("OPENGAIT_ROOT", raising=False)
    monkeypatch.chdir(tmp_path)
    root = write_checkout(tmp_path / "fork")
    path = root / "configs" / "a.yaml"
    path.write_text(
        "data_cfg: {dataset_name: A}\n"
        "evaluator_cfg: {restore_hint: 0}\n"
        "model_cfg:\n"
        "  model: Walker\n"
        "  width: 3\n"
        "  backbone_cfg: {type: Columns, out: 4}\n"
        "  pretrained: ./pretrained/big.pth # from https://x.org/big.pth\n"
    )
    return path


def test_a_file_that_is_not_there_is_looked_for_in_the_checkout(config):
    quick = one(about(config, quick=True), "pretrained")
    assert (quick.mark, "https://x.org/big.pth" in quick.remedy) == ("missing", True)
    assert one(about(config), "pretrained").mark == "note"  # the model never opens it
    file = config.parents[1] / "pretrained" / "big.pth"
    file.parent.mkdir()
    file.write_bytes(b"weights")
    assert one(about(config, quick=True), "pretrained").mark == "ok"


def test_what_git_left_in_place_of_a_large_file_and_empty_folders(config):
    place = config.parents[1] / "pretrained" / "big.pth"
    place.mkdir(parents=True)
    assert "empty folder" in one(about(config, quick=True), "pretrained", "wrong").text
    (place / "model.safetensors").write_bytes(POINTER)
    found = one(about(config, quick=True), "pretrained", "wrong")
    assert "model.safetensors" in found.text
    assert found.remedy == f'git -C "{place}" lfs pull'
    place.joinpath("model.safetensors").write_bytes(POINTER + b"weights" * 1000)
    assert one(about(config, quick=True), "pretrained").mark == "ok"


def test_a_model_that_names_no_file(workshop):
    assert [item.mark for item in of(about(workshop.config, quick=True), "pretrained")] == ["ok"]
