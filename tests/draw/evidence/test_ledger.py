from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from matplotlib.text import Text

from tests.draw.evidence.records import axes_of, texts
from visual_analyse.draw.colours import worded
from visual_analyse.draw.evidence.body import joint_rows, mean_body
from visual_analyse.draw.evidence.ledger import draw_ledger
from visual_analyse.draw.evidence.sheet import AGAINST, FOR
from visual_analyse.results import Evidence, Ledger


def bars(figure: Figure, name: str) -> list[float]:
    """The lengths of the bars of a panel, in the order they were drawn in: row by row."""
    return [bar.get_width() for container in axes_of(figure, name).containers for bar in container]


def test_bars_are_the_parts_and_sum_to_the_distance(full: Evidence) -> None:
    figure = draw_ledger(full)
    # From above: part 1 sees the upper half, 2 all of it, 0 and 3 the lower half in one row.
    order = [1, 2, 0, 3]
    for name, ledger in zip(("match", "impostor"), full.ledgers, strict=True):
        assert bars(figure, name) == pytest.approx(ledger.parts[order])
        assert sum(bars(figure, name)) == pytest.approx(ledger.distance)
        assert f"sum {worded(ledger.distance)}" in texts(figure)
    match, other = (axes_of(figure, name) for name in ("match", "impostor"))
    assert match.get_xlim() == other.get_xlim()


def test_the_difference_tells_which_parts_decide(full: Evidence) -> None:
    figure = draw_ledger(full)
    assert bars(figure, "impostor − match") == pytest.approx([0.5, -0.05, 0.1, 0.1])
    containers = axes_of(figure, "impostor − match").containers
    assert [to_hex(one[0].get_facecolor()) for one in containers] == [FOR, AGAINST, FOR, FOR]
    assert any("1 of 4 parts (1)" in line for line in texts(figure))
    bold = {text.get_text() for text in figure.axes[0].texts if text.get_weight() == "bold"}
    assert "1" in bold and "2" not in bold


def test_parts_of_one_place_share_a_row_and_stand_one_after_another(full: Evidence) -> None:
    figure = draw_ledger(full)
    assert "0, 3" in texts(figure)
    last = [bar for container in axes_of(figure, "match").containers for bar in container][-2:]
    assert last[0].get_y() == last[1].get_y()
    assert last[1].get_x() == pytest.approx(last[0].get_x() + last[0].get_width())


def test_without_heights_or_others_parts_are_numbered_and_what_lacks_is_said(plain: Evidence) -> None:
    figure = draw_ledger(plain)
    assert bars(figure, "match") == pytest.approx(plain.parts)
    assert not [axes for axes in figure.axes if axes.get_label() in ("mean body", "impostor")]
    said = " ".join(texts(figure))
    assert "does not hold the other walks nor where each part looks" in said and "visual-analyse explain" in said
    assert "does not hold" not in " ".join(texts(draw_ledger(replace(
        plain, heights=np.ones((4, 16)), ledgers=(Ledger("x", "impostor", plain.parts),)))))  # fmt: skip


@pytest.mark.parametrize("count", [1, 16, 62, 248])
def test_numbers_of_any_count_of_parts_do_not_overlap(plain: Evidence, count: int) -> None:
    rng = np.random.default_rng(0)
    parts = rng.uniform(0.1, 1, count)
    heights = np.eye(count)[rng.permutation(count)] if count > 1 else None
    figure = draw_ledger(replace(plain, parts=parts, heights=heights))
    renderer = FigureCanvasAgg(figure).get_renderer()
    numbers: list[Text] = [text for text in figure.axes[0].texts if text.get_text().replace(", ", "").isdecimal()]
    if count <= 62:
        assert sum(len(text.get_text().split(", ")) for text in numbers) == count
    boxes = sorted((text.get_window_extent(renderer) for text in numbers), key=lambda box: -box.y1)
    gaps = [above.y0 - below.y1 for above, below in pairwise(boxes)]
    assert all(gap > -0.35 * boxes[0].height for gap in gaps)  # a line's box holds room for accents and tails
    assert figure.get_size_inches()[0] == 7.2


def test_a_part_may_take_from_the_sum(plain: Evidence) -> None:
    manifest = {**plain.manifest, "metric": "logit"}
    figure = draw_ledger(replace(plain, parts=np.array([-0.5, 0.25, -1.0]), manifest=manifest))
    assert bars(figure, "answer") == pytest.approx([-0.5, 0.25, -1.0])
    low, high = axes_of(figure, "answer").get_xlim()
    assert low < -1.0 < 0.25 < high


def test_the_body_is_the_mean_of_the_frames(full: Evidence, poses: Evidence) -> None:
    wide = np.pad(full.frames, ((0, 0), (0, 0), (0, 9)))
    wide[:6, 4] = 0  # a row that half of the frames lack
    body = mean_body(replace(full, frames=wide))
    assert body is not None and body.shape == full.frames.shape[1:]  # columns that are always empty are left out
    assert (body[5, 1], body[4, 1], body[0, 0]) == (38, 147, 255)  # 85 % dark, half of that, none
    assert mean_body(poses) is None


def test_a_contrast_begins_with_the_true_match(full: Evidence) -> None:
    true = Ledger("001-nm-01-090", "true match", full.parts)
    figure = draw_ledger(replace(full, ledgers=(true, full.ledgers[1])))
    assert sum(bars(figure, "true match")) == pytest.approx(1.0)
    assert sum(bars(figure, "impostor − true match")) == pytest.approx(0.65)
    assert any("speaks for the true match against the impostor" in line for line in texts(figure))


def test_parts_of_skeletons_stand_beside_a_skeleton(poses: Evidence) -> None:
    heights = np.array([[0.0, 0.5, 0.5], [1.0, 0.0, 0.0]])
    figure = draw_ledger(replace(poses, parts=np.array([0.25, 0.5]), heights=heights))
    assert axes_of(figure, "height").get_ylim() == (0, 100)
    rows = joint_rows(poses)
    assert rows is not None and (rows >= 0).all() and (rows <= 1).all()
    nose_is_above = rows[0] < rows[1:].mean()
    assert bars(figure, "match") == ([0.5, 0.25] if nose_is_above else [0.25, 0.5])
    alone = draw_ledger(poses)
    (bar,) = axes_of(alone, "match").containers[0]
    assert bars(alone, "match") == [0.5] and bar.get_height() <= 0.78
    assert "The model has one part alone." in texts(alone)


def test_names_are_never_formulas(full: Evidence) -> None:
    strange = replace(full, ledgers=(full.ledgers[0], Ledger("$\\frac{步态}$", "impostor", full.parts)))
    figure = draw_ledger(strange)
    assert "$\\frac{步态}$" in texts(figure)
    assert all(not text.get_parse_math() for axes in figure.axes for text in axes.texts)
