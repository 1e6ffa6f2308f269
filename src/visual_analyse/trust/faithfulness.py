"""Insertion and deletion: whether what a map calls evidence is what the match stands on.

Pixels of the walk are replaced in the order of the map's evidence, strongest first, and after each step the match is
measured anew (Petsiuk et al., BMVC 2018, with replacements that leave a silhouette, and a distance for a class score).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from visual_analyse.results import InputKind
from visual_analyse.trust.body import Array, Bools, Floats, body_of, to_outline
from visual_analyse.trust.replacements import Replacement, changed, mixed
from visual_analyse.trust.variants import Variants

TESTS = ("deletion", "insertion")
Measure = Callable[[NDArray[np.float32]], Mapping[str, Floats]]
Tick = Callable[[int, int], None]
Order = NDArray[np.intp]


@dataclass(frozen=True)
class Curves:
    """What a walk measures while it is replaced, by one replacement: each curve `[steps + 1]`.

    `pixels` is how many pixels the replacement changes, over all frames. `own` holds the curves by map, test and
    measure; `edge` those by the outline, `random` those of several random orders, by test and measure. A step is the
    same share of the pixels in all of them.
    """

    replacement: str
    pixels: int
    own: Mapping[tuple[str, str, str], Floats]
    edge: Mapping[tuple[str, str], Floats]
    random: Mapping[tuple[str, str], Sequence[Floats]]


def area(curve: Floats) -> float:
    """The area under a curve over a share of pixels from 0 to 1, by trapezoids.

    >>> area(np.array([0.0, 1.0, 2.0]))
    1.0
    """
    return float((curve[1:] + curve[:-1]).mean() / 2)


def faithfulness(
    variants: Variants,
    kind: InputKind,
    measure: Measure,
    maps: Mapping[str, Floats],
    replacement: Replacement,
    *,
    steps: int = 10,
    seeds: int = 5,
    seed: int = 1597,
    tick: Tick = lambda done, of: None,
) -> Curves | None:
    """The curves of some maps, `[s, h, w]` by name, each its evidence on every pixel; None where nothing is replaced.

    Deletion begins with the walk as it is and replaces the pixels with most evidence first; insertion begins with the
    replaced walk and restores them first. In play are the pixels that the replacement changes, over all frames
    together, so that every order changes as many. `seeds` random orders stand for a map that knows nothing, and the
    distance to the outline for one that knows no more than an edge.

    >>> faithfulness(Variants(model, batch, Source(0)), SILHOUETTE, measure, maps, Erosion())  # doctest: +SKIP
    """
    frames = variants.frames
    instead = replacement.whole(frames, kind)
    play = np.flatnonzero(changed(frames, instead)) if instead is not None else np.zeros(0, np.intp)
    if instead is None or len(play) < steps:
        return None
    rng = np.random.default_rng(seed)
    orders = {name: _strongest(values.ravel()[play], rng) for name, values in maps.items()}
    edge = _strongest(-to_outline(body_of(frames)).ravel()[play], rng)
    random = [rng.permutation(len(play)) for _ in range(seeds)]
    counts = _counts(len(play), steps)
    # An order backwards is as random, and its insertion is the deletion of the order itself, from the end.
    wanted = [(order, test) for order in (*orders.values(), edge) for test in TESTS]
    wanted += [(order, "deletion") for order in random]
    masks = _Masks(play, frames.shape[:1] + frames.shape[-2:], counts, wanted)

    def walks() -> Iterator[Array]:
        for done, mask in enumerate(masks):
            tick(done, len(masks))
            yield mixed(frames, instead, mask)

    found = measure(variants.embed(walks()))
    curves = {name: masks.curves(values) for name, values in found.items()}
    own, by_edge = {}, {}
    randomly: dict[tuple[str, str], list[Floats]] = {}
    for name, rows in curves.items():
        for k, row in enumerate(rows):
            test = wanted[k][1]
            which = k // len(TESTS)
            if k < len(TESTS) * len(orders):
                own[list(orders)[which], test, name] = row
            elif k < len(TESTS) * (len(orders) + 1):
                by_edge[test, name] = row
            else:
                randomly.setdefault(("deletion", name), []).append(row)
                randomly.setdefault(("insertion", name), []).append(row[::-1])
    return Curves(replacement.name, len(play), own, by_edge, randomly)


@dataclass(frozen=True)
class _Masks:
    """What is replaced at each step: first nothing, then everything, then the steps between of each order and test."""

    play: NDArray[np.intp]
    shape: tuple[int, ...]
    counts: NDArray[np.intp]
    wanted: Sequence[tuple[Order, str]]

    def __len__(self) -> int:
        return 2 + len(self.wanted) * (len(self.counts) - 2)

    def __iter__(self) -> Iterator[Bools]:
        yield self._mask(self.play[:0])
        yield self._mask(self.play)
        for order, test in self.wanted:
            for count in self.counts[1:-1]:
                yield self._mask(self.play[order[:count] if test == "deletion" else order[count:]])

    def _mask(self, places: NDArray[np.intp]) -> Bools:
        mask = np.zeros(self.shape, bool)
        mask.ravel()[places] = True
        return mask

    def curves(self, values: Floats) -> list[Floats]:
        """One value a mask to one curve `[steps + 1]` for each order and test."""
        between = values[2:].reshape(len(self.wanted), -1)
        ends = [(values[0], values[1]) if test == "deletion" else (values[1], values[0]) for _, test in self.wanted]
        return [np.concatenate([[first], row, [last]]) for (first, last), row in zip(ends, between, strict=True)]


def _strongest(values: Floats, rng: np.random.Generator) -> Order:
    """Places, the largest value first; equals, as the pixels of one cell are, in no order."""
    return np.lexsort((rng.random(len(values)), -values))


def _counts(pixels: int, steps: int) -> NDArray[np.intp]:
    """How many pixels are replaced at each step; from the end they are as many as from the beginning."""
    first = np.arange(steps + 1) * pixels // steps
    return np.where(np.arange(steps + 1) * 2 <= steps, first, pixels - first[::-1]).astype(np.intp)
