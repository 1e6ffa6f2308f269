"""One HTML file that shows an embedding map, and asks nothing of a network."""

from __future__ import annotations

import base64
import hashlib
import html
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np
from numpy.typing import NDArray

from visual_analyse.draw.page.payload import payload
from visual_analyse.draw.page.sprites import MOST, sprites
from visual_analyse.errors import VisualAnalyseError
from visual_analyse.names import plain
from visual_analyse.results import EmbeddingMap

RECOMMENDED = 100_000  # walks up to which a page is quick anywhere
_MOST = 200_000


def build_page(map: EmbeddingMap, title: str = "Embedding map") -> str:
    """The page as text: viewer, map and thumbnails in one file.

    Its policy allows the one script, by its digest, and pictures of its own making: nothing that a folder's name
    holds can run, and nothing is fetched. A map of more than three dimensions is shown by its first three. Raises
    VisualAnalyseError for a map of more than 200,000 walks, or with values that are no map's.

    >>> from visual_analyse.results import EmbeddingMap
    >>> empty = np.array(["", ""])
    >>> build_page(EmbeddingMap(np.eye(2), np.array(["a", "b"]), empty, empty))[:15]
    '<!doctype html>'
    """
    if len(map) > _MOST:
        raise VisualAnalyseError(
            f"The map has {len(map):,} walks; a page shows up to {_MOST:,}. --atlas writes Parquet instead, for "
            "embedding-atlas, which shows millions."
        )
    extra: dict[str, Any] = {"notes": []}
    arrays: dict[str, NDArray[Any]] = {}
    sheets: tuple[bytes, ...] = ()
    if map.thumbnails is not None:
        pictures = sprites(map.thumbnails, _worth(map))
        arrays["pictured"] = pictures.pictured
        sheets = pictures.sheets
        extra["thumbnails"] = {name: getattr(pictures, name) for name in ("width", "height", "columns", "rows")}
        if not pictures.pictured.all():
            extra["notes"].append(
                f"Pictures of {MOST:,} walks are kept, wrong ones and those of lowest purity first; the others were "
                "left out to keep this file small."
            )
    if len(map) > RECOMMENDED:
        extra["notes"].append(
            f"{len(map):,} walks are many for one page. --atlas writes them for embedding-atlas, which shows millions."
        )
    parts = {
        "title": html.escape(plain(title)),
        "policy": html.escape(_policy(_part("viewer.js"), _part("viewer.css"))),
        "style": _part("viewer.css"),
        "script": _part("viewer.js"),
        "payload": base64.b64encode(payload(map, plain(title), extra, arrays)).decode(),
        "sheets": "".join(f'<script type="text/plain" class="sheet">{base64.b64encode(sheet).decode()}</script>\n'
                          for sheet in sheets),
    }  # fmt: skip
    page = _part("template.html")
    # One pass over the template alone: what is put in is never searched for places to put more.
    pieces = [parts[piece] if place % 2 else piece for place, piece in enumerate(page.split("%%"))]
    return "".join(pieces)


def _worth(map: EmbeddingMap) -> NDArray[np.float64]:
    """Small for walks that a person wants to see: first the wrong ones, then those among strangers."""
    worth = np.zeros(len(map))
    if map.purity is not None and map.purity.dtype.kind == "f":
        worth += np.nan_to_num(map.purity, nan=1.0)
    if map.correct is not None and map.correct.dtype.kind in "iub":
        worth -= 2.0 * (map.correct == 0)
    return worth


def _policy(script: str, style: str) -> str:
    return (
        f"default-src 'none'; script-src {_digest(script)}; style-src {_digest(style)}; img-src data: blob:; "
        "base-uri 'none'; form-action 'none'"
    )


def _digest(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


@cache
def _part(name: str) -> str:
    # A checkout on Windows may have turned line ends; a browser turns them back before it compares digests.
    return files(__package__).joinpath(name).read_bytes().decode().replace("\r\n", "\n")
