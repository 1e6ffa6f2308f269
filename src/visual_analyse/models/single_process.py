"""What code written for one GPU a process, started by torchrun, finds where there is one process and any device."""

from __future__ import annotations

import contextlib
import logging
import sys
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode

_ABSENT = object()
_IS_CUDA = Tensor.is_cuda.__get__  # type: ignore[attr-defined]


@contextlib.contextmanager
def single_process(device: torch.device) -> Iterator[None]:
    """Let code run that asks for its rank and for CUDA: it is rank 0 of 1, and every CUDA device means `device`.

    Holds for `torch.distributed`, `torch.cuda`, `.cuda()`, `.is_cuda`, `.to("cuda:0")`, `device="cuda"` and the
    `map_location` of `torch.load`. What the code changes for everybody (print options of numpy, handlers of the root
    logger) is put back at the end, after errors too. `with` blocks of it may be nested.

    >>> with single_process(torch.device("cpu")):
    ...     torch.zeros(1).cuda().device
    device(type='cpu')
    """
    with contextlib.ExitStack() as stack:
        if device.type == "cuda":
            stack.enter_context(torch.cuda.device(device))
        stack.callback(_put_back_logging, list(logging.root.handlers))
        stack.callback(np.set_printoptions, **np.get_printoptions())
        for owner, name, stand_in in _stand_ins(device):
            _replace(stack, owner, name, stand_in)
        stack.enter_context(_OneDevice(device))
        yield


def _stand_ins(device: torch.device) -> Sequence[tuple[Any, str, Callable[..., Any]]]:
    load = torch.load

    def load_here(f: Any, map_location: Any = None, *args: Any, **kwargs: Any) -> Any:
        return load(f, "cpu", *args, **{"weights_only": True, **kwargs})

    def all_gather(outputs: list[Tensor], own: Tensor, *args: Any, **kwargs: Any) -> None:
        outputs[0].copy_(own)

    return [
        (torch, "load", load_here),
        (torch.cuda, "set_device", _nothing()),
        (torch.cuda, "current_device", lambda: device.index or 0),
        *([] if device.type == "cuda" else [(torch.cuda, "synchronize", _nothing())]),
        (torch.distributed, "get_rank", lambda *args, **kwargs: 0),
        (torch.distributed, "get_world_size", lambda *args, **kwargs: 1),
        (torch.distributed, "all_gather", all_gather),
        *((torch.distributed, name, _nothing()) for name in ("all_reduce", "barrier", "broadcast")),
    ]


def _nothing() -> Callable[..., None]:
    # One function for each name: torch's compiler refuses to meet one under two.
    return lambda *args, **kwargs: None


def _replace(stack: contextlib.ExitStack, owner: Any, name: str, stand_in: Any) -> None:
    before = vars(owner).get(name, _ABSENT)  # builds of torch without distributed lack some
    setattr(owner, name, stand_in)
    stack.callback(delattr, owner, name) if before is _ABSENT else stack.callback(setattr, owner, name, before)


def _put_back_logging(handlers: list[logging.Handler]) -> None:
    # logging.info() on a bare root logger gives it a handler, which would print the user's own messages twice.
    for handler in list(logging.root.handlers):
        if handler not in handlers:
            logging.root.removeHandler(handler)


class _OneDevice(TorchFunctionMode):
    """Every CUDA device that a torch function is given becomes the one device there is."""

    def __init__(self, device: torch.device) -> None:
        super().__init__()
        self.device = device

    def __torch_function__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        kwargs = kwargs or {}
        if func is Tensor.cuda:
            return args[0].to(self.device)
        if func == _IS_CUDA and not _asked_by_torch():
            return True
        if func is Tensor.to and len(args) > 1 and _is_cuda(args[1]):
            args = (args[0], self.device, *args[2:])
        if "device" in kwargs and _is_cuda(kwargs["device"]):
            kwargs = {**kwargs, "device": self.device}
        return func(*args, **kwargs)


def _asked_by_torch() -> bool:
    """Whether torch itself asks, which must know the truth, rather than code that runs on it."""
    frame = sys._getframe(2)
    return str(frame.f_globals.get("__name__", "")).partition(".")[0] == "torch"


def _is_cuda(device: Any) -> bool:
    if isinstance(device, torch.device):
        return device.type == "cuda"
    # A bare number is the index of a GPU; where there is none, OpenGait's code passes -1.
    return device.startswith("cuda") if isinstance(device, str) else type(device) is int
