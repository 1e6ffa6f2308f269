"""Neighbours are those of a brute search, in blocks and parts of any size; the graph finds nearly all of them."""

from __future__ import annotations

from pathlib import Path

import faiss
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from visual_analyse.embed import neighbours as module
from visual_analyse.embed import source as source_module
from visual_analyse.embed.neighbours import nearest_others, nearest_to, same_places, without_themselves
from visual_analyse.embed.source import ArraySource, FileSource


def brute(array: np.ndarray) -> np.ndarray:
    """All distances [n, n], infinite to itself."""
    wide = array.astype(np.float64)
    found: np.ndarray = np.sqrt(((wide[:, None] - wide[None]) ** 2).sum(-1))
    np.fill_diagonal(found, np.inf)
    return found


def agrees(array: np.ndarray, count: int, source: FileSource | ArraySource | None = None) -> None:
    """Distances are the smallest, nearest first, and are those of whom they name: nobody itself, nobody twice."""
    found, truth = nearest_others(source or ArraySource(array), count), brute(array)
    count = min(count, len(array) - 1)
    assert found.exact and found.indices.shape == found.distances.shape == (len(array), count)
    scale = np.ptp(array, axis=0).max() if array.size else 1
    assert np.allclose(found.distances, np.sort(truth, 1)[:, :count], atol=2e-3 * scale + 1e-6)
    assert np.allclose(np.take_along_axis(truth, found.indices, 1), found.distances, atol=2e-3 * scale + 1e-6)
    assert all(len(set(row)) == count for row in found.indices.tolist())


@settings(max_examples=40, deadline=None)
@given(rows=st.integers(1, 40), dims=st.integers(1, 6), count=st.integers(1, 45), values=st.integers(1, 4))
def test_a_brute_search_with_many_equals_and_few_rows(rows: int, dims: int, count: int, values: int) -> None:
    array = np.random.default_rng(rows * dims).integers(0, values, (rows, dims)).astype(np.float32)
    agrees(array, count)


@pytest.mark.parametrize("middle", [0.0, 1000.0])
def test_several_blocks_and_several_parts_of_queries(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, middle: float
) -> None:
    array = (np.random.default_rng(0).normal(size=(157, 5)) + middle).astype(np.float32)
    array[60:70] = array[10]
    np.save(tmp_path / "a.npy", array)
    monkeypatch.setattr(module, "_QUERY_BYTES", 4 * 5 * 40)
    monkeypatch.setattr(source_module.block_rows, "__defaults__", (4 * 5 * 23,))
    agrees(array, 9, FileSource(tmp_path / "a.npy"))
    agrees(array, 60, FileSource(tmp_path / "a.npy"))  # more than a block holds
    told: list[tuple[int, int]] = []
    nearest_others(ArraySource(array), 3, lambda done, of: told.append((done, of)))
    assert told == sorted(told) and told[-1] == (4 * 157, 4 * 157)


def test_all_equal_rows_have_one_another() -> None:
    found = nearest_others(ArraySource(np.ones((30, 4))), 5)
    assert not found.distances.any()
    assert not (found.indices == np.arange(30)[:, None]).any()
    assert all(len(set(row)) == 5 for row in found.indices.tolist())


def test_first_keeps_the_nearest() -> None:
    found = nearest_others(ArraySource(np.array([[0.0], [1.0], [3.0], [7.0]])), 3)
    assert found.indices.tolist() == [[1, 2, 3], [0, 2, 3], [1, 0, 3], [2, 1, 0]]
    assert found.first(1).indices.tolist() == [[1], [0], [1], [2]] and found.first(1).distances.shape == (4, 1)


def test_others_may_ask_too() -> None:
    squares, places = nearest_to(ArraySource(np.array([[0.0], [2.0], [9.0]])), np.array([[1.5]], np.float32), 2)
    assert places.tolist() == [[1, 0]] and np.allclose(squares, [[0.25, 2.25]])


def test_a_row_that_misses_itself_lets_its_last_go() -> None:
    found = without_themselves(np.array([[0.0, 0.0, 4.0]], np.float32), np.array([[7, 8, 9]]), np.array([3]))
    assert found.indices.tolist() == [[7, 8]] and found.distances.tolist() == [[0, 0]]


def clustered(rows: int = 4000) -> np.ndarray:
    rng = np.random.default_rng(0)
    found: np.ndarray = (
        np.repeat(rng.normal(size=(rows // 10, 24)), 10, 0) + 0.4 * rng.normal(size=(rows, 24))
    ).astype(np.float32)
    return found


@pytest.fixture
def by_graph(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_AFFORDABLE", 0)


@pytest.mark.usefixtures("by_graph")
@pytest.mark.parametrize("agree", [module._THREADS_AGREE, False])
def test_the_graph_finds_nearly_all_and_the_same_again(monkeypatch: pytest.MonkeyPatch, agree: bool) -> None:
    array = clustered()
    monkeypatch.setattr(module, "_THREADS_AGREE", agree)
    before = faiss.omp_get_max_threads()
    faiss.omp_set_num_threads(4)
    try:
        first, again = (nearest_others(ArraySource(array), 10) for _ in range(2))
        assert faiss.omp_get_max_threads() == 4
    finally:
        faiss.omp_set_num_threads(before)
    assert not first.exact
    assert np.array_equal(first.indices, again.indices) and np.array_equal(first.distances, again.distances)
    monkeypatch.undo()
    assert same_places(nearest_others(ArraySource(array), 10).indices, first.indices).mean() > 0.98


@pytest.mark.usefixtures("by_graph")
def test_the_graph_of_several_blocks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    np.save(tmp_path / "a.npy", clustered(2000))
    monkeypatch.setattr(source_module.block_rows, "__defaults__", (4 * 24 * 300,))
    found = nearest_others(FileSource(tmp_path / "a.npy"), 10)
    monkeypatch.setattr(module, "_AFFORDABLE", np.inf)
    assert same_places(nearest_others(ArraySource(clustered(2000)), 10).indices, found.indices).mean() > 0.98


@pytest.mark.usefixtures("by_graph")
def test_one_thread_builds_even_if_building_fails() -> None:
    before = faiss.omp_get_max_threads()
    with pytest.raises(KeyboardInterrupt), module._one_thread():
        assert faiss.omp_get_max_threads() == 1
        raise KeyboardInterrupt
    assert faiss.omp_get_max_threads() == before


@pytest.mark.usefixtures("by_graph")
def test_what_the_graph_did_not_find_is_sought_exactly(monkeypatch: pytest.MonkeyPatch) -> None:
    class Forgetful(faiss.IndexHNSWFlat):
        def search(self, asked: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
            squares, places = super().search(asked, count)
            squares[::3, 1:], places[::3, 1:] = 3e38, -1
            return squares, places

    monkeypatch.setattr(faiss, "IndexHNSWFlat", Forgetful)
    array = np.random.default_rng(0).normal(size=(90, 3)).astype(np.float32)
    found = nearest_others(ArraySource(array), 4)
    assert np.array_equal(found.indices[::3], np.argsort(brute(array), 1)[::3, :4])
    assert (found.indices >= 0).all() and found.distances.max() < 10


def test_wide_features_are_searched_exactly_at_any_cost(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_AFFORDABLE", 0)
    assert nearest_others(ArraySource(np.eye(20, 513)), 2).exact


def test_shares_of_neighbours() -> None:
    first, second = np.array([[1, 2, 3], [4, 5, 6]]), np.array([[3, 9, 1], [7, 8, 9]])
    assert np.allclose(same_places(first, second), [2 / 3, 0])
