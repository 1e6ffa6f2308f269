"""Killed at any moment, or shared among processes: the same rows in the end, and none of them computed twice."""

from __future__ import annotations

import importlib.util
import os
import random
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.workshop import silhouettes, write_walk

SCRIPT = Path(__file__).with_name("extracting.py")
WALKS = 30


@pytest.fixture
def many(workshop):
    for k in range(WALKS):
        write_walk(workshop.root / "many", f"1{k:02d}/nm-01/000", silhouettes(50 + k, frames=40 + 9 * (k % 7)))
    return workshop


def words(many, cache, slowness=0.0, *more):
    options = [many.config, many.checkpoint, many.root / "many", many.root / cache, slowness, *more]
    return [str(SCRIPT), *map(str, options)]


def start(arguments, **environment):
    return subprocess.Popen(
        [sys.executable, *arguments], stdout=subprocess.PIPE, text=True, env={**os.environ, **environment}
    )


def finish(process):
    """The rows that a process made, its digests, and what else it said."""
    lines = process.communicate()[0].splitlines()
    assert process.returncode == 0
    rows = [line.removeprefix("row ") for line in lines if line.startswith("row ")]
    digests = [line for line in lines if line.startswith("digest ")]
    return rows, digests, [line for line in lines if line not in digests and not line.startswith("row ")]


def test_a_killed_run_goes_on_where_it_was(many):
    """Killed four times at moments of all kinds: between groups, while one is computed, while rows are written."""
    rng = random.Random(7)
    (everything, whole, _) = finish(start(words(many, "whole")))
    assert len(everything) == WALKS
    made = []
    for rows in (1, 3, 2, 5):
        process = start(words(many, "killed", 0.05))
        lines = [process.stdout.readline() for _ in range(rows)]
        time.sleep(rng.uniform(0, 0.12))
        process.kill()
        rest = process.communicate()[0].splitlines()
        made += [line.strip() for line in [*lines, *rest] if line.startswith("row ")]
    last, digest, _ = finish(start(words(many, "killed")))
    again, same, _ = finish(start(words(many, "killed")))
    made = [line.removeprefix("row ") for line in made] + last
    assert len(made) == len(set(made))  # what was said to be finished was never made again
    # Those that a kill caught between the row and the word are on disk, and are not made again either.
    assert set(made) <= set(everything)
    assert len(made) >= WALKS - 4 * 8
    assert digest == whole
    assert (again, same) == ([], whole)


def test_two_ranks_make_what_one_makes(many):
    rows, whole, _ = finish(start(words(many, "alone")))
    second = start(words(many, "shared", 0.05), RANK="1", WORLD_SIZE="2", LOCAL_RANK="1")
    first = start(words(many, "shared"), RANK="0", WORLD_SIZE="2", LOCAL_RANK="0")
    (own, digest, told), (theirs, nothing, _) = finish(first), finish(second)
    assert digest == whole
    assert nothing == told == []
    assert sorted(own + theirs) == sorted(rows)
    assert 0 < len(own) < WALKS
    assert finish(start(words(many, "shared")))[:2] == ([], whole)


def test_a_broken_walk_is_told_by_the_first_rank_without_waiting(many):
    """The ranks' shares are pieces of twelve walks: the second rank meets this one."""
    (many.root / "many" / "115" / "nm-01" / "000" / "0.pkl").write_bytes(b"broken")
    both = [start(words(many, "shared"), RANK=str(rank), WORLD_SIZE="2") for rank in (0, 1)]
    (own, _, told), (theirs, _, also) = map(finish, both)
    assert told == also == ["failed 115-nm-01-000"]
    assert len(own + theirs) == WALKS - 1


def test_what_a_dead_rank_owes_is_done_by_the_first(many):
    dying = start(words(many, "shared", 0.2), RANK="1", WORLD_SIZE="2")
    dying.stdout.readline()
    dying.kill()
    dying.communicate()
    rows, digest, told = finish(start(words(many, "shared", 0, 0.3), RANK="0", WORLD_SIZE="2"))
    assert digest == finish(start(words(many, "alone")))[1]
    assert any("No other rank" in line and "embedded here" in line for line in told)
    assert len(rows) < WALKS


@pytest.mark.skipif(
    sys.platform == "win32" or importlib.util.find_spec("torch.distributed.run") is None, reason="torch has no torchrun"
)
def test_under_torchrun(many):
    whole = finish(start(words(many, "alone")))[1]
    launcher = ["-m", "torch.distributed.run", "--standalone", "--nproc_per_node", "2"]
    assert finish(start([*launcher, *words(many, "shared")]))[1] == whole
