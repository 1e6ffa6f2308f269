from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from visual_analyse.draw.evidence.pairs import paired, strikes


def apart(one: float, other: float) -> float:
    """How far two phases are from each other on the circle."""
    return abs((one - other + 0.5) % 1 - 0.5)


@given(st.floats(0, 1), st.floats(0, 1), st.floats(0.04, 0.12), st.floats(0.04, 0.12))
def test_pairs_show_the_same_moment_of_the_step(first: float, second: float, pace: float, other: float) -> None:
    phases = (first + pace * np.arange(80)) % 1, (second + other * np.arange(90)) % 1
    pairs = paired(*phases, (80, 90))
    assert pairs.by_phase and len(pairs) == 6
    for own, match, moment in zip(pairs.probe, pairs.match, pairs.moments, strict=True):
        assert moment == phases[0][own]
        assert apart(phases[0][own], phases[1][match]) <= other / 2 + 1e-9  # no frame of its step is nearer


def test_pairs_lie_evenly_over_a_stride_from_a_heel_strike() -> None:
    phase = (0.55 + np.arange(40) / 12) % 1
    pairs = paired(phase, phase, (40, 40))
    assert strikes(phase, 40)[0] == pairs.probe[0]
    assert set(np.diff(pairs.probe)) == {4}  # two steps of 12 frames in 6 pairs
    assert pairs.match == pairs.probe  # a walk matches itself frame by frame


@pytest.mark.parametrize("unknown", [None, np.full(20, np.nan), np.zeros(3)])
def test_pairs_lie_by_time_where_a_phase_is_not_known(unknown: np.ndarray | None) -> None:
    known = np.arange(40) / 10 % 1
    for pairs in (paired(unknown, known, (20, 40)), paired(known, unknown, (40, 20))):
        assert not pairs.by_phase
        lengths = (20, 40) if pairs.probe[-1] < 20 else (40, 20)
        shares = [np.array(frames) / length for frames, length in zip((pairs.probe, pairs.match), lengths, strict=True)]
        assert np.abs(shares[0] - shares[1]).max() < 1 / 20


def test_frames_of_unknown_phase_are_left_out() -> None:
    phase = np.arange(30) / 10 % 1
    phase[12:18] = np.nan
    pairs = paired(phase, phase, (30, 30))
    assert pairs.by_phase and not set(pairs.probe + pairs.match) & set(range(12, 18))


def test_a_short_walk_has_as_many_pairs_as_frames() -> None:
    assert len(paired(None, None, (1, 9))) == 1
    assert len(paired(np.array([0.1, 0.2]), np.array([0.15, 0.3, 0.4]), (2, 3))) == 2
    standing = paired(np.full(9, 0.3), np.full(9, 0.3), (9, 9))
    assert len(set(standing.probe)) == 6


def test_a_match_shorter_than_a_stride_gives_the_nearest_phase_again() -> None:
    pairs = paired(np.arange(40) / 10 % 1, np.arange(7) / 10, (40, 7))
    assert all(
        apart(moment, frame / 10) == min(apart(moment, k / 10) for k in range(7))
        for moment, frame in zip(pairs.moments, pairs.match, strict=True)
    )
