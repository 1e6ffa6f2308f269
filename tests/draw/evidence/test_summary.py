from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.draw.evidence.records import axes_of, texts
from visual_analyse.draw.colours import Paint
from visual_analyse.draw.evidence.summary import draw_summary, pages
from visual_analyse.draw.style import Style
from visual_analyse.results import Group, InputKind, Summary


def group_of(seed: int, by: str, name: str, gain: float = 1.0) -> Group:
    rng = np.random.default_rng(seed)

    def interval(mean: np.ndarray) -> np.ndarray:
        return np.stack([mean, mean - 0.01, mean + 0.02], -1)

    regions = np.stack([rng.uniform(0.1, 0.3, 3), -rng.uniform(0.1, 0.3, 3)], 1)
    return Group(by, name, 10 + seed, np.full((16, 8), 0.5), gain * rng.normal(size=(16, 8)), interval(regions),
                 interval(rng.uniform(0.1, 0.4, 4)), interval(rng.normal(0, 0.1, 5)))  # fmt: skip


@pytest.fixture
def summary() -> Summary:
    groups = (group_of(0, "all", "all"), group_of(1, "condition", "nm", 3.0), group_of(2, "outcome", "wrong"))
    return Summary("3_conv", groups, ("head", "trunk", "脚"), None, {"model": {"name": "Net"}})


def test_bars_and_whiskers_are_the_means_and_their_intervals(summary: Summary) -> None:
    figure = draw_summary(summary)
    for group in summary.groups:
        axes = axes_of(figure, f"{group.by} {group.name} regions of the body")
        widths = [bar.get_width() for container in axes.containers for bar in container]
        assert widths == pytest.approx(group.regions[:, :, 0].ravel())
        spans = [tuple(line.get_xdata()) for line in axes.lines]
        assert all(
            any(span == pytest.approx(whisker) for span in spans) for whisker in group.regions[..., 1:].reshape(-1, 2)
        )
        dots = axes_of(figure, f"{group.by} {group.name} parts").collections[-1].get_offsets()
        assert np.asarray(dots)[:, 0] == pytest.approx(group.parts[:, 0])
        phases = axes_of(figure, f"{group.by} {group.name} phase of the step").containers[0]
        assert [bar.get_height() for bar in phases] == pytest.approx(group.phases[:, 0])


def test_all_groups_have_one_scale(summary: Summary) -> None:
    figure = draw_summary(summary)
    for what in ("regions of the body", "parts"):
        assert len({axes_of(figure, f"{group.by} {group.name} {what}").get_xlim() for group in summary.groups}) == 1
    assert len({axes_of(figure, f"{g.by} {g.name} phase of the step").get_ylim() for g in summary.groups}) == 1
    end = max(np.abs(group.maps).max() for group in summary.groups)
    paint = Paint(Style(polarity="both"))
    for group in summary.groups:
        scene = np.asarray(axes_of(figure, f"{group.by} {group.name} body").images[0].get_array())
        # The corner's pixel is that of the map's corner, on the one scale.
        corner = paint.over(np.full((1, 1), 128, np.uint8), paint.shades(group.maps[:1, :1], end))[0, 0]
        assert np.abs(scene[0, 0].astype(int) - corner).max() <= 2


def test_each_group_says_how_many_probes_it_has(summary: Summary) -> None:
    said = texts(draw_summary(summary))
    for words in ("all probes", "10 probes", "condition nm", "11 probes", "wrong person", "12 probes", "脚"):
        assert words in said


def test_many_groups_are_pages_that_begin_with_all(summary: Summary) -> None:
    assert list(pages(summary)) == [""]
    views = tuple(group_of(k, "view", f"{18 * k:03}") for k in range(11))
    found = pages(replace(summary, groups=(*summary.groups, *views)))
    assert list(found) == ["condition", "outcome", "view"]
    assert all(page.groups[0].by == "all" for page in found.values())
    assert [group.name for group in found["view"].groups[1:]] == [group.name for group in views]
    figure = draw_summary(found["view"])
    assert figure.get_size_inches()[1] < 12 and "view 180" in texts(figure)


def test_parts_stand_at_the_heights_they_look_at(summary: Summary) -> None:
    heights = np.eye(4)[[2, 0, 3, 1]]
    figure = draw_summary(replace(summary, heights=heights))
    dots = np.asarray(axes_of(figure, "all all parts by height").collections[-1].get_offsets())
    assert dots[:, 1] == pytest.approx([0.625, 0.125, 0.875, 0.375])
    assert axes_of(figure, "all all parts by height").get_ylim() == (1, 0)


def test_unknown_phases_are_said(summary: Summary) -> None:
    groups = tuple(replace(group, phases=np.full((5, 3), np.nan)) for group in summary.groups)
    said = texts(draw_summary(replace(summary, groups=groups)))
    assert said.count("not known") == 3
    assert "The phase of the step is known of no probe, or the layer has one map for the whole walk." in said


def test_the_layer_that_tells_when_is_named(summary: Summary) -> None:
    said = texts(draw_summary(replace(summary, manifest={**summary.manifest, "phases_of": "1_other"})))
    assert any(line.startswith("Phases are those of layer 1_other") for line in said)
    assert not any("Phases are those" in line for line in texts(draw_summary(summary)))


def test_joints_are_drawn_as_a_body(summary: Summary) -> None:
    """The one joint with evidence for, and none else, is in the colour of what speaks for the match."""
    body = np.array([[0.0, 0.0], [-0.2, 0.5], [0.2, 1.0], [np.nan, np.nan]])
    groups = tuple(replace(group, body=body, maps=np.array([0, 0, 0.5, 0])) for group in summary.groups)
    kind = InputKind("pose", "joints", edges=((0, 1), (1, 2)), joints=("nose", "left wrist", "left ankle", "tail"))
    figure = draw_summary(replace(summary, groups=groups, kind=kind, heights=np.eye(4)[:, [1, 0, 2, 3]]))
    scene = np.asarray(axes_of(figure, "all all body").images[0].get_array()).astype(int)
    red = scene[..., 0] - scene[..., 2]
    rows, columns = np.nonzero(red > 0.5 * red.max())
    assert red.max() > 20
    assert rows.mean() > 0.8 * len(scene) and columns.mean() > scene.shape[1] / 2
    assert "Colours: mean evidence of a joint, one scale for all groups." in texts(figure)


def test_a_whole_is_a_hundred_per_cent(summary: Summary) -> None:
    groups = tuple(replace(group, parts=np.array([[1.0, np.nan, np.nan]])) for group in summary.groups)
    said = texts(draw_summary(replace(summary, groups=groups)))
    assert not [words for words in said if "e+" in words] and "103 %" not in said
