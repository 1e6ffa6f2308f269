"""Where the dataset and its partition lie."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from visual_analyse.doctor.case import Case, fact
from visual_analyse.doctor.model.checkout import source
from visual_analyse.doctor.model.config import config
from visual_analyse.errors import VisualAnalyseError
from visual_analyse.gait.partitions import Partition, read_partition
from visual_analyse.gait.places import dataset_root, partition_file
from visual_analyse.names import plain

LAYOUT = "ID/TYPE/VIEW/*.pkl"


@fact("the dataset was not found")
def root(case: Case) -> Path:
    """The folder of the dataset: that of `--dataset_dir`, else the config's.

    Raises VisualAnalyseError where it is named nowhere, or is no folder.
    """
    named = case.question.dataset_dir
    if named is not None:
        if not named.is_dir():
            what = "is a file" if named.exists() else "does not exist"
            raise VisualAnalyseError(f"{plain(named)}, given by --dataset_dir, {what}.")
        return named
    return dataset_root(config(case), _checkout(case))


@fact("the partition could not be read")
def partition(case: Case) -> tuple[Path, Partition] | None:
    """The partition file of the config and what it says; None where the config names none or it is not there."""
    found = partition_file(config(case), _checkout(case), root.get(case))
    return None if found is None else (found, read_partition(found))


def split_of(case: Case) -> str:
    """The split that would be taken: "train", "test" or "all"."""
    return case.question.split or ("all" if case.question.dataset_dir else "test")


def wanted_ids(case: Case, ids: Iterable[str]) -> list[str]:
    """Of some ids, those of the split that would be taken; all where no partition says."""
    known = partition.get(case)
    split = split_of(case)
    if known is None or split == "all":
        return list(ids)
    wanted = set(known[1].train if split == "train" else known[1].test)
    return [name for name in ids if name in wanted]


def _checkout(case: Case) -> Path | None:
    checkout = source.get(case)
    return None if checkout is None else checkout.root
