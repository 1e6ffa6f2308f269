"""Questions to the doctor, for tests."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from visual_analyse.doctor.case import Case, Question
from visual_analyse.doctor.examination import examine
from visual_analyse.doctor.finding import Finding


def about(config: Path, **options: Any) -> list[Finding]:
    """All findings about a config; on the CPU unless told."""
    return examine(Question(Path(config), **{"device": "cpu", **options}))


def case(config: Path, **options: Any) -> Case:
    """A case of which nothing is known yet."""
    return Case(Question(Path(config), **{"device": "cpu", **options}))


def of(findings: list[Finding], subject: str, mark: str = "") -> list[Finding]:
    """Those of one subject, and of one mark."""
    return [item for item in findings if item.subject == subject and mark in ("", item.mark)]


def one(findings: list[Finding], subject: str, mark: str = "") -> Finding:
    """The only finding of a subject, and of a mark."""
    (found,) = of(findings, subject, mark)
    return found
