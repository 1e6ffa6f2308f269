"""The disk: room for results and for the cache."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from visual_analyse.doctor.case import Case
from visual_analyse.doctor.finding import Finding
from visual_analyse.encode.store import Store

_SUBJECT = "disk"
_RESULTS = Path("visual_analyse/Results")
_LITTLE = 1 << 30  # bytes; the maps of a hundred walks, or the embeddings of ten thousand


def check_disk(case: Case) -> Iterator[Finding]:
    """Whether the folders that are written to by default can be, and how much fits there."""
    for what, folder, option in (("results", _RESULTS, "--save_dir DIR"), ("the cache", Store().folder, "--cache DIR")):
        place = _existing(folder.absolute())
        if not place.is_dir():
            yield Finding(_SUBJECT, "wrong", f"{what}: {place} is a file, where {folder} has to be a folder", option)
            continue
        if not os.access(place, os.W_OK | os.X_OK):
            yield Finding(_SUBJECT, "wrong", f"{what}: {place} cannot be written to", option)
            continue
        free = shutil.disk_usage(place).free
        said = f"{what}: {free / 1e9:.1f} GB free in {folder}"
        if free < _LITTLE:
            yield Finding(_SUBJECT, "note", f"{said}, which is little", option)
        else:
            yield Finding(_SUBJECT, "ok", said)


def _existing(folder: Path) -> Path:
    return next((place for place in (folder, *folder.parents) if os.path.lexists(place)), folder)
