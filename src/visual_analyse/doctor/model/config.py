"""The config: whether it can be read, and what it says."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping

from visual_analyse.doctor.case import Case, fact
from visual_analyse.doctor.finding import Finding
from visual_analyse.doctor.model.checkout import source
from visual_analyse.gait.config import Config, read_config

_SUBJECT = "config"
_SECTIONS = ("data_cfg", "evaluator_cfg", "loss_cfg", "model_cfg", "optimizer_cfg", "scheduler_cfg", "trainer_cfg")


@fact("the config could not be read")
def config(case: Case) -> Config:
    """The config, over the defaults of the checkout where there is one."""
    checkout, path = source.get(case), case.question.config
    if checkout is not None and not path.is_file() and (checkout.root / path).is_file():
        path = checkout.root / path
    return read_config(path, None if checkout is None else checkout.defaults)


def check_config(case: Case) -> Iterator[Finding]:
    """What the config asks for, in one line, and which of its sections nobody reads."""
    found = config.demand(case)
    yield Finding(
        _SUBJECT, "ok",
        f"{found.path}: model {found.model_class}, save_name {found.save_name}, metric {found.metric}, dataset "
        f"{found.dataset_name or 'without a name'}",
    )  # fmt: skip
    for name in found.own:
        if name not in _SECTIONS and (near := difflib.get_close_matches(str(name), _SECTIONS, 1, 0.7)):
            yield Finding(
                _SUBJECT, "wrong", f"it has a section {name}, which nobody reads", f"{near[0]}: in place of {name}:"
            )
    if not isinstance(found.own.get("evaluator_cfg"), Mapping):
        transforms = ", ".join(str(item["type"]) for item in found.transforms)
        yield Finding(
            _SUBJECT, "note",
            f"it has no evaluator_cfg, so defaults serve: metric {found.metric}, transform {transforms}, restore_hint "
            f"{found.restore_hint}", "evaluator_cfg: with metric:, transform: and restore_hint: below it",
        )  # fmt: skip
