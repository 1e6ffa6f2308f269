"""Whatever befalls the files of a shard, it opens, and what it then vouches for is right."""

from __future__ import annotations

import errno

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from visual_analyse.encode.features import shard as module
from visual_analyse.encode.features.journal import Facts, Failed, Group, Known, Row, decode, encode
from visual_analyse.encode.features.shard import Shard, ShardWriter
from visual_analyse.encode.store import key
from visual_analyse.errors import VisualAnalyseError

FACTS = Facts((3, 2), True)


def embedding(number):
    return np.random.default_rng(number).normal(size=(3, 2)).astype(np.float32)


def picture(number):
    return np.full((32, 22), number % 256, np.uint8)


def row(number):
    return Row(key(number), key("stat", number), True, 5, True, f"{number:03d}", "nm-01", "090")


def add(writer, numbers):
    rows = [row(number) for number in numbers]
    arrays = [np.stack([make(number) for number in numbers]) for make in (embedding, picture)]
    return writer.append(FACTS, rows, *arrays)


def fill(folder, groups=((0, 1, 2), (3,), (4, 5))):
    writer = ShardWriter(Shard(folder, "0"), None)
    for numbers in groups:
        add(writer, numbers)
    writer.note(Known(((key("elsewhere"), key(0)),)))
    writer.close()


def vouched(folder):
    """The numbers of the rows that a shard vouches for; each is compared with what it must be."""
    shard = Shard(folder, "0")
    rows = [found for entry in shard.news() if isinstance(entry, Group) for found in entry.rows]
    assert len(rows) == shard.rows
    data = np.fromfile(shard.data, "<f4") if rows else np.zeros(0)
    thumbs = np.fromfile(shard.thumbs, np.uint8) if rows else np.zeros(0)
    for place, found in enumerate(rows):
        number = int(found.id)
        assert found == row(number)
        assert np.array_equal(data[6 * place : 6 * place + 6], embedding(number).ravel())
        assert (thumbs[704 * place : 704 * place + 704] == number % 256).all()
    return [int(found.id) for found in rows]


@pytest.mark.parametrize("entry", [FACTS, Facts((1, 1), None), Group(3, (row(1), row(2)), 77), Failed(key(3)),
                                   Known(((key(1), key(2)), (key(3), key(4))))])  # fmt: skip
def test_a_line_says_what_was_written_and_no_changed_line_says_anything(entry):
    line = encode(entry)
    assert decode(line) == entry
    assert all(decode(line[:cut]) is None for cut in range(len(line)))
    assert all(decode(line[:at] + bytes([line[at] ^ 1]) + line[at + 1 :]) is None for at in range(len(line)))


@settings(max_examples=60, deadline=None)
@given(which=st.sampled_from(["rows-0.jsonl", "rows-0.f32", "thumbs-0.u8"]), where=st.floats(0, 1),
       garbage=st.binary(max_size=30))  # fmt: skip
def test_cut_anywhere_and_followed_by_garbage(tmp_path_factory, which, where, garbage):
    folder = tmp_path_factory.mktemp("shard")
    fill(folder)
    path = folder / which
    whole = path.read_bytes()
    path.write_bytes(whole[: int(where * len(whole))] + garbage)
    before = vouched(folder)
    assert before == list(range(len(before)))
    shard = Shard(folder, "0")
    list(shard.news())
    writer = ShardWriter(shard, None)
    add(writer, [8, 9])
    writer.close()
    assert vouched(folder) == [*before, 8, 9]


def test_a_writer_that_goes_on_sees_what_was_there(tmp_path):
    fill(tmp_path)
    assert vouched(tmp_path) == [0, 1, 2, 3, 4, 5]
    shard = Shard(tmp_path, "0")
    list(shard.news())
    writer = ShardWriter(shard, None)
    other = Shard(tmp_path, "0")
    assert len(list(other.news())) == 5
    add(writer, [6])
    assert [found.id for entry in other.news() for found in entry.rows] == ["006"]
    writer.close()


def test_spoilt_data_at_the_end_are_noticed(tmp_path):
    """After a power cut a file may be as long as it should be and hold zeros."""
    fill(tmp_path)
    data = bytearray((tmp_path / "rows-0.f32").read_bytes())
    data[-20:] = bytes(20)
    (tmp_path / "rows-0.f32").write_bytes(data)
    assert vouched(tmp_path) == [0, 1, 2, 3]


@pytest.mark.parametrize("failing", range(1, 5))
def test_a_full_disk_leaves_what_was_finished(tmp_path, monkeypatch, failing):
    shard = Shard(tmp_path, "0")
    writer = ShardWriter(shard, None)
    add(writer, [0, 1])
    real, calls = module._write, []

    def full(stream, piece):
        calls.append(piece)
        if len(calls) == failing:
            stream.write(piece[: len(piece) // 2])
            raise OSError(errno.ENOSPC, "No space left on device")
        real(stream, piece)

    monkeypatch.setattr(module, "_write", full)
    if failing < 4:
        with pytest.raises(VisualAnalyseError, match=r"No space left on device.*are kept.*--cache"):
            add(writer, [2])
        assert vouched(tmp_path) == [0, 1]
        add(writer, [2])
    else:
        add(writer, [2])
    writer.close()
    assert vouched(tmp_path) == [0, 1, 2]


def test_rows_are_forced_to_the_disk_now_and_then(tmp_path, monkeypatch):
    synced = []
    monkeypatch.setattr(module.os, "fsync", lambda handle: synced.append(handle))
    monkeypatch.setattr(module, "_UNSYNCED", 100)
    writer = ShardWriter(Shard(tmp_path, "0"), None)
    for number in range(20):
        add(writer, [number])
    assert 0 < len(synced) < 20 * 3
    writer.close()
