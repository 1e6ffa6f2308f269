"""The device: what `--device` gives here, and what it has."""

from __future__ import annotations

from collections.abc import Iterator

import torch

from visual_analyse.doctor.case import Case, fact
from visual_analyse.doctor.finding import Finding
from visual_analyse.doctor.machine.capacity import cores, memory
from visual_analyse.models.device import pick_device

_SUBJECT = "device"


@fact("the device is not there")
def device(case: Case) -> tuple[torch.device, str | None]:
    """The device that `--device` gives, and the notice that comes with it."""
    return pick_device(case.question.device)


def check_device(case: Case) -> Iterator[Finding]:
    """What would compute, and the memory it has."""
    place, notice = device.demand(case)
    total, free = memory()
    size = "memory unknown" if total is None else f"{_gigabytes(free, total)} GB of memory free"
    machine = f"{cores()} CPU cores, {size}"
    if place.type == "cuda":
        left, whole = torch.cuda.mem_get_info(place)
        name = torch.cuda.get_device_name(place)
        text = f"{place} ({name}), {_gigabytes(left, whole)} GB of its memory free; {machine}"
    else:
        text = f"{place}: {machine}"
    yield Finding(_SUBJECT, "ok", text)
    if notice:
        yield Finding(_SUBJECT, "note", notice, "--device cpu, to ask for it and not be told")


def free_memory(place: torch.device) -> int | None:
    """Bytes that are free on a device; None where that cannot be known.

    >>> free_memory(torch.device("cpu"))  # doctest: +SKIP
    20401094656
    """
    return int(torch.cuda.mem_get_info(place)[0]) if place.type == "cuda" else memory()[1]


def _gigabytes(free: int | None, total: int) -> str:
    whole = f"{total / 1e9:.0f}"
    return whole if free is None else f"{free / 1e9:.0f} of {whole}"
