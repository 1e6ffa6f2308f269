from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.patches import StepPatch

from tests.draw.evidence.records import FRAMES, axes_of, layer_of, texts
from visual_analyse.draw.evidence.time import NO_TIME, OUTSIDE, draw_time
from visual_analyse.results import Evidence
from visual_analyse.results.sums import by_frame, by_region


def heights(figure: Figure, name: str) -> list[list[float]]:
    """The bars upwards and those downwards of a chart."""
    return [list(patch.get_data().values) for patch in axes_of(figure, name).patches if isinstance(patch, StepPatch)]


def test_bars_are_the_evidence_of_each_frame(full: Evidence) -> None:
    layer = full.layers[0]
    more, less = by_frame(layer, FRAMES)
    assert more.sum() + less.sum() == pytest.approx(layer.maps.sum())
    figure = draw_time(full, layer)
    assert heights(figure, "all") == [pytest.approx(more), pytest.approx(less)]
    low, high = axes_of(figure, "all").get_ylim()
    assert (low, high) == (pytest.approx(less.min()), pytest.approx(more.max()))


def test_regions_add_up_to_all_and_have_one_scale(full: Evidence) -> None:
    figure = draw_time(full, full.layers[0])
    assert full.regions is not None
    wanted = by_region(full.layers[0], full.regions, 2)
    names = {"upper": 1, "lower": 2, OUTSIDE: 0}
    for name, region in names.items():
        assert heights(figure, name) == [pytest.approx(wanted[0][:, region]), pytest.approx(wanted[1][:, region])]
    total = np.sum([heights(figure, name) for name in names], 0)
    assert total == pytest.approx(np.array(heights(figure, "all")), abs=1e-6)
    assert len({axes_of(figure, name).get_ylim() for name in names}) == 1


def test_heel_strikes_are_marked_where_they_are_known(full: Evidence) -> None:
    def marked(evidence: Evidence) -> set[float]:
        axes = axes_of(draw_time(evidence, evidence.layers[0]), "all")
        upright = (line.get_xdata() for line in axes.lines if line.get_linestyle() == "--")
        return {float(places[0]) for places in upright}

    assert marked(full) == {6.5}  # between the sixth frame and the seventh
    assert marked(replace(full, phase=None)) == marked(replace(full, phase=np.full(FRAMES, np.nan))) == set()
    assert any("cannot be told" in line for line in texts(draw_time(replace(full, phase=np.full(FRAMES, np.nan)),
                                                                    full.layers[0])))  # fmt: skip


def test_a_map_of_the_whole_walk_has_no_time(full: Evidence) -> None:
    figure = draw_time(full, full.layers[1])
    assert NO_TIME in texts(figure) and not [axes for axes in figure.axes if axes.get_label() == "all"]
    bars = [bar.get_width() for container in axes_of(figure, "regions").containers for bar in container]
    assert sum(bars) == pytest.approx(full.layers[1].maps.sum())


def test_thumbnails_stand_below_in_order(full: Evidence) -> None:
    shown = [axes for axes in draw_time(full, full.layers[0]).figure.axes if str(axes.get_label()).startswith("frame ")]
    places = [axes.get_position() for axes in shown]
    assert len(shown) == 9 and [place.x0 for place in places] == sorted(place.x0 for place in places)
    assert all(a.x1 <= b.x0 for a, b in pairwise(places))


def test_a_plain_result_draws_what_it_can_and_says_what_lacks(plain: Evidence) -> None:
    said = " ".join(texts(draw_time(plain, plain.layers[0])))
    assert "does not hold the phase of the step nor regions of the body" in said and "visual-analyse explain" in said
    assert NO_TIME in texts(draw_time(plain, plain.layers[1]))


def test_flat_maps_are_flat(full: Evidence) -> None:
    figure = draw_time(full, layer_of(np.zeros((FRAMES, 4, 2))))
    assert np.abs(heights(figure, "all")).max() == 0 and np.isfinite(axes_of(figure, "all").get_ylim()).all()
    assert not any("nan" in line.lower() for line in texts(figure))
    flat = layer_of(np.zeros((1, 4, 2)), [[0, FRAMES]], pooled=True)
    assert NO_TIME in texts(draw_time(full, flat))


def test_maps_without_a_sign_have_one_colour_and_no_sides(full: Evidence) -> None:
    layer = layer_of(np.abs(full.layers[0].maps))
    unsigned = replace(full, manifest={**full.manifest, "sign": "abs"})
    figure = draw_time(unsigned, layer)
    (more,) = heights(figure, "all")
    assert more == pytest.approx(by_frame(layer, FRAMES)[0])
    assert "evidence, for or against alike" in texts(figure) and "against it" not in texts(figure)


def test_strided_steps_are_spread_over_their_frames(full: Evidence) -> None:
    layer = layer_of([[[4.0]], [[-3.0]]], [[0, 4], [4, 10]])
    figure = draw_time(full, layer)
    assert heights(figure, "all")[0] == pytest.approx([1.0] * 4 + [0.0] * 8)
    assert heights(figure, "all")[1] == pytest.approx([0.0] * 4 + [-0.5] * 6 + [0.0] * 2)
    assert any("2 frames were seen by no step" in line for line in texts(figure))


def test_skeletons_and_single_frames_are_drawn(poses: Evidence, plain: Evidence) -> None:
    assert len(heights(draw_time(poses, poses.layers[0]), "all")[0]) == 8
    one = replace(plain, frames=plain.frames[:1], layers=(layer_of(np.ones((1, 2, 2))),))
    assert heights(draw_time(one, one.layers[0]), "all") == [[4.0], [0.0]]
