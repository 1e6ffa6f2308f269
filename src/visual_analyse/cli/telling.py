"""What is said of a result in a few words."""

from __future__ import annotations

import numpy as np

from visual_analyse.results import Evidence


def strongest(evidence: Evidence) -> str:
    """The frame with most evidence, counted from 1 in the walk; where frames were drawn, also in what was shown."""
    place, shown = evidence.strongest, evidence.manifest["probe"].get("shown")
    if shown is None:
        return f"frame {place + 1}"
    return f"frame {shown[place] + 1} of the walk (shown as {_ordinal(place + 1)} of {len(shown)})"


def missed_detections(evidence: Evidence) -> list[int]:
    """The frames of the walk, counted from 1, whose poses are all zeros."""
    poses = [(evidence.kind, evidence.frames), *((evidence.kinds[name], x) for name, x in evidence.inputs.items())]
    frames = {
        int(k) for kind, x in poses if kind.picture == "joints" for k in np.flatnonzero(~np.any(x != 0, axis=(1, 2)))
    }
    shown = evidence.manifest["probe"].get("shown")
    return sorted({k + 1 if shown is None else shown[k] + 1 for k in frames})


def _ordinal(number: int) -> str:
    ending = "th" if number // 10 % 10 == 1 else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"
