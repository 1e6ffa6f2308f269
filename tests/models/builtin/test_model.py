"""What all built-in models share: packing, stacking, lengths, sizes, training, and input that does not fit."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from visual_analyse.errors import VisualAnalyseError
from visual_analyse.models.builtin import BuiltinModel, build

Small = Callable[[str], BuiltinModel]
Embed = Callable[..., Tensor]
PACKABLE = ["GaitSet", "GaitPart", "GLN, phase 1", "GLN, phase 2", "Baseline", "Baseline, plain"]


def frames_like(n: int, s: int, h: int = 64, w: int = 44) -> Tensor:
    return torch.rand(n, s, h, w, generator=torch.Generator().manual_seed(s * h))


def apart(a: Tensor, b: Tensor) -> float:
    return float((a - b).abs().max() / a.abs().max())


@pytest.mark.parametrize("name", PACKABLE)
def test_packed_walks_are_embedded_as_alone(name: str, small: Small, embed: Embed) -> None:
    model = small(name)
    first, second = frames_like(1, 3), frames_like(1, 8)
    alone = torch.cat([embed(model, first, [3]), embed(model, second, [8])])
    assert apart(alone, embed(model, torch.cat([first, second], 1), [3, 8])) < 1e-5
    assert apart(alone[0], alone[1]) > 1e-3


def test_stacked_walks_are_embedded_as_alone(any_model: BuiltinModel, embed: Embed) -> None:
    walks = frames_like(2, 6)
    alone = torch.cat([embed(any_model, walk[None], [6]) for walk in walks])
    assert apart(alone, embed(any_model, walks)) < 1e-5
    assert apart(alone[0], alone[1]) > 1e-3


@pytest.mark.parametrize(("name", "order_matters"), [("GaitSet", False), ("GLN, phase 1", False), ("Baseline", False),
                                                     ("GaitPart", True), ("GaitGL", True)])  # fmt: skip
def test_only_temporal_models_see_the_order_of_frames(
    name: str, order_matters: bool, small: Small, embed: Embed
) -> None:
    model, walk = small(name), frames_like(1, 9)
    shuffled = walk[:, [4, 2, 7, 0, 8, 1, 6, 3, 5]]
    change = apart(embed(model, walk), embed(model, shuffled))
    assert change > 1e-3 if order_matters else change < 1e-6


@pytest.mark.parametrize("size", [(64, 44), (128, 88)])
@pytest.mark.parametrize("s", [1, 2, 3, 31])
def test_sizes_and_lengths_vary(any_model: BuiltinModel, embed: Embed, size: tuple[int, int], s: int) -> None:
    walk = frames_like(1, s, *size)
    found = embed(any_model, walk, [s])
    assert found.dim() == 3 and len(found) == 1 and bool(found.isfinite().all())
    assert apart(found, embed(any_model, walk.flip(2), [s])) > 1e-3  # upside down is another walk


def test_answer_has_what_losses_and_pictures_need(any_model: BuiltinModel) -> None:
    walks, labels = frames_like(2, 4), torch.tensor([1, 3])
    answer = any_model(([walks], labels, None, None, None))
    assert torch.equal(answer["visual_summary"]["image/sils"], walks.reshape(8, 1, 64, 44))
    triplet = answer["training_feat"]["triplet"]
    assert triplet["labels"] is labels
    assert torch.equal(triplet["embeddings"], answer["inference_feat"]["embeddings"])
    if "softmax" in answer["training_feat"]:
        logits = answer["training_feat"]["softmax"]["logits"]
        assert logits.shape[:2] == (2, 5) and logits.dim() == 3


def test_training_reaches_every_parameter(any_model: BuiltinModel) -> None:
    torch.manual_seed(0)
    any_model.train()
    feats = any_model(([frames_like(4, 6)], torch.tensor([0, 0, 1, 1]), None, None, None))["training_feat"]
    loss = feats["triplet"]["embeddings"].square().sum()
    if "softmax" in feats:
        logits = feats["softmax"]["logits"]
        loss = loss + nn.functional.cross_entropy(logits, torch.tensor([[0], [0], [1], [1]]).expand(-1, logits.size(2)))
    loss.backward()
    for name, value in any_model.named_parameters():
        if value.requires_grad:
            assert value.grad is not None and value.grad.abs().max() > 0, name
        else:
            assert name in {"encoder_bn.bias", "reduce_bn.bias"}


def test_weights_begin_spread_as_xavier_says(small_cfg: Callable[[str], dict[str, Any]]) -> None:
    cfg = small_cfg("GLN, phase 2")
    cfg["hidden_dim"] = 512
    model = build(cfg)
    for value in (model.get_submodule("smooth_layer1").weight, model.get_submodule("reduce_fc").weight):
        assert isinstance(value, Tensor)
        fan = (value.size(0) + value.size(1)) * value[0, 0].numel()
        assert value.std().item() == pytest.approx((2 / fan) ** 0.5, rel=0.1)
        assert value.abs().max().item() <= (6 / fan) ** 0.5
    for norm in (module for module in model.modules() if isinstance(module, nn.BatchNorm1d)):
        assert (norm.weight - 1).abs().max() < 0.15 and not norm.bias.any()


def test_channels_of_the_data_come_through(small_cfg: Callable[[str], dict[str, Any]], embed: Embed) -> None:
    for name in ("Baseline", "GaitSet"):
        cfg = small_cfg(name)
        if name == "Baseline":
            cfg["backbone_cfg"]["in_channel"] = 3
        else:
            cfg["in_channels"][0] = 3
        model = build(cfg).eval()
        walk = torch.rand(1, 5, 3, 64, 44)
        assert apart(embed(model, walk, [5]), embed(model, walk.flip(2), [5])) > 1e-3
        with pytest.raises(VisualAnalyseError, match=r"of 3 channel.*\[1, 5, 64, 44\]"):
            embed(model, walk[:, :, 0], [5])


def test_a_single_channel_may_be_written_out(any_model: BuiltinModel, embed: Embed) -> None:
    walk = frames_like(1, 4)
    assert torch.equal(embed(any_model, walk), embed(any_model, walk[:, :, None]))


@pytest.mark.parametrize(
    ("walk", "found"),
    [
        (torch.zeros(1, 5, 2, 64, 44), "float32 [1, 5, 2, 64, 44]"),
        (torch.zeros(5, 64, 44), "float32 [5, 64, 44]"),
        (torch.zeros(1, 5, 64, 44, dtype=torch.uint8), "uint8 [1, 5, 64, 44]"),
        (torch.zeros(1, 0, 64, 44), "[1, 0, 64, 44]"),
        (torch.zeros(1, 5, 4, 4), "[1, 5, 4, 4]"),
    ],
)
def test_frames_that_do_not_fit(any_model: BuiltinModel, embed: Embed, walk: Tensor, found: str) -> None:
    with pytest.raises(VisualAnalyseError, match=re.escape(found)):
        embed(any_model, walk)


def test_two_inputs_where_one_is_expected(any_model: BuiltinModel) -> None:
    with pytest.raises(VisualAnalyseError, match=r"takes one input, and 2 were given.*data_in_use"):
        any_model(([frames_like(1, 4), frames_like(1, 4)], None, None, None, None))


@pytest.mark.parametrize("lengths", [[3], [3, 4], [5, -1], [4, 0], []])
def test_lengths_that_do_not_sum_to_the_frames(any_model: BuiltinModel, embed: Embed, lengths: list[int]) -> None:
    with pytest.raises(VisualAnalyseError, match=rf"seqL says {re.escape(str(lengths))}"):
        embed(any_model, frames_like(1, 4), lengths)


def test_packing_is_for_a_batch_of_one(any_model: BuiltinModel, embed: Embed) -> None:
    with pytest.raises(VisualAnalyseError, match="2 x 4 frames"):
        embed(any_model, frames_like(2, 4), [4])
