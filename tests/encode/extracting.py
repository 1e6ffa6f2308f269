"""A process of its own that extracts: `python extracting.py config checkpoint walks cache slowness [gone]`.

It prints the name of every walk that went through the model, as soon as its row is on disk, and at the end, on rank 0,
the digest of all rows.
"""

from __future__ import annotations

import hashlib
import sys
import time
from pathlib import Path

import torch

from visual_analyse.encode import extraction
from visual_analyse.encode.features.store import Writing
from visual_analyse.encode.forward import Forward
from visual_analyse.gait.sequences import scan
from visual_analyse.models.load import load_model


def main() -> None:
    config, checkpoint, walks, cache, slowness, *gone = sys.argv[1:]
    torch.set_num_threads(1)
    extraction.POLL = 0.02
    extraction.GONE = float(gone[0]) if gone else 600.0
    append, start = Writing.append, Forward.start

    def slow(self, group):
        time.sleep(float(slowness))
        return start(self, group)

    def said(self, facts, rows, *arrays):
        append(self, facts, rows, *arrays)
        print("\n".join(f"row {row.id}-{row.type}-{row.view}" for row in rows), flush=True)

    Writing.append, Forward.start = said, slow
    model = load_model(Path(config), checkpoint=Path(checkpoint), device="cpu")
    found = extraction.extract(
        model, scan(Path(walks)), cache=Path(cache), failed=lambda walk, error: print("failed", walk.name, flush=True),
        tell=lambda text: print("told", text, flush=True),
    )  # fmt: skip
    if found is not None:
        print("digest", hashlib.sha256(found.read(0, len(found)).tobytes()).hexdigest(), found.digest, flush=True)


if __name__ == "__main__":
    main()
