"""The checkout: where it was found, and which commit of it lies there."""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Iterator
from pathlib import Path

from visual_analyse.doctor.case import Case, fact
from visual_analyse.doctor.finding import Finding
from visual_analyse.errors import VisualAnalyseError
from visual_analyse.models import builtin
from visual_analyse.models.checkout import VARIABLE, Checkout, find_checkout

_SUBJECT = "checkout"


@fact("the checkout named is none")
def source(case: Case) -> Checkout | None:
    """The checkout, or None where there is none and the built-in models serve."""
    return find_checkout(case.question.opengait, case.question.config)


def check_checkout(case: Case) -> Iterator[Finding]:
    """Which checkout models would come from."""
    try:
        found = source.demand(case)
    except VisualAnalyseError as error:
        other = "--opengait DIR" if case.question.opengait else f"unset {VARIABLE}, or --opengait DIR"
        yield Finding(_SUBJECT, "wrong", str(error), other)
        return
    if found is None:
        serve = ", ".join(builtin.MODELS)
        yield Finding(_SUBJECT, "ok", f"none here or around the config, so the built-in models serve: {serve}")
        return
    if case.question.opengait is not None:
        how = "named by --opengait"
    else:
        how = f"named by {VARIABLE}" if os.environ.get(VARIABLE, "").strip() else "found around here or the config"
    commit = commit_of(found.root)
    yield Finding(_SUBJECT, "ok", f"{found.root}, {how}" + (f", at commit {commit}" if commit else ""))
    if found.defaults is None:
        yield Finding(
            _SUBJECT, "note", "it has no configs/default.yaml: our own defaults serve where the config is silent",
            f"git -C {found.root} checkout -- configs/default.yaml",
        )  # fmt: skip


def commit_of(root: Path) -> str:
    """The first digits of the commit that a git folder stands at, with its branch; empty where that cannot be read.

    Nothing is run: the folder may be a stranger's.

    >>> commit_of(Path("OpenGait"))  # doctest: +SKIP
    '0efafd4 (master)'
    """
    with contextlib.suppress(OSError, UnicodeDecodeError):
        folder = root / ".git"
        if folder.is_file():  # of a work tree or a submodule: one line that names the folder
            folder = root / _read(folder).removeprefix("gitdir:").strip()
        head = _read(folder / "HEAD")
        name = head.removeprefix("ref:").strip()
        shared = folder
        if (folder / "commondir").is_file():
            shared = folder / _read(folder / "commondir")
        digits = head if name == head else _branch(folder, shared, name)
        if re.fullmatch(r"[0-9a-f]{40,64}", digits):
            branch = "" if name == head else f" ({name.removeprefix('refs/heads/')})"
            return digits[:7] + branch
    return ""


def _branch(folder: Path, shared: Path, name: str) -> str:
    if not re.fullmatch(r"refs/[\w./+@-]+", name) or ".." in name:
        return ""
    for place in (folder, shared):
        if (place / name).is_file():
            return _read(place / name)
    packed = (shared / "packed-refs").read_text(encoding="utf-8").splitlines()
    return next((line.split(" ")[0] for line in packed if line.endswith(f" {name}")), "")


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8").strip()
