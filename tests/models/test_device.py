"""Devices by index and by name."""

from __future__ import annotations

import pytest
import torch

from visual_analyse.errors import VisualAnalyseError
from visual_analyse.models.device import pick_device


@pytest.fixture
def machine(monkeypatch):
    def machine(gpus=0, mps=False):
        monkeypatch.setattr(torch.cuda, "is_available", lambda: gpus > 0)
        monkeypatch.setattr(torch.cuda, "device_count", lambda: gpus)
        monkeypatch.setattr(torch.cuda, "get_device_name", lambda index: f"Card {index}")
        monkeypatch.setattr(torch.backends.mps, "is_available", lambda: mps)

    return machine


@pytest.mark.parametrize(
    ("text", "expected"), [("0", "cuda:0"), ("1", "cuda:1"), ("cuda", "cuda:0"), ("cuda:1", "cuda:1"), ("CPU", "cpu")]
)
def test_where_gpus_are(machine, text, expected):
    machine(gpus=2)
    assert pick_device(text) == (torch.device(expected), None)


def test_an_index_falls_back_to_the_cpu_with_a_notice(machine):
    machine()
    device, notice = pick_device()
    assert device == torch.device("cpu")
    assert notice == "There is no CUDA GPU here, so the CPU does the work."


def test_an_apple_is_pointed_at_its_own_gpu(machine):
    machine(mps=True)
    assert pick_device("mps") == (torch.device("mps"), None)
    assert "--device mps" in pick_device("0")[1]


@pytest.mark.parametrize(
    ("text", "gpus", "there"),
    [
        ("cuda:7", 2, r"0 \(Card 0\), 1 \(Card 1\), cpu"),
        ("2", 2, r"0 \(Card 0\), 1 \(Card 1\), cpu"),
        ("cuda:7", 0, "there is cpu"),
        ("cuda", 0, "there is cpu"),
        ("mps", 0, "there is cpu"),
        ("", 1, r"0 \(Card 0\), cpu"),
        ("-1", 1, r"0 \(Card 0\), cpu"),
        ("gpu", 0, "there is cpu"),
        ("cuda1", 2, "cpu"),
    ],
)
def test_a_device_that_is_not_there(machine, text, gpus, there):
    machine(gpus=gpus)
    with pytest.raises(VisualAnalyseError, match=f"no device '{text}' here; .*{there}"):
        pick_device(text)


@pytest.mark.parametrize(
    ("rank", "text", "expected"), [("1", "0", 1), ("1", "cuda:0", 0), ("0", "0", 0), ("5", "0", 1)]
)
def test_under_torchrun_the_default_is_the_ranks_own(machine, monkeypatch, rank, text, expected):
    machine(gpus=2)
    monkeypatch.setenv("LOCAL_RANK", rank)
    device, notice = pick_device(text)
    assert device == torch.device("cuda", expected)
    assert (notice is not None) == (rank == "5")
