"""Which frames of a walk a model is shown in tests: all of them, or some drawn at random, as the config says."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from visual_analyse.errors import VisualAnalyseError
from visual_analyse.gait.config import Config

_TYPES = ("all", "fixed", "unfixed")
_ORDERS = ("ordered", "unordered", "allordered")


@dataclass(frozen=True)
class Sampling:
    """What `evaluator_cfg.sampler` asks for.

    `sample_type` as OpenGait spells it: all frames ("all_ordered"), or `fixed` of them, or from `least` to `most` of
    them; "ordered" ones lie within `fixed + skip` frames on end, "allordered" ones anywhere, both in their order,
    "unordered" ones in none. `limit`: the most frames of a walk that are looked at. `points`: how many points of each
    cloud are drawn, of input `cloud`; None for all of them.

    >>> Sampling("all_ordered", limit=2).frames(3, np.random.default_rng(0)).tolist()
    [0, 1]
    """

    sample_type: str = "all_ordered"
    fixed: int | None = None
    skip: int = 0
    least: int = 0
    most: int = 0
    limit: int | None = None
    points: int | None = None
    cloud: int | None = None

    @staticmethod
    def read(config: Config) -> Sampling:
        """The sampling of a config's tests.

        Raises VisualAnalyseError for a sampler that OpenGait has not, or that lacks a number.
        """
        evaluator = config.sections.get("evaluator_cfg")
        found = evaluator.get("sampler") if isinstance(evaluator, Mapping) else None
        settings: Mapping[str, Any] = found if isinstance(found, Mapping) else {}
        kind = str(settings.get("sample_type", "all_ordered"))
        how, _, order = kind.partition("_")
        if how not in _TYPES or order not in _ORDERS:
            raise VisualAnalyseError(
                f"{config.path}: evaluator_cfg.sampler.sample_type is {kind!r}; {' or '.join(_TYPES)}, then _ordered, "
                "_allordered or _unordered was expected, e.g. all_ordered."
            )
        clouds = settings.get("points_in_use")
        clouds = clouds if isinstance(clouds, Mapping) else {}

        def number(key: str, among: Mapping[str, Any] = settings, least: int = 1) -> int:
            value = among.get(key)
            if isinstance(value, bool) or not isinstance(value, int) or value < least:
                raise VisualAnalyseError(
                    f"{config.path}: evaluator_cfg.sampler asks for {kind} and its {key} is {value!r}; a whole number "
                    f"from {least} was expected."
                )
            return value

        # Below 0 OpenGait knows no limit.
        limit = settings.get("frames_all_limit") if how == "all" else None
        limited = limit is not None and not (isinstance(limit, int) and limit < 0)
        return Sampling(
            sample_type=kind,
            fixed=number("frames_num_fixed") if how == "fixed" else None,
            skip=number("frames_skip_num", least=0) if how != "all" and order == "ordered" else 0,
            least=number("frames_num_min") if how == "unfixed" else 0,
            most=number("frames_num_max") if how == "unfixed" else 0,
            limit=number("frames_all_limit") if limited else None,
            points=number("points_num", clouds) if clouds.get("points_num") is not None else None,
            cloud=number("pointcloud_index", clouds, 0) if clouds.get("pointcloud_index") is not None else None,
        )

    @property
    def random(self) -> bool:
        """Whether anything is drawn at random."""
        return not self.sample_type.startswith("all") or (self.points is not None and self.cloud is not None)

    def choices(self, length: int) -> bool:
        """Whether a walk of `length` frames could be shown in more than one way, by another seed.

        >>> Sampling("fixed_ordered", fixed=60).choices(30)
        False
        """
        if self.points is not None and self.cloud is not None:
            return True
        how, _, order = self.sample_type.partition("_")
        if how == "all":
            return False
        if how == "unfixed" and self.least < self.most:
            return True
        count = self.fixed if self.fixed is not None else self.least
        if length == 1:
            return False
        if order == "ordered":
            reach = count + self.skip
            # What is too short goes round until it is long enough, and may then be exactly so.
            return self.skip > 0 or max(length, math.ceil(reach / length) * length) > reach
        return not (order == "allordered" and length == count)

    @property
    def text(self) -> str:
        """What is shown of a walk, in words.

        >>> Sampling("all_ordered", limit=720).text
        'all frames in their order, at most 720'
        """
        how, _, order = self.sample_type.partition("_")
        many = f"{self.fixed}" if self.fixed is not None else f"{self.least} to {self.most}"
        if how == "all":
            words = "all frames in their order" + (f", at most {self.limit}" if self.limit is not None else "")
        elif order == "ordered":
            words = f"{many} frames of {f'{many} + {self.skip}' if self.skip else many} on end, drawn at random"
        else:
            words = f"{many} frames drawn at random, {'in their' if order == 'allordered' else 'in no'} order"
        return words + (f"; {self.points} points of each frame drawn at random" if self.points is not None else "")

    def frames(self, length: int, rng: np.random.Generator) -> NDArray[np.int64]:
        """The frames, counted from 0, that are shown of a walk of `length`; a walk that is too short goes round again.

        Raises VisualAnalyseError for a walk without frames.
        """
        if length < 1:
            raise VisualAnalyseError("A walk has no frames; at least one was expected. Make its pkls anew.")
        how, _, order = self.sample_type.partition("_")
        every = np.arange(length)
        if how == "all":
            return every[: self.limit]
        count = self.fixed if self.fixed is not None else int(rng.integers(self.least, self.most + 1))
        if order == "ordered":
            reach = count + self.skip
            rounds = math.ceil(reach / length) if length < reach else 1
            start = int(rng.integers(0, length * rounds - reach + 1))
            kept = np.sort(rng.choice(np.arange(start, start + reach), count, replace=False))
            return kept % length
        drawn = rng.choice(every, count, replace=length < count)
        return np.sort(drawn) if order == "allordered" else drawn

    def shown(self, walk: Sequence[Any], rng: np.random.Generator) -> tuple[list[Any], NDArray[np.int64]]:
        """The inputs of a walk as far as they are shown, and the frames, counted from 0, that they are of.

        Clouds of which points are drawn become one array `[s, points, 3..]`, drawn with repetition.
        """
        chosen = self.frames(len(walk[0]), rng)
        whole = len(chosen) == len(walk[0]) and bool((chosen == np.arange(len(chosen))).all())
        inputs: list[Any] = []
        for number, data in enumerate(walk):
            if self.points is not None and number == self.cloud:
                inputs.append(np.stack([_drawn(data[k], self.points, rng) for k in chosen]))
            elif isinstance(data, list):
                inputs.append([data[k] for k in chosen])
            else:
                inputs.append(data if whole else np.asarray(data)[chosen])
        return inputs, chosen


def _drawn(cloud: Any, count: int, rng: np.random.Generator) -> NDArray[Any]:
    points: NDArray[Any] = np.asarray(cloud)
    if not len(points):
        raise VisualAnalyseError("A frame has no points; at least one was expected. Leave such frames out of the pkl.")
    return points[rng.integers(0, len(points), count)]
