"""Running out of memory, in a sentence."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import torch

from visual_analyse.errors import VisualAnalyseError

# torch 2.5 gave it a name of its own; before, only CUDA's had one.
_OUT_OF_MEMORY: tuple[type[BaseException], ...] = (
    MemoryError,
    getattr(torch, "OutOfMemoryError", torch.cuda.OutOfMemoryError),
)
_SIGNS = ("out of memory", "can't allocate memory", "not enough memory")


@contextlib.contextmanager
def enough_memory(what: str) -> Iterator[None]:
    """Turn running out of memory while doing `what` into a sentence; the block's other exceptions pass.

    >>> with enough_memory("explaining"):
    ...     pass
    """
    try:
        yield
    except (RuntimeError, MemoryError) as error:
        if not out_of_memory(error):
            raise
        raise VisualAnalyseError(
            f"The memory of the device did not suffice for {what}. Take later layers or a shorter walk, free "
            "memory, or type --device cpu."
        ) from error


def out_of_memory(error: BaseException) -> bool:
    """Whether an exception is one of the ways in which torch says that memory ran out.

    >>> out_of_memory(RuntimeError("shapes do not fit"))
    False
    """
    return isinstance(error, _OUT_OF_MEMORY) or any(sign in str(error) for sign in _SIGNS)
