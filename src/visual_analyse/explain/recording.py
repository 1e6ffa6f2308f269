"""All that dry runs showed of how a model's layers lie on its inputs: what a plan is made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from visual_analyse.explain.layers import Layer
from visual_analyse.explain.trace import Run
from visual_analyse.explain.windows import Grid, Movement


@dataclass(frozen=True)
class Fold:
    """What the copies of a walk are that some layers see, and what their nodes stand for.

    `backwards`: for each copy, whether its time runs backwards; `joints`: for each copy, the node that each node of the
    first copy is. `members`: for each node, the joints of the input that it stands for.
    """

    backwards: tuple[bool, ...]
    joints: tuple[tuple[int, ...], ...]
    members: tuple[tuple[int, ...], ...]


@dataclass(frozen=True)
class Recording:
    """What a model's layers took and gave on walks of two lengths, `frames`; on two walks as well, where it may pack.

    `axes`: those of the inputs that are told apart. `moves`: how layers move over their last axes. `sees`: the inputs
    that each layer's output changes with. `chosen`: how many points each choice of points before a layer held, the
    latest first. `rearranged`: for layers whose cells are those of an earlier one in another order, the number of that
    one. `folds` by the pose that they are of, copies and nodes.

    >>> record(model, batch).short[0].given  # doctest: +SKIP
    (8, 32, 64, 44)
    """

    layers: tuple[Layer, ...]
    axes: tuple[str, ...]
    sizes: tuple[tuple[int, ...], ...]
    frames: Grid
    short: tuple[Run, ...]
    long: tuple[Run, ...]
    pair: tuple[Run, ...] | None = None
    moves: Mapping[int, Movement] = field(default_factory=dict)
    sees: Mapping[int, tuple[int, ...]] = field(default_factory=dict)
    chosen: Mapping[int, tuple[int, ...]] = field(default_factory=dict)
    rearranged: Mapping[int, int] = field(default_factory=dict)
    folds: Mapping[tuple[int, int, int], Fold] = field(default_factory=dict)

    def size(self, source: int, axis: str) -> int:
        """The size that an input has along an axis; 0 where it has no such axis."""
        names = self.axes[source].split()
        return self.sizes[source][names.index(axis)] if axis in names else 0
