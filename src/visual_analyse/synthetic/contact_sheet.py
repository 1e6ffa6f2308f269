"""A sheet of walkers to look at: one row a person and view, one column a frame, conditions side by side."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from visual_analyse.files import write_whole
from visual_analyse.synthetic.body import sample_person
from visual_analyse.synthetic.dataset import name, walk_seed
from visual_analyse.synthetic.walk import check_count, walk

_MARGIN, _CELL, _GAP = 64, 65, 6


def write_contact_sheet(
    path: Path,
    *,
    people: int = 4,
    conditions: Sequence[str] = ("nm-01", "bg-01", "cl-01"),
    views: Sequence[str] = ("000", "054", "090", "144"),
    frames: int = 7,
    seed: int = 1597,
) -> Path:
    """Write a PNG of the first people of a dataset, in every view and condition, every third frame.

    Raises VisualAnalyseError for a count, condition or view that cannot be, and where the file cannot be written.

    >>> write_contact_sheet(Path("walkers.png"), people=2)  # doctest: +SKIP
    PosixPath('walkers.png')
    """
    for what, count in (("people", people), ("conditions", len(conditions)), ("views", len(views)), ("frames", frames)):
        check_count(what, count)
    block = frames * _CELL + _GAP
    sheet = Image.new("L", (_MARGIN + len(conditions) * block, people * len(views) * _CELL), 48)
    pen = ImageDraw.Draw(sheet)
    for number in range(1, people + 1):
        person = sample_person(seed, number)
        for row, view in enumerate(views, (number - 1) * len(views)):
            pen.text((4, row * _CELL + 26), f"{name(number)}  {view}", fill=200)
            for column, condition in enumerate(conditions):
                shown = walk(person, condition, view, 3 * frames, walk_seed(seed, number)).silhouettes[::3]
                strip = np.pad(shown, ((0, 0), (0, 1), (0, 1)), constant_values=48).swapaxes(0, 1)
                picture = Image.fromarray(strip.reshape(_CELL, frames * _CELL))
                sheet.paste(picture, (_MARGIN + column * block, row * _CELL))
    return write_whole(path, lambda stream: sheet.save(stream, "PNG"))
