"""How the layers of all models lie, as one file: what dry runs showed, and what was made of it."""

from __future__ import annotations

import gzip
import json
import tempfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from tests.zoo.codec import plain, revived
from tests.zoo.rows import Row
from tests.zoo.stage import Stage
from visual_analyse.errors import VisualAnalyseError
from visual_analyse.explain.plan import Plan
from visual_analyse.explain.recording import Recording
from visual_analyse.explain.resolving import record
from visual_analyse.explain.trace import Run, View
from visual_analyse.files import write_whole
from visual_analyse.probe import read_probe

PATH = Path(__file__).parents[1] / "data" / "layouts.json.gz"


def fresh(row: Row, opengait: Path) -> Recording | str:
    """What dry runs show of a row's model, as it is frozen; or the sentence that says why it cannot be run.

    Raises VisualAnalyseError where the model cannot be built here.
    """
    with tempfile.TemporaryDirectory() as folder:
        stage = Stage(row, opengait, Path(folder))
        model = stage.model()
        try:
            return settled(record(model, read_probe(model, stage.probe).batch))
        except VisualAnalyseError as error:
            return str(error)


def settled(recording: Recording) -> Recording:
    """A recording without what is another every time, and without names, which no rule asks for."""
    return replace(
        recording,
        layers=tuple(replace(layer, name="") for layer in recording.layers),
        short=_renumbered(recording.short),
        long=_renumbered(recording.long),
        pair=None if recording.pair is None else _renumbered(recording.pair),
    )


def described(plan: Plan) -> dict[str, Any]:
    """All that a plan says, layer by layer, in the order of their numbers."""
    places = []
    for number in sorted(plan.places):
        place = {key: value for key, value in plain(plan[number]).items() if key not in ("layer", "shape")}
        places.append({**place, "extent": plain(plan.extent(number))})
    return {"places": places, "operations": plain(plan.operations), "frames": plain(plan.frames)}


def written(recording: Recording | str, plan: Plan | None) -> dict[str, Any]:
    """What the file has of one row."""
    if isinstance(recording, str) or plan is None:
        return {"lacks": recording}
    return {"recording": plain(recording), "plan": described(plan)}


def write(path: Path, rows: Mapping[str, Any]) -> Path:
    """Write all rows; equal rows give equal bytes."""
    text = json.dumps(rows, separators=(",", ":"), ensure_ascii=False)
    return write_whole(path, lambda stream: stream.write(gzip.compress(text.encode(), 9, mtime=0)))


def read(path: Path = PATH) -> dict[str, Any]:
    """All rows of the file, by name."""
    found: dict[str, Any] = json.loads(gzip.decompress(path.read_bytes()))
    return found


def recording_of(row: Mapping[str, Any]) -> Recording:
    """The recording that the file has of a row."""
    found: Recording = revived(Recording, row["recording"])
    return found


def _renumbered(runs: tuple[Run, ...]) -> tuple[Run, ...]:
    """Storages by the order in which they are met: their addresses are others in every run."""
    numbers: dict[int, int] = {}

    def view(found: View | None) -> View | None:
        return None if found is None else replace(found, storage=numbers.setdefault(found.storage, len(numbers)))

    return tuple(replace(run, taken=view(run.taken), put=view(run.put), total=0.0) for run in runs)
