"""Where a model runs."""

from __future__ import annotations

import os
import re

import torch

from visual_analyse.errors import VisualAnalyseError


def pick_device(text: str = "0") -> tuple[torch.device, str | None]:
    """The device of `--device`: a GPU's index, `cpu`, `cuda`, `cuda:1` or `mps`; beside it a notice to print, or None.

    An index is a wish: where the machine has no GPU the CPU does the work, and the notice says so. A device by name
    is an order. Under torchrun index 0, the default, is the GPU that `LOCAL_RANK` numbers; where there are fewer GPUs
    than processes they share, and the notice says so. Raises VisualAnalyseError for one that is not there, or is no
    device at all.

    >>> pick_device("cpu")
    (device(type='cpu'), None)
    """
    name = str(text).strip().lower()
    gpus = torch.cuda.device_count() if torch.cuda.is_available() else 0
    if name == "cpu":
        return torch.device("cpu"), None
    if name == "mps" and torch.backends.mps.is_available():
        return torch.device("mps"), None
    if match := re.fullmatch(r"(?:cuda(?::|$))?(\d*)", name):
        index = int(match[1] or 0)
        own = _local_rank()
        if name == "0" and gpus and own:
            shared = f"This machine has {gpus} GPU(s) and more processes: they share." if own >= gpus else None
            return torch.device("cuda", own % gpus), shared
        if name and index < gpus:
            return torch.device("cuda", index), None
        if name.isdigit() and gpus == 0:
            other = "; --device mps uses this machine's GPU" if torch.backends.mps.is_available() else ""
            return torch.device("cpu"), f"There is no CUDA GPU here, so the CPU does the work{other}."
    raise VisualAnalyseError(
        f"There is no device {text!r} here; there is {_present(gpus)}. Type --device with one of these."
    )


def _local_rank() -> int:
    text = os.environ.get("LOCAL_RANK", "")
    return int(text) if text.isdecimal() else 0


def _present(gpus: int) -> str:
    names = [f"{index} ({torch.cuda.get_device_name(index)})" for index in range(gpus)]
    return ", ".join([*names, *(["mps"] if torch.backends.mps.is_available() else []), "cpu"])
