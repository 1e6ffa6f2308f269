"""The beat of a signal that repeats with every stride: how long a step takes, and where in it each frame lies."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

# Frames a step: 75 to 150 steps a minute at 25 frames a second, 90 to 180 at 30. One octave and no more: seen from
# ahead of or behind the side, a left step looks unlike a right one, and then a step and a stride cannot be told apart
# but by how long they take.
PERIODS = np.geomspace(10.0, 20.0, 49)
# What is expected before anything is seen, in frames: 100 to 120 steps a minute at 25 to 30 frames a second. Its width
# is of the logarithm; two strides or more outweigh it, one alone hardly has a length without it.
_USUAL, _WIDTH = 14.0, 0.15
_REACH = 1.5  # steps: the deviation of the window over which a pace is taken for steady
_TERMS = 6  # of a fit: level, drift, and two numbers for each of two harmonics


def step_period(signals: Array, seen: Array) -> float | None:
    """How many frames a step takes, from signals `[s, k]` and whether each was seen, bool `[s, k]`.

    The period whose stride (two steps) and its second harmonic leave least of the signals, with what walking people do
    as the prior. None where nothing moves, or fewer frames were seen than a fit has numbers.

    >>> time = np.arange(40)
    >>> round(step_period(np.cos(2 * np.pi * time / 13)[:, None], np.ones((40, 1), bool)), 1)
    13.0
    """
    time = _time(len(signals))
    cost = 0.5 * (np.log(PERIODS / _USUAL) / _WIDTH) ** 2
    used = 0
    for signal, there in zip(signals.T, seen.T, strict=True):
        values, when = signal[there], time[there]
        if len(values) <= _TERMS:
            continue
        level = np.stack([np.ones_like(when), when], -1)
        values = values - _projected(level, values)
        moved = float(values @ values)
        if moved <= 1e-9 * len(values) * max(float(np.abs(signal[there]).max()), 1e-3) ** 2:
            continue
        left = np.array(
            [moved - float(np.square(_projected(_terms(when, period), values)).sum()) for period in PERIODS]
        )
        # The likelihood of noise of unknown strength. What is left below a thousandth is how steps are, and no noise.
        cost = cost + 0.5 * (len(values) - _TERMS) * np.log(np.maximum(left, 1e-3 * moved) / moved)
        used += 1
    return _lowest(cost) if used else None


def beat(signal: Array, seen: Array, period: float, order: int) -> tuple[Array, float]:
    """The harmonic of a signal `[s]` that turns `order` times a stride, and what a fit leaves of the signal.

    The first is complex `[s]`: its real part is the harmonic, its angle how far it has turned; a pace that changes
    slowly is followed. The second is a variance, for the numbers that the fit takes up. `seen`, bool `[s]`, says which
    frames count.

    >>> turned, left = beat(np.cos(2 * np.pi * np.arange(40) / 13), np.ones(40, bool), 13.0, 2)
    >>> bool(abs(np.angle(turned[13])) < 0.01 and left < 0.01)
    True
    """
    time = _time(len(signal))
    values = np.where(seen, signal, 0.0)
    level = values.sum() / max(int(seen.sum()), 1)
    values = np.where(seen, values - level, 0.0)
    terms = _terms(time, period)
    weight = np.exp(-0.5 * ((time[:, None] - time) / (_REACH * period)) ** 2) * seen
    normal = np.einsum("ft,ti,tj->fij", weight, terms, terms, optimize=True) + 1e-9 * np.eye(_TERMS)
    found = np.linalg.solve(normal, ((weight * values) @ terms)[..., None])[..., 0]
    rest = np.where(seen, values - (found * terms).sum(1), 0.0)
    turned = (found[:, 2 * order] - 1j * found[:, 2 * order + 1]) * np.exp(1j * np.pi * order * time / period)
    return turned, float(rest @ rest) / max(int(seen.sum()) - _TERMS - 1, 1)


def powers(signal: Array, seen: Array, period: float, orders: tuple[int, ...]) -> tuple[float, ...]:
    """The power of each harmonic of a stride in a signal `[s]`, fitted together; `seen`, bool `[s]`, says what counts.

    >>> one, two = powers(np.cos(2 * np.pi * np.arange(40) / 13), np.ones(40, bool), 13.0, (1, 2))
    >>> bool(one < 0.01 < 0.99 < two < 1.01)
    True
    """
    turn = np.pi * _time(len(signal))[seen] / period
    waves = [wave(order * turn) for order in orders for wave in (np.cos, np.sin)]
    terms = np.stack([np.ones_like(turn), turn / max(len(signal), 1), *waves], -1)
    found = np.linalg.lstsq(terms, signal[seen], rcond=None)[0][2:]
    return tuple(float(part) for part in np.square(found).reshape(-1, 2).sum(1))


def _time(frames: int) -> Array:
    return np.arange(frames, dtype=np.float64) - (frames - 1) / 2


def _terms(time: Array, period: float) -> Array:
    turn = np.pi * time / period
    drift = time / max(len(time), 1)
    return np.stack([np.ones_like(turn), drift, np.cos(turn), np.sin(turn), np.cos(2 * turn), np.sin(2 * turn)], -1)


def _projected(terms: Array, values: Array) -> Array:
    base = np.linalg.qr(terms)[0]
    return np.asarray(base @ (base.T @ values))


def _lowest(cost: Array) -> float:
    """The lowest period, between the places of the grid where the cost is a valley."""
    place = int(cost.argmin())
    if 0 < place < len(cost) - 1:
        before, here, after = cost[place - 1 : place + 2]
        bend = before - 2 * here + after
        if bend > 0:
            return float(PERIODS[place] * (PERIODS[1] / PERIODS[0]) ** (0.5 * (before - after) / bend))
    return float(PERIODS[place])
