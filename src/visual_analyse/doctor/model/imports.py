"""What the files of a model import, found by reading them."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from visual_analyse.models.class_index import ClassIndex

_IMPORT_FAULTS = frozenset({"ImportError", "ModuleNotFoundError", "Exception", "BaseException"})


@dataclass(frozen=True)
class Import:
    """A module that a file asks for by its dotted name; `inside`: only when a function runs."""

    name: str
    file: Path
    line: int
    inside: bool = False

    @property
    def top(self) -> str:
        """The package that holds it."""
        return self.name.partition(".")[0]


@dataclass(frozen=True)
class Reading:
    """What some files of a checkout and all that they import of it ask for from elsewhere, and these files."""

    imports: tuple[Import, ...]
    files: tuple[Path, ...]


def read_imports(code: Path, starts: Sequence[Path]) -> Reading:
    """Follow the imports of some files below `code`, those inside functions too; nothing is imported.

    Left out are Python's own modules, what stands in a `try` that does without it, and what only type checkers read.

    >>> read_imports(Path("opengait"), [Path("opengait/modeling/models/gaitset.py")]).imports  # doctest: +SKIP
    """
    index, waiting = ClassIndex(code), list(dict.fromkeys(starts))
    files, found = dict[Path, None](), list[Import]()
    while waiting:
        file = waiting.pop(0)
        if file in files:
            continue
        files[file] = None
        for asked, members in _asked(file, code):
            inner = _files(index, asked.name, members)
            if inner or (code / asked.top).is_dir():
                waiting += inner
            elif asked.top not in sys.stdlib_module_names:
                # Of a package outside, a member may be a module too: torch.utils.tensorboard.
                found.append(asked)
    return Reading(tuple(found), tuple(files))


def _files(index: ClassIndex, module: str, members: Sequence[str]) -> list[Path]:
    """The files that importing a module of the code runs: those of the packages around it, its own, its members'."""
    parts = module.split(".")
    names = [".".join(parts[:depth]) for depth in range(1, len(parts) + 1)]
    names += [f"{module}.{member}" for member in members]
    return [file for name in names if (file := index.file(name)) is not None]


def _asked(file: Path, code: Path) -> Iterator[tuple[Import, list[str]]]:
    """Every import of a file: the absolute name of the module, and the names taken from it."""
    try:
        tree = ast.parse(file.read_bytes())
    except (SyntaxError, ValueError, OSError, RecursionError):
        return
    package = list(file.relative_to(code).parent.parts)
    for node, inside in _statements(tree, False):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield Import(alias.name, file, node.lineno, inside), []
        else:
            above = package[: len(package) - node.level + 1] if node.level else []
            name = ".".join([*above, *([node.module] if node.module else [])])
            members = [alias.name for alias in node.names]
            if not node.level or name:
                yield Import(name, file, node.lineno, inside), members
            else:  # from the folder of the code itself
                yield from ((Import(member, file, node.lineno, inside), list[str]()) for member in members)


def _statements(node: ast.AST, inside: bool) -> Iterator[tuple[ast.Import | ast.ImportFrom, bool]]:
    if isinstance(node, ast.Import | ast.ImportFrom):
        yield node, inside
        return
    if isinstance(node, ast.If) and _never(node.test):
        children: list[ast.AST] = list(node.orelse)
    elif isinstance(node, ast.Try) and any(map(_does_without, node.handlers)):
        children = [*node.orelse, *node.finalbody]
    else:
        children = list(ast.iter_child_nodes(node))
    inside = inside or isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
    for child in children:
        yield from _statements(child, inside)


def _never(test: ast.expr) -> bool:
    """Whether a condition holds for type checkers or a main program alone."""
    names = {getattr(node, "id", getattr(node, "attr", "")) for node in ast.walk(test)}
    return bool(names & {"TYPE_CHECKING", "__name__"})


def _does_without(handler: ast.ExceptHandler) -> bool:
    """Whether a handler swallows the lack of a package."""
    kinds = {getattr(node, "id", getattr(node, "attr", "")) for node in ast.walk(handler.type)} if handler.type else {}
    caught = handler.type is None or bool(_IMPORT_FAULTS & set(kinds))
    return caught and not any(isinstance(node, ast.Raise) for node in ast.walk(handler))
