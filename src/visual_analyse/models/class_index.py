"""Which file of a package defines which class, found by reading the files, not by running them."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

# Roots of a model that are no model: a chain of bases that ends here ends outside OpenGait's models.
_NO_MODEL = frozenset({"Module", "object", "Dataset", "Enum", "NamedTuple", "ABC", "no_grad", "Function"})
_LONGEST_CHAIN = 32  # of imports or bases; a longer one is a circle


@dataclass(frozen=True)
class Binding:
    """How a name comes to be in a module: a `class` with its bases, an `alias`, an `import`, or some other `value`."""

    how: str
    module: str = ""
    name: str = ""
    bases: tuple[str, ...] = ()


@dataclass
class Names:
    """What the top level of one file binds: names, and the modules it takes everything from."""

    bound: dict[str, Binding] = field(default_factory=dict)
    stars: list[str] = field(default_factory=list)


class ClassIndex:
    """The classes below a folder of code, by module and name.

    Nothing is imported: a file with a missing dependency, or with a mistake in it, hides no other.

    >>> ClassIndex(Path("OpenGait/opengait")).find("modeling.models", "GaitSet")  # doctest: +SKIP
    ('modeling.models.gaitset', 'GaitSet')
    """

    def __init__(self, code: Path) -> None:
        self.code = code
        self.unreadable: list[Path] = []
        self._names: dict[str, Names] = {}

    def file(self, module: str) -> Path | None:
        """The file of a dotted module, or None where it has none here."""
        path = self.code.joinpath(*module.split("."))
        candidates = (path / "__init__.py", path.with_name(path.name + ".py"))
        return next((file for file in candidates if file.is_file()), None)

    def members(self, package: str) -> list[str]:
        """The modules of a package in the order in which OpenGait imports them: by file name."""
        folder = self.code.joinpath(*package.split("."))
        found = []
        for entry in sorted(folder.iterdir(), key=lambda entry: entry.name) if folder.is_dir() else []:
            stem = entry.name if (entry / "__init__.py").is_file() else inspect.getmodulename(entry.name)
            if stem and stem != "__init__" and "." not in stem and (entry.is_dir() or entry.suffix == ".py"):
                found.append(f"{package}.{stem}")
        return found

    def find(self, package: str, name: str) -> tuple[str, str] | None:
        """The module that defines what a package shows as `name`, and the name it has there.

        As OpenGait has it, every module of a package shows its classes in the package, later ones over earlier ones.
        """
        for module in [package, *reversed(self.members(package))]:
            if self._binding(module, name) is not None:
                return self._follow(module, name)
        return None

    def names(self, package: str) -> list[str]:
        """The names that the modules of a package give to classes, those with leading underscores left out."""
        found: set[str] = set()
        for module in [package, *self.members(package)]:
            for name, binding in self._read(module).bound.items():
                if binding.how != "import" and not name.startswith("_"):
                    place = self._follow(module, name)
                    end = self._read(place[0]).bound.get(place[1])
                    if end is not None and end.how == "class":
                        found.add(name)
        return sorted(found)

    def is_model(self, package: str, name: str) -> bool:
        """Whether a class stands, through its bases in any file, on something other than a bare `nn.Module`."""
        place = self.find(package, name)
        return place is not None and self._stands_on_a_model(*place, depth=0)

    def _stands_on_a_model(self, module: str, name: str, depth: int) -> bool:
        binding = self._read(module).bound.get(name)
        if binding is None or binding.how != "class" or depth > _LONGEST_CHAIN:
            return False
        for base in binding.bases:
            last = base.rpartition(".")[2]
            if last == "BaseModel":
                return True
            place = self._follow(module, base) if self._binding(module, base) else None
            if place and place != (module, name) and self.file(place[0]):
                if self._stands_on_a_model(*place, depth=depth + 1):
                    return True
            elif last not in _NO_MODEL:
                return True
        return False

    def _follow(self, module: str, name: str) -> tuple[str, str]:
        """Where a name of a module comes from: through imports and other names, as far as the files show it."""
        for _ in range(_LONGEST_CHAIN):
            binding = self._binding(module, name)
            if binding is None or binding.how == "class":
                break
            place = (module if binding.how == "alias" else binding.module, binding.name)
            if self.file(place[0]) is None or self._binding(*place) is None:
                break
            module, name = place
        return module, name

    def _binding(self, module: str, name: str, depth: int = 0) -> Binding | None:
        names = self._read(module)
        if name in names.bound or depth > _LONGEST_CHAIN:
            return names.bound.get(name)
        if not name.startswith("_"):
            for star in reversed(names.stars):
                if self.file(star) is not None and self._binding(star, name, depth + 1) is not None:
                    return Binding("import", star, name)
        return None

    def _read(self, module: str) -> Names:
        if module not in self._names:
            file = self.file(module)
            names = Names()
            if file is not None:
                try:
                    tree = ast.parse(file.read_bytes())
                except (SyntaxError, ValueError, OSError, RecursionError):
                    self.unreadable.append(file)
                else:
                    package = module if file.name == "__init__.py" else module.rpartition(".")[0]
                    for statement in _top_level(tree.body):
                        _note(statement, package, names)
            self._names[module] = names
        return self._names[module]


def _top_level(body: Sequence[ast.stmt]) -> Iterator[ast.stmt]:
    """The statements that run on import, those within `if`, `try` and `with` included."""
    for statement in body:
        yield statement
        for part in ("body", "orelse", "handlers", "finalbody"):
            if isinstance(statement, ast.If | ast.Try | ast.With):
                for inner in getattr(statement, part, []):
                    yield from _top_level(inner.body if isinstance(inner, ast.ExceptHandler) else [inner])


def _note(statement: ast.stmt, package: str, names: Names) -> None:
    match statement:
        case ast.ClassDef():
            bases = tuple(ast.unparse(base) for base in statement.bases)
            names.bound[statement.name] = Binding("class", bases=bases)
        case ast.Assign(targets=targets, value=ast.Name(id=value)):
            for target in targets:
                if isinstance(target, ast.Name):
                    names.bound[target.id] = Binding("alias", name=value)
        case ast.Assign(targets=targets):
            for target in targets:  # perhaps a class that a call makes: only running it can show
                if isinstance(target, ast.Name):
                    names.bound[target.id] = Binding("value")
        case ast.ImportFrom(module=module, names=aliases, level=level):
            parts = package.split(".")
            parent = ".".join(parts[: len(parts) - level + 1]) if level else ""
            source = ".".join(part for part in (parent, module) if part)
            for alias in aliases:
                if alias.name == "*":
                    names.stars.append(source)
                else:
                    names.bound[alias.asname or alias.name] = Binding("import", source, alias.name)
