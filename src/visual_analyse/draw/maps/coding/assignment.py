"""Few colours for many classes, given so that neighbours differ."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array

from visual_analyse.draw.maps.coding.groups import Fragments, beside
from visual_analyse.draw.maps.coding.tables import Colours, unlike

Array = NDArray[Any]
_ALIKE = 0.12  # OKLab: how far apart two colours no longer look alike
_SWEEPS = 4


def assign(points: Array, codes: Array, found: Fragments, colours: Colours) -> NDArray[np.int64]:
    """The row of `colours` for each class, `[classes]`: neighbours on the map get colours that look different, and
    where there are enough colours each class gets its own.

    Greedy colouring from the most surrounded class on, then a few sweeps in which each class takes the best colour
    given all others.

    >>> line = np.repeat(np.arange(4.0), 5)[:, None]
    >>> found = fragments(line, np.repeat(np.arange(4), 5))  # doctest: +SKIP
    >>> assign(line, np.repeat(np.arange(4), 5), found, palette(None, 2)).tolist()  # doctest: +SKIP
    [0, 1, 0, 1]
    """
    classes = int(codes.max()) + 1
    one, other, near = beside(points, codes, found)
    pairs = coo_array((near, (one, other)), shape=(classes, classes)).tocsr()
    pairs = pairs + pairs.T
    alike = np.exp(-((unlike(colours) / _ALIKE) ** 2))
    weight = np.asarray(pairs.sum(1)).ravel()
    order = np.lexsort((np.arange(classes), -weight))
    chosen = np.full(classes, -1, np.int64)
    used = np.zeros(len(colours))
    for _ in range(_SWEEPS):
        before = chosen.copy()
        for item in order:
            row = slice(pairs.indptr[item], pairs.indptr[item + 1])
            around, weights = pairs.indices[row], pairs.data[row]
            known = chosen[around] >= 0
            if chosen[item] >= 0:
                used[chosen[item]] -= 1
            cost = alike[:, chosen[around[known]]] @ weights[known]
            cost = cost + 1e-2 * (1 + weight[item]) * used * len(colours) / classes  # ties: the colour used least
            if classes <= len(colours):
                cost[used > 0] = np.inf
            chosen[item] = int(cost.argmin())
            used[chosen[item]] += 1
        if (before == chosen).all():
            break
    return chosen
