"""What a picture of a map costs: seconds from the record to the file, and the file's size.

Run as `python -m benchmarks.map_pictures`.
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

import numpy as np

from visual_analyse.draw.maps.picture import MapPicture
from visual_analyse.draw.maps.style import MapStyle
from visual_analyse.results import EmbeddingMap

SIZES = ((5_500, 74), (133_000, 5_153))
_ANGLES = [f"{degree:03}" for degree in (*range(0, 91, 15), *range(180, 271, 15))]


def scattered(points: int, identities: int, dims: int = 2) -> EmbeddingMap:
    """A map such as t-SNE draws: identities in one to four fragments over a disc, a fragment as wide as it has room.

    >>> len(scattered(100, 5))
    100
    """
    rng = np.random.default_rng(7)
    who = np.arange(points) * identities // points
    piece = who * 4 + rng.integers(0, 4, points) % rng.integers(1, 5, identities)[who]
    home = rng.normal(size=(4 * identities, dims))
    home *= (rng.random(len(home)) ** (1 / dims) / np.sqrt((home**2).sum(1)))[:, None]
    feats = home[piece] + 0.25 / np.sqrt(identities) * rng.normal(size=(points, dims))
    purity = np.clip(rng.beta(9, 2, identities)[who] + 0.1 * rng.normal(size=points), 0, 1)
    return EmbeddingMap(
        feats.astype(np.float32),
        np.array([f"{k:05}" for k in range(identities)])[who],
        np.array(["00", "01"])[np.arange(points) % 2],
        np.array(_ANGLES)[np.arange(points) % len(_ANGLES)],
        {"trustworthiness": 0.98, "kept": 0.6, "kept_k": 15, "sample": 5_000},
        {"method": "tsne", "views_are_angles": True},
        purity=purity.astype(np.float32),
        correct=(rng.random(points) < purity).astype(np.int8),
    )


def main() -> None:
    """Print a line a picture: the best of three."""
    MapPicture(scattered(100, 5)).figure()  # imports and fonts, once a process
    print(f"{'walks':>8} {'identities':>10}  {'picture':<28}{'seconds':>8}{'MB':>7}")
    with tempfile.TemporaryDirectory() as folder:
        for points, identities in SIZES:
            flat, deep = scattered(points, identities), scattered(points, identities, 3)
            for what, map, style, ending in (
                ("identity, png", flat, MapStyle(), "png"),
                ("view, png", flat, MapStyle(colour_by="view"), "png"),
                ("correctness, 2 marks, png", flat, MapStyle(colour_by="correctness", marker_by="condition"), "png"),
                ("identity, 3-D, png", deep, MapStyle(), "png"),
                ("identity, svg", flat, MapStyle(), "svg"),
                ("identity, pdf", flat, MapStyle(), "pdf"),
            ):
                took = []
                for _ in range(3):
                    begun = time.perf_counter()
                    path = MapPicture(map, style).save(Path(folder, f"map.{ending}"))
                    took.append(time.perf_counter() - begun)
                size = path.stat().st_size / 1e6
                print(f"{points:>8,} {identities:>10,}  {what:<28}{min(took):>8.2f}{size:>7.2f}")


if __name__ == "__main__":
    main()
