from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from matplotlib.figure import Figure

from tests.draw.evidence.records import FRAMES, layer_of, texts, walk_of
from visual_analyse.draw.colours import Paint, worded
from visual_analyse.draw.evidence.match import UNKNOWN, draw_match
from visual_analyse.draw.evidence.pairs import paired
from visual_analyse.draw.style import Style
from visual_analyse.errors import VisualAnalyseError
from visual_analyse.results import Evidence


def panels(figure: Figure, who: str) -> dict[int, np.ndarray]:
    """The pictures of a row, by their frames."""
    named = {str(axes.get_label()): axes for axes in figure.axes}
    return {int(name.split()[1]): np.asarray(axes.images[0].get_array()) for name, axes in named.items()
            if name.startswith(f"{who} ")}  # fmt: skip


def inside(scene: np.ndarray, layer: Any, frame: int, cell: tuple[int, int], end: float) -> bool:
    """Whether the middle of a cell has the colour of its value on a scale that ends at `end`."""
    paint = Paint(Style(polarity="both"))
    y, x = (
        int((k + 0.5) * side / cells) for k, side, cells in zip(cell, scene.shape, layer.maps.shape[1:], strict=False)
    )
    wanted = paint.over(np.full((1, 1), 255, np.uint8), paint.shades(layer.maps[frame][cell][None, None], end))
    return bool(np.abs(scene[y, x].astype(int) - wanted[0, 0]).max() <= 12)


def test_both_walks_have_one_scale(full: Evidence) -> None:
    layer = full.layers[0]
    assert full.matched is not None
    theirs = full.matched.layers[0]
    end = max(layer.strength, theirs.strength)
    assert theirs.strength > 2 * layer.strength  # so that two scales would show
    figure = draw_match(full, layer, Style(polarity="both", pixelated=True))
    for who, maps in (("probe", layer), ("match", theirs)):
        shown = panels(figure, who)
        assert len(shown) == 6
        body = [(frame, scene, (row, side)) for frame, scene in shown.items() for row in (1, 2) for side in (0, 1)]
        assert all(inside(scene, maps, frame, cell, end) for frame, scene, cell in body)
    said = texts(figure)
    assert f"against the match  −{worded(end)}" in said and f"+{worded(end)}  for the match" in said
    assert any("one scale for both walks" in line for line in said)


def test_columns_are_aligned_by_phase(full: Evidence) -> None:
    assert full.matched is not None
    pairs = paired(full.phase, full.matched.phase, (FRAMES, 15))
    figure = draw_match(full, full.layers[0])
    assert tuple(panels(figure, "probe")) == pairs.probe and tuple(panels(figure, "match")) == pairs.match
    own, theirs = np.array(pairs.probe) % 6, (np.array(pairs.match) + 2) % 6  # the walks are two frames apart
    assert (own == theirs).all()
    assert "↕ heel strike" in texts(figure) and not any(UNKNOWN in line for line in texts(figure))


@pytest.mark.parametrize("phase", [None, np.full(FRAMES, np.nan)])
def test_an_unknown_phase_is_said(full: Evidence, phase: Any) -> None:
    said = texts(draw_match(replace(full, phase=phase), full.layers[0]))
    assert any(line.startswith(UNKNOWN) for line in said) and not any("heel strike" in line for line in said)


def test_names_verdict_distance_layer_method_are_said(full: Evidence) -> None:
    said = " ".join(texts(draw_match(full, full.layers[0])))
    for word in ("001-nm-05-090", "001-nm-01-090", "right person", "distance 1.00", "Grad-CAM", "block.conv"):
        assert word in said


def test_a_pooled_map_lies_on_every_frame(full: Evidence) -> None:
    figure = draw_match(full, full.layers[1])
    scenes = list(panels(figure, "probe").values())
    assert len(scenes) == 6 and all((scene == scenes[0]).all() for scene in scenes)  # the frames are one body
    assert any("whole walk" in line for line in texts(figure))


def test_flat_maps_are_flat(full: Evidence) -> None:
    flat = layer_of(np.zeros((FRAMES, 4, 2)))
    matched = replace(walk_of(2, "x", 15), layers=(layer_of(np.zeros((15, 4, 2))),))
    figure = draw_match(replace(full, layers=(flat,), matched=matched), flat)
    zero = Paint(Style(polarity="both")).over(np.full((1, 1), 255, np.uint8), np.full((1, 1), 128, np.uint8))[0, 0]
    for scene in panels(figure, "probe").values():
        middle = scene[scene.shape[0] // 2, scene.shape[1] // 2]
        assert (middle == zero).all()
    assert any("no evidence at all" in line for line in texts(figure))
    assert not any("nan" in line.lower() for line in texts(figure))


def test_maps_without_a_sign_claim_none(full: Evidence) -> None:
    said = texts(draw_match(replace(full, manifest={**full.manifest, "sign": "abs"}), full.layers[0]))
    assert not any("for the match" in line for line in said)
    assert any("either way" in line for line in said)


def test_skeletons_are_drawn(poses: Evidence) -> None:
    figure = draw_match(poses, poses.layers[0])
    scenes = panels(figure, "probe")
    assert len(scenes) == 6 and all(scene.max() > 100 for scene in scenes.values())


def test_a_frame_that_no_step_saw_is_bare_and_said_so(full: Evidence) -> None:
    short = layer_of(np.ones((1, 4, 2)), [[0, 6]])
    matched = replace(walk_of(2, "x"), layers=(short,))
    figure = draw_match(replace(full, layers=(short,), phase=None, matched=matched), short)
    scenes = panels(figure, "probe")
    assert all((scene[..., 0] == scene[..., 2]).all() == (frame >= 6) for frame, scene in scenes.items())
    assert sum("seen by no step" in line for line in texts(figure)) == 2 * sum(frame >= 6 for frame in scenes)


def test_what_lacks_is_an_error_that_names_the_way_out(plain: Evidence, full: Evidence) -> None:
    with pytest.raises(VisualAnalyseError, match="visual-analyse explain"):
        draw_match(plain, plain.layers[0])
    with pytest.raises(VisualAnalyseError, match="9_other"):
        draw_match(full, layer_of(np.ones((FRAMES, 1, 1)), number=9, name="other"))


def test_a_few_cells_that_outshine_all_others_do_not_blind(full: Evidence) -> None:
    maps = np.random.default_rng(0).uniform(0.5, 1, (FRAMES, 16, 8))
    maps[3, 0, 0] = 50
    layer = layer_of(maps)
    matched = replace(walk_of(2, "x"), layers=(layer_of(-maps),))
    said = texts(draw_match(replace(full, layers=(layer,), matched=matched), layer))
    (end,) = [line for line in said if line.endswith("for the match")]
    assert end.startswith("≥ +") and 0.9 < float(end.split()[1]) <= 1


def test_a_number_ends_the_scale_and_what_lies_beyond_is_told(full: Evidence) -> None:
    said = texts(draw_match(full, full.layers[0], Style(polarity="for", scale=0.001)))
    assert "≥ 0.00100" in said and "0" in said
