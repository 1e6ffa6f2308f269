"""Result files: what goes in comes out, and strangers' files are answered with a sentence."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from visual_analyse.errors import VisualAnalyseError
from visual_analyse.results import Evidence, InputKind, LayerEvidence, Ledger, read_npz


def evidence(**manifest: object) -> Evidence:
    maps = np.zeros((4, 2, 2), np.float32)
    maps[2, 1, 0], maps[0, 0, 0] = -3, 1
    spans = np.array([[k, k + 1] for k in range(4)])
    layer = LayerEvidence(3, "block.0.conv", "Conv2d", maps, spans)
    whole = LayerEvidence(7, "head.conv", "Conv2d", np.ones((1, 2, 2), np.float32), np.array([[0, 4]]), pooled=True)
    made = {"probe": {"name": "a-b-c"}, "match": {"name": "d-e-f"}, **manifest}
    return Evidence(np.zeros((4, 8, 6), np.uint8), (layer, whole), np.array([0.25, 0.5]), made)


def test_what_goes_in_comes_out(tmp_path: Path) -> None:
    one = evidence(checkpoint="x.pt")
    two = Evidence.load(one.save(tmp_path / "步 态" / "one.npz"))
    assert [layer.key for layer in two.layers] == ["3_block-0-conv", "7_head-conv"]
    for a, b in zip(one.layers, two.layers, strict=True):
        assert (a.maps == b.maps).all() and (a.spans == b.spans).all() and a.pooled == b.pooled
    assert two.distance == 0.75 and two.kind == InputKind("silhouette")
    with np.load(tmp_path / "步 态" / "one.npz", allow_pickle=False) as stored:
        assert set(stored.files) == {
            "frames", "parts", "manifest", "maps/3_block-0-conv", "spans/3_block-0-conv", "maps/7_head-conv",
            "spans/7_head-conv",
        }  # fmt: skip


def test_the_strongest_frame_counts_evidence_of_either_sign() -> None:
    assert evidence().strongest == 2


def test_random_weights_are_known() -> None:
    assert evidence(checkpoint=None).of_random_weights
    assert not evidence(checkpoint="x.pt").of_random_weights
    assert not evidence().of_random_weights  # a foreign module has no checkpoint to name


def test_evidence_is_printed_in_a_line() -> None:
    assert repr(evidence()) == "Evidence(a-b-c -> d-e-f, distance 0.75, 4 frames, 3_block-0-conv, 7_head-conv)"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "no readable"),
        (b"PK\x03\x04 cut", "no readable"),
        (b"words", "is no .npz"),
        (b'{"a": 1}', "is no .npz"),
        (b"\x80\x04\x95", "older tool"),
    ],
)
def test_files_that_are_no_results(tmp_path: Path, content: bytes, said: str) -> None:
    path = tmp_path / "x.npz"
    path.write_bytes(content)
    with pytest.raises(VisualAnalyseError, match=said):
        read_npz(path)


def test_pickled_results_of_the_older_tool_stay_shut(tmp_path: Path) -> None:
    path = tmp_path / "old.npz"
    np.savez(path, result=np.array({"pixels": 1}, dtype=object))
    with pytest.raises(VisualAnalyseError, match="older tool"):
        Evidence.load(path)


def test_all_that_explain_adds_goes_in_and_comes_out(tmp_path: Path) -> None:
    one = evidence(checkpoint="x.pt")
    more = LayerEvidence(3, "block.0.conv", "Conv2d", np.ones((4, 2, 2), np.float32), one.layers[0].spans,
                         method="hirescam", target="contrast")  # fmt: skip
    whole = replace(
        one,
        further=(more,),
        ledgers=(Ledger("d-e-f", "match", one.parts), Ledger("a-x-y", "true match", one.parts * 2)),
        heights=np.full((2, 8), 0.125, np.float32),
        phase=np.array([0.0, 0.5, np.nan, 0.25]),
        regions=np.ones((4, 8, 6), np.uint8),
        region_names=("head",),
        matched=replace(evidence(), further=(more,), phase=np.zeros(4)),
    )
    path = whole.save(tmp_path / "one.npz")
    two = Evidence.load(path)
    assert [layer.key for layer in two.further] == ["3_block-0-conv/hirescam/contrast"]
    assert [(ledger.walk, ledger.role, ledger.distance) for ledger in two.ledgers] == [
        ("d-e-f", "match", 0.75), ("a-x-y", "true match", 1.5),
    ]  # fmt: skip
    assert two.heights is not None and two.heights.shape == (2, 8)
    assert two.phase is not None and np.array_equal(two.phase, whole.phase, equal_nan=True)  # type: ignore[arg-type]
    assert two.regions is not None and two.region_names == ("head",)
    assert two.matched is not None and two.matched.distance == two.distance
    assert [layer.key for layer in two.matched.further] == ["3_block-0-conv/hirescam/contrast"]
    assert two.matched.manifest["probe"] == {"name": "a-b-c"} and "matched" not in two.manifest
    less = replace(two, further=(), ledgers=(), matched=None, regions=None, region_names=())
    again = Evidence.load(less.save(tmp_path / "two.npz"))
    assert not (again.further or again.ledgers or again.matched or again.region_names)
    with np.load(path, allow_pickle=False) as stored:
        assert {"maps/3_block-0-conv/hirescam/contrast", "gallery/maps/3_block-0-conv"} <= set(stored.files)
