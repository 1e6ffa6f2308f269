from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from visual_analyse.errors import VisualAnalyseError
from visual_analyse.synthetic.contact_sheet import write_contact_sheet


def test_a_sheet_shows_every_view_and_condition(tmp_path: Path) -> None:
    path = write_contact_sheet(tmp_path / "s.png", people=2, conditions=("nm-01", "cl-01"), views=("090",), frames=3)
    sheet = np.array(Image.open(path))
    cells = [sheet[row : row + 64, 64 + block + column : 128 + block + column]
             for row in (0, 65) for block in (0, 3 * 65 + 6) for column in (0, 65, 130)]  # fmt: skip
    assert len({cell.tobytes() for cell in cells}) == 12
    assert all(0.05 < (cell > 127).mean() < 0.5 for cell in cells)


def test_an_empty_sheet_is_refused(tmp_path: Path) -> None:
    with pytest.raises(VisualAnalyseError, match="0 people"):
        write_contact_sheet(tmp_path / "s.png", people=0)
