"""Principal components are numpy's exact ones, whatever the blocks."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from visual_analyse.embed import source as source_module
from visual_analyse.embed.reduction import Components, principal_components
from visual_analyse.embed.source import ArraySource, FileSource


def planted(rows: int, dims: int, strengths: np.ndarray, noise: float = 0.01, middle: float = 0.0) -> np.ndarray:
    """Rows whose variances along random directions are `strengths` squared, and noise."""
    rng = np.random.default_rng(rows + dims)
    directions = np.linalg.qr(rng.normal(size=(dims, len(strengths))))[0]
    made = rng.normal(size=(rows, len(strengths))) * strengths @ directions.T
    found: np.ndarray = (made + noise * rng.normal(size=(rows, dims)) + middle).astype(np.float32)
    return found


def exact(array: np.ndarray, rank: int) -> np.ndarray:
    wide = array.astype(np.float64)
    found: np.ndarray = np.linalg.svd(wide - wide.mean(0), full_matrices=False)[2][:rank]
    return found


def angle(first: np.ndarray, second: np.ndarray) -> float:
    """The largest angle between two subspaces, in degrees."""
    least = np.linalg.svd(first.astype(np.float64) @ second.T, compute_uv=False).min()
    return float(np.degrees(np.arccos(min(1.0, least))))


@pytest.mark.parametrize("middle", [0.0, 300.0])
@pytest.mark.parametrize("rows", [300, 18_000])  # 18,000: a rehearsal on a sample goes before
def test_the_subspace_is_the_exact_one(rows: int, middle: float) -> None:
    array = planted(rows, 60, np.linspace(4, 1, 12), 0.05, middle)
    found = principal_components(ArraySource(array), 12, seed=3)
    assert np.allclose(found.directions @ found.directions.T, np.eye(12), atol=1e-4)
    assert angle(found.directions, exact(array, 12)) < 0.2
    assert np.allclose(found.mean, array.astype(np.float64).mean(0), rtol=1e-5, atol=1e-5)
    variances = found.of(array).astype(np.float64).var(0)
    assert (np.diff(variances) <= variances[:-1] * 1e-3).all()
    strongest = found.first(1).directions
    assert strongest.shape == (1, 60) and np.array_equal(strongest, found.directions[:1])


def test_well_apart_directions_are_found_one_by_one() -> None:
    array = planted(500, 40, 10.0 / 2.0 ** np.arange(5), 1e-3)
    found, true = principal_components(ArraySource(array), 5, seed=0).directions, exact(array, 5)
    assert (np.abs((found * true).sum(1)) > 1 - 1e-4).all()


def test_of_is_the_direct_formula() -> None:
    array = planted(50, 20, np.ones(6), 0.1, 5)
    found = principal_components(ArraySource(array), 6, seed=0)
    direct = (array.astype(np.float64) - found.mean) @ found.directions.T
    assert np.allclose(found.of(array), direct, atol=1e-4)
    assert np.allclose(Components(np.ones(2), np.eye(2)[:1]).of(np.array([[3.0, 9.0]])), [[2.0]])


@pytest.mark.parametrize(("rows", "dims", "rank"), [(5, 30, 12), (30, 4, 12), (1, 6, 3), (2, 1, 1), (3, 3, 99)])
def test_more_is_asked_for_than_there_is(rows: int, dims: int, rank: int) -> None:
    array = np.random.default_rng(0).normal(size=(rows, dims)).astype(np.float32)
    found = principal_components(ArraySource(array), rank, seed=0).directions
    assert found.shape == (min(rows, dims, rank), dims)
    assert np.allclose(found @ found.T, np.eye(len(found)), atol=1e-4)
    varying = min(rows - 1, len(found))
    if varying:
        assert angle(found[:varying], exact(array, varying)) < 0.1


def test_constant_features_neither_count_nor_break() -> None:
    array = np.full((200, 10), 7.0, np.float32)
    assert not principal_components(ArraySource(array), 3, seed=0).of(array).any()
    array[:, 4] += np.random.default_rng(0).normal(size=200).astype(np.float32)
    found = principal_components(ArraySource(array), 1, seed=0).directions[0]
    assert abs(found[4]) > 1 - 1e-5


@pytest.mark.parametrize("rows", [700, 16_400])
def test_blocks_of_any_size_give_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rows: int) -> None:
    array = planted(rows, 24, np.linspace(3, 2, 6), 0.05, 10)
    np.save(tmp_path / "a.npy", array)
    source = FileSource(tmp_path / "a.npy")
    whole = principal_components(source, 6, seed=1)
    monkeypatch.setattr(source_module.block_rows, "__defaults__", (4 * 24 * 97,))
    parts = principal_components(source, 6, seed=1)
    assert np.allclose(whole.mean, parts.mean, atol=1e-4)
    assert angle(whole.directions, parts.directions) < 0.1


def test_progress_ends_at_its_end_and_the_seed_decides() -> None:
    told: list[tuple[int, int]] = []
    source = ArraySource(planted(300, 20, np.ones(3)))
    first = principal_components(source, 3, 5, lambda done, of: told.append((done, of)))
    assert told == [(number + 1, len(told)) for number in range(len(told))] and told
    assert np.array_equal(first.directions, principal_components(source, 3, 5).directions)
