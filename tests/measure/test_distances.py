"""Distances against hand-made cases, a plain loop, and what torch's normalisation does."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from visual_analyse.errors import VisualAnalyseError
from visual_analyse.measure.distances import distances, nearest, part_distances


def _walks(n: int, c: int = 16, p: int = 5, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(n, c, p)).astype(np.float32)


def _by_hand(x: np.ndarray, y: np.ndarray, metric: str) -> list[float]:
    parts = []
    for p in range(x.shape[1]):
        a, b = x[:, p].astype(np.float64), y[:, p].astype(np.float64)
        if metric == "euc":
            parts.append(np.linalg.norm(a - b) / x.shape[1])
        else:
            a, b = a / max(np.linalg.norm(a), 1e-12), b / max(np.linalg.norm(b), 1e-12)
            parts.append((1 - a @ b) / x.shape[1])
    return parts


@pytest.mark.parametrize("metric", ["euc", "cos"])
def test_parts_equal_a_plain_loop_and_sum_to_the_distance(metric: str) -> None:
    probe, gallery = _walks(1)[0], _walks(7, seed=1)
    parts = part_distances(probe, gallery, metric)
    expected = np.array([_by_hand(probe, walk, metric) for walk in gallery])
    assert parts.dtype == np.float64
    np.testing.assert_allclose(parts, expected, rtol=0, atol=1e-14)
    np.testing.assert_allclose(distances(probe[None], gallery, metric)[0], parts.sum(1), rtol=0, atol=1e-9)


def test_hand_computed() -> None:
    probe = np.array([[0.0, 1.0], [0.0, 0.0]])
    walk = np.array([[3.0, 0.0], [4.0, 2.0]])
    np.testing.assert_allclose(part_distances(probe, walk[None], "euc"), [[2.5, np.sqrt(5) / 2]])
    np.testing.assert_allclose(part_distances(probe, walk[None], "cos"), [[0.5, 0.5]])


@pytest.mark.parametrize("metric", ["euc", "cos"])
def test_equal_parts_add_exactly_nothing(metric: str) -> None:
    probe = _walks(1)[0] * 1000 + 77
    twin = probe.copy()
    twin[:, 2] += 1
    parts = part_distances(probe, twin[None], metric)[0]
    assert parts[2] > 0
    assert (np.delete(parts, 2) == 0).all()


def test_a_tiny_difference_survives_beside_a_large_embedding() -> None:
    probe = np.full((8, 1), 1e4)
    other = probe.copy()
    other[0, 0] += 1e-6
    found = distances(probe[None], other[None], "euc")[0, 0]
    assert found == pytest.approx(other[0, 0] - 1e4, rel=1e-12)  # expanded squares would give 0 or 1e-4


def test_zero_and_very_short_vectors_under_cosine_are_as_torch_normalises_them() -> None:
    probe = np.zeros((4, 3))
    probe[0] = [0.0, 3e-13, 2.0]
    gallery = np.stack([probe, np.ones((4, 3)), np.zeros((4, 3)), probe * 2])
    parts = part_distances(probe, gallery, "cos")
    expected = np.array([_by_hand(probe, walk, "cos") for walk in gallery])
    np.testing.assert_allclose(parts, expected, rtol=0, atol=1e-15)
    assert parts[0, 0] == pytest.approx(1 / 3)  # two zero vectors: cosine 0
    np.testing.assert_allclose(distances(probe[None], gallery, "cos")[0], expected.sum(1), atol=1e-12)


@pytest.mark.parametrize("metric", ["euc", "cos"])
@pytest.mark.parametrize("block", [None, 1, 3])
def test_blocks_change_nothing(metric: str, block: int | None) -> None:
    probes, gallery = _walks(5), _walks(11, seed=1)
    expected = np.stack([part_distances(probe, gallery, metric).sum(1) for probe in probes])
    np.testing.assert_allclose(distances(probes, gallery, metric, block=block), expected, rtol=0, atol=1e-7)


@given(st.integers(0, 10_000), st.sampled_from(["euc", "cos"]), st.sampled_from([0.0, 1e-9, 1e-7, 1e-4, 1.0]),
       st.sampled_from([0.0, 1.0, 1e3, 1e5]), st.integers(1, 4))  # fmt: skip
@settings(max_examples=150, deadline=None)
def test_the_nearest_is_the_nearest_to_the_last_bit(
    seed: int, metric: str, spread: float, away: float, parts: int
) -> None:
    """Galleries whose walks differ by less than expanded squares can tell apart, with ties among them."""
    random = np.random.default_rng(seed)
    centre = random.normal(size=(12, parts)) + away
    gallery = centre + spread * random.normal(size=(9, 12, parts))
    gallery[6] = gallery[2]
    probes = centre + spread * random.normal(size=(3, 12, parts))
    probes[0] = gallery[6]
    table = distances(probes, gallery, metric, block=4)
    exact = np.stack([part_distances(probe, gallery, metric).sum(1) for probe in probes])
    assert (nearest(probes, gallery, metric) == exact.argmin(1)).all()
    assert (table.argmin(1) == exact.argmin(1)).all()
    assert (table.min(1) == exact.min(1)).all()
    assert table[0].argmin() != 6  # the second of two equal walks is never the nearest


@pytest.mark.parametrize("metric", ["euc", "cos"])
@pytest.mark.parametrize("parts", [1, 6])
def test_the_order_of_the_gallery_changes_no_bit(metric: str, parts: int) -> None:
    probe, gallery = _walks(1, 512, parts)[0], _walks(10, 512, parts, seed=1)
    order = np.random.default_rng(2).permutation(10)
    whole = part_distances(probe, gallery, metric)
    assert (whole[order] == part_distances(probe, gallery[order], metric)).all()
    assert (whole[3] == part_distances(probe, gallery[3:4], metric)[0]).all()


def test_memory_beside_the_result_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    import tracemalloc

    monkeypatch.setattr("visual_analyse.measure.distances._BLOCK_BYTES", 1 << 18)
    probes, gallery = _walks(60, 64, 32), _walks(600, 64, 32, seed=1)
    tracemalloc.start()
    distances(probes, gallery, "euc")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < gallery.nbytes / 2  # in float64 the gallery alone would take twice its bytes


@pytest.mark.parametrize(
    ("probe", "gallery", "metric", "said"),
    [
        (np.zeros((4, 2)), np.zeros((3, 4, 2)), "l2", "'euc' and 'cos'"),
        (np.zeros((4, 2)), np.zeros((3, 4, 3)), "euc", "same channels and parts"),
        (np.zeros((4, 2)), np.zeros((4, 2)), "euc", "same channels and parts"),
        (np.zeros((4, 2)), np.zeros((0, 4, 2)), "euc", "--gallery_dir"),
        (np.zeros((4, 2)), np.full((2, 4, 2), np.nan), "euc", "gallery walk number 0"),
        (np.full((4, 2), np.inf), np.zeros((2, 4, 2)), "cos", "probe walk number 0"),
    ],
)
def test_sentences(probe: np.ndarray, gallery: np.ndarray, metric: str, said: str) -> None:
    with pytest.raises(VisualAnalyseError, match=said):
        part_distances(probe, gallery, metric)
    with pytest.raises(VisualAnalyseError, match=said):
        distances(probe[None], gallery, metric)
