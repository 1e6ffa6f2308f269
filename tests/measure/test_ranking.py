"""Ranking against cases worked out by hand and a plain loop."""

from __future__ import annotations

import numpy as np
import pytest

from visual_analyse.errors import VisualAnalyseError
from visual_analyse.measure.ranking import leave_one_out, scores, view_table


def test_by_hand() -> None:
    near = np.array([[0.1, 0.2, 0.3, 0.4], [0.4, 0.3, 0.2, 0.1]])
    found = scores(near, ["a", "b"], ["a", "b", "a", "b"], ks=(1, 2))
    # a: true matches at places 1 and 3: (1/1 + 2/3) / 2; b: places 1 and 3 from the other end.
    assert found.rank == {1: 1.0, 2: 1.0}
    assert found.mean_ap == pytest.approx((1 + 2 / 3) / 2)
    worse = scores(near, ["b", "a"], ["a", "b", "a", "b"], ks=(1, 2))
    assert worse.rank == {1: 0.0, 2: 1.0}
    assert worse.mean_ap == pytest.approx((1 / 2 + 2 / 4) / 2)


def test_exclusions_are_as_if_they_were_not_there() -> None:
    near = np.array([[0.0, 0.1, 0.2, 0.3]])
    excluded = np.array([[True, False, False, False]])
    assert scores(near, ["a"], ["a", "b", "b", "a"], excluded) == scores(near[:, 1:], ["a"], ["b", "b", "a"])


def test_probes_without_a_match_are_counted_apart() -> None:
    found = scores(np.array([[0.0, 1.0], [0.0, 1.0]]), ["a", "nobody"], ["a", "b"])
    assert (found.probes, found.unmatched, found.rank[1]) == (1, 1, 1.0)


def test_of_equal_distances_the_earlier_is_the_nearer() -> None:
    assert scores(np.zeros((1, 3)), ["a"], ["b", "a", "a"]).rank[1] == 0.0
    assert scores(np.zeros((1, 3)), ["a"], ["a", "b", "b"]).rank[1] == 1.0


def test_a_plain_loop_agrees() -> None:
    random = np.random.default_rng(0)
    near = random.random((20, 30))
    mine = [f"{n % 6}" for n in range(20)]
    theirs = [f"{n % 7}" for n in range(30)]
    excluded = random.random((20, 30)) < 0.3
    hits, precisions = {1: 0, 5: 0, 10: 0}, []
    for i in range(20):
        order = [theirs[j] for _, j in sorted((near[i, j], j) for j in range(30) if not excluded[i, j])]
        assert mine[i] in order
        for k in hits:
            hits[k] += mine[i] in order[:k]
        so_far, each = 0, []
        for place, identity in enumerate(order, 1):
            if identity == mine[i]:
                so_far += 1
                each.append(so_far / place)
        precisions.append(sum(each) / len(each))
    found = scores(near, mine, theirs, excluded)
    assert found.rank == {k: pytest.approx(count / 20) for k, count in hits.items()}
    assert found.mean_ap == pytest.approx(np.mean(precisions))


def test_leave_one_out_never_counts_the_walk_itself() -> None:
    points = np.array([0.0, 1.0, 1.4, 9.0])
    near = abs(points[:, None] - points[None])
    found = leave_one_out(near, ["a", "a", "b", "b"])
    assert found.rank[1] == 0.5  # a0 finds a1; a1 finds b; b finds a1; the last finds b
    assert found.probes == 4


def test_view_table_by_hand() -> None:
    # Two identities, two views; under 090 the gallery's identities are swapped.
    ids, views = ["a", "b", "a", "b"], ["000", "000", "090", "090"]
    near = np.array(
        [
            [0.0, 1.0, 1.0, 0.0],  # a-000: right against 000, wrong against 090
            [1.0, 0.0, 1.0, 0.0],  # b-000: right, right
            [0.0, 1.0, 0.0, 1.0],  # a-090: right, right
            [0.0, 1.0, 1.0, 0.0],  # b-090: wrong against 000, right against 090
        ]
    )
    table = view_table(near, ids, views, ids, views)
    assert table.views == ("000", "090")
    np.testing.assert_allclose(table.rank1, [[1.0, 0.5], [0.5, 1.0]])
    np.testing.assert_allclose(table.by_view, [0.5, 0.5])
    assert table.mean == 0.5


def test_view_table_equals_the_textbook_formula() -> None:
    random = np.random.default_rng(1)
    views = [f"{v:03d}" for v in range(0, 180, 36)]
    ids = [f"{n}" for n in range(6)]
    walks = [(identity, view) for identity in ids for view in views]
    near = random.random((len(walks), len(walks)))
    names, seen = [w[0] for w in walks], [w[1] for w in walks]
    table = view_table(near, names, seen, names, seen)
    accuracy = np.zeros((5, 5))
    for i, one in enumerate(views):
        for j, other in enumerate(views):
            rows = [n for n, w in enumerate(walks) if w[1] == one]
            columns = [n for n, w in enumerate(walks) if w[1] == other]
            right = [names[min(columns, key=lambda c, r=r: near[r, c])] == names[r] for r in rows]
            accuracy[i, j] = np.mean(right)
    np.testing.assert_allclose(table.rank1, accuracy)
    assert table.mean == pytest.approx(np.mean((accuracy - np.diag(np.diag(accuracy))).sum(1) / 4))


def test_a_view_that_one_side_lacks_is_left_out_of_the_means() -> None:
    table = view_table(np.array([[0.0, 1.0]]), ["a"], ["000"], ["a", "b"], ["090", "180"])
    assert np.isnan(table.rank1[1:]).all()
    assert table.by_view[0] == 0.5  # right against 090; against 180, where its identity has no walk, wrong
    assert table.mean == 0.5


def test_sentences() -> None:
    with pytest.raises(VisualAnalyseError, match="do not fit 1 probes and 2 gallery walks"):
        scores(np.zeros((1, 3)), ["a"], ["a", "b"])
    with pytest.raises(VisualAnalyseError, match="hold NaN"):
        scores(np.full((1, 1), np.nan), ["a"], ["a"])
    with pytest.raises(VisualAnalyseError, match="None of the 1 probes has a walk of its own identity"):
        scores(np.zeros((1, 1)), ["a"], ["b"])
    with pytest.raises(VisualAnalyseError, match="Exclusions of shape"):
        scores(np.zeros((1, 1)), ["a"], ["a"], np.zeros((2, 2)))
    with pytest.raises(VisualAnalyseError, match="views do not fit"):
        view_table(np.zeros((1, 1)), ["a"], [], ["a"], ["000"])
