"""Device, memory and disk."""

from __future__ import annotations

import os
import shutil
import sys
from collections import namedtuple

import pytest
import torch

from tests.doctor.asking import about, of, one
from visual_analyse.doctor.machine import capacity
from visual_analyse.doctor.machine import device as doctor_device
from visual_analyse.doctor.machine.capacity import cores, memory


def test_this_machine_has_cores_and_memory():
    total, free = memory()
    assert 1 <= cores() <= (os.cpu_count() or 1)
    assert total is not None
    assert free is None or 0 < free <= total


def test_the_limit_of_a_container_counts(monkeypatch, tmp_path):
    limit, used = tmp_path / "max", tmp_path / "current"
    monkeypatch.setattr(capacity, "_LIMITS", ((str(limit), str(used)),))
    monkeypatch.setattr(capacity, "_linux", lambda: (8000, 7000))
    for text, expected in (("max", (8000, 7000)), ("9000", (8000, 7000)), ("5000", (5000, 3500))):
        limit.write_text(text)
        used.write_text("1500")
        assert memory() == expected
    used.write_text("6000")
    assert memory() == (5000, 0)


def test_the_cpu_by_name_and_in_place_of_a_gpu(workshop, monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert [item.mark for item in of(about(workshop.config, quick=True), "device")] == ["ok"]
    found = of(about(workshop.config, quick=True, device="0"), "device")
    assert [item.mark for item in found] == ["ok", "note"]
    assert "no CUDA GPU" in found[1].text


def test_a_gpu_and_what_is_free_of_its_memory(workshop, monkeypatch):
    """No GPU is needed: what torch would say of one is said for it."""
    gpu = torch.device("cuda", 1)
    monkeypatch.setattr(doctor_device, "pick_device", lambda text: (gpu, None))
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda place: (3_000_000_000, 8_000_000_000))
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda place: "A Card")
    found = one(about(workshop.config, quick=True), "device")
    assert found.mark == "ok"
    assert "cuda:1 (A Card), 3 of 8 GB of its memory free" in found.text
    assert doctor_device.free_memory(gpu) == 3_000_000_000
    assert (doctor_device.free_memory(torch.device("cpu")) is None) == (memory()[1] is None)  # macOS does not say


def test_a_device_that_is_not_there_hides_nothing_else(workshop):
    found = about(workshop.config, device="cuda:99", dataset_dir=workshop.dataset, checkpoint="none")
    assert "cuda:99" in one(found, "device", "wrong").text
    assert of(found, "model")[-1].text == "not looked at: the device is not there"
    assert of(found, "walks", "ok")


def test_room_for_results_and_cache(workshop, monkeypatch):
    assert [item.mark for item in of(about(workshop.config, quick=True), "disk")] == ["ok", "ok"]
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda place: usage(9, 9, 5 << 20))
    found = of(about(workshop.config, quick=True), "disk")
    assert [item.mark for item in found] == ["note", "note"]
    assert ["--save_dir" in found[0].remedy, "--cache" in found[1].remedy] == [True, True]
    assert not (workshop.root / "visual_analyse").exists()


def test_folders_that_cannot_be_written(workshop):
    (workshop.root / "visual_analyse").write_text("a file in the way")
    assert "is a file" in of(about(workshop.config, quick=True), "disk", "wrong")[0].text


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() == 0, reason="nothing is closed to this user")
def test_folders_that_are_closed(workshop):
    place = workshop.root / "visual_analyse"
    place.mkdir(mode=0o500)
    assert "cannot be written" in of(about(workshop.config, quick=True), "disk", "wrong")[0].text
