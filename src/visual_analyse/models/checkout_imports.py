"""The modules of one checkout, kept apart from all others of the same names, and imported one by one."""

from __future__ import annotations

import ast
import contextlib
import inspect
import sys
from collections.abc import Iterator, Sequence
from importlib import import_module, invalidate_caches
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from pathlib import Path
from types import ModuleType
from typing import Any

from visual_analyse.models.class_index import ClassIndex

# Packages of OpenGait that import every file they hold; here they import the one that is asked for.
_LAZY = frozenset({"modeling.models", "modeling.backbones", "modeling.losses"})
_IMPORTERS = frozenset({"iter_modules", "walk_packages"})
_OWN = __name__.partition(".")[0]
_active: list[PrivateModules] = []  # whose modules are in `sys.modules`: the last one's


class PrivateModules:
    """The modules below a folder of code, in `sys.modules` only while `in_place` lasts.

    >>> modules = PrivateModules(Path("OpenGait/opengait"))  # doctest: +SKIP
    >>> with modules.in_place():  # doctest: +SKIP
    ...     import_module("modeling.models")
    """

    def __init__(self, code: Path) -> None:
        self.code = code
        self.index = ClassIndex(code)
        self.modules: dict[str, ModuleType] = {}
        self._paths: list[str] = []
        self._finder = _Finder(code, self.index)
        invalidate_caches()  # files may have been added since Python last looked
        names = (inspect.getmodulename(entry.name) or entry.name for entry in code.iterdir())
        self._names = {name for name in names if name.isidentifier()} - {_OWN}
        self._theirs: dict[str, ModuleType] = {}
        self._before: tuple[frozenset[str], tuple[str, ...]] = (frozenset(), ())

    @contextlib.contextmanager
    def in_place(self) -> Iterator[None]:
        """Let `import` find these modules, and no others of their names, until the block ends; then undo it all."""
        if _active:
            _active[-1]._take_out()
        self._put_in()
        _active.append(self)
        try:
            yield
        finally:
            _active.pop()
            self._take_out()
            if _active:
                _active[-1]._put_in()

    def files(self) -> list[Path]:
        """The files of code that were imported so far."""
        found = (getattr(module, "__file__", None) for module in self.modules.values())
        return sorted({Path(file) for file in found if file})

    def _put_in(self) -> None:
        self._theirs = {name: sys.modules.pop(name) for name in self._owned()}
        self._before = frozenset(sys.modules), tuple(sys.path)
        sys.modules.update(self.modules)
        sys.path[:0] = self._paths
        sys.meta_path.insert(0, self._finder)

    def _take_out(self) -> None:
        with contextlib.suppress(ValueError):
            sys.meta_path.remove(self._finder)
        names, paths = self._before
        new = {name for name in list(sys.modules) if name not in names and self._is_below(name)}
        self.modules = {name: sys.modules.pop(name) for name in sorted(new | set(self._owned()))}
        # A fork may lengthen sys.path for folders of its own: those are private too.
        self._paths = [path for path in sys.path if path not in paths and self._holds(Path(path))]
        sys.path[:] = [path for path in sys.path if path in paths or path not in self._paths]
        sys.modules.update(self._theirs)
        self._theirs = {}

    def _owned(self) -> list[str]:
        return [name for name in sys.modules if name.partition(".")[0] in self._names]

    def _is_below(self, name: str) -> bool:
        file = getattr(sys.modules[name], "__file__", None)
        return name.partition(".")[0] != _OWN and isinstance(file, str) and self._holds(Path(file))

    def _holds(self, path: Path) -> bool:
        # An environment may lie within the checkout; what is installed there is everyone's.
        root = self.code.parent
        installed = {"site-packages", "dist-packages"} & set(path.parts)
        homes = [home for home in (Path(sys.prefix), Path(sys.base_prefix)) if home.is_relative_to(root)]
        return path.is_relative_to(root) and not installed and not any(path.is_relative_to(home) for home in homes)


class _Finder(MetaPathFinder):
    """Answers for the modules of one folder of code, before any other finder."""

    def __init__(self, code: Path, index: ClassIndex) -> None:
        self.code = code
        self.index = index

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if path is None and "." not in fullname:
            path = [str(self.code)]
        elif not path or not all(Path(entry).is_relative_to(self.code) for entry in path):
            return None
        spec = PathFinder.find_spec(fullname, list(path))
        if spec is None:
            return None
        if spec.loader is None:
            # A folder without __init__.py: a namespace, which Python would spread over all of sys.path.
            return _package(fullname, None, list(spec.submodule_search_locations or []), _Folder())
        if isinstance(spec.loader, SourceFileLoader) and spec.origin is not None:
            loader = _Source(fullname, spec.origin)
            folders = spec.submodule_search_locations
            if folders is not None and (fullname in _LAZY or _imports_all(Path(spec.origin))):
                return _package(fullname, spec.origin, list(folders), _Lazy(loader, self.index))
            spec.loader = loader
        return spec


def _package(name: str, origin: str | None, folders: list[str], loader: Loader) -> ModuleSpec:
    spec = ModuleSpec(name, loader, origin=origin, is_package=True)
    spec.submodule_search_locations = folders
    spec.has_location = origin is not None
    return spec


class _Source(SourceFileLoader):
    """Reads a file of code and writes nothing beside it: a checkout stays as it is."""

    def set_data(self, path: str, data: Any, *, _mode: int = 0o666) -> None:
        return


class _Folder(Loader):
    def exec_module(self, module: ModuleType) -> None:
        return


class _Lazy(Loader):
    """Loads a package without running its `__init__`, which would import every file."""

    def __init__(self, real: _Source, index: ClassIndex) -> None:
        self.real = real
        self.index = index

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        return _LazyPackage(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        vars(module)["_lazy"] = self


class _LazyPackage(ModuleType):
    """A package whose classes are imported when they are asked for, each from the one file that defines it."""

    def __getattr__(self, name: str) -> Any:
        lazy: _Lazy | None = vars(self).get("_lazy")
        if lazy is None or (name.startswith("__") and name != "__all__"):
            raise AttributeError(f"{self.__name__} has no {name}")
        if name == "__all__":
            return self._importable(lazy.index)
        place = lazy.index.find(self.__name__, name)
        if place is None:
            known = ", ".join(lazy.index.names(self.__name__))
            raise AttributeError(f"{self.__name__} of this checkout has no class {name!r}; it has {known}")
        if place[0] == self.__name__:
            lazy.real.exec_module(self)  # its own __init__ makes this name
        else:
            vars(self)[name] = getattr(import_module(place[0]), place[1])
        return vars(self)[name]

    def __setattr__(self, name: str, value: Any) -> None:
        # The import system shows a module in its package; a class of the same name comes first, as in OpenGait.
        inner = getattr(value, name, None) if isinstance(value, ModuleType) else None
        super().__setattr__(name, inner if inspect.isclass(inner) else value)

    def _importable(self, index: ClassIndex) -> list[str]:
        """What `from package import *` takes: all but the files that cannot be imported here."""
        found = []
        for name in index.names(self.__name__):
            with contextlib.suppress(ImportError):
                getattr(self, name)
                found.append(name)
        return found


def _imports_all(init: Path) -> bool:
    try:
        tree = ast.parse(init.read_bytes())
    except (SyntaxError, ValueError):
        return False
    return any(
        isinstance(node, ast.alias) and node.name.rpartition(".")[2] in _IMPORTERS for node in ast.walk(tree)
    ) or any(isinstance(node, ast.Attribute) and node.attr in _IMPORTERS for node in ast.walk(tree))
