from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from visual_analyse.draw.colours import Paint
from visual_analyse.draw.figures import layout
from visual_analyse.draw.figures.figure import Figure
from visual_analyse.draw.figures.rows import Row
from visual_analyse.draw.figures.text import label, measure
from visual_analyse.draw.legends import layer_names
from visual_analyse.draw.style import Style
from visual_analyse.errors import VisualAnalyseError
from visual_analyse.results import Evidence, InputKind, LayerEvidence

Make = Callable[..., Evidence]
MakeLayer = Callable[..., LayerEvidence]


def panels_of(figure: Figure, frame: int) -> list[np.ndarray]:
    scene = figure.scene(frame)
    return [scene[c.y : c.y + c.height, c.x : c.x + c.width] for c in figure._layout.cells]


def several(layer_of: MakeLayer, count: int, frames: int = 4, gain: float = 1.0) -> list[LayerEvidence]:
    rng = np.random.default_rng(5)
    return [
        layer_of(gain * rng.normal(size=(frames, 4, 2)), number=k + 1, name=f"block.{k}.conv") for k in range(count)
    ]


def test_panels_hold_the_frame_and_the_colours(evidence_of: Make, layer_of: MakeLayer) -> None:
    frames = np.random.default_rng(0).integers(0, 256, (4, 256, 128), dtype=np.uint8)
    maps = np.random.default_rng(1).normal(size=(4, 256, 128)).astype(np.float32)
    figure = Figure([Row("A", evidence_of(layer_of(maps), frames=frames))])
    plain, coloured = panels_of(figure, 2)
    paint = Paint(Style())
    assert (plain == frames[2][..., None]).all()
    assert (coloured == paint.over(frames[2], paint.shades(maps[2], np.abs(maps).max()))).all()


@pytest.mark.parametrize("count", [1, 3, 9, 12, 30])
@pytest.mark.parametrize("size", [(64, 44), (128, 88), (30, 200)])
def test_panels_are_equally_large_and_never_overlap(
    count: int, size: tuple[int, int], evidence_of: Make, layer_of: MakeLayer
) -> None:
    evidence = evidence_of(*several(layer_of, count, 1), frames=np.zeros((1, *size), np.uint8))
    figure = Figure([Row("A", evidence)])
    scene = figure.scene(0)
    cells = figure._layout.cells
    assert len(cells) == count + 1 and len({(c.height, c.width) for c in cells}) == 1
    taken = np.zeros(scene.shape[:2], int)
    for cell in cells:
        taken[cell.y : cell.y + cell.height, cell.x : cell.x + cell.width] += 1
    assert taken.max() == 1 and taken.sum() == len(cells) * cells[0].height * cells[0].width
    assert cells[0].height / cells[0].width == pytest.approx(size[0] / size[1], rel=0.02)
    assert (scene[0] == 255).all() and (scene[-1] == 255).all() and (scene[:, 0] == 255).all()


def test_one_scale_for_the_walk_so_that_no_motion_is_invented(evidence_of: Make, layer_of: MakeLayer) -> None:
    maps = np.stack([np.full((4, 2), value) for value in (0.25, 1.0, 0.5, 0.0)])
    frames = np.zeros((4, 16, 8), np.uint8)
    figure = Figure([Row("A", evidence_of(layer_of(maps), frames=frames))], Style(opacity=1))
    table = Paint(Style()).table
    for frame, shade in enumerate((64, 255, 128, 0)):
        assert (panels_of(figure, frame)[1] == table[shade]).all()


def test_strength_is_written_and_with_a_shared_scale_seen(evidence_of: Make, layer_of: MakeLayer) -> None:
    weak, strong = (evidence_of(*several(layer_of, 2, gain=gain)) for gain in (1.0, 2.0))
    own = [Figure([Row("A", one)]) for one in (weak, strong)]
    assert own[1].ends[0][0] == pytest.approx(2 * own[0].ends[0][0])
    assert (panels_of(own[0], 1)[1] == panels_of(own[1], 1)[1]).all()  # colours alone cannot tell
    assert (own[0].scene(1) != own[1].scene(1)).any()  # the number written can

    style = Style(scale=own[1].ends[0][0])
    same = [Figure([Row("A", one)], style) for one in (weak, strong)]
    assert panels_of(same[0], 1)[1].mean() < panels_of(same[1], 1)[1].mean()


@pytest.mark.parametrize("polarity", ["for", "against", "both", "abs"])
@pytest.mark.parametrize("value", [0.0, 0.7, -0.7])
def test_a_flat_map_is_flat(polarity: str, value: float, evidence_of: Make, layer_of: MakeLayer) -> None:
    flat = layer_of(np.full((4, 4, 2), value))
    figure = Figure([Row("A", evidence_of(flat, frames=np.zeros((4, 16, 8), np.uint8)))], Style(polarity=polarity))
    panel = panels_of(figure, 0)[1]
    assert (panel == panel[0, 0]).all()


def test_strided_and_pooled_layers_say_so(evidence_of: Make, layer_of: MakeLayer) -> None:
    frames = np.random.default_rng(0).integers(0, 256, (7, 16, 8), dtype=np.uint8)
    strided = layer_of(np.random.default_rng(1).normal(size=(2, 4, 2)), [[0, 3], [3, 6]])
    pooled = layer_of(np.ones((1, 4, 2)), [[0, 7]], number=2, pooled=True)
    plain = layer_of(np.random.default_rng(1).normal(size=(7, 4, 2)), number=3)
    figure = Figure([Row("A", evidence_of(strided, pooled, plain, frames=frames))])
    cell = figure._layout.cells[1]
    notes = [figure._coloured(1, cell, cell.view, frame)[1] for frame in (0, 2, 3, 6)]
    assert notes == ["Conv2d · frames 1–3", "Conv2d · frames 1–3", "Conv2d · frames 4–6", "Conv2d · seen by no step"]
    # Frames of one step show one picture; the frame no step saw stays uncoloured.
    assert (panels_of(figure, 0)[1] == panels_of(figure, 2)[1]).all()
    assert (panels_of(figure, 6)[1] == panels_of(figure, 6)[0]).all()
    assert [kind for _, kind in figure._layout._titles(0, range(1, 4))] == ["Conv2d", "Conv2d · whole walk", "Conv2d"]


def test_several_models_are_rows_on_one_scale(evidence_of: Make, layer_of: MakeLayer) -> None:
    frames = np.zeros((4, 16, 8), np.uint8)
    rows = [Row("baseline", evidence_of(layer_of(np.full((4, 4, 2), 1.0)), frames=frames, distance=2)),
            Row("ours", evidence_of(layer_of(np.full((4, 4, 2), 25.0)), frames=frames, distance=100))]  # fmt: skip
    figure = Figure(rows, Style(opacity=1))
    table = Paint(Style()).table
    cells = figure._layout.cells
    assert [cell.row for cell in cells] == [0, 0, 1, 1] and cells[1].x == cells[3].x and cells[1].y < cells[3].y
    baseline, ours = panels_of(figure, 0)[1::2]
    assert (baseline == table[255]).all() and (ours == table[128]).all()  # half the share of the distance


def test_rows_may_have_different_layers(evidence_of: Make, layer_of: MakeLayer) -> None:
    rows = [Row("A", evidence_of(*several(layer_of, 2))), Row("B", evidence_of(*several(layer_of, 9))),
            Row("我们的", evidence_of(*several(layer_of, 3)))]  # fmt: skip
    assert len(Figure(rows)._layout.cells) == 3 + 10 + 4


def test_rows_of_different_walks_are_refused(evidence_of: Make) -> None:
    other = evidence_of(frames=np.zeros((4, 16, 8), np.uint8))
    with pytest.raises(VisualAnalyseError, match="results of one walk"):
        Figure([Row("A", evidence_of()), Row("B", other)])


def test_size_follows_resize_ratio_and_titles_follow_font_scale(evidence_of: Make) -> None:
    def height(**style: float) -> tuple[int, int]:
        figure = Figure([Row("A", evidence_of())], Style(**style))
        return figure._layout.cells[0].height, figure.scene(0).shape[0]

    assert height()[0] == 256 and height(resize_ratio=2)[0] == 512 and height(resize_ratio=0.5)[0] == 128
    assert height(font_scale=5)[0] == 256 and height(font_scale=5)[1] > height()[1] + 30


def test_what_all_names_begin_with_is_left_out(evidence_of: Make, layer_of: MakeLayer) -> None:
    layers = [layer_of(np.ones((4, 2, 2)), number=k, name=f"Backbone.body.{end}") for k, end in ((1, "a.x"), (2, "b"))]
    figure = Figure([Row("A", evidence_of(*layers))])
    assert figure._layout._names == [[(1, "a.x"), (2, "b")]]


def test_drawing_twice_gives_the_same(evidence_of: Make, layer_of: MakeLayer) -> None:
    first, second = (Figure([Row("A", evidence_of(*several(layer_of, 5)))]) for _ in range(2))
    backwards = [second.scene(frame) for frame in (3, 2, 1, 0)][::-1]
    assert all((first.scene(frame) == backwards[frame]).all() for frame in range(4))


def test_a_scale_that_ends_early_is_marked(evidence_of: Make, layer_of: MakeLayer) -> None:
    # Nothing beyond 1 in the first, and values up to 2 in the second: the same bar, another text.
    inside, beyond = (evidence_of(layer_of(np.full((4, 4, 2), top))) for top in (1.0, 2.0))
    a, b = (Figure([Row("A", one)], Style(scale=1.0)).scene(0) for one in (inside, beyond))
    assert (a[-40:] != b[-40:]).any()


@pytest.mark.parametrize("font_scale", [1.0, 2.5, 6.0])
def test_titles_stay_over_their_panels(font_scale: float, evidence_of: Make, layer_of: MakeLayer) -> None:
    names = ("set_block1.forward_block.0.conv", "a_name_that_has_no_dots_and_does_not_end", "b")
    layers = [layer_of(np.ones((4, 2, 2)), number=100 + k, name=name) for k, name in enumerate(names)]
    layout = Figure([Row("A", evidence_of(*layers))], Style(font_scale=font_scale))._layout
    for ((number, name), _), cell in zip(layout._titles(0, range(1, 4)), layout.cells[1:], strict=True):
        assert number.startswith("10") and name
        assert measure(f"{number} ", layout.title, True) + measure(name, layout._name_size, True) <= cell.room


def test_every_input_has_a_panel_and_layers_say_where_they_lie(many_evidence: Evidence) -> None:
    layout = Figure([Row("A", many_evidence)])._layout
    first = [heading for (_, heading), _ in layout._titles(0, range(4))]
    assert first == ["silhouette", "pose", "points", "RGB"]
    assert [cell.on for cell in layout.cells] == [0, 1, 2, 3, 0, 1, 2, 3, 0]
    assert layout._places(0, range(4, 9)) == [
        "on silhouette", "on pose", "on points, sees silhouette too", "on RGB, sees all inputs",
        "of SMPL, drawn on silhouette",
    ]  # fmt: skip


def test_panels_of_all_kinds_are_equally_high_and_never_overlap(many_evidence: Evidence) -> None:
    figure = Figure([Row("A", many_evidence)])
    taken = np.zeros(figure.scene(0).shape[:2], int)
    for cell in figure._layout.cells:
        taken[cell.y : cell.y + cell.height, cell.x : cell.x + cell.width] += 1
    assert taken.max() == 1 and {cell.height for cell in figure._layout.cells} == {256}
    assert taken.sum() == sum(256 * cell.width for cell in figure._layout.cells)
    walk = figure.walks[0]
    for cell in figure._layout.cells:
        height, width = walk.size(cell.on)
        assert cell.width / cell.height == pytest.approx(width / height, rel=0.02)


def test_what_each_input_adds_is_on_the_figure(many_evidence: Evidence) -> None:
    shared = replace(many_evidence, manifest={**many_evidence.manifest, "shares": {"silhouette": 0.7, "SMPL": 0.3}})
    plain, said = (Figure([Row("A", one)]).scene(0) for one in (many_evidence, shared))
    assert plain.shape != said.shape or (plain != said).any()


def test_rows_of_models_with_other_inputs_keep_their_columns(many_evidence: Evidence, evidence_of: Make) -> None:
    alone = evidence_of(many_evidence.layers[0], frames=many_evidence.frames)
    figure = Figure([Row("A", alone), Row("B", many_evidence)])
    cells = figure._layout.cells
    assert [cell.x for cell in cells if cell.row == 0] == [
        cell.x for cell in cells if cell.row == 1 and ((cell.view is None and cell.on == 0) or cell.layer == 0)
    ]
    assert figure.scene(1).shape == figure.scene(0).shape


def test_skeletons_of_several_models_are_rows(joints_evidence_of: Make, layer_of: MakeLayer) -> None:
    rows = [Row(model, joints_evidence_of(layer_of(np.full((4, 3), value)), distance=distance, model=model))
            for model, value, distance in (("A", 1.0, 2), ("B", 25.0, 100))]  # fmt: skip
    figure = Figure(rows)
    solid = Paint(Style()).solid
    a, b = panels_of(figure, 0)[1::2]
    assert (a == solid[255]).all(-1).any() and not (b == solid[255]).all(-1).any()
    assert (b == solid[128]).all(-1).any()  # half the share of the distance


def test_the_header_of_a_class_says_neither_match_nor_distance(
    evidence_of: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = []
    monkeypatch.setattr(
        layout, "label", lambda text, *more, **others: said.append(text) or label(text, *more, **others)
    )
    one = evidence_of(distance=-0.25)
    Figure([Row("A", replace(one, manifest={**one.manifest, "metric": "logit", "match": {"name": "class neutral"}}))])
    assert {"answer class neutral", "score 0.25", "evidence for the answer"} <= set(said)
    assert not any("match" in text or "distance" in text for text in said)


def test_frames_that_a_sampler_shows_are_named_by_the_walk(evidence_of: Make) -> None:
    one = evidence_of(frames=np.zeros((4, 16, 32), np.uint8))
    facts = {**one.manifest, "probe": {"name": "x", "shown": [7, 8, 3, 3]}}
    figure = Figure([Row("A", replace(one, manifest=facts))])
    said = [figure._bare(figure._layout.cells[0], frame)[1] for frame in range(4)]
    assert said == [f"frame {k + 1} of 4 (the walk's {n})" for k, n in enumerate((8, 9, 4, 4))]
    assert "Frames 1 to 4 are the walk's 8, 9, 4, 4." in layer_names(figure)
    assert "the walk's" not in layer_names(Figure([Row("A", one)]))


@pytest.mark.parametrize("width", [8, 11, 32])
def test_numbers_of_frames_are_never_cut(width: int, evidence_of: Make) -> None:
    one = evidence_of(frames=np.zeros((60, 16, width), np.uint8))
    figure = Figure([Row("A", replace(one, manifest={"probe": {"shown": list(range(100, 160))}}))])
    cell = figure._layout.cells[0]
    said = figure._bare(cell, 20)[1]
    assert "21" in said and "walk's 121" in said and measure(said, figure._layout.small) <= cell.room


@pytest.mark.parametrize(("strided", "pooled"), [(False, False), (True, False), (False, True)])
@pytest.mark.parametrize("width", [9, 32])
def test_a_panel_that_stays_blank_says_why(
    strided: bool, pooled: bool, width: int, evidence_of: Make, layer_of: MakeLayer
) -> None:
    def subtitles(sign: int, **style: str) -> str:
        steps = 1 if pooled else 2 if strided else 4
        spans = {1: [[0, 4]], 2: [[0, 2], [2, 4]], 4: None}[steps]
        layer = layer_of(np.full((steps, 2, 2), sign), spans, pooled=pooled)
        figure = Figure([Row("A", evidence_of(layer, frames=np.zeros((4, 16, width), np.uint8)))], Style(**style))
        cell = figure._layout.cells[1]
        said = figure._coloured(1, cell, cell.view, 0)[1] if cell.note else figure._layout._titles(0, range(1, 2))[0][1]
        assert measure(said, figure._layout.small) <= cell.room
        return said

    assert "nothing for" in subtitles(-1) and "nothing against" in subtitles(1, polarity="against")
    assert width < 32 or "Conv2d" in subtitles(-1)
    assert "nothing" not in subtitles(1) and "nothing" not in subtitles(-1, polarity="both")


def test_what_a_layer_sees_goes_on_a_line_of_its_own_where_it_is_too_long(
    evidence_of: Make, layer_of: MakeLayer, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = []
    monkeypatch.setattr(
        layout, "label", lambda text, *more, **others: said.append(text) or label(text, *more, **others)
    )
    kinds = {"1": InputKind("the model's own silhouette", "none"), "2": InputKind("RGB", "none")}
    layers = [layer_of(np.ones((4, 2, 2)), sees=(0, 1)), layer_of(np.ones((4, 2, 2)), number=2)]
    for width, expected in ((11, ["on silhouette", "sees the model's own…"]),
                            (64, ["on silhouette, sees the model's own silhouette too"])):  # fmt: skip
        said.clear()
        Figure([Row("A", evidence_of(*layers, frames=np.zeros((4, 16, width), np.uint8), kinds=kinds))])
        places = [text for text in said if text.startswith(("on ", "sees "))]
        assert len(places) == len(expected) + 1 and places[-1] == "on silhouette"
        assert all(text.startswith(known.rstrip("…")) for text, known in zip(places, expected, strict=False))
        assert places[0] == expected[0]
