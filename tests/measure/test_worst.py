from __future__ import annotations

import numpy as np

from visual_analyse.measure.worst import Outcome, outcome, worst


def test_an_outcome_by_hand():
    gallery = np.array([[[1.0]], [[3.0]], [[2.0]]])
    found = outcome(np.zeros((1, 1)), "a", gallery, ["b", "a", "a"], "euc")
    assert found == Outcome(true=2.0, impostor=1.0) and found.margin == -1.0
    assert outcome(np.zeros((1, 1)), "a", gallery, ["a", "a", "a"], "euc") is None
    assert outcome(np.zeros((1, 1)), "c", gallery, ["b", "a", "a"], "euc") is None


def test_only_what_is_wrong_and_the_worst_first():
    outcomes = [Outcome(1, 2), Outcome(3, 1), None, Outcome(2, 1), Outcome(9, 9.5), Outcome(5, 5)]
    assert worst(outcomes, 9) == [1, 3]
    assert worst(outcomes, 1) == [1]
    assert worst([], 3) == []
