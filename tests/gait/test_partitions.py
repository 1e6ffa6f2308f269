"""Partition files, and ids that are on paper but not on disk."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from visual_analyse.errors import VisualAnalyseError
from visual_analyse.gait.partitions import Partition, read_partition
from visual_analyse.gait.sequences import Sequence

WALKS = [Sequence(identity, "nm-01", "090", ()) for identity in ("001", "075", "999")]


def test_read(tmp_path: Path) -> None:
    path = tmp_path / "p.json"
    path.write_text(json.dumps({"TRAIN_SET": ["001"], "TEST_SET": ["075", "076"], "PROBE_SET": ["075-nm-01-090"]}))
    partition = read_partition(path)
    assert partition == Partition(("001",), ("075", "076"), frozenset(["075-nm-01-090"]))
    assert [walk.id for walk in partition.walks(WALKS)] == ["075"]
    assert [walk.id for walk in partition.walks(WALKS, "train")] == ["001"]
    assert partition.walks(WALKS, "all") == WALKS
    assert partition.absent(WALKS) == ["076"]
    assert partition.absent(WALKS, "train") == []


def test_none_on_disk() -> None:
    with pytest.raises(
        VisualAnalyseError, match=r"None of the 2 test ids .*\(a, b\) is on disk, which has 001, 075, 999"
    ):
        Partition((), ("b", "a")).walks(WALKS)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("TRAIN_SET: [1]", "is no JSON"),
        ("\xff\x00", "is no JSON"),
        ("[" * 100_000, "is no JSON"),
        ("[1]", "must have TRAIN_SET and TEST_SET; it has a list"),
        ('{"TRAIN_SET": []}', "it has TRAIN_SET"),
        ('{"TRAIN_SET": [], "TEST_SET": [1, 2]}', r"TEST_SET .* must be a list of names in quotes.*it is \[1, 2\]"),
        ('{"TRAIN_SET": {}, "TEST_SET": []}', "TRAIN_SET .* must be a list of names"),
    ],
)
def test_sentences(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "p.json"
    path.write_text(text, encoding="latin1")
    with pytest.raises(VisualAnalyseError, match=said):
        read_partition(path)


def test_missing(tmp_path: Path) -> None:
    for path in (tmp_path / "no.json", tmp_path):
        with pytest.raises(VisualAnalyseError, match=r"cannot be read .*dataset_partition"):
            read_partition(path)


@pytest.mark.opengait
def test_every_partition_of_the_checkout_is_read() -> None:
    if not (root := os.environ.get("OPENGAIT_ROOT")):
        pytest.skip("OPENGAIT_ROOT names no checkout of OpenGait")
    files = sorted(Path(root, "datasets").glob("*/*.json"))
    assert len(files) >= 15
    read = {file.name: read_partition(file) for file in files}
    assert len(read["CASIA-B.json"].test) == 50
    assert len(read["Gait3D.json"].probe) == 1000
    assert len(read["CCGR-MINI.json"].gallery) > 700
