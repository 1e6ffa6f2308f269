"""A dataset of walkers in OpenGait's folders, with poses, regions and the gait phase in folders beside it."""

from __future__ import annotations

import json
import pickle
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from visual_analyse.errors import VisualAnalyseError
from visual_analyse.files import write_whole
from visual_analyse.synthetic.body import sample_person
from visual_analyse.synthetic.walk import CONDITIONS, VIEWS, Walk, check_choice, check_count, walk

Array = NDArray[Any]

BESIDE = ("poses", "regions", "phases")


def write_dataset(
    root: Path,
    *,
    identities: int = 20,
    conditions: Sequence[str] = CONDITIONS,
    views: Sequence[str] = VIEWS,
    frames: int = 40,
    seed: int = 1597,
    train: int | None = None,
    progress: Callable[[int, int], object] | None = None,
) -> Path:
    """Write a dataset and return its partition file; the same arguments write the same bytes.

    Silhouettes, uint8 `[t, 64, 64]`, lie in `root/<id>/<condition>/<view>/<view>.pkl`. Beside `root`, so that it stays
    a dataset of one modality, `root-poses` (float32 `[t, 17, 3]`, COCO-17 in pixels of the frame), `root-regions`
    (uint8 `[t, 64, 64]`, see `flesh.REGIONS`) and `root-phases` (float64 `[t]`) are laid out alike, and `root.json` is
    the partition: the first `train` ids (half of them, if not given) are TRAIN_SET, the rest TEST_SET. Person k of a
    seed is the same in a dataset of any size. `progress` is called with the walks done and the walks in all.

    Raises VisualAnalyseError for a count, condition or view that cannot be, and where files cannot be written.

    >>> write_dataset(Path("walkers"), identities=2, frames=10)  # doctest: +SKIP
    PosixPath('walkers.json')
    """
    check_count("identities", identities)
    check_count("frames", frames)
    train = check_plan(conditions, views, identities, train)
    total, done = identities * len(conditions) * len(views), 0
    for number in range(1, identities + 1):
        person = sample_person(seed, number)
        for condition in conditions:
            for view in views:
                shown = walk(person, condition, view, frames, walk_seed(seed, number))
                write_walk(root, name(number), condition, view, shown)
                done += 1
                if progress is not None:
                    progress(done, total)
    return write_partition(root, identities, train)


def check_plan(conditions: Sequence[str], views: Sequence[str], identities: int, train: int | None) -> int:
    """The number of identities to learn from, once all that was asked for is known to exist.

    Raises VisualAnalyseError before anything is written.
    """
    check_count("conditions", len(conditions))
    check_count("views", len(views))
    for condition in conditions:
        check_choice("condition", condition, CONDITIONS)
    for view in views:
        check_choice("view", view, VIEWS)
    chosen = identities // 2 if train is None else train
    if not 0 <= chosen <= identities:
        raise VisualAnalyseError(
            f"{chosen} of {identities} identities cannot be for training: give a number from 0 to {identities}."
        )
    return chosen


def name(number: int) -> str:
    """The folder of an identity: three digits, from 001."""
    return f"{number:03d}"


def beside(root: Path, what: str) -> Path:
    """The folder beside a dataset that holds `what`: poses, regions, phases or, for planted ones, masks."""
    return root.with_name(f"{root.name}-{what}")


def write_walk(root: Path, identity: str, condition: str, view: str, shown: Walk) -> None:
    """Write the four files of one walk."""
    place = Path(identity, condition, view, f"{view}.pkl")
    write_pickle(root / place, shown.silhouettes)
    for what, array in zip(BESIDE, (shown.joints, shown.regions, shown.phase), strict=True):
        write_pickle(beside(root, what) / place, array)


def write_partition(root: Path, identities: int, train: int) -> Path:
    """Write `root.json`: the first `train` identities to learn from, the others to test on."""
    names = [name(number) for number in range(1, identities + 1)]
    text = json.dumps({"TRAIN_SET": names[:train], "TEST_SET": names[train:]}, indent=2) + "\n"
    return write_whole(root.with_name(f"{root.name}.json"), lambda stream: stream.write(text.encode()))


def write_pickle(path: Path, array: Array) -> Path:
    """Write one array as OpenGait reads it, with the same bytes on every system and under every numpy.

    Raises VisualAnalyseError where the file cannot be written.
    """
    plain = np.ascontiguousarray(array, array.dtype.newbyteorder("<"))
    # Protocol 3 spells the module out in plain text. numpy 2 renamed it, and numpy 1, which many a checkout of
    # OpenGait runs on, cannot read the new name, while both read the old one.
    data = pickle.dumps(plain, protocol=3).replace(b"cnumpy._core.multiarray\n", b"cnumpy.core.multiarray\n", 1)
    return write_whole(path, lambda stream: stream.write(data))


def walk_seed(seed: int, number: int) -> int:
    """The seed of what one identity meets on its walks in the dataset of a seed."""
    return int(np.random.SeedSequence([seed, number, 2]).generate_state(1)[0])
