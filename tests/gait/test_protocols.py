"""Who is gallery for whom, on small copies of each dataset's names."""

from __future__ import annotations

import pytest

from visual_analyse.errors import VisualAnalyseError
from visual_analyse.gait.partitions import Partition
from visual_analyse.gait.protocols import Protocol, view_is_angle
from visual_analyse.gait.sequences import Sequence


def _set(ids: str, types: str, views: str) -> list[Sequence]:
    return [Sequence(i, t, v, ()) for i in ids.split() for t in types.split() for v in views.split()]


def _one(walks: list[Sequence], name: str) -> Sequence:
    return next(walk for walk in walks if walk.name == name)


CASIA_B = _set("001 075 076", "bg-01 bg-02 cl-01 cl-02 nm-01 nm-02 nm-03 nm-04 nm-05 nm-06", "000 090 180")


def test_casia_b() -> None:
    protocol = Protocol("CASIA-B")
    assert {walk.type for walk in protocol.probes(CASIA_B)} == {"nm-05", "nm-06", "bg-01", "bg-02", "cl-01", "cl-02"}
    for kind in ("nm-05", "bg-02", "cl-01"):
        gallery = protocol.gallery_for(_one(CASIA_B, f"075-{kind}-090"), CASIA_B)
        assert {walk.type for walk in gallery} == {"nm-01", "nm-02", "nm-03", "nm-04"}
        assert {walk.view for walk in gallery} == {"000", "180"}
        assert {walk.id for walk in gallery} == {"001", "075", "076"}
        assert len(gallery) == 3 * 4 * 2
    assert Protocol("CASIA-B*").gallery_for(CASIA_B[0], CASIA_B) == protocol.gallery_for(CASIA_B[0], CASIA_B)
    # a walk of the gallery can be explained too, never against itself
    assert _one(CASIA_B, "075-nm-01-090") not in protocol.gallery_for(_one(CASIA_B, "075-nm-01-090"), CASIA_B)


def test_casia_b_cross_view() -> None:
    protocol = Protocol("CASIA-B", cross_view=True)
    assert {walk.type for walk in protocol.probes(CASIA_B)} == {"nm-01", "bg-01", "cl-01"}
    gallery = protocol.gallery_for(_one(CASIA_B, "075-bg-01-090"), CASIA_B)
    assert {walk.type for walk in gallery} == {"nm-02", "bg-02", "cl-02"}
    assert {walk.view for walk in gallery if walk.id == "075"} == {"000", "180"}
    assert {walk.view for walk in gallery if walk.id == "076"} == {"000", "090", "180"}


def test_a_partition_keeps_to_its_split() -> None:
    protocol = Protocol("CASIA-B", Partition(("001",), ("075", "076")))
    assert {walk.id for walk in protocol.probes(CASIA_B)} == {"075", "076"}
    assert {walk.id for walk in protocol.gallery_for(_one(CASIA_B, "075-nm-05-090"), CASIA_B)} == {"075", "076"}
    assert {walk.id for walk in protocol.gallery_for(_one(CASIA_B, "001-nm-05-090"), CASIA_B)} == {"001"}
    stranger = Sequence("me", "nm-05", "090", ())
    assert {walk.id for walk in protocol.gallery_for(stranger, CASIA_B)} == {"001", "075", "076"}


def test_oumvlp() -> None:
    walks = _set("00002 00004", "00 01", "000 090 270")
    assert {walk.type for walk in Protocol("OUMVLP").probes(walks)} == {"00"}
    gallery = Protocol("OUMVLP").gallery_for(_one(walks, "00002-00-090"), walks)
    assert [walk.name for walk in gallery] == ["00002-01-000", "00002-01-270", "00004-01-000", "00004-01-270"]


def test_casia_e_leaves_view_270_out() -> None:
    walks = _set("201", "H-scene1-nm-1 L-scene1-nm-2 H-scene2-nm-1 L-scene3_s-cl-2 H-scene1-bg-1", "000 090 270")
    protocol = Protocol("CASIA-E")
    assert {walk.type for walk in protocol.probes(walks)} == {"H-scene2-nm-1", "L-scene3_s-cl-2"}
    assert {walk.view for walk in protocol.probes(walks)} == {"000", "090"}
    gallery = protocol.gallery_for(_one(walks, "201-H-scene2-nm-1-090"), walks)
    assert {walk.type for walk in gallery} == {"H-scene1-nm-1", "L-scene1-nm-2"}
    assert {walk.view for walk in gallery} == {"000"}


def test_sustech1k_by_substring() -> None:
    walks = _set("0001", "00-nm 01-nm 01-bg 02-cl-cr 01-ub-nt", "000 045")
    protocol = Protocol("SUSTech1K")
    assert {walk.type for walk in protocol.probes(walks)} == {"01-nm", "01-bg", "02-cl-cr", "01-ub-nt"}
    gallery = protocol.gallery_for(_one(walks, "0001-01-ub-nt-045"), walks)
    assert [walk.name for walk in gallery] == ["0001-00-nm-000"]


def test_grew_sent_in_and_at_home() -> None:
    walks = _set("00001 00002", "01 02 03", "x7Yk p0Q2")
    protocol = Protocol("GREW")
    assert {walk.type for walk in protocol.probes(walks)} == {"02", "03"}
    assert {walk.type for walk in protocol.gallery_for(_one(walks, "00001-03-x7Yk"), walks)} == {"01", "02"}
    home = protocol.gallery_for(_one(walks, "00001-02-x7Yk"), walks)
    assert {walk.type for walk in home} == {"01"}
    assert {walk.view for walk in home} == {"x7Yk", "p0Q2"}  # a video's name is no view


def test_hid() -> None:
    walks = [*_set("00000 00001", "default", "v1 v2"), *_set("probe", "default", "v3 v4")]
    protocol = Protocol("HID")
    assert {walk.id for walk in protocol.probes(walks)} == {"probe"}
    assert {walk.id for walk in protocol.gallery_for(walks[-1], walks)} == {"00000", "00001"}


@pytest.mark.parametrize("dataset", ["Gait3D", "Gait3D-Parsing", "FreeGait"])
def test_probe_sets(dataset: str) -> None:
    walks = _set("0002 0007 1234", "camid1 camid2", "seq0 seq1")
    named = frozenset(["0002-camid1-seq0", "0007-camid2-seq1"])
    protocol = Protocol(dataset, Partition(("1234",), ("0002", "0007"), probe=named))
    assert {walk.name for walk in protocol.probes(walks)} == named
    gallery = protocol.gallery_for(_one(walks, "0002-camid1-seq0"), walks)
    assert len(gallery) == 6
    assert not named & {walk.name for walk in gallery}


def test_gallery_set() -> None:
    walks = _set("601 602", "NM1 BG1 ASBGCLBXCV1", "over.avi 45_1.avi")
    named = frozenset(["601-NM1-over.avi", "602-BG1-45_1.avi"])
    protocol = Protocol("CCGR-MINI", Partition((), ("601", "602"), gallery=named))
    assert len(protocol.probes(walks)) == 10
    assert {walk.name for walk in protocol.gallery_for(_one(walks, "601-BG1-over.avi"), walks)} == named


def test_ccpg_removes_the_same_camera_of_the_same_person() -> None:
    walks = _set("100 101", "U0_D0 U0_D0_BG U1_D0 U1_D1 U2_D2 U3_D3 U0_D3", "0_a 0_b 1_a")
    protocol = Protocol("CCPG")
    assert {walk.type for walk in protocol.probes(walks)} == {"U0_D0", "U0_D0_BG", "U1_D0", "U3_D3"}
    for probe, types in {
        "U0_D0": {"U1_D1", "U2_D2", "U3_D3"},
        "U0_D0_BG": {"U1_D1", "U2_D2", "U3_D3"},
        "U3_D3": {"U0_D3"},
        "U1_D0": {"U1_D1"},
    }.items():
        gallery = protocol.gallery_for(_one(walks, f"100-{probe}-0_a"), walks)
        assert {walk.type for walk in gallery} == types
        assert {walk.view for walk in gallery if walk.id == "100"} == {"1_a"}
        assert {walk.view for walk in gallery if walk.id == "101"} == {"0_a", "0_b", "1_a"}


def test_any_other_set_leaves_one_out() -> None:
    walks = _set("a b", "nm bg", "x y")
    protocol = Protocol("my own")
    assert protocol.probes(walks) == walks
    for probe in walks:
        assert protocol.gallery_for(probe, walks) == [walk for walk in walks if walk != probe]


def test_sentences() -> None:
    walks = _set("001", "walk", "000 090")
    with pytest.raises(
        VisualAnalyseError, match=r"nm-01, nm-02, nm-03, nm-04 of the other views.*types are walk, .*--gall"
    ):
        Protocol("CASIA-B").gallery_for(walks[0], walks)
    with pytest.raises(VisualAnalyseError, match="No gallery walk is left for probe 001-walk-000"):
        Protocol("mine").gallery_for(walks[0], walks[:1])
    with pytest.raises(VisualAnalyseError, match="needs the PROBE_SET of its partition"):
        Protocol("Gait3D")
    with pytest.raises(VisualAnalyseError, match="needs the GALLERY_SET"):
        Protocol("CCGR-MINI", Partition((), ("601",), probe=frozenset(["601-NM1-x"])))


@pytest.mark.parametrize("dataset", ["CASIA-B", "CASIA-B*", "OUMVLP", "CASIA-E", "SUSTech1K"])
def test_angles(dataset: str) -> None:
    assert view_is_angle(dataset)
    assert not any(map(view_is_angle, ["GREW", "Gait3D", "HID", "CCPG", "FreeGait", "CCGR-MINI", "mine", ""]))


def test_rules_in_words() -> None:
    walk = Sequence("1", "U3_D3", "0_a", ())
    assert "U0_D3 of all cameras, without" in Protocol("CCPG").rule(walk)
    assert "(without view 270)" in Protocol("CASIA-E").rule(walk)
    assert "outside the PROBE_SET" in Protocol("Gait3D", Partition((), ("1",), frozenset("x"))).rule(walk)
    assert "GALLERY_SET" in Protocol("CCGR-MINI", Partition((), ("1",), gallery=frozenset("x"))).rule(walk)
    assert "id is not 'probe'" in Protocol("HID").rule(walk)
    assert "all other walks" in Protocol("mine").rule(walk)


@pytest.mark.parametrize("dataset", ["CASIA-B", "OUMVLP", "CCPG", "GREW", "my own"])
@pytest.mark.parametrize("cross_view", [False, True])
def test_groups_without_the_barred_are_the_galleries_one_by_one(dataset: str, cross_view: bool) -> None:
    kinds = ["nm-01", "nm-02", "nm-05", "bg-01", "00", "01", "02", "03", "U0_D0", "U0_D0_BG", "U1_D1", "U3_D3", "U0_D3"]
    walks = [Sequence(i, kind, view, ()) for i in "abc" for kind in kinds for view in ("000", "090_x", "000_y")]
    protocol = Protocol(dataset, Partition(("a",), ("b", "c")), cross_view)
    found = {}
    for probes, among in protocol.groups(walks):
        for probe in probes:
            found[probe] = [walks[k] for k in among if k != probe and not protocol.barred(walks[probe], walks[k])]
    everyone = Protocol(dataset, None, cross_view).probes(walks)
    assert [walks[k] for k in sorted(found)] == everyone
    for probe, gallery in found.items():
        assert gallery == protocol.gallery_for(walks[probe], walks)
