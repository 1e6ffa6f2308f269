"""The packages that a model's code imports, and the line that installs those that are not here."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib.util import find_spec
from typing import Any

from visual_analyse.doctor.case import Case, fact
from visual_analyse.doctor.finding import Finding
from visual_analyse.doctor.model.config import config
from visual_analyse.doctor.model.definition import Definition, definition
from visual_analyse.doctor.model.imports import Import, Reading, read_imports
from visual_analyse.models.class_index import ClassIndex
from visual_analyse.models.distributions import pip_install
from visual_analyse.names import listed

_SUBJECT = "packages"
# Modules of packages that are here which need one that may not be.
_BEHIND = {"torch.utils.tensorboard": "tensorboard"}


@fact("the imports of the model's code could not be read")
def reading(case: Case) -> Reading:
    """What the model's file, the backbones that its config names and the transforms import; nothing if built in."""
    found = definition(case)
    if found.checkout is None:
        return Reading((), ())
    code, index = found.checkout.code, ClassIndex(found.checkout.code)
    starts = [] if found.file is None else [found.file]
    for name in _types(config(case).model_cfg):
        place = index.find("modeling.backbones", name)
        file = None if place is None else index.file(place[0])
        starts += [] if file is None else [file]
    transforms = index.file("data.transform")
    return read_imports(code, [*starts, *([] if transforms is None else [transforms])])


@fact("the imports of the model's code could not be read")
def lacking(case: Case) -> dict[str, Import]:
    """The packages that are imported and not installed, each with the first place that asks for it.

    A place that every import of the file runs comes before one inside a function.
    """
    found: dict[str, Import] = {}
    for asked in sorted(reading(case).imports, key=lambda asked: asked.inside):
        name = _BEHIND.get(asked.name, asked.top)
        if name not in found and not _is_here(name):
            found[name] = asked
    return found


def check_packages(case: Case) -> Iterator[Finding]:
    """Which packages the model's code needs, and which of them are missing."""
    found = definition(case)
    if found.checkout is None:
        yield Finding(_SUBJECT, "ok", "a built-in model needs none beyond what is installed")
        return
    missing, files = lacking(case), len(reading(case).files)
    names = sorted({_BEHIND.get(asked.name, asked.top) for asked in reading(case).imports} - set(missing))
    if not missing:
        said = f"all that {files} files of the checkout import is installed: {listed(names, 20)}"
        yield Finding(_SUBJECT, "ok", said)
        return
    places = "; ".join(f"{name} ({_place(found, asked)})" for name, asked in sorted(missing.items()))
    inside = all(asked.inside for asked in missing.values())
    yield Finding(
        _SUBJECT, "missing", f"{places}, of what {files} files of the checkout import", pip_install(*missing),
        "run" if inside else "build",
    )  # fmt: skip


def _place(found: Definition, asked: Import) -> str:
    within = (
        found.checkout.code if found.checkout is not None and asked.file.is_relative_to(found.checkout.code) else ""
    )
    file = asked.file.relative_to(within).as_posix() if within else asked.file.name
    return f"{file}, line {asked.line}" + (", in a function" if asked.inside else "")


def _is_here(name: str) -> bool:
    try:
        return find_spec(name) is not None
    except (ImportError, ValueError):  # loaded by other means than a file, which is here enough
        return True


def _types(section: Any) -> Iterator[str]:
    """Every `type:` of a section, however deep."""
    if isinstance(section, Mapping):
        if isinstance(section.get("type"), str):
            yield section["type"]
        for value in section.values():
            yield from _types(value)
    elif isinstance(section, list):
        for item in section:
            yield from _types(item)
