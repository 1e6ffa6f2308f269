"""The class of the model: which file defines it, and which keys of the config its code reads."""

from __future__ import annotations

import ast
import difflib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from visual_analyse.doctor.case import Case, fact
from visual_analyse.doctor.finding import Finding
from visual_analyse.doctor.model.checkout import source
from visual_analyse.doctor.model.config import config
from visual_analyse.errors import VisualAnalyseError
from visual_analyse.models import builtin
from visual_analyse.models.checkout import Checkout
from visual_analyse.names import listed

_SUBJECT = "model"
_BUILD = "build_network"  # where a model of OpenGait reads its section
_PRETREAT = "inputs_pretreament"  # OpenGait's spelling: what a model overrides that prepares its inputs itself
_LONGEST = 8  # bases in one file


@dataclass(frozen=True)
class Definition:
    """Where a class comes from: a checkout and its file, or None for the built-in ones."""

    name: str
    checkout: Checkout | None = None
    file: Path | None = None

    @property
    def place(self) -> str:
        """Its file, as a person looks for it."""
        if self.checkout is None or self.file is None:
            return "built in"
        return self.file.relative_to(self.checkout.root).as_posix()


@fact("the class of the model is nowhere")
def definition(case: Case) -> Definition:
    """The class that would be built, as `load_model` chooses it.

    Raises VisualAnalyseError where there is none of that name.
    """
    checkout, name = source(case), config(case).model_class
    classes = {} if checkout is None else checkout.classes()
    if checkout is not None and checkout.has(name):
        return Definition(name, checkout, classes.get(name))
    if name in builtin.MODELS:
        return Definition(name)
    near = difflib.get_close_matches(name, sorted({*classes, *builtin.MODELS}), 3, 0.5)
    hint = f"Did you mean {' or '.join(near)}? Write it as model_cfg.model. " if near else ""
    where = "built in" if checkout is None else f"in {checkout.root} or built in"
    broken = [] if checkout is None else [str(file.relative_to(checkout.root)) for file in checkout.unreadable]
    raise VisualAnalyseError(
        f"No class {name} is {where}."
        + (f" These files are no Python and were passed over: {listed(broken)}." if broken else "")
        + f" {hint}Of another checkout: --opengait DIR."
    )


def check_class(case: Case) -> Iterator[Finding]:
    """Where the class is defined."""
    found = definition.demand(case)
    if found.checkout is not None and found.file is None:
        yield Finding(
            _SUBJECT, "note", f"{found.name} is in the checkout, but does not look like one of its models",
            "model: NAME in model_cfg, if another class is meant",
        )  # fmt: skip
    elif found.checkout is None and source(case) is not None:
        yield Finding(
            _SUBJECT, "note", f"the checkout has no class {found.name}: the built-in one serves",
            "--opengait DIR, if a checkout that has it is meant",
        )  # fmt: skip
    else:
        yield Finding(_SUBJECT, "ok", f"class {found.name}: {found.place}")


def check_keys(case: Case) -> Iterator[Finding]:
    """What the config lacks of what the class reads, as far as that shows without building it."""
    found, cfg = definition(case), config(case)
    if found.file is None:
        if found.checkout is None:
            with torch.device("meta"):  # sizes alone: no number is drawn, no memory taken
                builtin.build(cfg.model_cfg)
        return
    lacking = lacking_keys(found.file, found.name, cfg.model_cfg)
    if lacking:
        keys = ", ".join(f"model_cfg.{key} (line {line})" for key, line in lacking.items())
        yield Finding(
            _SUBJECT, "missing", f"{found.place} reads what the config lacks: {keys}",
            f"those keys in {cfg.path}, as the checkout's own configs of {found.name} have them",
        )  # fmt: skip


def lacking_keys(file: Path, name: str, model_cfg: Mapping[str, Any]) -> dict[str, int]:
    """The keys that a class reads from its section in every case and that the section lacks, each with its line.

    Read from the file, not by running it: what is read under a condition is passed over.

    >>> lacking_keys(Path("opengait/modeling/models/gaitset.py"), "GaitSet", {})  # doctest: +SKIP
    {'in_channels': 12, ...}
    """
    builder = _method(_classes(file), name, _BUILD)
    if builder is None or len(builder.args.args) < 2:
        return {}
    section = builder.args.args[1].arg
    found: dict[str, int] = {}
    for statement in builder.body:
        for keys, line in _reads(statement, section):
            value: Any = model_cfg
            for depth, key in enumerate(keys, 1):
                if not isinstance(value, Mapping):
                    break
                if key not in value:
                    found.setdefault(".".join(keys[:depth]), line)
                    break
                value = value[key]
    return found


def prepares_itself(case: Case) -> bool:
    """Whether the class prepares its inputs by code of its own: it may take more files than there are transforms."""
    found = definition.get(case)
    return found is not None and found.file is not None and bool(_method(_classes(found.file), found.name, _PRETREAT))


def _classes(file: Path) -> dict[str, ast.ClassDef]:
    """The classes of a file; none where it cannot be read."""
    try:
        tree = ast.parse(file.read_bytes())
    except (SyntaxError, ValueError, OSError, RecursionError):
        return {}
    return {node.name: node for node in tree.body if isinstance(node, ast.ClassDef)}


def _method(classes: Mapping[str, ast.ClassDef], name: str, method: str, depth: int = 0) -> ast.FunctionDef | None:
    """A method of a class: its own, or that of a base in the same file."""
    node = classes.get(name)
    if node is None or depth > _LONGEST:
        return None
    for item in node.body:
        if isinstance(item, ast.FunctionDef) and item.name == method:
            return item
    bases = (base.id for base in node.bases if isinstance(base, ast.Name))
    return next((found for base in bases if (found := _method(classes, base, method, depth + 1))), None)


def _reads(node: ast.AST, section: str) -> Iterator[tuple[list[str], int]]:
    """The keys read by `section["a"]["b"]`, outermost first, wherever that runs in every case."""
    if isinstance(node, ast.If | ast.IfExp | ast.Try | ast.BoolOp | ast.FunctionDef | ast.Lambda | ast.While):
        return
    keys, inner = list[str](), node
    while isinstance(inner, ast.Subscript) and isinstance(inner.slice, ast.Constant):
        if not isinstance(inner.slice.value, str):
            keys.clear()
        else:
            keys.insert(0, inner.slice.value)
        inner = inner.value
    loaded = isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Load)
    if keys and loaded and isinstance(inner, ast.Name) and inner.id == section:
        yield keys, getattr(node, "lineno", 0)
        return
    for child in ast.iter_child_nodes(node):
        yield from _reads(child, section)
