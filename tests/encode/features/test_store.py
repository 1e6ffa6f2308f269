"""Rows of one model by whoever wrote them; folders of many models within a cap."""

from __future__ import annotations

import os

import pytest

from tests.encode.features.test_shard import FACTS, embedding, picture, row
from visual_analyse.encode.features import store as module
from visual_analyse.encode.features.lock import NoLocks, held, take
from visual_analyse.encode.features.store import FeatureStore, within
from visual_analyse.encode.store import key
from visual_analyse.errors import VisualAnalyseError


def add(writing, *numbers):
    for number in numbers:
        writing.append(FACTS, [row(number)], embedding(number)[None], picture(number)[None])


def test_two_writers_have_a_shard_each_and_see_one_another(tmp_path):
    one, two = FeatureStore(tmp_path), FeatureStore(tmp_path)
    with one.writing() as mine, two.writing() as theirs:
        assert (mine.name, theirs.name) == ("0", "1")
        add(mine, 1, 2)
        add(theirs, 3)
        assert one.others_at_work("0")
        assert one.find(key(3)) is None
        assert one.refresh()
        assert not one.refresh()
        assert one.find(key(3)).shard == "1"
    assert not one.others_at_work("0")
    with two.writing() as again:
        assert again.name == "0"


def test_where_there_are_no_locks_every_writer_has_a_name_of_its_own(tmp_path, monkeypatch):
    def none(path):
        raise NoLocks

    monkeypatch.setattr(module, "take", none)
    store = FeatureStore(tmp_path)
    with store.writing() as one, store.writing() as two:
        assert one.name != two.name
        add(one, 1)
        add(two, 2)
    fresh = FeatureStore(tmp_path)
    fresh.refresh()
    assert fresh.find(key(1)) is not None
    assert fresh.find(key(2)) is not None


def test_files_seen_elsewhere_are_known_again(tmp_path):
    store = FeatureStore(tmp_path)
    with store.writing() as writing:
        add(writing, 1)
        writing.know(key("moved"), key(1))
        writing.fail(key("broken"))
    fresh = FeatureStore(tmp_path)
    fresh.refresh()
    assert fresh.content(key("moved")) == key(1)
    assert fresh.content(key("stat", 1)) == key(1)
    assert fresh.content(key("new")) is None
    assert fresh.seen(key("broken"))
    assert not fresh.seen(key("new"))


def test_the_longest_unused_stores_go_and_none_in_use(tmp_path):
    for number, name in enumerate(["old", "busy", "own", "new"]):
        (tmp_path / name).mkdir()
        (tmp_path / name / "rows-0.f32").write_bytes(bytes(1000))
        os.utime(tmp_path / name, (1000 + number, 1000 + number))
    with take(tmp_path / "busy" / "rows-0.lock"):
        os.utime(tmp_path / "busy", (1001, 1001))
        assert within(tmp_path, tmp_path / "own", 4500) == []
        assert within(tmp_path, tmp_path / "own", 3500) == [tmp_path / "old"]
        assert within(tmp_path, tmp_path / "own", 10) == [tmp_path / "new"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["busy", "own"]


def test_a_lock_is_let_go_of(tmp_path):
    lock = take(tmp_path / "x.lock")
    assert held(tmp_path / "x.lock")
    assert take(tmp_path / "x.lock") is None
    lock.close()
    assert not held(tmp_path / "x.lock")
    assert not held(tmp_path / "never.lock")


def test_a_folder_that_cannot_be_made_is_a_sentence(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(VisualAnalyseError, match="--cache"):
        FeatureStore(tmp_path / "file" / "features")
