"""Maps of known make for the page: blobs for identities, a ring of views, thumbnails that differ."""

from __future__ import annotations

import numpy as np

from visual_analyse.results import EmbeddingMap

VIEWS = [f"{angle:03d}" for angle in range(0, 181, 18)]
CONDITIONS = ["bg-01", "cl-01", "nm-01", "nm-02", "nm-03"]


def blobs(
    people: int,
    walks: int = 20,
    dims: int = 2,
    *,
    thumbnails: bool = True,
    random_weights: bool = False,
    names: list[str] | None = None,
    seed: int = 3,
) -> EmbeddingMap:
    """A map of `people` identities with `walks` walks each, everything known."""
    rng = np.random.default_rng(seed)
    count = people * walks
    identity = np.repeat(np.arange(people), walks)
    place = _spread(rng, people, dims)
    view = np.tile(np.arange(walks) % len(VIEWS), people)
    turn = np.linspace(0, 1.6 * np.pi, len(VIEWS))[view]
    size = 0.34 / people ** (1 / dims)
    arc = np.stack([np.cos(turn), np.sin(turn), np.cos(2 * turn)], 1)[:, :dims]
    own = rng.normal(size=(people, dims, dims)) * 0.35 + np.eye(dims)
    feats = place[identity] + size * (
        np.einsum("nd,nde->ne", arc, own[identity]) + rng.normal(size=(count, dims)) * 0.25
    )
    stray = rng.random(count) < 0.04
    feats[stray] = place[rng.integers(0, people, stray.sum())] + rng.normal(size=(stray.sum(), dims)) * size
    feats -= feats.min(0)
    feats /= feats.max()
    neighbours = np.stack([_nearest(feats, i) for i in range(count)]).astype(np.int32)
    same = identity[neighbours] == identity[:, None]
    correct = same[:, 0].astype(np.int8)
    correct[rng.random(count) < 0.2] = -1
    labels = np.array(names or [f"{number + 1:03d}" for number in range(people)])[identity]
    return EmbeddingMap(
        feats.astype(np.float32),
        labels,
        np.array(CONDITIONS)[np.arange(count) // 3 % len(CONDITIONS)],
        np.array(VIEWS)[view],
        {"trustworthiness": 0.981, "kept": 0.644, "kept_k": 15, "purity_full": 0.97, "purity_map": float(same.mean()),
         "purity_k": 10, "silhouette": 0.41, "sample": None, "points": count},
        {"checkpoint": None if random_weights else "GaitBase.pt", "views_are_angles": True},
        purity=same.mean(1).astype(np.float32),
        correct=correct,
        neighbours=neighbours,
        thumbnails=_figures(rng, identity) if thumbnails else None,
    )  # fmt: skip


def _spread(rng: np.random.Generator, count: int, dims: int) -> np.ndarray:
    """Places that keep some distance, as a projection's islands do."""
    places = rng.random((count, dims))
    for _ in range(30):
        apart = places[:, None] - places
        far = np.linalg.norm(apart, axis=2) + np.eye(count)
        reach = 0.9 / count ** (1 / dims)
        places += 0.2 * (apart / far[..., None] * np.clip(reach - far, 0, None)[..., None]).sum(1)
    return places


def _nearest(feats: np.ndarray, i: int, k: int = 8) -> np.ndarray:
    far = ((feats - feats[i]) ** 2).sum(1)
    far[i] = np.inf
    return np.argsort(far)[:k]


def _figures(rng: np.random.Generator, identity: np.ndarray) -> np.ndarray:
    """Something like gait-energy images: a head, a trunk, and legs that blur apart, of each person's own width."""
    rows, columns = np.mgrid[0:64, 0:44]
    width = 5 + 4 * rng.random(identity.max() + 1)[identity] + 0.4 * rng.normal(size=len(identity))
    middle = np.abs(columns[None] - 21.5)
    reach = np.where(
        rows < 12, 4.5, np.where(rows < 36, width[:, None, None], (rows - 30) * 0.35 + width[:, None, None] - 3)
    )
    soft = np.where(rows < 36, 1.5, 5.0)
    image = 255 / (1 + np.exp((middle - reach) / soft)) * ((rows > 2) & (rows < 62))
    return image.astype(np.uint8)
