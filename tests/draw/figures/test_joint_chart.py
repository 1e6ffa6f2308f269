from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from visual_analyse.draw.colours import Paint, Scene
from visual_analyse.draw.figures import joint_chart as module
from visual_analyse.draw.figures.joint_chart import _Chart, cell_names, charted, joint_chart
from visual_analyse.draw.figures.layout import paste
from visual_analyse.draw.figures.rows import Row
from visual_analyse.draw.figures.text import label
from visual_analyse.draw.style import Style
from visual_analyse.draw.walk import Walk
from visual_analyse.results import Evidence, InputKind, LayerEvidence

Make = Callable[..., Evidence]
MakeLayer = Callable[..., LayerEvidence]


def chart_of(evidence: Evidence, style: Style | None = None) -> _Chart:
    walk = Walk(evidence)
    return _Chart(Row("A", evidence), walk, walk.views[0], evidence.layers[0].strength, Paint(style or Style()))


def grid_of(chart: _Chart, scene: np.ndarray) -> np.ndarray:
    """The colours in the middle of the cells: uint8 `[joints, steps, 3]`."""
    head = sum(patch.shape[0] for patch in chart._head())
    top = chart.pad + head + 3 * chart.gap + chart.above
    joints, steps = chart.view.layer.maps.shape[::-1]
    rows = top + chart.down * np.arange(joints) + chart.down // 2
    return scene[rows[:, None], chart.left + chart.across * np.arange(steps) + chart.across // 2]


@pytest.mark.parametrize("polarity", ["for", "against", "both", "abs"])
@pytest.mark.parametrize("ratio", [0.5, 1.0, 2.0])
def test_joints_run_down_and_frames_across_in_the_colours_of_the_scale(
    polarity: str, ratio: float, joints_evidence_of: Make, layer_of: MakeLayer
) -> None:
    maps = np.array([[0, 1, -1], [0.5, 0, 0], [-0.5, 0.25, 1], [1, 1, 1]], np.float32)
    chart = chart_of(joints_evidence_of(layer_of(maps)), Style(polarity=polarity, resize_ratio=ratio))
    unit = {"for": maps, "against": -maps, "abs": np.abs(maps), "both": (maps + 1) / 2}[polarity].clip(0, 1)
    expected = chart.paint.table[np.minimum(unit * 256, 255).astype(int)].swapaxes(0, 1)
    assert (grid_of(chart, chart.drawn()) == expected).all()


def test_the_longest_bars_are_those_of_the_largest_sums(joints_evidence_of: Make, layer_of: MakeLayer) -> None:
    maps = np.array([[0, 1, 0], [0, 2, 1], [0, 1, 0], [0, 0, 3]], np.float32)
    chart = chart_of(joints_evidence_of(layer_of(maps)))
    above = chart._bars(maps.sum(1), 60, 1)[:-1]  # of four frames: 1, 3, 1 and 3
    lengths = (above == 150).all(-1).sum(0)
    assert lengths[1] == lengths[3] > 2.5 * lengths[0] > 0 and lengths[0] == lengths[2]
    scene = chart.drawn()
    top = chart.pad + sum(patch.shape[0] for patch in chart._head()) + 3 * chart.gap + chart.above
    right = scene[top : top + 3 * chart.down, chart.left + chart.grid[1] + chart.gap :]
    lengths = (right == 150).all(-1).sum(1).reshape(3, chart.down).max(1)
    assert lengths[0] <= 1 and lengths[1] == pytest.approx(lengths[2], abs=2) and lengths[1] > 50


def test_sums_against_lie_on_the_other_side(joints_evidence_of: Make, layer_of: MakeLayer) -> None:
    chart = chart_of(joints_evidence_of(layer_of([[1.0, 1, 1]] * 4)), Style(polarity="both"))
    bars = chart._bars(np.array([1.0, -1.0]), 40, 1)
    coloured = [np.flatnonzero((bars[:, k] != 255).any(-1) & (bars[:, k] != 120).any(-1)) for k in (0, 1)]
    assert coloured[0].max() < coloured[1].min() and len(coloured[0]) == pytest.approx(len(coloured[1]), abs=1)


@pytest.mark.parametrize("polarity", ["for", "against", "both", "abs"])
@pytest.mark.parametrize("ratio", [0.1, 1.0, 2.0])
def test_small_sums_of_both_signs_are_written_whole(
    polarity: str, ratio: float, joints_evidence_of: Make, layer_of: MakeLayer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def inside(canvas: Scene, patch: Scene, y: int, x: int) -> None:
        assert y >= 0 and x >= 0 and x + patch.shape[1] <= canvas.shape[1] and y + patch.shape[0] <= canvas.shape[0]
        paste(canvas, patch, y, x)

    monkeypatch.setattr(module, "paste", inside)
    kind = InputKind("pose", "joints", joints=("a", "b", "c"))  # names far narrower than the sums
    layer = layer_of(np.array([[-8.37e-5, 0, 0], [1.23e-6, -1.11e-5, 2.22e-5]]), [[0, 2], [2, 4]])
    chart_of(joints_evidence_of(layer, kind=kind), Style(polarity=polarity, resize_ratio=ratio)).drawn()


def test_the_chart_of_a_class_says_neither_match_nor_distance(
    joints_evidence_of: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = []
    monkeypatch.setattr(
        module, "label", lambda text, *more, **others: said.append(text) or label(text, *more, **others)
    )
    one = joints_evidence_of()
    facts = {**one.manifest, "metric": "logit", "match": {"name": "class neutral"}}
    chart_of(replace(one, manifest=facts)).drawn()
    head = " ".join(said)
    assert "answer class neutral" in head and "evidence for the answer" in head and "match" not in head


def test_a_blank_chart_says_why(joints_evidence_of: Make, layer_of: MakeLayer, monkeypatch: pytest.MonkeyPatch) -> None:
    said = []
    monkeypatch.setattr(
        module, "label", lambda text, *more, **others: said.append(text) or label(text, *more, **others)
    )
    for sign in (1, -1):
        said.clear()
        chart_of(joints_evidence_of(layer_of(np.full((4, 3), sign)))).drawn()
        assert any("nothing for the match" in text for text in said) == (sign < 0)


def test_steps_are_numbered_by_the_middle_frames_of_their_windows(
    joints_evidence_of: Make, layer_of: MakeLayer, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = []
    monkeypatch.setattr(
        module, "label", lambda text, *more, **others: said.append(text) or label(text, *more, **others)
    )
    # Windows at the ends are cut: frames 1-3, 1-7, 3-11, 7-15, of which 2, 4, 7 and 11 are the middle ones.
    spans = [[0, 3], [0, 7], [2, 11], [6, 15]]
    frames = np.random.default_rng(0).uniform(1, 60, (15, 3, 3)).astype(np.float32)
    chart_of(joints_evidence_of(layer_of(np.ones((4, 3)), spans), frames=frames)).drawn()
    assert [int(text) for text in said if text.isdecimal() and text != "0"] == [2, 4, 7, 11]
    assert "steps, by the middle frame of each one's window" in said


def test_only_layers_with_joints_have_a_chart(
    many_evidence: Evidence, joints_evidence_of: Make, layer_of: MakeLayer
) -> None:
    assert charted(Walk(many_evidence)) == [1]
    layers = [layer_of(np.ones((4, 1))), layer_of(np.ones((4, 2)), number=2, cells=np.array([[0, 1], [2, -1]]))]
    assert charted(Walk(joints_evidence_of(*layers))) == [1]


@pytest.mark.parametrize(("steps", "pooled"), [(1, True), (1, False), (2, False), (400, False)])
def test_any_number_of_steps_is_drawn(steps: int, pooled: bool, joints_evidence_of: Make, layer_of: MakeLayer) -> None:
    frames = np.random.default_rng(0).uniform(1, 60, (400, 3, 3)).astype(np.float32)
    bounds = np.linspace(0, 400, steps + 1).astype(int)
    layer = layer_of(np.random.default_rng(1).normal(size=(steps, 3)), np.stack([bounds[:-1], bounds[1:]], 1),
                     pooled=pooled)  # fmt: skip
    evidence = joints_evidence_of(layer, frames=frames)
    walk = Walk(evidence)
    scene = joint_chart(Row("A", evidence), walk, walk.views[0], 1.0, Paint(Style()))
    assert scene.dtype == np.uint8 and scene[0].min() == 255 and scene.shape[1] < 2000


def test_cells_are_called_by_their_joints() -> None:
    names = ("nose", "left hip", "left knee", "left ankle", "right hip", "left toe")
    kind = InputKind("pose", "joints", joints=names)
    cells = np.array([[0, -1, -1, -1], [1, 2, 3, -1], [1, 4, -1, -1], [-1, -1, -1, -1], [1, 2, 3, 5]])
    assert cell_names(kind, cells, 6) == [
        "nose", "left hip, knee, ankle", "left hip, right hip", "no joint", "left hip, knee + 2 more",
    ]  # fmt: skip
    assert cell_names(kind, None, 6) == list(names)
    assert cell_names(InputKind("pose", "joints"), None, 2) == ["joint 0", "joint 1"]
