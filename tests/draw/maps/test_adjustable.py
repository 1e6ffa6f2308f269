from __future__ import annotations

import os
import pickle
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from visual_analyse.draw.maps.adjustable import load_adjustable, save_adjustable
from visual_analyse.draw.maps.quality import shape_notes
from visual_analyse.draw.maps.style import MapStyle
from visual_analyse.errors import VisualAnalyseError
from visual_analyse.results import EmbeddingMap

Make = Callable[..., EmbeddingMap]


class Bomb:
    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[object, ...]:
        return os.mkdir, (str(self.mark),)


def test_what_goes_in_comes_out(tmp_path: Path, map_of: Make) -> None:
    style = MapStyle(title="步态", azim=12, colour_by="view", highlight=("001",))
    path = save_adjustable(map_of(dims=5), style, tmp_path / "m_adjust3d.pkl", "svg")
    with np.load(path, allow_pickle=False) as stored:
        assert stored["feats"].shape == (30, 3)
    map, found, picture = load_adjustable(path)
    assert found == style and picture == "svg" and shape_notes(map) == ["the first 3 of 5 dimensions"]


def test_a_map_of_three_dimensions_will_do(tmp_path: Path, map_of: Make) -> None:
    _, style, picture = load_adjustable(map_of(dims=3).save(tmp_path / "m.npz"))
    assert style == MapStyle() and picture == "png"
    with pytest.raises(VisualAnalyseError, match="map of 2 dimensions"):
        load_adjustable(map_of().save(tmp_path / "m.npz"))


@pytest.mark.parametrize("protocol", range(6))
def test_pickles_of_the_older_tool_are_told_and_never_opened(protocol: int, tmp_path: Path) -> None:
    path, mark = tmp_path / "old.pkl", tmp_path / "ran"
    path.write_bytes(pickle.dumps(Bomb(mark), protocol=protocol))
    with pytest.raises(VisualAnalyseError, match=r"is a pickle, as the older tool wrote.*left unopened"):
        load_adjustable(path)
    assert not mark.exists()


@pytest.mark.parametrize(
    ("contents", "said"), [(b"", "empty"), (b"\x89PNG", "damaged, or no map"), (b"PK\x03\x04", "damaged")]
)
def test_what_is_no_map_is_a_sentence(contents: bytes, said: str, tmp_path: Path) -> None:
    (tmp_path / "x.pkl").write_bytes(contents)
    with pytest.raises(VisualAnalyseError, match=said):
        load_adjustable(tmp_path / "x.pkl")
    with pytest.raises(VisualAnalyseError, match="no file"):
        load_adjustable(tmp_path / "none.pkl")


def test_a_file_cut_short_is_a_sentence(tmp_path: Path, map_of: Make) -> None:
    path = save_adjustable(map_of(dims=3), MapStyle(), tmp_path / "m.pkl", "png")
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(VisualAnalyseError, match="damaged"):
        load_adjustable(path)


def test_strange_facts_in_a_file_do_no_harm(tmp_path: Path, map_of: Make) -> None:
    facts = {"drawing": {"size": [1e9, "x"], "picture": 7, "dims": "many", "colour_by": ["view"]}}
    _, style, picture = load_adjustable(map_of(dims=3, manifest=facts).save(tmp_path / "m.pkl"))
    assert style == MapStyle() and picture == "png"
    with pytest.raises(VisualAnalyseError, match="none of"):
        load_adjustable(map_of(dims=3, manifest={"drawing": {"colour_by": "x"}}).save(tmp_path / "m.pkl"))
