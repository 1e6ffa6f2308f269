"""All checks, one after another; what one cannot look at hides no other."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from visual_analyse.doctor.case import Case, Question
from visual_analyse.doctor.data.dataset import check_dataset, check_partition
from visual_analyse.doctor.data.modalities import check_walks
from visual_analyse.doctor.data.protocol import check_protocol
from visual_analyse.doctor.data.sampler import check_sampler
from visual_analyse.doctor.finding import Finding, NotLookedAt
from visual_analyse.doctor.machine.device import check_device
from visual_analyse.doctor.machine.disk import check_disk
from visual_analyse.doctor.model.built import check_model
from visual_analyse.doctor.model.checkout import check_checkout
from visual_analyse.doctor.model.checkpoint import check_checkpoint
from visual_analyse.doctor.model.config import check_config
from visual_analyse.doctor.model.definition import check_class
from visual_analyse.doctor.model.packages import check_packages
from visual_analyse.doctor.model.pretrained import check_pretrained
from visual_analyse.doctor.trial import check_forward, check_memory
from visual_analyse.errors import VisualAnalyseError

Check = Callable[[Case], Iterator[Finding]]
CHECKS: tuple[tuple[str, Check], ...] = (
    ("config", check_config),
    ("checkout", check_checkout),
    ("model", check_class),
    ("packages", check_packages),
    ("pretrained", check_pretrained),
    ("model", check_model),
    ("checkpoint", check_checkpoint),
    ("dataset", check_dataset),
    ("partition", check_partition),
    ("walks", check_walks),
    ("protocol", check_protocol),
    ("sampler", check_sampler),
    ("device", check_device),
    ("forward", check_forward),
    ("memory", check_memory),
    ("disk", check_disk),
)
_DONE = {"build": "the model was built all the same", "run": "a walk went through it all the same"}


def examine(question: Question, begin: Callable[[str, int, int], object] | None = None) -> list[Finding]:
    """Everything that can be said about a config and what goes with it, in the order of the checks.

    `begin` is told the subject, number and count of each check before it runs. Nothing is raised and nothing is
    written; what the code below raises becomes a finding.

    >>> [finding.subject for finding in examine(Question(Path("no.yaml"))) if finding.stops]  # doctest: +SKIP
    ['config']
    """
    case, found = Case(question), list[Finding]()
    for number, (subject, check) in enumerate(CHECKS):
        if begin is not None:
            begin(subject, number, len(CHECKS))
        for finding in _said(subject, check, case):
            if finding not in found:  # two checks may be stopped by one lack
                found.append(finding)
    return [_settled(finding, case) for finding in found]


def _said(subject: str, check: Check, case: Case) -> list[Finding]:
    found: list[Finding] = []
    try:
        found.extend(check(case))
    except NotLookedAt as why:
        found.append(Finding(subject, "skipped", f"not looked at: {why}"))
    except VisualAnalyseError as error:
        found.append(Finding(subject, "wrong", str(error)))
    except Exception as error:  # a fault of a check, or of torch, must hide no other line
        first = (str(error).strip() or "no message").splitlines()[0]
        found.append(
            Finding(
                subject, "wrong", f"looking at it failed: {type(error).__name__}: {first}",
                "the command that you meant to run: it will say more",
            )
        )  # fmt: skip
    return found


def _settled(finding: Finding, case: Case) -> Finding:
    """A lack that turned out to stop nothing is a note."""
    if not finding.stops or not finding.refuted_by or finding.refuted_by not in case.proven:
        return finding
    return replace(finding, mark="note", text=f"{finding.text}; {_DONE[finding.refuted_by]}")
