from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import matplotlib
import numpy as np
import pytest

from visual_analyse.draw.maps.coding.classes import counted, few
from visual_analyse.draw.maps.coding.coding import Coding, coding
from visual_analyse.draw.maps.projection import flat
from visual_analyse.draw.maps.style import MapStyle
from visual_analyse.errors import VisualAnalyseError
from visual_analyse.results import EmbeddingMap

Make = Callable[..., EmbeddingMap]


def coded(map: EmbeddingMap, **style: object) -> Coding:
    return coding(map, flat(map.feats), MapStyle(**style))


def texts(found: Coding) -> list[str]:
    return [entry.text for block in found.legend for entry in block.entries]


def test_a_dozen_identities_have_a_legend_and_a_colour_each(map_of: Make) -> None:
    found = coded(map_of(12))
    assert texts(found) == [f"{k:03}" for k in range(1, 13)] and not found.names
    assert len(np.unique(found.colours, axis=0)) == 12
    assert sorted(found.order) == list(range(72)) and (np.diff(found.order) < 0).any()  # no one hides all others


def test_from_thirteen_on_names_stand_on_the_map(map_of: Make) -> None:
    for identities in (13, 300):
        map = map_of(identities)
        found = coded(map)
        assert not found.legend and {name.text for name in found.names} == set(map.labels)
        for k, name in enumerate(found.names):
            assert map.labels[name.point] == name.text and (map.labels[found.piece == k] == name.text).all()
    assert len(np.unique(found.colours, axis=0)) == 16


@pytest.mark.parametrize("identities", range(1, 17))
def test_up_to_sixteen_identities_have_a_colour_each(identities: int, map_of: Make) -> None:
    for cmap in (None, "tab20", "viridis"):
        found = coded(map_of(identities), cmap=cmap)
        assert len(np.unique(found.colours, axis=0)) == identities and not found.notes


def test_beyond_three_hundred_the_hardest_stand_out_with_their_purity(map_of: Make) -> None:
    map = map_of(301, 4)
    purity = np.ones(len(map), np.float32)
    purity[map.labels == "007"], purity[map.labels == "250"] = 0.25, [0.5, np.nan, 0.5, 0.5]
    found = coded(replace(map, purity=purity))
    assert texts(found)[:2] == ["007 · 25 %", "250 · 50 %"] and len(texts(found)) == 12
    assert "007 · 25 %" in {name.text for name in found.names}
    grey = found.colours[map.labels == "299"][0]
    assert grey.max() == grey.min() and found.colours[map.labels == "007"].std(1).min() > 0.1
    assert found.bold[found.order[-48:]].all() and found.notes == ("grey: the other 289 identities",)
    assert coded(map).legend[0].heading.endswith("purity (map)")  # without it, the purity on the map
    assert found.legend[0].heading.endswith("purity")
    reduced = replace(map, purity=purity, manifest={"neighbours_in": "125 principal components"})
    assert coded(reduced).legend[0].heading.endswith("purity (125 principal components)")


def test_an_identity_of_one_walk_is_never_among_the_hardest(map_of: Make) -> None:
    map = map_of(301, 4)
    labels = map.labels.copy()
    labels[0] = "alone"
    for purity in (np.where(labels == "alone", 0, 1).astype(np.float32), None):
        assert not any("alone" in text for text in texts(coded(replace(map, labels=labels, purity=purity))))


def test_three_hundred_and_one_single_walks_are_grey(map_of: Make) -> None:
    found = coded(map_of(301, 1))
    assert not found.names and "no two walks are of one" in found.notes[0]


def test_highlighted_identities_stand_out_of_any_number(map_of: Make) -> None:
    found = coded(map_of(5), highlight=("003", "001"))
    assert texts(found) == ["001", "003"] and found.bold.sum() == 12
    with pytest.raises(VisualAnalyseError, match=r"No walk of this map is of 00x; did you mean 00"):
        coded(map_of(5), highlight=("00x",))
    many = coded(map_of(50), highlight=tuple(f"{k:03}" for k in range(1, 41)))
    assert not many.legend and len({name.text for name in many.names}) == 40


def test_angles_have_a_wheel_and_other_views_never_do(map_of: Make) -> None:
    map = map_of()
    assert coded(map, colour_by="view").legend[0].ring == (0.0, 90.0, 180.0)
    plain = coded(replace(map, manifest={}), colour_by="view")
    assert not plain.legend[0].ring and texts(plain) == ["000", "090", "180"]
    words = coded(replace(map, views=np.array(["left", "right", "?"] * 10)), colour_by="view")
    assert texts(words) == ["?", "left", "right"]
    mixed = coded(replace(map, views=np.array(["0", "90", ""] * 10)), colour_by="view")
    assert texts(mixed) == ["no angle"] and mixed.legend[0].ring == (0.0, 90.0)
    longer = coded(replace(map, views=np.array(["000-far", "090-far", "090-near"] * 10)), colour_by="view")
    assert longer.legend[0].ring == (0.0, 90.0) and not texts(longer)
    for odd in ("?", "400", "2024-01"):
        sorts = coded(replace(map, views=np.array(["000-far", "090", odd] * 10)), colour_by="view")
        assert sorted(texts(sorts)) == sorted(["000-far", "090", odd]) and not sorts.legend[0].ring


def test_many_views_that_are_no_angles_are_refused(map_of: Make) -> None:
    views = np.array([f"camera {k}" for k in range(30)])
    with pytest.raises(VisualAnalyseError, match="30 different values of view, and at most 16"):
        coded(map_of(views=views), colour_by="view")


def test_many_conditions_are_taken_without_their_numbers(map_of: Make) -> None:
    types = np.array([f"{'nm' if k % 2 else 'cl'}-{k:02}" for k in range(30)])
    found = coded(map_of(types=types), colour_by="condition")
    assert found.legend[0].heading == "condition, without its number" and texts(found) == ["cl", "nm"]


def test_wrong_lies_on_top_and_is_counted(map_of: Make) -> None:
    correct = np.array([1, 0, -1] * 10, np.int8)
    found = coded(map_of(correct=correct), colour_by="correctness")
    assert texts(found) == ["wrong 10 (50.0 %)", "right 10 (50.0 %)", "not a probe 10"]
    assert correct[found.order].tolist() == [-1] * 10 + [1] * 10 + [0] * 10 and found.bold.tolist() == [0, 1, 0] * 10


def test_what_a_map_does_not_know_is_a_sentence(map_of: Make) -> None:
    bare = map_of(types=np.full(30, ""), views=np.full(30, ""))
    for aspect, said in (("condition", "no condition"), ("view", "no view"), ("correctness", "does not say")):
        with pytest.raises(VisualAnalyseError, match=said):
            coded(bare, colour_by=aspect)
        with pytest.raises(VisualAnalyseError, match=said):
            coded(bare, marker_by=aspect)
    with pytest.raises(VisualAnalyseError, match="9 different values of identity, and at most 8"):
        coded(map_of(9), marker_by="identity")


def test_marks_have_a_legend_of_their_own(map_of: Make) -> None:
    found = coded(map_of(3), marker_by="condition")
    assert texts(found)[3:] == ["bg-01", "nm-01", "nm-02"] and len(np.unique(found.mark)) == 3


def test_a_colour_map_asked_for_is_obeyed(map_of: Make) -> None:
    for map, style in (
        (map_of(5), {}),
        (map_of(20), {}),
        (map_of(), {"colour_by": "view"}),
        (map_of(), {"colour_by": "condition"}),
        (map_of(correct=np.array([1, 0] * 15, np.int8)), {"colour_by": "correctness"}),
    ):
        shades = matplotlib.colormaps["Greys"](np.linspace(0, 1, 256))[:, :3]
        colours = np.unique(coded(map, cmap="Greys", **style).colours, axis=0)
        assert len(colours) > 1 and all(np.abs(shades - colour).max(1).min() < 0.01 for colour in colours)
    tab = coded(map_of(30), cmap="tab10").colours
    assert {tuple(colour) for colour in tab} <= {matplotlib.colormaps["tab10"](k)[:3] for k in range(10)}


def test_placed_walks_come_last_and_first_among_names(map_of: Make) -> None:
    placed = np.zeros(13 * 6, bool)
    placed[[4, 40]] = True
    found = coded(map_of(13, placed=placed))
    assert set(found.order[-2:]) == {4, 40} and [name.point for name in found.names[:2]] == [4, 40]
    assert found.piece[4] == 0 and found.piece[40] == 1 and texts(found) == ["placed anew (2)"]


def test_an_identity_of_placed_walks_alone_has_but_their_names(map_of: Make) -> None:
    map = map_of(3)
    labels, placed = map.labels.copy(), np.arange(18) == 5
    labels[placed] = "new"
    found = coded(replace(map, labels=labels, placed=placed), highlight=("new", "002"))
    assert [(name.text, name.of_placed) for name in found.names] == [("new", True), ("002", False)]
    assert np.unique(found.piece).tolist() == [-1, 0, 1] and (labels[found.piece == 1] == "002").all()


def test_classes_stand_in_the_order_people_count_in(map_of: Make) -> None:
    labels = np.array(["10", "2", "b", "", "²"] * 6)
    assert few(map_of(labels=labels), "identity", 8).names == ("", "2", "10", "b", "²")
    assert sorted(["x10", "x9", "x"], key=counted) == ["x", "x9", "x10"]
