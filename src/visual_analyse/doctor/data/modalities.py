"""What walks hold against what the config takes of them."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from visual_analyse.doctor.case import Case
from visual_analyse.doctor.data.sample import Read, sample, sound
from visual_analyse.doctor.finding import Finding
from visual_analyse.doctor.model.config import config
from visual_analyse.doctor.model.definition import prepares_itself
from visual_analyse.errors import VisualAnalyseError
from visual_analyse.gait.demands import PICTURES, WANTED, known_kind, leading
from visual_analyse.gait.pickles import read_pickle
from visual_analyse.names import listed, plain

_SUBJECT = "walks"
_TOLD = 3
_MOST = 4  # inputs for which files are sought
_UNFIT = 100
_DIVIDING = ("BaseSilCuttingTransform", "BaseSilTransform")
_WIDTH = 64  # of silhouettes as datasets have them; models see the middle 44 columns
_ANEW = "the file made anew, or moved out of the dataset"


def check_walks(case: Case) -> Iterator[Finding]:
    """What was found in the walks that were read, and whether the config takes that."""
    reads, cfg = sample(case), config(case)
    names = [leading(item) for item in cfg.transforms]
    if all(read.fault for read in reads):
        try:
            reads[0].walk.files_in_use(cfg.data_in_use)
        except VisualAnalyseError as error:
            yield Finding(_SUBJECT, "wrong", str(error), _choice(reads[0], names))
            return
    broken = [read for read in reads if read.fault]
    yield from (Finding(_SUBJECT, "wrong", read.fault, _ANEW) for read in broken[:_TOLD])
    if len(broken) > _TOLD:
        yield Finding(_SUBJECT, "wrong", f"and {len(broken) - _TOLD} of {len(reads)} walks read likewise", _ANEW)
    good = sound(case)
    first = good[0]
    files = [plain(file.name) for file in first.walk.files_in_use(cfg.data_in_use)]
    shown = []
    for k, file in enumerate(files):
        sizes = _sizes([read.arrays[k] for read in good])
        shown.append(f"{file}: {_kind(first.arrays[k])}, {_dtype(first.arrays[k])} {sizes}")
    frames = sorted(read.frames for read in good)
    span = f"{frames[0]}" if frames[0] == frames[-1] else f"{frames[0]} to {frames[-1]}"
    among = f", {len(files)} of {len(first.walk.files)} by data_in_use" if cfg.data_in_use else ""
    yield Finding(_SUBJECT, "ok", f"{'; '.join(shown)}; {span} frames ({len(good)} walks read{among})")
    if len(files) != len(names):
        if not prepares_itself(case):
            yield _unequal(first, files, names)
        return
    for k, item in enumerate(cfg.transforms):
        yield from _input(good, k, files[k], item)


def choice_for(kinds: Sequence[str], names: Sequence[str]) -> list[bool] | list[int] | None:
    """The `data_in_use` that gives each transform a file of a kind that it is for; None where there is none.

    >>> choice_for(["RGB", "silhouette"], ["BaseSilCuttingTransform"])
    [False, True]
    """
    if len(names) > _MOST:
        return None
    ranks = [[_rank(kind, name) for kind in kinds] for name in names]
    chosen = [
        (sum(ranks[k][file] for k, file in enumerate(files)), files)
        for files in itertools.permutations(range(len(kinds)), len(names))
        if all(ranks[k][file] < _UNFIT for k, file in enumerate(files))
    ]
    if not chosen:
        return None
    *_, taken = min(chosen)
    return [k in taken for k in range(len(kinds))] if list(taken) == sorted(taken) else list(taken)


def _rank(kind: str, name: str) -> int:
    """How well a transform is served by a kind: 0 for what it is first of all for."""
    wanted = WANTED.get(name)
    if wanted is None:
        return 0
    return wanted.index(kind) if kind in wanted else _UNFIT


def _unequal(read: Read, files: list[str], names: list[str]) -> Finding:
    kinds = _kinds_of_files(read)
    there = [f"{plain(file.name)} ({kind})" for file, kind in zip(read.walk.files, kinds, strict=True)]
    return Finding(
        _SUBJECT, "wrong",
        f"{len(files)} pkl(s) of a walk would be taken, and the config has {len(names)} transform(s), "
        f"{listed(names, 20)}; a walk has {listed(there, 20)}",
        _choice(read, names), "run",
    )  # fmt: skip


def _choice(read: Read, names: list[str]) -> str:
    """What to write, so that every transform gets a file that it is for."""
    kinds = _kinds_of_files(read)
    choice = choice_for(kinds, names)
    if choice is None:
        return f"walks with files for {listed(names, 20)}, or one transform for each file; here are {listed(kinds, 20)}"
    return f"data_in_use: [{', '.join(str(item).lower() for item in choice)}] below data_cfg in the config"


def _input(good: list[Read], k: int, file: str, item: Mapping[str, Any]) -> Iterator[Finding]:
    """One input against its transform."""
    array, name = good[0].arrays[k], leading(item)
    kind, wanted = _kind(array), WANTED.get(name)
    if wanted is not None and kind not in wanted:
        alike = (kind in PICTURES) == (wanted[0] in PICTURES)
        yield Finding(
            _SUBJECT, "note" if alike else "wrong", f"{file} holds {kind}, and {name} is for {' or '.join(wanted)}",
            "another file by data_in_use below data_cfg, or another transform below evaluator_cfg", "run",
        )  # fmt: skip
        return
    if kind == "pose":
        yield from _missed(good, k, file)
    if isinstance(array, list) or kind != "silhouette" or name not in _DIVIDING:
        return
    largest = max(float(np.max(read.arrays[k])) for read in good)
    divisor = item.get("divsor", item.get("disvor", 255.0))  # older versions of OpenGait spell it the other way
    if largest <= 1 and isinstance(divisor, int | float) and divisor > 1:
        yield Finding(
            _SUBJECT, "wrong",
            f"{file} holds values up to {largest:g}, and {name} divides by {divisor:g}: the model would see black",
            f"divsor: 1.0 below type: {name}, in evaluator_cfg.transform of the config",
        )  # fmt: skip
    if array.shape[-1] == _WIDTH and name == "BaseSilTransform":
        yield Finding(
            _SUBJECT, "note", f"{file} is {_WIDTH} columns wide, and {name} cuts none off; most models were trained on "
            "the middle 44", "type: BaseSilCuttingTransform, if yours was",
        )  # fmt: skip


def _missed(good: list[Read], k: int, file: str) -> Iterator[Finding]:
    """Frames in which nobody was found; poses that differ in shape are told of elsewhere."""
    poses = [(read, np.asarray(read.arrays[k])) for read in good if _kind(read.arrays[k]) == "pose"]
    counts = {plain(read.walk.name): int((~np.any(pose != 0, axis=(1, 2))).sum()) for read, pose in poses}
    hollow = [f"{name} ({count})" for name, count in counts.items() if count]
    if hollow:
        yield Finding(
            _SUBJECT, "note",
            f"{file} has frames of only zeros, where a detection was missed, in {listed(hollow)}: they draw evidence",
            "such frames left out of the walk, in all its files",
        )  # fmt: skip


def _kinds_of_files(read: Read) -> list[str]:
    """What each file of a walk holds, those that are not in use too."""
    found = []
    for file in read.walk.files:
        try:
            found.append(_kind(read_pickle(file)))
        except VisualAnalyseError:
            found.append("not readable")
    return found


def _kind(array: Any) -> str:
    kind = known_kind(array)
    return "of no known kind" if kind is None else kind.name


def _dtype(array: Any) -> str:
    return str(array[0].dtype if isinstance(array, list) else array.dtype)


def _sizes(arrays: Sequence[Any]) -> str:
    """The sizes that one frame has, as `64x44`."""
    if any(isinstance(array, list) for array in arrays):
        points = [len(frame) for array in arrays for frame in array]
        return f"{min(points)} to {max(points)} points"
    return " or ".join(dict.fromkeys("x".join(map(str, array.shape[1:])) or "1" for array in arrays))
