"""Freeze how the layers of all models lie: `OPENGAIT_ROOT=... python -m tests.zoo.freeze`."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import torch

from tests.zoo.frozen import PATH, fresh, write, written
from tests.zoo.rows import ROWS
from visual_analyse.errors import VisualAnalyseError
from visual_analyse.explain.layout import lay_out


def main() -> None:
    """Record every row and write the file; nothing is written where one cannot be built."""
    torch.set_num_threads(1)
    opengait = Path(os.environ["OPENGAIT_ROOT"])
    rows: dict[str, Any] = {}
    for row in ROWS:
        print(row.name, flush=True)
        try:
            recording = fresh(row, opengait)
        except VisualAnalyseError as error:
            sys.exit(f"{row.name} cannot be recorded: {error}")
        rows[row.name] = written(recording, None if isinstance(recording, str) else lay_out(recording))
    write(PATH, rows)
    print(f"{PATH.name}: {len(rows)} rows, {PATH.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main()
