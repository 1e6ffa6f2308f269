"""GaitGL: what its config decides, and walks it cannot take."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from visual_analyse.errors import VisualAnalyseError
from visual_analyse.models.builtin import BuiltinModel

FORMS = ["GaitGL", "GaitGL, deep", "GaitGL, deep, necks"]


@pytest.mark.parametrize("name", FORMS)
def test_several_packed_walks_are_refused(
    name: str, small: Callable[[str], BuiltinModel], embed: Callable[..., Tensor]
) -> None:
    with pytest.raises(VisualAnalyseError, match="one walk at a time, and 2 were packed"):
        embed(small(name), torch.rand(1, 12, 64, 44), [5, 7])


@pytest.mark.parametrize("name", FORMS)
@pytest.mark.parametrize(("frames", "times"), [(1, 3), (2, 2)])
def test_walks_shorter_than_a_step_go_round_again(
    name: str, frames: int, times: int, small: Callable[[str], BuiltinModel], embed: Callable[..., Tensor]
) -> None:
    walk = torch.rand(1, frames, 64, 44, generator=torch.Generator().manual_seed(0))
    assert torch.equal(
        embed(small(name), walk, [frames]), embed(small(name), walk.repeat(1, times, 1, 1), [frames * times])
    )


def test_embedding_lies_before_the_necks_and_behind_the_batch_norm(small: Callable[[str], BuiltinModel]) -> None:
    x = torch.rand(1, 6, 64, 44)
    for name, leaf in (("GaitGL", "Bn"), ("GaitGL, deep, necks", "Head0")):
        model = small(name)
        kept: list[Tensor] = []
        model.get_submodule(leaf).register_forward_hook(lambda _m, _i, out, kept=kept: kept.append(out))
        answer = model(([x], None, None, None, None))
        assert torch.equal(answer["inference_feat"]["embeddings"], kept[0])


@pytest.mark.parametrize(("name", "calls"), [("GaitGL", 8), ("GaitGL, deep", 2)])
def test_local_convolutions_run_once_a_strip(name: str, calls: int, small: Callable[[str], BuiltinModel]) -> None:
    model = small(name)
    count: dict[str, int] = {}
    for key, child in model.named_modules():
        if isinstance(child, torch.nn.Conv3d):
            child.register_forward_hook(lambda *_, key=key: count.update({key: count.get(key, 0) + 1}))
    model(([torch.rand(1, 6, 64, 44)], None, None, None, None))
    assert {number for key, number in count.items() if "local" in key} == {calls}
    assert {number for key, number in count.items() if "local" not in key} == {1}
