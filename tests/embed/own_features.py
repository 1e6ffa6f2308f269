"""Features as users bring them, for tests of their files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from visual_analyse.embed.feature_file import FeatureFile, read_feature_file
from visual_analyse.errors import VisualAnalyseError

COUNT = 7
FEATS = np.arange(COUNT * 6).reshape(COUNT, 3, 2).astype(np.float32) / 4
FLAT = FEATS.reshape(COUNT, 6)
LABELS = np.array([f"{number:03d}" for number in range(COUNT)])


class Bomb:
    """Whoever unpickles one hears of it."""

    def __reduce__(self) -> tuple[Any, ...]:
        return _explode, ()


def _explode() -> None:
    raise AssertionError("a pickle was opened")


def bombs(count: int = COUNT) -> np.ndarray:
    return np.array([Bomb() for _ in range(count)], dtype=object)


def holds(found: FeatureFile, feats: np.ndarray = FLAT, labels: Any = LABELS) -> None:
    assert len(found) == len(feats) == len(found.source)
    assert np.array_equal(found.source.read(0, len(feats)), feats)
    assert np.array_equal(found.source.take(np.array([5, 0, 5])), feats[[5, 0, 5]])
    for column in (found.labels, found.types, found.views):
        assert column.dtype.kind == "U" and column.shape == (len(feats),)
    assert found.labels.tolist() == list(labels)


def refused(path: Path, said: str) -> None:
    with pytest.raises(VisualAnalyseError, match=said) as caught:
        found = read_feature_file(path)
        found.source.read(0, len(found))
    assert path.stem in str(caught.value)
