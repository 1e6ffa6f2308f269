"""The checkpoint: which one is taken, whether it can be read, and whether it fits the model."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from visual_analyse.doctor.case import Case, fact
from visual_analyse.doctor.finding import Finding
from visual_analyse.doctor.model.built import built
from visual_analyse.doctor.model.checkout import source
from visual_analyse.doctor.model.config import config
from visual_analyse.errors import VisualAnalyseError
from visual_analyse.models.checkpoint import load_checkpoint, read_checkpoint, resolve_checkpoint, weights_in

_SUBJECT = "checkpoint"


@fact("the checkpoint is not there")
def chosen(case: Case) -> Path | None:
    """The checkpoint that would be taken; None for random weights."""
    checkout = source(case)
    return resolve_checkpoint(config(case), None if checkout is None else checkout.root, case.question.checkpoint)


def check_checkpoint(case: Case) -> Iterator[Finding]:
    """Which checkpoint would be taken, what is in it, and whether it fits."""
    try:
        path = chosen.demand(case)
    except VisualAnalyseError as error:
        yield Finding(_SUBJECT, "missing", str(error), "--checkpoint FILE")
        return
    if path is None:
        why = "none was asked for" if case.question.checkpoint else "the config names none (restore_hint: 0)"
        yield Finding(
            _SUBJECT, "note", f"{why}: weights are random, and results mean nothing", "--checkpoint FILE"
        )  # fmt: skip
        return
    found = read_checkpoint(path)
    said = f"{path} ({path.stat().st_size / 1e6:.1f} MB): {len(weights_in(found, path))} tensors{_iteration(found)}"
    model = built.get(case)
    if model is None:
        why = "--quick" if case.question.quick else "the model could not be built"
        yield Finding(_SUBJECT, "ok", f"{said}; not compared with the model: {why}")
        return
    del found
    notices = load_checkpoint(model[0].module, path, config(case).restore_strictly)
    yield Finding(_SUBJECT, "ok", f"{said}; every one fits" if not notices else said)
    for notice in notices:
        yield Finding(_SUBJECT, "note", notice, "restore_ckpt_strict: true below evaluator_cfg, to have none of that")


def _iteration(found: Any) -> str:
    """The iteration that a checkpoint was written at, in words."""
    number = found.get("iteration") if isinstance(found, Mapping) else None
    return f", iteration {number}" if isinstance(number, int) else ""
