"""How healthy adults walk: joint angles over the gait cycle, as published."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

# Degrees at 0, 10, ..., 100 % of the cycle from heel strike of the same side; flexion and dorsiflexion positive.
# Hip, knee, ankle, pelvic tilt: mean of 15 healthy adults of BioCV (Evans 2024, doi:10.15125/BATH-01258), as printed in
# the MIT-licensed package myogait 0.9.2; trunk lean: the textbook values printed there. Pelvic obliquity, pelvic
# rotation and hip adduction: a Vicon normal file (gaitutils).
TABLES: dict[str, tuple[float, ...]] = {
    "hip": (21.6, 18.2, 8.8, -3.0, -12.7, -18.6, -13.6, 5.5, 19.0, 21.8, 20.4),
    "knee": (5.2, 17.0, 16.4, 8.3, 5.0, 11.3, 37.6, 62.3, 52.8, 17.2, 4.3),
    "ankle": (6.9, -2.4, 3.8, 6.4, 9.9, 12.2, -8.9, -11.4, 0.7, 3.6, 6.3),
    "pelvic tilt": (8.9, 7.6, 7.1, 8.8, 9.9, 10.2, 9.8, 8.4, 8.5, 8.7, 8.8),
    "trunk lean": (3.0, 2.3, 1.7, 1.0, 2.2, 3.5, 4.8, 4.0, 2.7, 2.3, 3.0),
    "pelvic obliquity": (-0.1, 2.4, 4.0, 1.5, -0.2, -0.1, -2.4, -4.4, -1.8, -0.4, -0.5),
    "pelvic rotation": (0.0, 1.1, 2.3, 0.9, -0.9, -2.1, -2.8, -4.6, -3.2, -1.3, 0.5),
    "hip adduction": (-1.4, 3.2, 5.5, 3.9, 1.4, 0.9, -2.3, -4.5, -1.9, -0.5, -2.6),
}

# The first three as harmonics, mean and pairs (a_k, b_k) of `a_k cos(2 pi k t) + b_k sin(2 pi k t)`, same source.
# The arms swing against the legs: shoulder from 24 degrees of extension to 8..15 of flexion, elbow from 10 to 33..45,
# both at their peak near 45-50 % for the arm whose own side's heel strikes at 0 (Perry, Gait Analysis, chapter 8).
_PEAK = 2 * np.pi * 0.48
HARMONICS: dict[str, tuple[float, tuple[tuple[float, float], ...]]] = {
    "hip": (4.61, ((20.10, -3.87), (-3.70, -0.96), (-0.32, 1.76))),
    "knee": (23.24, ((-2.78, -21.07), (-14.84, 8.24), (-0.60, 4.39), (-0.95, 0.26))),
    "ankle": (1.80, ((-1.11, 5.58), (3.69, -6.51), (-3.72, -0.30), (2.85, 0.43), (0.25, -1.61))),
    "shoulder": (-6.0, ((18.0 * float(np.cos(_PEAK)), 18.0 * float(np.sin(_PEAK))),)),
    "elbow": (24.0, ((14.0 * float(np.cos(_PEAK)), 14.0 * float(np.sin(_PEAK))),)),
}


def angle(joint: str, phase: Array) -> Array:
    """The angle of a joint in degrees at each phase (fraction of its own side's cycle, any real number).

    Raises KeyError for a joint that is in neither table. Sources stand beside the tables.

    >>> bool(angle("knee", np.array([0.7])) > 55)
    True
    """
    mean, pairs = HARMONICS[joint]
    turn = 2 * np.pi * np.asarray(phase, np.float64)
    total = np.full(turn.shape, mean)
    for order, (cosine, sine) in enumerate(pairs, 1):
        total += cosine * np.cos(order * turn) + sine * np.sin(order * turn)
    return total


def _harmonics(values: tuple[float, ...], orders: int = 4) -> tuple[float, tuple[tuple[float, float], ...]]:
    samples = np.array(values[:-1])
    samples[0] = (values[0] + values[-1]) / 2  # 0 % and 100 % are the same instant
    turn = 2 * np.pi * np.arange(10) / 10
    pairs = tuple(
        (float(2 * np.mean(samples * np.cos(k * turn))), float(2 * np.mean(samples * np.sin(k * turn))))
        for k in range(1, orders + 1)
    )
    return float(samples.mean()), pairs


for _joint, _values in TABLES.items():
    if _joint not in HARMONICS:
        HARMONICS[_joint] = _harmonics(_values)
