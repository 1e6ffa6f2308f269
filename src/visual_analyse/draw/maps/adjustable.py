"""The file of a map of three dimensions that a person may turn: an .npz under the name the older tool gave it."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from visual_analyse.draw.maps.quality import DRAWING, dimensions
from visual_analyse.draw.maps.style import MapStyle
from visual_analyse.errors import VisualAnalyseError
from visual_analyse.results import EmbeddingMap

ENDING = "_adjust3d.pkl"


def save_adjustable(map: EmbeddingMap, style: MapStyle, path: Path, picture: str) -> Path:
    """Write the first three dimensions and the style, whole or not at all; `picture`: the ending of its pictures.

    It is an .npz, of arrays of numbers and texts alone, so that reading it runs nothing.

    >>> save_adjustable(map, MapStyle(), Path("GaitSet_CASIA-B_adjust3d.pkl"), "png")  # doctest: +SKIP
    """
    drawing = {**style.facts(), "picture": picture, "dims": dimensions(map)}
    return replace(
        map, feats=map.feats[:, :3], manifest={**map.manifest, DRAWING: drawing}, neighbours=None, thumbnails=None
    ).save(path)


def load_adjustable(path: Path) -> tuple[EmbeddingMap, MapStyle, str]:
    """A map, the style it was drawn in, and the ending of its picture.

    Raises VisualAnalyseError for files of the older tool (pickled axes, which run code when they are opened), for what
    is damaged, and for a map that has no three dimensions.
    """
    if not path.is_file():
        raise VisualAnalyseError(
            f"There is no file {path}. Name the {ENDING[1:]} that 'visual_tsne' writes beside the picture of a map of "
            "three dimensions."
        )
    if not zipfile.is_zipfile(path):
        raise VisualAnalyseError(f"{path} {_what_else(path)} Draw the map anew: 'visual_tsne FILE.npz' writes it.")
    found = EmbeddingMap.load(path)
    if found.feats.shape[1] < 3:
        raise VisualAnalyseError(
            f"{path} is a map of {found.feats.shape[1]} dimensions, which has but one side. Make one of three: "
            "'python -m visual_analyse.tsne --embed_dim 3'."
        )
    drawing = found.manifest.get(DRAWING)
    drawing = drawing if isinstance(drawing, Mapping) else {}
    picture = drawing.get("picture")
    return found, MapStyle.of(drawing), picture if isinstance(picture, str) else "png"


def _what_else(path: Path) -> str:
    """What a file is that is no archive; its first and last bytes tell, and are all that is looked at."""
    with path.open("rb") as stream:
        start = stream.read(1)
        if not start:
            return "is empty (0 bytes)."
        stream.seek(-1, 2)
        end = stream.read(1)
    if start == b"\x80" or (start in b"(]}cI" and end == b"."):
        return (
            "is a pickle, as the older tool wrote (pickled axes of matplotlib). Opening it would run whatever code is "
            "in it, so it was left unopened."
        )
    return "is damaged, or no map."
