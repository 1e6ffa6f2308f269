"""GLN: its compact block is for training alone, and its scales must meet."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from visual_analyse.errors import VisualAnalyseError
from visual_analyse.models.builtin import BuiltinModel


@pytest.mark.parametrize("size", [(66, 44), (64, 42)])
def test_scales_that_do_not_meet(
    size: tuple[int, int], small: Callable[[str], BuiltinModel], embed: Callable[..., Tensor]
) -> None:
    with pytest.raises(VisualAnalyseError, match=rf"{size[0]} x {size[1]} pixels.*multiples of four"):
        embed(small("GLN, phase 1"), torch.rand(1, 4, *size))


def test_second_phase_starts_from_the_first(small: Callable[[str], BuiltinModel], embed: Callable[..., Tensor]) -> None:
    first, second = small("GLN, phase 1"), small("GLN, phase 2")
    report = second.load_state_dict(first.state_dict(), strict=False)
    assert not report.unexpected_keys and all(key.startswith(("encoder_", "reduce_")) for key in report.missing_keys)
    x = torch.rand(1, 4, 64, 44)
    assert torch.equal(embed(first, x), embed(second, x))
