from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import matplotlib
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from matplotlib.colors import to_rgb
from PIL import Image

from visual_analyse import files
from visual_analyse.draw.maps.coding.tables import SIXTEEN
from visual_analyse.draw.maps.page import fitted, wrapped
from visual_analyse.draw.maps.picture import FORMATS, MapPicture
from visual_analyse.draw.maps.style import MapStyle, read_size
from visual_analyse.errors import VisualAnalyseError
from visual_analyse.results import EmbeddingMap

Make = Callable[..., EmbeddingMap]
SMALL = (3.0, 3.0)
SVG = "{http://www.w3.org/2000/svg}"


def words_of(svg: Path) -> list[str]:
    return ["".join(text.itertext()).strip() for text in ElementTree.parse(svg).iter(f"{SVG}text")]


@pytest.mark.parametrize("ending", FORMATS)
def test_every_format_is_written_and_transparent_where_it_can_be(ending: str, tmp_path: Path, map_of: Make) -> None:
    path = MapPicture(map_of(), MapStyle(size=SMALL)).save(tmp_path / f"m.{ending}")
    if ending in ("svg", "pdf"):
        assert path.read_bytes().startswith(b"%PDF" if ending == "pdf" else b"<?xml")
        return
    image = Image.open(path)
    assert image.size == (600, 600)
    corner = image.getpixel((1, 1))
    assert corner[3] == 0 if ending in ("png", "tif", "tiff") else corner == (255, 255, 255)


def test_without_transparency_the_page_is_white(tmp_path: Path, map_of: Make) -> None:
    image = Image.open(MapPicture(map_of(), MapStyle(size=SMALL, transparent=False)).save(tmp_path / "m.png"))
    assert image.mode == "RGB" and image.getpixel((1, 1)) == (255, 255, 255)


@pytest.mark.parametrize("ending", ["png", "svg", "pdf"])
def test_the_same_map_gives_the_same_bytes(ending: str, tmp_path: Path, map_of: Make) -> None:
    one, other = (MapPicture(map_of(20), MapStyle(size=SMALL)).save(tmp_path / f"{k}.{ending}") for k in "ab")
    assert one.read_bytes() == other.read_bytes()


def test_walks_are_drawn_where_they_lie_and_upwards(tmp_path: Path, map_of: Make) -> None:
    map = map_of(2, 1, feats=np.array([[0, 0], [1, 1]], np.float32), labels=np.array(["a", "b"]))
    style = MapStyle(size=SMALL, transparent=False)
    pixels = np.asarray(Image.open(MapPicture(map, style).save(tmp_path / "m.png"))).astype(float) / 255
    low, high = (np.argwhere(np.abs(pixels - _mixed(SIXTEEN[k])).max(-1) < 0.02) for k in (0, 1))
    low, high = low[low[:, 1] < 300], high[high[:, 1] < 530]  # without the legend
    assert low.mean(0)[0] > high.mean(0)[0] + 100 and low.mean(0)[1] < high.mean(0)[1] - 100


def _mixed(name: str, opacity: float = 0.9) -> np.ndarray:
    return opacity * np.array(to_rgb(name)) + 1 - opacity


def test_text_stays_text_and_quality_is_on_every_picture(tmp_path: Path, map_of: Make) -> None:
    map = map_of(20, quality={"trustworthiness": 0.9, "kept": 0.5}, manifest={"checkpoint": None, "method": "umap"})
    said = words_of(MapPicture(map, MapStyle(title="A & B")).save(tmp_path / "m.svg"))
    assert "A & B" in said and "007" in said and "RANDOM WEIGHTS: this map means nothing" in said
    assert any("trustworthiness 0.90" in line for line in said) and any("UMAP" in line for line in said)
    assert not any("RANDOM" in line for line in words_of(MapPicture(map_of()).save(tmp_path / "n.svg")))


def test_many_points_are_one_picture_in_a_vector_file(tmp_path: Path, map_of: Make) -> None:
    few = MapPicture(map_of(10, 50)).save(tmp_path / "few.svg").read_text()
    many = MapPicture(map_of(10, 2_500)).save(tmp_path / "many.svg").read_text()
    assert few.count("<use") == 500 + 10 and "<image" not in few
    assert many.count("<use") == 10 and "<image" in many and "007" in many


hostile = st.text(st.characters(), min_size=0, max_size=40) | st.sampled_from(
    ["$\\frac{1}{0}$", "$", "</text><script>x</script>", "]]>", "-->", "a\nb",
     "\x00", "\x1b[2J", "步态", "שלום", "😀", "\ud800",
     "x" * 5_000, "￾", "../..", "&amp;", "%s{}", "_x", ""]
)  # fmt: skip


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(hostile, min_size=1, max_size=15, unique=True), hostile)
def test_any_text_is_drawn_as_it_is(tmp_path: Path, map_of: Make, names: list[str], title: str) -> None:
    labels = np.array([name.rstrip("\x00") for name in names] * 2, dtype=object).astype(str)
    n = len(labels)
    map = map_of(n, 1, labels=labels, types=labels, views=labels, manifest={"model": title, "views_are_angles": True})
    for ending, style in (("svg", MapStyle(title=title)), ("png", MapStyle(title=title, size=(1.5, 1)))):
        path = MapPicture(map, style).save(tmp_path / f"m.{ending}")
        if ending == "svg":
            tree = ElementTree.parse(path)
            assert not list(tree.iter(f"{SVG}script")) and all(len(text) < 400 for text in words_of(path))


def test_long_texts_are_cut_in_the_middle_and_quickly() -> None:
    short = fitted("begin" + "x" * 1_000_000 + "end", 10, 80)
    assert short.startswith("b") and short.endswith("d") and "…" in short and len(short) < 20
    assert wrapped(["one", "two"], 10, 30) == ["one", "two"]


@pytest.mark.parametrize("dims", [1, 2, 3, 6])
@pytest.mark.parametrize("n", [1, 2, 40])
def test_walks_on_one_spot_are_drawn(dims: int, n: int, tmp_path: Path, map_of: Make) -> None:
    for identities in (1, n):
        map = map_of(identities, n // identities, dims=dims, feats=np.full((n, dims), 7e20, np.float32))
        assert MapPicture(map, MapStyle(size=(1, 1))).save(tmp_path / "m.png").stat().st_size


def test_placed_walks_are_stars_with_names(tmp_path: Path, map_of: Make) -> None:
    placed = np.arange(30) == 3
    said = words_of(MapPicture(map_of(placed=placed)).save(tmp_path / "m.svg"))
    assert said.count("001") == 2 and "placed anew (1)" in said


def test_a_persons_own_settings_of_matplotlib_change_nothing(tmp_path: Path, map_of: Make) -> None:
    style = MapStyle(size=SMALL, title="$x_1$", transparent=False)
    plain = [MapPicture(map_of(20), style).save(tmp_path / f"a.{ending}").read_bytes() for ending in ("png", "svg")]
    own = {"text.usetex": True, "savefig.bbox": "tight", "figure.facecolor": "black", "savefig.transparent": True}
    with matplotlib.rc_context(own):
        again = [MapPicture(map_of(20), style).save(tmp_path / f"b.{ending}").read_bytes() for ending in ("png", "svg")]
    assert plain == again


def test_names_without_room_are_counted(tmp_path: Path, map_of: Make) -> None:
    map = map_of(40, 3, labels=np.repeat([f"a rather long name {k:03}" for k in range(40)], 3))
    said = words_of(MapPicture(map, MapStyle(size=(2, 2))).save(tmp_path / "m.svg"))
    (told,) = [line for line in said if line.endswith("more names have no room")]
    assert len({line for line in said if line.startswith("a ") and "…" in line}) == 40 - int(told.split()[0])


def test_three_dimensions_say_where_they_are_seen_from(tmp_path: Path, map_of: Make) -> None:
    map = map_of(8, dims=3)
    said = words_of(MapPicture(map, MapStyle(azim=12)).save(tmp_path / "m.svg"))
    assert any("elev 30, azim 12, roll 0" in line for line in said)
    one, other = (np.asarray(Image.open(MapPicture(map, MapStyle(size=SMALL, azim=azim)).save(tmp_path / "m.png")))
                  for azim in (12, 80))  # fmt: skip
    assert (one != other).any()


def test_a_size_given_is_kept_and_many_walks_have_small_marks(map_of: Make) -> None:
    assert MapPicture(map_of(10, 1_000), MapStyle(marker_size=50)).marker_area == 50
    assert MapPicture(map_of(10, 1_000)).marker_area < 10 and MapPicture(map_of()).marker_area == 50


def test_a_full_disk_leaves_the_old_picture(tmp_path: Path, map_of: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    path = MapPicture(map_of(), MapStyle(size=SMALL)).save(tmp_path / "m.png")
    before = path.read_bytes()

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(files.os, "fdopen", full)
    with pytest.raises(VisualAnalyseError, match="No space left"):
        MapPicture(map_of(7), MapStyle(size=SMALL)).save(path)
    assert path.read_bytes() == before and [file.name for file in tmp_path.iterdir()] == ["m.png"]


def test_a_style_is_checked_and_survives_its_facts(map_of: Make) -> None:
    style = MapStyle("t", (4, 5), 3, "jet", False, "view", "condition", ("a",), 1, 2, 3)
    assert MapStyle.of(style.facts()) == style
    assert MapStyle.of({"size": ["a", 1], "azim": "x", "transparent": 3, "highlight": 7, "cmap": None}) == MapStyle()
    for wrong in (
        {"size": (0, 8)},
        {"cmap": "jett"},
        {"marker_size": 0},
        {"colour_by": "mood"},
        {"elev": float("nan")},
    ):
        with pytest.raises(VisualAnalyseError):
            replace(MapStyle(), **wrong)


@pytest.mark.parametrize("text", ["", "a,b", "1,2,3", "nan,1", "(8", "8,,"])
def test_sizes_that_are_none(text: str) -> None:
    if text in ("(8", "8,,"):
        assert read_size(text) == (8, 8)  # what is meant is plain
        return
    with pytest.raises(VisualAnalyseError, match="fig_size"):
        read_size(text)
