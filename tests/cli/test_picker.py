"""What is printed of layers before they run."""

from __future__ import annotations

from tests.explain.nets import Model, StripNet, fixed, walk
from tests.explain.test_explanation import layers_of
from visual_analyse.cli.picker import show_plan
from visual_analyse.explain.resolving import resolve


def test_how_often_a_layer_runs_is_said_once(capsys):
    model = Model(fixed(StripNet()))
    show_plan(layers_of(model, ["local", "twice"]), resolve(model, walk((3,))), 3)
    said = capsys.readouterr().err
    strips, runs = (next(line for line in said.splitlines() if name in line) for name in ("local", "twice"))
    assert "4 strips joined" in strips
    assert "2 runs, a map each" in runs
    assert "call" not in said
