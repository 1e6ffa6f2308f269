"""Another gallery walk in the place of the match: a map that stays the same says nothing of the match."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from visual_analyse.explain.layers import Layer
from visual_analyse.explain.methods import Method
from visual_analyse.explain.plan import Plan
from visual_analyse.results import LayerEvidence
from visual_analyse.trust.body import Floats, evidence_on, spearman
from visual_analyse.trust.case import Case, maps_of

NEAREST, RANDOM = "nearest other person", "random other person"


def wrong_walks(case: Case, seed: int = 1597) -> dict[str, int]:
    """Walks to put in the match's place: the nearest of another person, and a random one, of a third where there is.

    Of a contrast the impostor stays where it is, and so is none of them; of a crowd whoever takes the match's place
    leaves the crowd, if that is of several. Empty where nobody else is left.

    >>> wrong_walks(case)  # doctest: +SKIP
    {'nearest other person': 4, 'random other person': 17}
    """
    moving = case.explained == "match" or (case.explained == "crowd" and len(case.ends) > 2)
    stay = case.ends[:1] if moving else case.ends
    taken = [case.people[end] for end in stay]
    others = case.others[~np.isin(case.people[case.others], taken)]
    if not len(others):
        return {}
    near = int(others[case.row[others].argmin()])
    third = others[case.people[others] != case.people[near]]
    left = third if len(third) else others[others != near]
    found = {NEAREST: near}
    if len(left):
        found[RANDOM] = int(np.random.default_rng(seed).choice(left))
    return found


def wrong_gallery(
    case: Case,
    original: Mapping[tuple[str, str], LayerEvidence],
    layers: Sequence[Layer],
    plan: Plan,
    methods: Sequence[Method],
    values: Callable[[LayerEvidence], Floats] = evidence_on,
    seed: int = 1597,
) -> dict[tuple[str, str], dict[str, float]]:
    """The rank correlation, of each map of the match with that of a wrong walk in its place.

    `values`: what of a map is compared.

    >>> wrong_gallery(case, maps_of(case, layers, plan, methods), layers, plan, methods)  # doctest: +SKIP
    """
    found: dict[tuple[str, str], dict[str, float]] = {key: {} for key in original}
    for who, walk in wrong_walks(case, seed).items():
        target = case.target((walk, *(end for end in case.ends[1:] if case.people[end] != case.people[walk])))
        for key, layer in maps_of(case, layers, plan, methods, target).items():
            if key in original:
                found[key][who] = spearman(values(original[key]), values(layer))
    return found
