"""The dataset: where it is, who is in it, and whether it is laid out as one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from visual_analyse.doctor.case import Case
from visual_analyse.doctor.data.census import Census, census
from visual_analyse.doctor.data.places import LAYOUT, partition, root, split_of, wanted_ids
from visual_analyse.doctor.finding import Finding
from visual_analyse.doctor.model.config import config
from visual_analyse.errors import VisualAnalyseError
from visual_analyse.gait.config import Config
from visual_analyse.names import listed, plain

_SUBJECT = "dataset"
_ANEW = "those walks made anew from their pictures, or those files moved out of the dataset"


def check_dataset(case: Case) -> Iterator[Finding]:
    """Where the dataset is and what lies in it."""
    try:
        place = root.demand(case)
    except VisualAnalyseError as error:
        yield Finding(_SUBJECT, "missing", str(error), f"-d DIR, the folder that holds {LAYOUT}")
        return
    found = census.demand(case)
    many = f"{len(found.walks):,} walks" if found.whole else f"about {found.estimate(found.ids):,} walks"
    yield Finding(
        _SUBJECT, "ok",
        f"{plain(place)}: {many} of {_counted(len(found.ids), 'identity', 'identities')}{found.extent}, e.g. "
        f"{plain(found.walks[0].name)}",
    )  # fmt: skip
    yield from _layout(found)
    yield from _files(found, config.get(case))


def check_partition(case: Case) -> Iterator[Finding]:
    """Which identities the partition names, and which of them are there."""
    known, written = partition.demand(case), config(case).partition
    if known is None:
        split = split_of(case)
        why = "the config names none" if written is None else f"{written} is not there"
        stops = case.question.split in ("train", "test")
        yield Finding(
            "partition", "missing" if stops else "note",
            f"{why}, so {f'--split {split} cannot be told' if stops else 'all walks are taken as one set'}",
            "data_cfg.dataset_partition: FILE in the config, e.g. datasets/CASIA-B/CASIA-B.json of the checkout",
        )  # fmt: skip
        return
    file, said = known
    there = set(census(case).ids)
    counts = " and ".join(
        f"{len(there & set(ids))} of {len(set(ids))} {split} ids"
        for split, ids in (("test", said.test), ("train", said.train))
    )
    counts += " are on disk"
    split, other = split_of(case), sorted(there - {*said.test, *said.train})
    if split != "all" and not wanted_ids(case, there):
        yield Finding(
            "partition", "wrong",
            f"{plain(file)}: {counts}; it names {listed(sorted(said.test if split == 'test' else said.train), 3)}, and "
            f"the folders are {listed(sorted(there), 3)}",
            "data_cfg.dataset_partition: the dataset's own file, or --split all",
        )  # fmt: skip
        return
    if not there & set(said.test) and other != sorted(there):
        yield Finding(
            "partition", "note", f"{plain(file)}: {counts}: nobody there is for tests",
            "data_cfg.dataset_partition: the dataset's own file, or the folders of its test ids put there",
        )  # fmt: skip
    elif there & set(said.test):
        yield Finding("partition", "ok", f"{plain(file)}: {counts}")
    if other == sorted(there):
        yield Finding(
            "partition", "note",
            f"{plain(file)}: {counts}; it names no folder of the dataset, which has {listed(other, 3)}",
            "data_cfg.dataset_partition: the dataset's own file",
        )  # fmt: skip
        return
    absent = sorted(set(said.test if split != "train" else said.train) - there)
    if absent and split != "all":
        yield Finding(
            "partition", "note", f"{len(absent)} {split} ids have no folder: {listed(absent)}",
            "nothing, if you meant a part of the dataset; else those folders put there",
        )  # fmt: skip
    if other:
        yield Finding(
            "partition", "note", f"{len(other)} folders are in no set: {listed(other)}",
            "--split all, to take them as well",
        )  # fmt: skip


def _layout(found: Census) -> Iterator[Finding]:
    """Folders and files that are not where a dataset has them."""
    folders = len(found.walks) + len(found.empty)
    for names, what in (
        (found.empty, f"of {folders:,} folders of views hold no pkl and are passed over"),
        (found.deep, "pkls lie one folder too deep and are passed over"),
        (found.high, "pkls lie above the folders of views and are passed over"),
    ):
        if names:
            yield Finding(
                _SUBJECT, "note", f"{len(names):,} {what}: {listed(names, 3)}",
                f"nothing, if they are to be left out; else the files laid out as {LAYOUT}",
            )  # fmt: skip


def _files(found: Census, cfg: Config | None) -> Iterator[Finding]:
    """Files that are empty, and walks that have other files than the rest."""
    hollow = [path for path, size in found.sizes.items() if size == 0]
    if hollow:
        names = listed([path.relative_to(found.root).as_posix() for path in hollow])
        yield Finding(
            _SUBJECT, "wrong", f"{len(hollow)} of {len(found.sizes):,} pkls are empty (0 bytes): {names}", _ANEW
        )  # fmt: skip
    counts = Counter(len(walk.files) for walk in found.walks)
    usual = counts.most_common(1)[0][0]
    odd = [walk for walk in found.walks if len(walk.files) != usual]
    if odd:
        names = listed([f"{walk.id}/{walk.type}/{walk.view} ({len(walk.files)})" for walk in odd])
        yield Finding(
            _SUBJECT, "wrong" if cfg is not None and cfg.data_in_use else "note",
            f"{len(odd)} of {len(found.walks):,} walks have not {usual} pkl(s), as most have: {names}", _ANEW,
        )  # fmt: skip


def _counted(number: int, one: str, many: str) -> str:
    return f"{number:,} {one if number == 1 else many}"
