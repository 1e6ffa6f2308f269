"""A sanity cascade: a map that says something of the model must change with the model's weights.

The parameters are drawn anew from the output to the input, stage by stage, and the same pair is explained again
(Adebayo et al., NeurIPS 2018). All of `named_parameters` are met: gait heads hold bare ones.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from visual_analyse.errors import VisualAnalyseError
from visual_analyse.explain.layers import Layer
from visual_analyse.explain.methods import Method
from visual_analyse.explain.model import Batch, Explainable
from visual_analyse.explain.plan import Plan
from visual_analyse.explain.trace import resized
from visual_analyse.results import LayerEvidence
from visual_analyse.trust.body import Floats, evidence_on, spearman
from visual_analyse.trust.case import Case, maps_of, ready

STAGES = 8
_FRAMES = 8  # that tell the order in which a model uses its parameters
_FEWEST = 4  # where the modules at the top are fewer, those inside them are told apart
Tick = Callable[[int, int], None]


@dataclass(frozen=True, eq=False)
class Stage:
    """Parameters that are drawn anew together: the module they are of, and they by name."""

    name: str
    parameters: Mapping[str, nn.Parameter]


def stages(model: Explainable, batch: Batch, most: int = STAGES) -> list[Stage]:
    """All parameters of a model, those nearest to its output first, in at most `most` stages by modules.

    What is nearer is told by a backward, in which order it meets them. Parameters that none meets, of what a model runs
    without gradients or not at all, come last, as they are named, backwards.

    >>> [stage.name for stage in stages(model, batch)]  # doctest: +SKIP
    ['head', 'block3', 'block2', 'block1']
    """
    held = dict(model.module.named_parameters())
    met = _met(model, batch, held)
    by_owner: dict[str, dict[str, nn.Parameter]] = {}
    for name in [*met, *(name for name in reversed(held) if name not in met)]:
        by_owner.setdefault(name.rpartition(".")[0], {})[name] = held[name]
    backwards = list(by_owner)
    deepest = max((name.count(".") + 1 for name in backwards), default=1)
    groups = [_grouped(backwards, depth) for depth in range(1, deepest + 1)]
    enough = [group for group in groups if len(group) >= _FEWEST] or groups[-1:]
    chosen = enough[0] if len(enough[0]) <= most else _merged(enough[0], most)
    return [Stage(name, {key: p for owner in some for key, p in by_owner[owner].items()}) for name, some in chosen]


def redraw(parameter: nn.Parameter, rng: np.random.Generator) -> None:
    """Draw a parameter anew, in place, from a normal of its own mean and deviation; a single number about zero.

    >>> parameter = nn.Parameter(torch.ones(3))
    >>> redraw(parameter, np.random.default_rng(0))
    >>> parameter.tolist()
    [1.0, 1.0, 1.0]
    """
    if not parameter.is_floating_point() or not parameter.numel():
        return
    values = parameter.detach().double().cpu().numpy()
    mean, deviation = (values.mean(), values.std()) if values.size > 1 else (0.0, np.abs(values).mean())
    with torch.no_grad():
        parameter.copy_(torch.from_numpy(rng.normal(mean, deviation, values.shape)))


@contextlib.contextmanager
def restored(module: nn.Module) -> Iterator[None]:
    """Whatever happens to parameters and buffers inside the block, after it they are what they were, bit for bit.

    >>> with restored(nn.Linear(1, 1)):
    ...     pass
    """
    held: list[Tensor] = [*module.parameters(), *module.buffers()]
    before = [tensor.detach().clone() for tensor in held]
    try:
        yield
    finally:
        with torch.no_grad():
            for tensor, values in zip(held, before, strict=True):
                tensor.copy_(values)


def cascade(
    case: Case,
    rivals: Mapping[int, Batch],
    layers: Sequence[Layer],
    plan: Plan,
    methods: Sequence[Method],
    values: Callable[[LayerEvidence], Floats] = evidence_on,
    *,
    seeds: int = 10,
    seed: int = 1597,
    tick: Tick = lambda done, of: None,
) -> dict[tuple[str, str], dict[str, Floats]]:
    """The rank correlation of each map with that of the model partly drawn anew: by stage, `[seeds]`.

    `rivals`: the batch of each walk at the target's ends, in their order, which every drawn model embeds anew.
    `values`: what of a map is compared. Stages add up. NaN where a drawn model gives no map. Afterwards, on an error
    too, the model is as it was. Raises VisualAnalyseError where the model itself gives none.

    >>> cascade(case, {case.match: batch}, layers, plan, methods)  # doctest: +SKIP
    """
    some = stages(case.model, case.batch)
    before = {key: values(layer) for key, layer in _maps(case, rivals, layers, plan, methods).items()}
    found = {key: {stage.name: np.full(seeds, np.nan) for stage in some} for key in before}
    for k in range(seeds):
        rng = np.random.default_rng([seed, k])
        with restored(case.model.module):
            for number, stage in enumerate(some):
                tick(k * len(some) + number, seeds * len(some))
                for parameter in stage.parameters.values():
                    redraw(parameter, rng)
                with contextlib.suppress(VisualAnalyseError):  # no gradient, say: it has no map to compare
                    for key, layer in _maps(case, rivals, layers, plan, methods).items():
                        if key in before and np.isfinite(layer.maps).all():
                            found[key][stage.name][k] = spearman(before[key], values(layer))
    return found


def _maps(
    case: Case, rivals: Mapping[int, Batch], layers: Sequence[Layer], plan: Plan, methods: Sequence[Method]
) -> dict[tuple[str, str], LayerEvidence]:
    """The maps as the model is now, of what it makes of the walks at the target's ends."""
    with torch.no_grad():
        known = {end: case.model.embed(batch).float() for end, batch in rivals.items()}
    return maps_of(case, layers, plan, ready(case, layers, plan, methods), case.target(tuple(rivals), known))


def _met(model: Explainable, batch: Batch, held: Mapping[str, nn.Parameter]) -> list[str]:
    """The parameters that gradients of the embeddings reach, in the order in which they do."""
    met: list[str] = []
    able = {name: p for name, p in held.items() if p.is_floating_point()}
    wanted = {name: p.requires_grad for name, p in able.items()}
    handles = []
    try:
        for name, parameter in able.items():
            parameter.requires_grad_(True)
            hook: Any = partial(_note, met, name)
            handles.append(parameter.register_hook(hook))  # type: ignore[no-untyped-call]
        # Where a model cannot go backwards, its parameters are left as they are named.
        with torch.enable_grad(), contextlib.suppress(RuntimeError):
            embeddings = model.embed(resized(batch, (min(_FRAMES, batch.lengths[0]),))).float()
            torch.autograd.grad(embeddings.sum(), list(able.values()), allow_unused=True)
    finally:
        for handle in handles:
            handle.remove()
        for name, parameter in able.items():
            parameter.requires_grad_(wanted[name])
    return met


def _note(met: list[str], name: str, gradient: Tensor) -> None:
    met.append(name)


def _grouped(owners: Sequence[str], depth: int) -> list[tuple[str, list[str]]]:
    """Owners by the first `depth` words of their names, in the order in which these first come."""
    found: dict[str, list[str]] = {}
    for name in owners:
        found.setdefault(".".join(name.split(".")[:depth]), []).append(name)
    return list(found.items())


def _merged(groups: Sequence[tuple[str, list[str]]], most: int) -> list[tuple[str, list[str]]]:
    """Neighbouring groups together, so that there are `most`."""
    found = []
    for some in np.array_split(np.arange(len(groups)), most):
        names = [groups[k][0] for k in some]
        name = names[0] if len(names) == 1 else f"{names[0]} to {names[-1]}"
        found.append((name, [owner for k in some for owner in groups[k][1]]))
    return found
