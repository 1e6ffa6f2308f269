"""The model itself, built with fresh weights."""

from __future__ import annotations

import time
from collections.abc import Iterator

from visual_analyse.doctor.case import Case, fact
from visual_analyse.doctor.finding import Finding, NotLookedAt
from visual_analyse.doctor.machine.device import device
from visual_analyse.doctor.model.config import config
from visual_analyse.doctor.model.definition import check_keys, definition
from visual_analyse.doctor.model.packages import lacking
from visual_analyse.doctor.model.pretrained import named_files
from visual_analyse.errors import VisualAnalyseError
from visual_analyse.explain.layers import leaves
from visual_analyse.explain.memory import enough_memory
from visual_analyse.models.gait_model import GaitModel
from visual_analyse.models.load import load_model

_SUBJECT = "model"


@fact("the model could not be built")
def built(case: Case) -> tuple[GaitModel, float]:
    """The model with random weights on the device asked for, and the seconds that building it took."""
    if case.question.quick:
        raise NotLookedAt("--quick builds and runs nothing")
    definition(case), device(case)
    began = time.perf_counter()
    with enough_memory("the model alone"):
        model = load_model(
            config(case), checkout=case.question.opengait, checkpoint="none", device=case.question.device
        )
    case.proven.add("build")
    return model, time.perf_counter() - began


def check_model(case: Case) -> Iterator[Finding]:
    """Whether the model can be built, and what was said on the way."""
    try:
        model, seconds = built.demand(case)
    except NotLookedAt:
        yield from check_keys(case)
        raise
    except VisualAnalyseError as error:
        if isinstance(error.__cause__, ImportError) and lacking.get(case):
            yield from check_keys(case)
            raise NotLookedAt("it cannot be built without the packages that are missing") from error
        raise
    layers = leaves(model.module)
    numbers = sum(parameter.numel() for parameter in model.module.parameters())
    yield Finding(
        _SUBJECT, "ok",
        f"built in {seconds:.1f} s: {len(layers)} layers, {numbers / 1e6:.1f} million parameters",
    )  # fmt: skip
    files = [text for _, text in named_files(model.config.model_cfg)]
    told = (device(case)[1], *(notice for notice in model.notices if notice.startswith("RANDOM WEIGHTS")))
    for notice in model.notices:
        if notice not in told and not any(file in notice for file in files):
            yield Finding(_SUBJECT, "note", notice, "nothing, if that is as you want it; else the key in the config")
