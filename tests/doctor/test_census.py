"""Walks listed without reading one."""

from __future__ import annotations

import itertools
import os
import sys

import pytest

from tests.workshop import silhouettes, write_walk
from visual_analyse.doctor.data.census import evenly, take_census
from visual_analyse.gait.sequences import scan

FRAMES = silhouettes(1, frames=2)


@pytest.fixture
def town(tmp_path):
    root = tmp_path / "town 城"
    for k in range(40):
        for view in ("000", "090"):
            write_walk(root, f"{k:03d}/nm-01/{view}", FRAMES)
    return root


def ids_of(root):
    return sorted(entry.name for entry in root.iterdir())


def test_a_small_dataset_is_looked_at_whole_and_seen_as_scan_sees_it(town):
    for stray in (".hidden/nm/0/0.pkl", "000/.nm/0/0.pkl", "__MACOSX/nm/0/0.pkl", "000/nm-01/000/.x.pkl"):
        path = town / stray
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")
    (town / "000" / "nm-01" / "000" / "notes.txt").write_text("x")
    (town / "000" / "nm-01" / "000" / "a.pkl").mkdir()
    if sys.platform != "win32":
        os.mkfifo(town / "000" / "nm-01" / "000" / "b.pkl")
    ids = [name for name in ids_of(town) if not name.startswith((".", "_"))]
    found = take_census(town, ids)
    assert found.whole
    assert sorted(found.walks, key=lambda walk: (walk.id, walk.type, walk.view)) == scan(town)
    assert set(found.sizes) == {file for walk in found.walks for file in walk.files}
    assert found.estimate(found.ids) == len(found.walks)


def test_of_a_large_one_as_much_as_allowed_evenly_and_the_wanted_first(town):
    wanted = [f"{k:03d}" for k in range(20, 40)]
    each = 1 + 1 + 2  # folders of an identity, its conditions and its views
    found = take_census(town, ids_of(town), wanted, most=12 * each)
    assert not found.whole
    assert set(found.looked) < set(wanted)
    assert {"020", "039"} <= set(found.looked)
    assert len(found.looked) == 12
    assert found.folders == 12 * each
    assert found.estimate(found.ids) == 80
    assert "12 of 40" in found.extent
    more = take_census(town, ids_of(town), wanted, most=30 * each)
    assert set(wanted) < set(more.looked)


def test_what_lies_in_the_wrong_place(town):
    write_walk(town, "000/nm-01/000/deeper", FRAMES)
    write_walk(town, "001/nm-01", FRAMES, "high.pkl")
    write_walk(town, "002", FRAMES, "higher.pkl")
    (town / "003" / "nm-02" / "000").mkdir(parents=True)
    found = take_census(town, ids_of(town))
    assert found.deep == ["000/nm-01/000/deeper/0.pkl"]
    assert found.high == ["001/nm-01/high.pkl", "002/higher.pkl"]
    assert found.empty == ["003/nm-02/000"]
    assert len(found.walks) == 80


@pytest.mark.parametrize("count", range(1, 9))
def test_evenly_takes_so_many_and_the_ends(count):
    items = list(range(7))
    found = evenly(items, count)
    assert found == sorted(set(found))
    assert len(found) == min(count, 7)
    if count > 1:
        assert (found[0], found[-1]) == (0, 6)
    gaps = {b - a for a, b in itertools.pairwise(found)}
    assert not gaps or max(gaps) - min(gaps) <= 1
    assert evenly(items, 0) == []
