from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from visual_analyse.draw.figures.rows import Card, Row, ends, group, model_name, named, row_names
from visual_analyse.draw.style import Style
from visual_analyse.errors import VisualAnalyseError
from visual_analyse.results import Evidence, LayerEvidence

Make = Callable[..., Evidence]
MakeLayer = Callable[..., LayerEvidence]


def layers_of(layer_of: MakeLayer, *strengths: float) -> list[LayerEvidence]:
    return [
        layer_of(np.full((4, 2, 2), -strength), number=k + 1, name=f"conv{k}") for k, strength in enumerate(strengths)
    ]


def test_one_result_has_a_scale_a_layer(evidence_of: Make, layer_of: MakeLayer) -> None:
    rows = [Row("A", evidence_of(*layers_of(layer_of, 1, 0.5, 0)))]
    assert ends(rows, Style()) == [[1, 0.5, 0]]
    assert ends(rows, Style(scale="shared")) == [[1, 1, 1]]
    assert ends(rows, Style(scale=3.0)) == [[3, 3, 3]]


def test_rows_share_a_scale_in_shares_of_their_distances(evidence_of: Make, layer_of: MakeLayer) -> None:
    rows = [Row("A", evidence_of(*layers_of(layer_of, 1, 0.5), distance=2)),
            Row("B", evidence_of(*layers_of(layer_of, 30, 10, 5), distance=100))]  # fmt: skip
    # Column 1: shares 0.5 and 0.3; column 2: 0.25 and 0.1; column 3: 0.05 of B alone.
    assert np.allclose(ends(rows, Style())[0], [1, 0.5])
    assert np.allclose(ends(rows, Style())[1], [50, 25, 5])
    assert np.allclose(ends(rows, Style(scale="shared"))[1], [50, 50, 50])
    assert np.allclose(ends(rows, Style(scale=0.01))[0], [0.02, 0.02])


def test_a_row_that_explains_no_distance_is_refused(evidence_of: Make) -> None:
    with pytest.raises(VisualAnalyseError, match=r"B explains a distance of 0.*draw that result alone"):
        ends([Row("A", evidence_of()), Row("B", evidence_of(distance=0))], Style())


def test_rows_of_classes_are_refused_without_a_word_of_distances(evidence_of: Make) -> None:
    one = evidence_of(distance=-0.5)
    answered = Evidence(one.frames, one.layers, one.parts, {**one.manifest, "metric": "logit"})
    with pytest.raises(VisualAnalyseError, match=r"B explains the score of a class.*draw that result alone"):
        ends([Row("A", evidence_of()), Row("B", answered)], Style())


def test_results_of_one_probe_come_together(evidence_of: Make) -> None:
    a, b = evidence_of(model="A"), evidence_of(model="B")
    other = evidence_of(model="A", probe="002-nm-05-090")
    cards = [Card.of(Path(name), one) for name, one in (("a.npz", a), ("c.npz", other), ("b.npz", b))]
    groups, sentences = group(cards)
    assert [[card.path.name for card in members] for members in groups] == [["a.npz", "b.npz"], ["c.npz"]]
    assert not sentences


def test_what_cannot_be_compared_is_said(evidence_of: Make, layer_of: MakeLayer) -> None:
    small = evidence_of(layer_of(np.ones((2, 2, 2))), frames=np.zeros((2, 8, 4), np.uint8), model="B")
    groups, sentences = group([Card.of(Path("a.npz"), evidence_of()), Card.of(Path("b.npz"), small)])
    assert [len(members) for members in groups] == [1, 1]
    assert "frames differ (a.npz: 4 of 16x8; b.npz: 2 of 8x4)" in sentences[0]

    elsewhere = evidence_of(frames=np.zeros((4, 16, 8), np.uint8))  # same probe and size, another walk
    assert len(group([Card.of(Path("a.npz"), evidence_of()), Card.of(Path("b.npz"), elsewhere)])[1]) == 1

    other = evidence_of(probe="002-nm-05-090")
    _, sentences = group([Card.of(Path("a.npz"), evidence_of()), Card.of(Path("b.npz"), other)])
    assert "different probes (001-nm-05-090, 002-nm-05-090)" in sentences[0]


def test_rows_of_one_model_are_told_apart_by_folder(evidence_of: Make, tmp_path: Path) -> None:
    cards = [Card.of(tmp_path / folder / "x.npz", evidence_of()) for folder in ("baseline", "ours")]
    assert row_names(cards) == ["GaitSet (baseline)", "GaitSet (ours)"]
    cards[1] = Card.of(tmp_path / "y.npz", evidence_of(model="GaitBase"))
    assert row_names(cards) == ["GaitSet", "GaitBase"]


def test_names_come_from_the_manifest_or_the_file(evidence_of: Make) -> None:
    evidence = evidence_of(model="")
    assert model_name(evidence, Path("My_Net_001-nm-05-090.npz")) == "My_Net"
    assert named({"probe": "x"}, "probe") == "x" and named({"probe": {"name": "x"}}, "probe") == "x"
    assert named({"probe": 3}, "probe") is None and named({}, "probe") is None


def test_skeletons_that_differ_are_told_by_their_joints(joints_evidence_of: Make) -> None:
    other = joints_evidence_of(frames=np.ones((4, 3, 3), np.float32), model="B")
    _, sentences = group([Card.of(Path("a.npz"), joints_evidence_of()), Card.of(Path("b.npz"), other)])
    assert "frames differ (a.npz: 4 of 3 joints; b.npz: 4 of 3 joints)" in sentences[0]
