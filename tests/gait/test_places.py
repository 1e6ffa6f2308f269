"""Where a config's dataset and partition are looked for: here, in the checkout, around the config, beside the data."""

from __future__ import annotations

from pathlib import Path

import pytest

from visual_analyse.errors import VisualAnalyseError
from visual_analyse.gait.config import Config
from visual_analyse.gait.places import dataset_root, partition_file


@pytest.fixture
def there(tmp_path, monkeypatch):
    """Somewhere to be, a checkout, and a config in a folder of its own."""
    for name in ("here", "checkout", "a/b/c/d"):
        (tmp_path / name).mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "here")
    return tmp_path


def config(there, **data):
    return Config(there / "a" / "b" / "c" / "d" / "s.yaml", {"data_cfg": data})


@pytest.mark.parametrize("base", ["here", "checkout", "a/b/c/d", "a/b/c", "a/b"])
def test_a_dataset_is_found_from_each_of_these(there, base):
    asked = config(there, dataset_root="./data")
    with pytest.raises(VisualAnalyseError, match="is no folder here"):
        dataset_root(asked, there / "checkout")
    (there / base / "data").mkdir()
    assert dataset_root(asked, there / "checkout").samefile(there / base / "data")


@pytest.mark.parametrize("base", ["here", "checkout", "a/b/c/d", "a/b/c", "a/b", "beside"])
def test_a_partition_is_found_from_each_of_these(there, base):
    asked = config(there, dataset_partition="./split.json")
    (there / "beside" / "data").mkdir(parents=True)
    assert partition_file(asked, there / "checkout", there / "beside" / "data") is None
    (there / base / "split.json").write_text("{}")
    assert partition_file(asked, there / "checkout", there / "beside" / "data").samefile(there / base / "split.json")


def test_what_is_here_comes_first_and_the_checkout_before_the_config(there):
    asked = config(there, dataset_root="data")
    for base in ("a/b/c/d", "checkout", "here"):
        (there / base / "data").mkdir()
        assert dataset_root(asked, there / "checkout").samefile(there / base / "data")


def test_no_checkout_and_nothing_named(there):
    (there / "checkout" / "data").mkdir()
    with pytest.raises(VisualAnalyseError, match="is no folder here"):
        dataset_root(config(there, dataset_root="data"), None)
    with pytest.raises(VisualAnalyseError, match=r"names no data_cfg\.dataset_root"):
        dataset_root(config(there), None)
    assert partition_file(config(there), None, None) is None


def test_a_folder_is_no_partition_and_a_file_no_dataset(there):
    (there / "here" / "split").mkdir()
    (there / "here" / "data").write_text("")
    asked = config(there, dataset_root="data", dataset_partition="split")
    assert partition_file(asked, None, None) is None
    with pytest.raises(VisualAnalyseError, match="is no folder here"):
        dataset_root(asked, None)
    assert Path("split").is_dir()
