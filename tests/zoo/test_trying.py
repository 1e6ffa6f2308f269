"""What tries the models can fail: pokes of layers put back wrongly, gradients that are cut, files in other places."""

from __future__ import annotations

import numpy as np
import pytest
import torch
import yaml
from torch import nn

from tests.explain.nets import Model, SetNet, StripNet, TimeNet, fixed, walk
from tests.zoo.check import Result
from tests.zoo.poking import Poked, Poker, centred, doubled, merged
from tests.zoo.reach import reach
from tests.zoo.rows import Row
from tests.zoo.stage import Stage
from visual_analyse.explain.layers import leaves
from visual_analyse.explain.plan import Plan
from visual_analyse.explain.resolving import resolve
from visual_analyse.explain.targets import distance_to

NETS = [SetNet, StripNet, TimeNet]


def poker(net):
    model = Model(fixed(net()))
    centred(model)
    batch = walk((9,))
    plan = resolve(model, batch)
    wanted = [layer for layer, _ in leaves(model.module) if layer.kind.startswith("Conv")]
    return Poker(model, plan, batch, wanted)


def put_back(monkeypatch, change):
    right = Plan.restore
    monkeypatch.setattr(Plan, "restore", lambda *args: [change(part) for part in right(*args)])


@pytest.mark.parametrize("net", NETS)
def test_layers_put_back_rightly_pass(net):
    made = poker(net)
    frames, places = made.frames(), made.places()
    assert frames.complaints == places.complaints == []
    assert frames.applicable >= 2
    assert places.applicable >= 2


@pytest.mark.parametrize("net", NETS)
def test_frames_out_of_order_are_noticed(monkeypatch, net):
    put_back(monkeypatch, lambda part: part.flip(1))
    assert poker(net).frames().failed


@pytest.mark.parametrize("net", NETS)
@pytest.mark.parametrize(
    "change", [lambda part: part.flip(2), lambda part: part.roll(4, 2)], ids=["upside down", "off"]
)
def test_rows_out_of_place_are_noticed(monkeypatch, net, change):
    put_back(monkeypatch, change)
    assert poker(net).places().failed


def test_a_layer_that_answers_to_nothing_has_failed(monkeypatch):
    put_back(monkeypatch, torch.zeros_like)
    found = poker(SetNet).frames()
    assert found.failed == found.blind == {"1 one (Conv2d)", "4 two (Conv2d)"}


def test_one_walk_on_which_a_layer_passes_is_enough_and_none_is_not():
    first = Poked(passed={"1 a"}, failed={"2 b", "3 c"}, complaints=["2 b: off", "3 c: off"])
    second = Poked(failed={"1 a", "3 c"}, passed={"2 b"}, complaints=["1 a: off", "3 c: off again"])
    found = merged([first, second])
    assert (found.passed, found.failed) == ({"1 a", "2 b"}, {"3 c"})
    assert found.complaints == ["3 c: off again"]


def test_a_model_is_in_double_precision_inside_the_block_alone():
    model, batch = Model(fixed(SetNet())), walk((3,))
    with doubled(model, batch) as given:
        assert model.embed(given).dtype == torch.float64
    assert model.embed(batch).dtype == torch.float32


class CutNet(nn.Module):
    """A layer that runs without gradients, one whose output leads nowhere, one that counts, one that never runs."""

    def __init__(self):
        super().__init__()
        self.cut, self.aside, self.counts = (nn.Conv2d(1, 2, 3, padding=1) for _ in range(3))
        self.never = nn.Conv2d(1, 2, 3)

    def forward(self, batch):
        x = batch.inputs[0].transpose(0, 1)
        with torch.no_grad():
            cut = self.cut(x)
        self.aside(x)
        return (cut + self.counts(x)).amax(0, keepdim=True).mean(-1)


def test_gradients_reach_what_leads_to_the_embedding():
    model, batch = Model(fixed(CutNet()).requires_grad_(False)), walk((4,))
    found = reach(model, batch, distance_to(torch.zeros_like(model.embed(batch)), "euc"), [1, 2, 3, 4])
    assert [layer.name for layer, _ in leaves(model.module)] == ["cut", "aside", "counts", "never"]
    assert found.reached == {3}
    assert found.without == {1}
    assert not any(parameter.requires_grad for parameter in model.module.parameters())


@pytest.mark.parametrize(
    ("chosen", "places"),
    [(None, [0, 1]), ([True, True], [0, 1]), ([False, True, False, True], [1, 3]), ([5, 2], [5, 2])],
)
def test_inputs_lie_where_the_config_looks_for_them(tmp_path, chosen, places):
    configs = tmp_path / "OpenGait" / "configs"
    configs.mkdir(parents=True)
    (configs / "default.yaml").write_text("{}", encoding="utf-8")
    text = {"data_cfg": {"dataset_name": "A", "data_in_use": chosen}, "model_cfg": {"model": "B", "width": {"of": 3}}}
    (configs / "a.yaml").write_text(yaml.safe_dump(text), encoding="utf-8")
    row = Row("A", "a.yaml", ("silhouette 8x8", "ratio"), 4, edits={"model_cfg.width.of": 5})
    stage = Stage(row, tmp_path / "OpenGait", tmp_path)
    assert stage.settings.model_cfg["width"]["of"] == 5
    assert len(stage.walks) == 6
    files = stage.probe.files_in_use(stage.settings.data_in_use)
    assert [int(file.stem) for file in files] == places
    silhouettes, ratio = stage.probe.load(stage.settings.data_in_use)
    assert silhouettes.shape == (4, 8, 8)
    assert (ratio == row.walk()[1]).all()
    same = next(walk for walk in stage.walks if walk.name == stage.probe.name).load(stage.settings.data_in_use)
    assert np.array_equal(same[0], silhouettes)
    assert not np.array_equal(stage.match.load(stage.settings.data_in_use)[0], silhouettes)


def test_a_result_of_an_older_run_that_said_more_is_read():
    assert Result.read({"name": "A", "gone": 3}) == Result("A")
