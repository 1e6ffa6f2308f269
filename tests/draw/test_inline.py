from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from visual_analyse.draw.figures.figure import Figure
from visual_analyse.draw.figures.rows import Row
from visual_analyse.draw.inline import picture
from visual_analyse.draw.style import Style
from visual_analyse.errors import VisualAnalyseError
from visual_analyse.results import Evidence

Make = Callable[..., Evidence]


def test_a_notebook_sees_the_frame_with_most_evidence(evidence_of: Make) -> None:
    evidence = evidence_of()
    figure = Figure([Row("GaitSet", evidence)])
    assert (np.asarray(picture(evidence)) == figure.scene(evidence.strongest)).all()
    assert (np.asarray(picture(evidence, frame=-1)) == figure.scene(3)).all()


def test_other_models_are_further_rows(evidence_of: Make) -> None:
    one, two = evidence_of(), evidence_of(model="GaitBase")
    assert picture(one, two, style=Style(polarity="both")).height > picture(one).height + 200


@pytest.mark.parametrize("frame", [4, -5])
def test_a_frame_the_walk_has_not_is_refused(frame: int, evidence_of: Make) -> None:
    with pytest.raises(VisualAnalyseError, match=f"no frame {frame}: the walk has 4, 0 to 3"):
        picture(evidence_of(), frame=frame)
