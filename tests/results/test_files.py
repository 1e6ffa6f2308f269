"""What a file that cannot be written is answered with."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest

from visual_analyse.errors import VisualAnalyseError
from visual_analyse.files import make_folder, write_whole


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EACCES])
def test_space_is_asked_for_only_where_it_lacks(number: int, tmp_path: Path) -> None:
    def fail(_: object) -> None:
        raise OSError(number, "no")

    with pytest.raises(VisualAnalyseError, match="name another place, and run") as told:
        write_whole(tmp_path / "a", fail)
    assert ("free some space" in str(told.value)) == (number == errno.ENOSPC) and "--save_dir" not in str(told.value)
    assert not list(tmp_path.iterdir())


def test_a_folder_of_results_may_be_named_elsewhere(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(VisualAnalyseError, match="; name another folder with --save_dir, and run"):
        make_folder(tmp_path / "file" / "out")
