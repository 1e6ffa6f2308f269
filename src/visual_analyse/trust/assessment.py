"""All that is measured of how far a probe's maps can be trusted."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from visual_analyse.encode.encoder import Encoder
from visual_analyse.encode.gallery import Gallery
from visual_analyse.explain.layers import Layer
from visual_analyse.explain.methods import Deviation, IntegratedDeviation, Method
from visual_analyse.explain.model import Batch
from visual_analyse.explain.plan import Plan
from visual_analyse.explain.trace import resized
from visual_analyse.explain.usual import USUAL, spaced
from visual_analyse.gait.sequences import Sequence as Walk
from visual_analyse.probe import DRAWN, Probe, read_probe
from visual_analyse.results import InputKind, LayerEvidence
from visual_analyse.results.sums import on_pixels
from visual_analyse.trust.body import Bools, Floats, body_of, evidence_on, spearman, to_outline
from visual_analyse.trust.case import Case, Explained, maps_of, ready
from visual_analyse.trust.faithfulness import Curves, area, faithfulness
from visual_analyse.trust.measurement import Measurement
from visual_analyse.trust.replacements import REPLACEMENTS, Replacement
from visual_analyse.trust.sanity import cascade
from visual_analyse.trust.variants import Variants
from visual_analyse.trust.wrong_gallery import wrong_gallery

Tick = Callable[[str, int, int], None]
Key = tuple[str, str]
# Every drawn model of the cascade embeds anew whom the probe is compared with, and looks anew at what is usual: few.
RIVALS, ORDINARY = 3, 3


@dataclass(frozen=True)
class Settings:
    """How trust is measured.

    `steps` of a curve, random `orders` beside it, `draws` of weights, the first `frames` of each walk that are looked
    at with drawn weights, `replacements`, and the `seed` of all that is random.
    """

    steps: int = 10
    orders: int = 5
    draws: int = 10
    frames: int = 16
    replacements: tuple[Replacement, ...] = REPLACEMENTS
    seed: int = 1597


def trust_of(
    encoder: Encoder,
    probe: Walk,
    walks: Sequence[Walk],
    gallery: Gallery,
    layers: Sequence[Layer],
    plan: Plan,
    methods: Sequence[Method] = (IntegratedDeviation(),),
    explained: Explained = "match",
    settings: Settings = Settings(),
    tick: Tick = lambda what, done, of: None,
) -> list[Measurement]:
    """What is measured of a probe's maps: insertion and deletion, the sanity cascade, and the wrong gallery.

    `walks` and `gallery`: whom it is compared with, and these encoded, in the same order. Insertion and deletion are
    left out of layers that lie on no picture of the walk, the wrong gallery where it holds no other person. The model's
    weights are drawn anew for the cascade, and afterwards what they were. Raises VisualAnalyseError as `explain_match`.

    >>> trust_of(encoder, probe, walks, Galleries(encoder).of(walks), layers, plan)[0].test  # doctest: +SKIP
    'deletion'
    """
    model = encoder.model
    seen = read_probe(model, probe)
    people = np.array([walk.id for walk in walks])
    asked = any(isinstance(method, Deviation) for method in methods)
    usual = [read_probe(model, walk).batch for walk in spaced(walks, USUAL)] if asked else []
    case = Case(model, seen.batch, probe.id, probe.name, gallery.names, people, gallery.embeddings, explained, usual)
    rivals = {
        end: model.join([model.prepare(walks[end].load(model.config.data_in_use))]) for end in case.ends[: 1 + RIVALS]
    }
    found = list(measured(case, seen, rivals, layers, plan, methods, settings, tick))
    keys = {(layer.number, method.name): k for k, (layer, method) in enumerate((x, y) for x in layers for y in methods)}
    return sorted(found, key=lambda one: keys[int(one.layer.split("_")[0]), one.method])


def measured(
    case: Case,
    probe: Probe,
    rivals: Mapping[int, Batch],
    layers: Sequence[Layer],
    plan: Plan,
    methods: Sequence[Method],
    settings: Settings = Settings(),
    tick: Tick = lambda what, done, of: None,
) -> Iterator[Measurement]:
    """All measurements of a case, test by test; `rivals` are the batches of the walks at its target's ends.

    >>> next(measured(case, probe, rivals, layers, plan, methods))  # doctest: +SKIP
    """
    told = ready(case, layers, plan, methods)
    maps = maps_of(case, layers, plan, told)
    body, values = _looking(case.batch, probe, plan)
    match = case.names[case.match]
    for on in sorted({layer.on for layer in maps.values() if body(layer) is not None}):
        pixels = {
            key: on_pixels(layer, len(where), (where.shape[1], where.shape[2]))
            for key, layer in maps.items()
            if layer.on == on and (where := body(layer)) is not None
        }
        variants = Variants(case.model, case.batch, case.batch.told_apart[on])
        kind = probe.kind_of_input(on)
        for curves in _curves(case, variants, kind, pixels, settings, tick):
            yield from _areas(curves, list(pixels), probe.name, match)
    for (name, method), layer in maps.items():
        where = body(layer)
        if where is not None and where.any():
            edge, own = -to_outline(where)[where], values(layer)
            for by, what in (("evidence", own), ("strength", np.abs(own))):
                yield Measurement(probe.name, match, name, method, "outline", "spearman", by, spearman(what, edge))
    short, clips = _clipped(case, rivals, probe, settings.frames)
    drawn = cascade(
        short, clips, layers, plan, methods, _looking(short.batch, probe, plan)[1], seeds=settings.draws,
        seed=settings.seed,
        tick=lambda done, of: tick("drawing weights anew", done, of),
    )  # fmt: skip
    for (name, method), by_stage in drawn.items():
        for order, (stage, by_seed) in enumerate(by_stage.items()):
            known = by_seed[np.isfinite(by_seed)]
            if len(known):
                yield Measurement(probe.name, match, name, method, "sanity", "spearman", stage, float(known.mean()),
                                  order, tuple(known.tolist()))  # fmt: skip
    tick("other people in the match's place", 0, 1)
    for (name, method), by_walk in wrong_gallery(case, maps, layers, plan, told, values, settings.seed).items():
        for who, correlation in by_walk.items():
            yield Measurement(probe.name, match, name, method, "wrong gallery", "spearman", who, correlation)


def _clipped(
    case: Case, rivals: Mapping[int, Batch], probe: Probe, frames: int
) -> tuple[Case, dict[int, Batch]]:  # fmt: skip
    """What a drawn model looks at, again and again: the first frames of each walk, and few ordinary ones.

    Whole walks of models of joints, of which many take walks of one length, and little time.
    """
    if probe.kind.picture not in DRAWN:
        return replace(case, usual=spaced(case.usual, ORDINARY)), dict(rivals)

    def clip(batch: Batch) -> Batch:
        return resized(batch, (min(frames, batch.lengths[0]),))

    usual = [clip(batch) for batch in spaced(case.usual, ORDINARY)]
    return replace(case, batch=clip(case.batch), usual=usual), {end: clip(batch) for end, batch in rivals.items()}


def _looking(
    batch: Batch, probe: Probe, plan: Plan
) -> tuple[Callable[[LayerEvidence], Bools | None], Callable[[LayerEvidence], Floats]]:  # fmt: skip
    """The body on the input that a map of a batch lies on, and the map's values that are compared."""
    bodies = _bodies(batch, probe)

    def body(layer: LayerEvidence) -> Bools | None:
        return None if layer.maps.ndim != 3 or plan[layer.number].inner is not None else bodies.get(layer.on)

    def values(layer: LayerEvidence) -> Floats:
        return evidence_on(layer, body(layer))

    return body, values


def _bodies(batch: Batch, probe: Probe) -> dict[int, Bools]:
    """The body on each input that is a picture of the walk."""
    found = {}
    for k, source in enumerate(batch.told_apart):
        frames = batch.part(source)[0]
        if probe.kind_of_input(k).picture in DRAWN and frames.ndim in (3, 4):
            found[k] = body_of(frames.float().cpu().numpy())
    return found


def _curves(
    case: Case, variants: Variants, kind: InputKind, maps: Mapping[Key, Floats], settings: Settings, tick: Tick
) -> Iterator[Curves]:
    for replacement in settings.replacements:
        found = faithfulness(
            variants, kind, case.measured, {"/".join(key): values for key, values in maps.items()}, replacement,
            steps=settings.steps, seeds=settings.orders, seed=settings.seed,
            tick=lambda done, of, name=replacement.name: tick(f"replacing by {name}", done, of),  # type: ignore[misc]
        )  # fmt: skip
        if found is not None:
            yield found


def _areas(curves: Curves, keys: Sequence[Key], probe: str, match: str) -> Iterator[Measurement]:
    for key in keys:
        for (name, test, measure), curve in curves.own.items():
            if name != "/".join(key):
                continue
            edge, random = curves.edge[test, measure], curves.random[test, measure]
            yield Measurement(
                probe, match, *key, test, measure, curves.replacement, area(curve),
                seeds=tuple(area(one) for one in random), edge=area(edge), curve=tuple(curve.tolist()),
                edge_curve=tuple(edge.tolist()), random_curve=tuple(np.mean(random, axis=0).tolist()),
            )  # fmt: skip
