"""What the house promises of its rooms, beyond what import-linter reads."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

import visual_analyse
from tests.zoo.rows import ROWS
from visual_analyse.models.builtin import MODELS

SOURCE = Path(visual_analyse.__file__).parent
# The first word of every model's name, of its config's folder, and the classes that are built in.
NAMES = {re.split(r"[ ,(+]", row.name)[0] for row in ROWS} | {row.config.split("/")[0] for row in ROWS} | set(MODELS)
NAMES = {name.lower() for name in NAMES} - {"baseline"} | {"dinov2", "resgcn"}


def code_of(path: Path) -> str:
    """A file's code, without its docstrings and comments: their examples may name what they like."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and body and isinstance(body[0], ast.Expr):
            body.pop(0)
            if not body:
                body.append(ast.Pass())
    return ast.unparse(tree).lower()


@pytest.mark.parametrize("room", ["explain", "draw"])
def test_no_models_name_is_known_where_layers_are_put_back_and_drawn(room):
    files = sorted((SOURCE / room).rglob("*.py"))
    assert len(files) > 8
    found = [(path.name, name) for path in files for name in NAMES if name in code_of(path)]
    assert found == []


def test_such_a_name_would_be_found():
    assert len(NAMES) > 20
    assert any(name in code_of(SOURCE / "models" / "builtin" / "__init__.py") for name in NAMES)
