"""How the layers of all models lie: what the rules make of recorded dry runs is what it was, without a checkout."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cache

import pytest

from tests.zoo import frozen
from tests.zoo.codec import plain, revived
from tests.zoo.rows import ROWS
from visual_analyse.explain import layout
from visual_analyse.explain.layout import lay_out
from visual_analyse.explain.plan import Axes

WITHOUT_EMBEDDING = "GaitEdge, phase 1, segmentation"
RECORDED = [row.name for row in ROWS if row.name != WITHOUT_EMBEDDING]
CHEAP = ["GaitSet", "GaitPart", "GaitGL (CASIA-B)", "SkeletonGait++", "GaitGraph1", "GaitTR", "MSGG"]

kept = cache(frozen.read)
recording = cache(lambda name: frozen.recording_of(kept()[name]))


def laid(name):
    return frozen.described(lay_out(recording(name)))


def told(found, name):
    """Where two descriptions differ, layer by layer, for a person to read."""
    kinds = [layer.kind for layer in recording(name).layers]
    pairs = zip(found["places"], kept()[name]["plan"]["places"], kinds, strict=True)
    lines = [f"layer {k} ({kind}): {a} and not {b}" for k, (a, b, kind) in enumerate(pairs, 1) if a != b]
    return [*lines, *(f"{key}: {found[key]}" for key in ("operations", "frames") if found[key] != _plan(name)[key])]


def _plan(name):
    return kept()[name]["plan"]


def test_every_row_is_there():
    assert list(kept()) == [row.name for row in ROWS]
    assert [name for name, row in kept().items() if "recording" not in row] == [WITHOUT_EMBEDDING]


@pytest.mark.parametrize("name", RECORDED)
def test_layers_lie_as_they_did(name):
    assert told(laid(name), name) == []


@pytest.mark.parametrize("name", RECORDED)
def test_a_recording_is_read_as_it_was_written(name):
    assert plain(recording(name)) == kept()[name]["recording"]


def shifted_axes(*args, **kwargs):
    axes = Axes(*args, **kwargs)
    return axes if axes.time is None else replace(axes, time=axes.time - 1 if axes.time else 1)


@pytest.mark.parametrize(
    ("rule", "broken", "noticed_by"),
    [
        ("_channels_last", lambda runs, layers: set(), {"SwinGait", "BigGait", "BiggerGait"}),
        ("Axes", shifted_axes, set(RECORDED)),
        ("find_strips", lambda views: None, {"GaitPart", "GaitGL (CASIA-B)", "GaitEdge, phase 2"}),
        ("time_op", lambda *args: None, {"GaitGL (CASIA-B)", "GaitGraph1", "GaitGraph2"}),
        ("FLAT", {}, {"GaitGraph1", "GaitTR", "MSGG", "LidarGait++"}),
        ("_BESIDE", -1, {"BigGait", "BiggerGait"}),
    ],
)
def test_a_rule_that_breaks_is_noticed(monkeypatch, rule, broken, noticed_by):
    monkeypatch.setattr(layout, rule, broken)
    for name in noticed_by:
        assert told(laid(name), name), name


def test_a_layer_that_gives_another_shape_is_noticed():
    found = recording("GaitSet")
    first = found.short[0]
    turned = replace(first, put=replace(first.put, shape=first.put.shape[::-1]))
    made = lay_out(replace(found, short=(turned, *found.short[1:])))
    assert any("layer 1 " in line for line in told(frozen.described(made), "GaitSet"))


@dataclass(frozen=True)
class Old:
    number: int
    pairs: Mapping[tuple[int, int], tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class New(Old):
    box: tuple[float, ...] | None = None


def test_a_field_more_breaks_no_older_file():
    old = Old(3, {(1, 2): ("a", "b")})
    assert plain(old) == {"number": 3, "pairs": [[[1, 2], ["a", "b"]]]}
    assert revived(New, plain(old)) == New(3, old.pairs)
    assert plain(New(3, old.pairs)) == plain(old)
    with pytest.raises(TypeError, match="box"):
        revived(Old, plain(New(3, box=(0.5,))))


@pytest.mark.opengait
@pytest.mark.parametrize("name", CHEAP)
def test_models_run_as_they_did(opengait, name):
    row = next(row for row in ROWS if row.name == name)
    assert plain(frozen.fresh(row, opengait)) == kept()[name]["recording"]
