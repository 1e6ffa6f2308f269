"""Whether a model works from end to end: built, embedded, mapped, explained on every layer, put back, and drawn."""

from __future__ import annotations

import contextlib
import io
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from tests.zoo.poking import Poked, Poker, centred, doubled, merged
from tests.zoo.reach import Reach, reach
from tests.zoo.rows import Row
from tests.zoo.stage import Stage
from visual_analyse.cli import grad_cam, mapping, visualizer
from visual_analyse.errors import VisualAnalyseError
from visual_analyse.explain.layers import Layer, leaves
from visual_analyse.explain.plan import Plan
from visual_analyse.explain.resolving import resolve
from visual_analyse.explain.targets import Target, class_score, distance_to
from visual_analyse.models.gait_model import GaitModel
from visual_analyse.probe import read_probe
from visual_analyse.results import EmbeddingMap, Evidence

MOST_WALKS = 3  # that a model is poked on
MOST_DRAWN = 6  # layers of a figure: with more, drawing costs more than all else and shows nothing else
Share = tuple[int, int]


@dataclass(frozen=True)
class Result:
    """What became of one row.

    `embedded`: the shape of one walk's embedding. `layers`: convolutions and linear layers; `reached`: by the gradient,
    of which `placeless` have no place in the input; `cut`: convolutions that ran and were not reached. `drawn`: with a
    map that is finite and not flat; `missing`: reached, and with a place, but not drawn. `frames` and `places`: layers
    that passed the pokes, of those that these say something of; `spread`: those where a change spreads over all of the
    input. `mapped`, `explained`, `pictures`: walks, layers and figures that the commands wrote. `reason`: the tool's
    own sentence where it cannot go on.
    """

    name: str
    inputs: tuple[str, ...] = ()
    built: bool = False
    embedded: tuple[int, ...] = ()
    layers: int = 0
    reached: int = 0
    placeless: int = 0
    cut: int = 0
    drawn: int = 0
    missing: tuple[str, ...] = ()
    frames: Share = (0, 0)
    places: Share = (0, 0)
    spread: tuple[str, ...] = ()
    complaints: tuple[str, ...] = ()
    mapped: int = 0
    explained: int = 0
    pictures: int = 0
    reason: str = ""
    notes: tuple[str, ...] = ()

    @staticmethod
    def read(facts: dict[str, Any]) -> Result:
        """From what JSON made of it, which has no tuples."""
        known = {x.name for x in fields(Result)}
        return Result(**{k: tuple(v) if isinstance(v, list) else v for k, v in facts.items() if k in known})


def check(row: Row, opengait: Path, folder: Path) -> Result:
    """Try one row with everything that a user would do with it.

    Nothing is raised for what the tool says of a row: its sentence stands in `reason`.

    >>> check(ROWS[0], opengait, folder).drawn  # doctest: +SKIP
    10
    """
    stage = Stage(row, opengait, folder)
    result = Result(row.name, row.inputs)
    try:
        model = stage.model()
    except VisualAnalyseError as error:
        return replace(result, reason=_without_paths(str(error), stage))
    notices = [_without_paths(notice, stage) for notice in model.notices if "RANDOM WEIGHTS" not in notice]
    result = replace(result, built=True, notes=tuple(notices))
    wanted = [x for x, _ in leaves(model.module) if x.kind.startswith("Conv") or x.kind.endswith("Linear")]
    result = replace(result, layers=len(wanted))
    try:
        batch = read_probe(model, stage.probe).batch
        target, shape = _target(model, stage)
    except VisualAnalyseError as error:
        return replace(result, reason=_without_paths(str(error), stage))
    plan = resolve(model, batch)
    found = reach(model, batch, target, [layer.number for layer in wanted])
    ran = [layer for layer in wanted if plan[layer.number].calls]
    placed = [layer for layer in wanted if not plan[layer.number].reason]
    drawable = [layer for layer in placed if layer.number in found.reached]
    result = replace(
        result,
        embedded=shape,
        reached=len(found.reached),
        placeless=len(found.reached) - len(drawable),
        cut=sum(x.kind.startswith("Conv") and x.number not in found.reached for x in ran),
    )
    result = _poked(result, stage, model, plan, wanted)
    del model
    result = _commands(result, stage, drawable)
    return replace(result, notes=(*result.notes, *_notes(plan, wanted, found), *_spread(result)))


def _target(model: GaitModel, stage: Stage) -> tuple[Target, tuple[int, ...]]:
    """What is explained: the distance to a walk of somebody else, of a classifier its answer; an embedding's shape."""
    with torch.no_grad():
        own = model.embed(read_probe(model, stage.probe).batch)
        if model.config.classes:
            return class_score(int(own[0].mean(1).argmax())), tuple(own.shape)
        return distance_to(model.embed(read_probe(model, stage.match).batch), model.metric), tuple(own.shape)


def _poked(result: Result, stage: Stage, model: GaitModel, plan: Plan, wanted: Sequence[Layer]) -> Result:
    centred(model)
    frames: list[Poked] = []
    places: list[Poked] = []
    for walk in stage.walks[:MOST_WALKS]:
        batch = read_probe(model, walk).batch
        points = any("q" in axes.split() for axes in batch.axes)
        with doubled(model, batch) if points else contextlib.nullcontext(batch) as given:
            poker = Poker(model, plan, given, wanted)
            frames.append(poker.frames())
            places.append(poker.places())
        if not merged(frames).failed | merged(places).failed:
            break
    time, place = merged(frames), merged(places)
    spread = tuple(sorted(time.spread | place.spread, key=lambda name: int(name.split()[0])))
    return replace(
        result,
        frames=(len(time.passed), time.applicable),
        places=(len(place.passed), place.applicable),
        spread=spread,
        complaints=(*time.complaints, *place.complaints),
    )


def _commands(result: Result, stage: Stage, drawable: Sequence[Layer]) -> Result:
    """The three commands as a user types them: a map of all walks, maps of a probe on all layers, figures of these."""
    where = ["-c", str(stage.config), "--opengait", str(stage.opengait), "--checkpoint", "none", "--device", "cpu",
             "--cache", str(stage.folder / "cache")]  # fmt: skip
    maps, results, pictures = (stage.folder / name for name in ("maps", "results", "pictures"))
    # Threads that wait for each other do so by turning, which costs more than six walks where others want the cores.
    words = [*where, "-d", str(stage.dataset), "-s", str(maps), "-T", "n_jobs=1"]
    status, said = _typed(mapping.command, mapping.TSNE, words)
    if status:
        return replace(result, reason=_sentence(said, stage))
    result = replace(result, mapped=sum(len(EmbeddingMap.load(path)) for path in maps.glob("*.npz")))
    kinds = [word for word, end in (("conv", "d"), ("linear", "Linear")) if any(x.kind.endswith(end) for x in drawable)]
    folders = ["-p", str(stage.probes), "-g", str(stage.gallery), "-s", str(results)]
    status, said = _typed(grad_cam.command, [*where, *folders, "--layers", *(kinds or ["conv"])])
    if status:
        return replace(result, reason=_sentence(said, stage))
    (path,) = results.glob("*.npz")
    evidence = Evidence.load(path)
    drawn = {layer.number for layer in evidence.layers if np.isfinite(layer.maps).all() and _speaks(layer.maps)}
    missing = tuple(str(layer) for layer in drawable if layer.number not in drawn)
    result = replace(result, explained=len(evidence.layers), drawn=len(drawn), missing=missing)
    few = replace(evidence, layers=_some(evidence.layers)).save(stage.folder / "few" / path.name)
    status, said = _typed(visualizer.main, ["visual_gradcam", str(few), "-d", "compare", "-s", str(pictures)])
    if status:
        return replace(result, reason=_sentence(said, stage))
    return replace(result, pictures=sum(1 for _ in pictures.rglob("*.png")))


def _typed(command: Any, *words: Any) -> tuple[int, str]:
    said = io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        return command(*words), " ".join(said.getvalue().split())


def _sentence(said: str, stage: Stage) -> str:
    """What a command said of the probe, or at the end."""
    of_probe = re.search(rf"{stage.probe.name}: (.*?) \d+ of \d+ probes explained", said)
    found = of_probe or re.search(r"\b[a-z_]+: (.*)$", said)
    return _without_paths(found[1] if found else said, stage)


def _speaks(maps: np.ndarray) -> bool:
    """Whether a map is not flat; one of a single cell need only not be zero."""
    return bool(np.ptp(maps) > 0 if maps.size > 1 else maps.any())


def _some(layers: Sequence[Any]) -> tuple[Any, ...]:
    """The first, the last and some between."""
    places = np.linspace(0, len(layers) - 1, min(len(layers), MOST_DRAWN)).round().astype(int)
    return tuple(layers[k] for k in places)


def _notes(plan: Plan, wanted: Sequence[Layer], found: Reach) -> list[str]:
    """What a reader must know of the layers that have no map, and why."""
    placeless: dict[str, list[Layer]] = {}
    for layer in wanted:
        if plan[layer.number].reason:
            placeless.setdefault(plan[layer.number].reason, []).append(layer)
    notes = [f"Without a place: {_named(some)} ({reason})." for reason, some in placeless.items()]
    lost = [x for x in wanted if x.number not in found.reached and "never called" not in plan[x.number].reason]
    cut = [layer for layer in lost if layer.number in found.without]
    aside = [layer for layer in lost if layer.number not in found.without]
    if cut:
        notes.append(f"No gradient: {_named(cut)} (the model runs them without gradients).")
    if aside:
        notes.append(
            f"No gradient: {_named(aside)} (they do not lead to the embedding, or the model cuts behind them)."
        )
    return notes


def _spread(result: Result) -> Iterable[str]:
    if result.spread:
        yield f"A change spreads over all of the input: {', '.join(result.spread)}."


def _named(layers: Sequence[Layer]) -> str:
    if len(layers) <= 5:
        return ", ".join(map(str, layers))
    return f"{len(layers)} layers, {layers[0]} to {layers[-1]}"


def _without_paths(text: str, stage: Stage) -> str:
    for path, name in ((stage.folder, "FOLDER"), (stage.opengait, "OpenGait")):
        text = text.replace(str(path), name)
    return text
