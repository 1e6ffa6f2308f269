from __future__ import annotations

from visual_analyse.draw.sinks.names import distinct_names


def test_names_never_share_a_folder() -> None:
    names = distinct_names(["a_b", "A_B", "a/b", "c", "1_步态-conv"])
    assert names[:2] == ["a_b", "A_B_2"]
    assert names[3:] == ["c", "1_步态-conv"]
    assert len({name.casefold() for name in names}) == 5
    assert not set("/\\") & set("".join(names))
