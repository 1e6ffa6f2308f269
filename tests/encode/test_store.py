from __future__ import annotations

import os

from visual_analyse.encode.store import Store, key


def test_what_is_kept_is_found(tmp_path):
    store = Store(tmp_path / "a b")
    name = key("model", "walk")
    assert store.find(name) is None
    store.keep(name, lambda stream: stream.write(b"embedding"))
    assert store.find(name).read_bytes() == b"embedding"


def test_keys_tell_their_parts_apart():
    assert key("ab", "c") != key("a", "bc")
    assert key("a", "b") != key("b", "a")
    assert key("a") == key("a")


def test_the_longest_unused_go_when_the_cap_is_reached(tmp_path):
    store = Store(tmp_path, cap=1000)
    names = [key(k) for k in range(6)]
    for k, name in enumerate(names[:4]):
        store.keep(name, lambda stream: stream.write(bytes(240)))
        os.utime(store.find(name), (1000 + k, 1000 + k))
    store.find(names[0])  # used again
    store.keep(names[4], lambda stream: stream.write(bytes(240)))
    kept = [name for name in names if store.find(name)]
    assert names[0] in kept
    assert names[4] in kept
    assert names[1] not in kept
    assert sum(path.stat().st_size for path in tmp_path.glob("*/*")) <= 1000


def test_a_store_that_cannot_be_written_is_done_without(tmp_path):
    (tmp_path / "file").write_text("in the way", encoding="utf-8")
    store = Store(tmp_path / "file")
    store.keep(key("a"), lambda stream: stream.write(b"x"))
    assert store.find(key("a")) is None
