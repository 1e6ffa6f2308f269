"""The plain projection: the strongest principal components."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from visual_analyse.embed.engines.engine import Projected, Request
from visual_analyse.embed.ground import Ground
from visual_analyse.embed.parameters import check_names


class Pca:
    """Principal components, as they were found on the way to every map; it has no parameters."""

    def __init__(self, request: Request) -> None:
        check_names(request.parameters, (), "-P", "pca")
        self.request = request

    @property
    def neighbours(self) -> int:
        return 1

    def project(self, ground: Ground, progress: Callable[[str, int, int], object]) -> Projected:
        found = np.zeros((len(ground), self.request.dims), np.float32)
        held = min(self.request.dims, ground.points.shape[1])
        found[:, :held] = ground.points[:, :held]
        return Projected(found, "principal components", {})
