"""Random numbers from a seed for a while, whoever draws them."""

from __future__ import annotations

import contextlib
import random
from collections.abc import Iterator

import numpy as np
import torch


@contextlib.contextmanager
def seeded(seed: int, device: torch.device) -> Iterator[None]:
    """Random numbers of torch, numpy and Python from a seed inside the block; after it they go on as if nothing was.

    >>> with seeded(3, torch.device("cpu")):
    ...     first = torch.rand(1)
    >>> with seeded(3, torch.device("cpu")):
    ...     assert torch.rand(1) == first
    """
    states = random.getstate(), np.random.get_state()
    with torch.random.fork_rng([device] if device.type == "cuda" else []):
        torch.manual_seed(seed)
        np.random.seed(seed % (1 << 32))
        random.seed(seed)
        try:
            yield
        finally:
            random.setstate(states[0])
            np.random.set_state(states[1])
