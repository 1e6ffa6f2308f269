"""The sampler: which frames of a walk the model would be shown."""

from __future__ import annotations

from collections.abc import Iterator

from visual_analyse.doctor.case import Case
from visual_analyse.doctor.data.sample import sound
from visual_analyse.doctor.finding import Finding
from visual_analyse.doctor.model.config import config
from visual_analyse.gait.sampling import Sampling

_SUBJECT = "sampler"


def check_sampler(case: Case) -> Iterator[Finding]:
    """Whether all frames are shown or some drawn at random."""
    found = Sampling.read(config(case))
    if found.random:
        yield Finding(
            _SUBJECT, "note", f"{found.sample_type}: {found.text}. So results depend on the seed; the same seed gives "
            "the same", "--seed N, for another draw than the usual one",
        )  # fmt: skip
    else:
        yield Finding(_SUBJECT, "ok", f"{found.sample_type}: {found.text}")
    longest = max((read.frames for read in sound.get(case) or []), default=0)
    if found.limit is not None and longest > found.limit:
        yield Finding(
            _SUBJECT, "note", f"of a walk of {longest} frames the first {found.limit} are shown",
            "frames_all_limit below evaluator_cfg.sampler, if more are to be",
        )  # fmt: skip
