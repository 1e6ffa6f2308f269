"""What transforms ask of inputs: the one that decides, what it takes, and how inputs are named in a sentence."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from visual_analyse.errors import VisualAnalyseError
from visual_analyse.gait.config import Config
from visual_analyse.gait.demands import WANTED, check_kinds, given, known_kind, leading
from visual_analyse.gait.kinds import POINTS, POSE, SILHOUETTE

PICTURES = np.zeros((5, 64, 64), np.uint8)
BODIES = np.zeros((5, 17, 3), np.float32)
CLOUDS = [np.zeros((many, 3), np.float32) for many in (3, 4)]


def config(*items):
    return Config(Path("s.yaml"), {"model_cfg": {"model": "M"}, "evaluator_cfg": {"transform": list(items)}})


def row(*names):
    return {"type": "Compose", "trf_cfg": [{"type": name} for name in names]}


@pytest.mark.parametrize(
    ("item", "name"),
    [
        ({"type": "BaseSilTransform"}, "BaseSilTransform"),
        (row("NormalizeEmpty", "GaitTRMultiInput"), "NormalizeEmpty"),
        (row("SelectSequenceCenter", "GaitTRMultiInput"), "GaitTRMultiInput"),
        (row("SelectSequenceCenter"), "Compose"),
        (row(), "Compose"),
        ({"type": "Compose"}, "Compose"),
        ({"type": "Compose", "trf_cfg": "SkeletonInput"}, "Compose"),
    ],
)
def test_of_several_transforms_in_a_row_the_one_that_decides(item, name):
    assert leading(item) == name


@pytest.mark.parametrize("data", [PICTURES, BODIES, CLOUDS])
@pytest.mark.parametrize("name", sorted(WANTED))
def test_each_transform_takes_its_own_family_and_no_other(name, data):
    """Arrays of bodies may be clouds, too."""
    families = {"pose": "bodies", "points": "clouds"}
    wanted = families.get(WANTED[name][0], "pictures")
    here = {id(PICTURES): {"pictures"}, id(BODIES): {"bodies", "clouds"}, id(CLOUDS): {"clouds"}}[id(data)]
    if wanted in here:
        check_kinds(config({"type": name}), [data])
        return
    with pytest.raises(VisualAnalyseError, match=f"{name} of s.yaml takes .* was given"):
        check_kinds(config({"type": name}), [data])


def test_what_no_rule_knows_passes():
    check_kinds(config({"type": "Theirs"}, {"type": "BaseSilTransform"}), [BODIES, np.zeros((5, 2, 2, 2, 2))])


def test_inputs_in_a_sentence():
    assert given(PICTURES) == "silhouette (5,64,64)"
    assert given(CLOUDS) == "points, a list of 2 clouds"
    assert given(np.zeros((5, 2, 2, 2, 2))) == "an input (5,2,2,2,2)"
    assert [known_kind(data) for data in (PICTURES, BODIES, CLOUDS)] == [SILHOUETTE, POSE, POINTS]
    assert known_kind(np.zeros((5, 2, 2, 2, 2))) is None
