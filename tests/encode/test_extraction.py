"""Embeddings of many walks: the same as one by one, on disk as they come, whatever stops them."""

from __future__ import annotations

import errno
import os
import shutil
import threading

import numpy as np
import pytest
import torch

from tests.workshop import silhouettes, write_config, write_walk
from visual_analyse.encode import extraction, reading
from visual_analyse.encode.extraction import extract
from visual_analyse.encode.features import shard
from visual_analyse.encode.features.lock import take
from visual_analyse.encode.forward import Forward
from visual_analyse.encode.ranks import Ranks
from visual_analyse.encode.reading import ahead
from visual_analyse.errors import VisualAnalyseError
from visual_analyse.gait.sequences import scan
from visual_analyse.models.load import load_model


@pytest.fixture
def walks(workshop):
    for k in range(20):
        write_walk(workshop.root / "many", f"1{k:02d}/nm-01/000", silhouettes(50 + k, frames=30 + k % 7))
    return scan(workshop.root / "many")


@pytest.fixture
def model(workshop):
    return load_model(workshop.config, checkpoint=workshop.checkpoint, device="cpu")


def one_by_one(model, walks):
    with torch.no_grad():
        return np.stack([model.embed(model.batch([walk.load()])).numpy()[0] for walk in walks]).reshape(len(walks), -1)


def close(found, expected):
    return np.abs(found - expected).max() <= 1e-5 * np.abs(expected).max()


@pytest.fixture
def computed(monkeypatch):
    """The names of the walks that go through a model."""
    names = []
    real = Forward.start
    monkeypatch.setattr(
        Forward, "start", lambda self, group: names.extend(walk.name for walk in group) or real(self, group)
    )
    return names


@pytest.mark.parametrize("name", ["GaitSet", "GaitGL"])
def test_embeddings_are_those_of_walks_alone(workshop, walks, name):
    model = load_model(write_config(workshop.config, name), checkpoint="none", device="cpu")
    seen = []
    with extract(model, walks, cache=workshop.root / "c", progress=lambda *now: seen.append(now)) as found:
        assert close(found.read(0, 100), one_by_one(model, walks))
        assert found.names == [walk.name for walk in walks]
        assert found.dims == found.shape[0] * found.shape[1]
    assert seen == [(k + 1, 20) for k in range(20)]


def test_one_group_may_be_computed_while_the_next_is_gathered(workshop, walks, model, monkeypatch):
    monkeypatch.setattr(Forward, "overlaps", True)
    walks[13].files[0].write_bytes(b"broken")
    told = []
    with extract(model, walks, cache=workshop.root / "c", failed=lambda walk, error: told.append(walk.name)) as found:
        assert close(found.read(0, 19), one_by_one(model, found.walks))
    assert told == ["113-nm-01-000"]


def test_a_second_run_computes_nothing(workshop, walks, model, computed):
    with extract(model, walks, cache=workshop.root / "c") as first:
        before = first.read(0, 20)
    computed.clear()
    with extract(model, walks[::-1], cache=workshop.root / "c") as second:
        assert np.array_equal(second.read(0, 20), before[::-1])
    assert computed == []


def test_unchanged_files_are_not_read_again(workshop, walks, model, monkeypatch):
    for walk in walks:
        os.utime(walk.files[0], (1e9, 1e9))
    os.utime(walks[0].files[0], (4e9, 4e9))
    extract(model, walks, cache=workshop.root / "c")
    read = []
    real = reading.content_of
    monkeypatch.setattr(reading, "content_of", lambda walk, model: read.append(walk.name) or real(walk, model))
    assert len(extract(model, walks, cache=workshop.root / "c")) == 20
    # A file so young that another change may bear the same date is looked at again.
    assert read == [walks[0].name]


def test_a_changed_walk_is_computed_anew_and_a_moved_one_is_not(workshop, walks, model, computed, monkeypatch):
    for walk in walks:
        os.utime(walk.files[0], (1e9, 1e9))
    with extract(model, walks, cache=workshop.root / "c") as found:
        before = found.read(0, 20)
    write_walk(workshop.root / "many", "105/nm-01/000", silhouettes(99, frames=35))
    computed.clear()
    with extract(model, walks, cache=workshop.root / "c") as found:
        assert computed == ["105-nm-01-000"]
        assert close(found.read(5, 6), one_by_one(model, walks[5:6]))
        assert np.array_equal(np.delete(found.read(0, 20), 5, 0), np.delete(before, 5, 0))
    computed.clear()
    shutil.move(workshop.root / "many", workshop.root / "moved")
    moved = scan(workshop.root / "moved")
    for walk in moved:
        os.utime(walk.files[0], (1e9, 1e9))
    with extract(model, moved, cache=workshop.root / "c") as found:
        assert len(found) == 20
    assert computed == []
    monkeypatch.setattr(reading, "content_of", None)  # nor is it read once more
    assert len(extract(model, moved, cache=workshop.root / "c")) == 20


def test_equal_walks_share_a_row(workshop, walks, model):
    for k in range(20):
        write_walk(workshop.root / "many", f"2{k:02d}/nm-01/000", silhouettes(50 + k % 2, frames=30 + k % 2))
    twice = scan(workshop.root / "many")
    with extract(model, twice, cache=workshop.root / "c") as found:
        assert close(found.read(0, 40), one_by_one(model, twice))


def test_broken_walks_are_told_and_left_out(workshop, walks, model):
    walks[3].files[0].write_bytes(b"broken")
    walks[7].files[0].unlink()
    write_walk(workshop.root / "many", "110/nm-01/000", silhouettes(3, height=40, width=40))
    faults = []
    with extract(model, walks, cache=workshop.root / "c", failed=lambda *fault: faults.append(fault)) as found:
        kept = [walk for k, walk in enumerate(walks) if k not in (3, 7, 10)]
        assert list(found.walks) == kept
        assert close(found.read(0, 17), one_by_one(model, kept))
    assert [walk.name for walk, _ in faults] == ["103-nm-01-000", "107-nm-01-000", "110-nm-01-000"]
    assert all(str(error).startswith(f"Walk {walk.name}: ") for walk, error in faults)
    with pytest.raises(VisualAnalyseError, match=r"Walk 103-nm-01-000: .*is no pickle"):
        extract(model, walks, cache=workshop.root / "c")


def test_nothing_at_all(workshop, walks, model):
    for walk in walks:
        walk.files[0].write_bytes(b"broken")
    with extract(model, walks, cache=workshop.root / "c", failed=lambda *fault: None) as found:
        assert (len(found), found.shape, found.read(0, 5).shape) == (0, (0, 0), (0, 0))
        assert found.thumbnails() is None


def test_a_full_disk_keeps_what_was_finished(workshop, walks, model, computed, monkeypatch):
    real, written = shard._write, []

    def full(stream, piece):
        written.append(len(piece))
        if len(written) > 9:
            raise OSError(errno.ENOSPC, "No space left on device")
        real(stream, piece)

    monkeypatch.setattr(shard, "_write", full)
    with pytest.raises(VisualAnalyseError, match="No space left on device"):
        extract(model, walks, cache=workshop.root / "c")
    monkeypatch.setattr(shard, "_write", real)
    computed.clear()
    with extract(model, walks, cache=workshop.root / "c") as found:
        assert close(found.read(0, 20), one_by_one(model, walks))
    assert 0 < len(computed) < 20


def test_rows_are_read_in_any_order_and_piece_by_piece(workshop, walks, model):
    with extract(model, walks, cache=workshop.root / "c") as found:
        whole = found.read(0, 20)
        assert np.array_equal(np.concatenate(list(found.blocks(7))), whole)
        assert np.array_equal(found.take(np.array([19, 3, 4, 5, 3, -1])), whole[[19, 3, 4, 5, 3, -1]])
        assert found.take([]).shape == (0, found.dims)
        assert found.read(18, 99).shape == (2, found.dims)
        with pytest.raises(IndexError):
            found.take([20])
        assert found.thumbnails().shape == (20, 32, 22)
        assert found.pictured.all()
        for path in (workshop.root / "c").rglob("*.f32"):
            path.write_bytes(path.read_bytes()[:100])
        with pytest.raises(VisualAnalyseError, match="was cut"):
            found.read(0, 20)


def test_the_digest_names_walks_and_model(workshop, walks, model):
    def of(some, by=model):
        with extract(by, some, cache=workshop.root / "c") as found:
            return found.digest

    other = load_model(workshop.config, checkpoint="none", device="cpu")
    assert of(walks) == of(walks)
    assert len({of(walks), of(walks[:-1]), of(walks[::-1]), of(walks, other)}) == 4


def test_what_another_process_is_writing_is_taken_over(workshop, walks, model, computed):
    """Two runs at once do the work once, as far as one is ahead of the other."""
    waiting = threading.Event()

    def wait(done, total):
        if done == 15:
            waiting.wait(20)

    other = threading.Thread(
        target=extract, args=(model, walks), kwargs={"cache": workshop.root / "c", "progress": wait}
    )
    other.start()
    while len(computed) < 15:
        waiting.wait(0.01)
    with extract(model, walks, cache=workshop.root / "c") as found:
        assert close(found.read(0, 20), one_by_one(model, walks))
    waiting.set()
    other.join()
    assert len(computed) < 40


@pytest.mark.parametrize(("rank", "world"), [("2", "2"), ("x", "2"), ("0", "-1")])
def test_ranks_that_make_no_sense(monkeypatch, rank, world):
    monkeypatch.setenv("RANK", rank)
    monkeypatch.setenv("WORLD_SIZE", world)
    with pytest.raises(VisualAnalyseError, match=f"RANK={rank} and WORLD_SIZE={world}"):
        Ranks.here()


def test_ranks_share_everything_once(monkeypatch):
    monkeypatch.setenv("RANK", "1")
    monkeypatch.setenv("WORLD_SIZE", "3")
    assert Ranks.here() == Ranks(1, 3)
    assert sorted(piece for rank in range(3) for piece in Ranks(rank, 3).share(10)) == list(range(10))
    for walks in (0, 1, 11, 12, 13, 400, 133_000):
        assert [index for chunk in extraction._chunks(walks) for index in chunk] == list(range(walks))


def test_a_rank_that_hangs_is_not_waited_for_forever(workshop, walks, model, monkeypatch):
    monkeypatch.setattr(extraction, "POLL", 0.01)
    monkeypatch.setattr(extraction, "STUCK", 0.1)
    assert extract(model, walks[:1], cache=workshop.root / "c", ranks=Ranks(1, 2)) is None
    (store,) = (workshop.root / "c" / "features").iterdir()
    told = []
    with take(store / "rows-7.lock"):
        found = extract(model, walks, cache=workshop.root / "c", ranks=Ranks(0, 2), tell=told.append)
    with found:
        assert close(found.read(0, 20), one_by_one(model, walks))
    assert len(told) == 1
    assert "the 8 that they owe" in told[0]


def test_reading_ahead_is_bounded_and_in_order():
    begun = []
    found = ahead(lambda item: begun.append(item) or item, range(100), [reading._AHEAD // 3] * 100, 2)
    assert next(found) == 0
    assert len(begun) <= 5
    assert list(found) == list(range(1, 100))
