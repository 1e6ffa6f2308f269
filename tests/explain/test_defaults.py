"""The default layers: the first convolution on the last grid, and one that knows time where that knows none."""

from __future__ import annotations

import pytest

from tests.explain.nets import Model, SetNet, walk
from tests.six import FACTS, Six, grey, narrow
from visual_analyse.errors import VisualAnalyseError
from visual_analyse.explain.defaults import default_layers
from visual_analyse.explain.layers import leaves
from visual_analyse.explain.resolving import resolve


@pytest.mark.parametrize(
    ("name", "numbers"),
    # GaitSet's convolutions are 1 3 6 8 11 13 of frames, and 15 17 20 22 of the set.
    [("GaitSet", [20, 11]), ("GaitBase", [17]), ("GaitPart", [11]), ("GaitGL", [8])],
)
def test_of_models_of_the_field(name, numbers):
    model = Six(narrow(FACTS[name]["model_cfg"]))
    layers = [layer for layer, _ in leaves(model.module)]
    found = default_layers(layers, resolve(model, grey((12,), (64, 44))))
    assert [layer.number for layer in found] == numbers


def test_a_layer_that_never_runs_does_not_count():
    model = Model(SetNet())
    layers = [layer for layer, _ in leaves(model.module)]
    assert [layer.name for layer in default_layers(layers, resolve(model, walk((5,))))] == ["three", "two"]


def test_a_model_without_places_is_told():
    with pytest.raises(VisualAnalyseError, match="nothing to explain"):
        default_layers([], resolve(Model(SetNet()), walk((5,))))
