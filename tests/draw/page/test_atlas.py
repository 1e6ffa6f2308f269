from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.draw.page.maps import blobs
from visual_analyse.draw.page import atlas
from visual_analyse.errors import VisualAnalyseError


def test_parquet_has_a_row_a_walk(tmp_path: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet", reason="Parquet is tried with pyarrow: pip install pyarrow")
    made = blobs(3, 6, 3)
    purity = made.purity.copy()
    purity[2] = np.nan
    labels = made.labels.astype("<U20")
    labels[0] = "\udcffa"
    made = replace(made, purity=purity, labels=labels, placed=np.arange(18) > 15)
    table = parquet.read_table(atlas.write_parquet(made, tmp_path / "图.parquet")).to_pydict()
    assert list(table) == ["x", "y", "z", "identity", "condition", "view", "correct", "purity", "placed"]
    assert np.array_equal(np.stack([table[axis] for axis in "xyz"], 1).astype(np.float32), made.feats)
    assert table["identity"][0] == "\\udcffa" and table["identity"][1:] == labels[1:].tolist()
    assert table["correct"] == [{1: True, 0: False, -1: None}[value] for value in made.correct.tolist()]
    assert table["purity"][2] is None and table["placed"].count(True) == 2


def test_without_pyarrow_a_sentence_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(VisualAnalyseError, match=r"visual-analyse\[parquet\]"):
        atlas.write_parquet(blobs(2, 2), tmp_path / "a.parquet")
    assert not list(tmp_path.iterdir())
