"""Frames keep their order when folded, and sequences keep apart when pooled."""

from __future__ import annotations

import torch

from visual_analyse.models.builtin.sequences import PackSequenceWrapper, SetBlockWrapper, fold, strongest


def test_folding_goes_sequence_by_sequence() -> None:
    x = torch.arange(2 * 3 * 4).float().view(2, 3, 4, 1, 1)  # n c s h w
    folded = fold(x)
    assert folded.shape == (8, 3, 1, 1)
    assert torch.equal(folded[5], x[1, :, 1])


def test_a_function_of_pictures_runs_on_each_frame() -> None:
    x = torch.rand(2, 3, 4, 6, 5)
    rows = SetBlockWrapper(lambda pictures: pictures.mean(-1))(x)  # [(n s), c, h]: any number of axes may come back
    assert torch.allclose(rows, x.mean(-1))


def test_pooling_does_not_cross_from_one_sequence_into_the_next() -> None:
    x = torch.tensor([1.0, 5.0, 2.0, 4.0, 9.0]).view(1, 1, 5)
    pool = PackSequenceWrapper(strongest)
    assert pool(x, (2, 1, 2)).flatten().tolist() == [5, 2, 9]
    assert pool(x).flatten().tolist() == [9]


def test_gradient_of_a_tie_goes_to_one_frame() -> None:
    x = torch.ones(1, 1, 4, 1, 1, requires_grad=True)
    strongest(x).sum().backward()  # type: ignore[no-untyped-call]
    assert x.grad is not None and sorted(x.grad.flatten().tolist()) == [0, 0, 0, 1]
