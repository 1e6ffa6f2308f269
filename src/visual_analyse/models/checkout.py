"""A checkout or fork of OpenGait as a source of models: its own code, as it stands, in this process."""

from __future__ import annotations

import contextlib
import logging
import os
import sys
import threading
import traceback
import types
import warnings
from collections.abc import Callable, Iterator, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

import torch
from torch import nn

from visual_analyse.errors import VisualAnalyseError
from visual_analyse.gait.config import DEFAULTS, Config, merged
from visual_analyse.models.checkout_imports import PrivateModules
from visual_analyse.models.distributions import pip_install
from visual_analyse.models.pretrained import without_pretrained
from visual_analyse.models.seeding import seeded
from visual_analyse.models.single_process import single_process
from visual_analyse.models.torchvision_repair import repair_torchvision

VARIABLE = "OPENGAIT_ROOT"
_MODELS = "modeling.models"
# What a config of the checkout's own lacks and its class asks for, by class, with what serves.
_LACKING: dict[str, dict[str, Any]] = {
    "GaitEdge": {"kernel_size": 3},
    "MultiGaitpp": {"Backbone": {"in_channels": 2}},  # joints and limbs, or a silhouette and a parsing
}
_COMPARE = "Compare the config with the checkout's own one of this model."
_lock = threading.RLock()  # sys.modules and torch.distributed are one for all threads


class Checkout:
    """A folder that holds `opengait/`, the code of the framework or of a fork.

    >>> Checkout(Path("OpenGait")).classes()["GaitSet"].name  # doctest: +SKIP
    'gaitset.py'
    """

    def __init__(self, root: Path) -> None:
        self.root = Path(root).resolve()
        self.code = self.root / "opengait"
        self._modules = PrivateModules(self.code)

    @property
    def defaults(self) -> Path | None:
        """The file that configs are merged over, `configs/default.yaml`."""
        file = self.root / "configs" / "default.yaml"
        return file if file.is_file() else None

    @property
    def code_files(self) -> list[Path]:
        """The files of code that were imported so far: what answers depend on."""
        return self._modules.files()

    @property
    def unreadable(self) -> list[Path]:
        """The files of models that are not Python, as far as they were read."""
        return self._modules.index.unreadable

    def classes(self) -> dict[str, Path]:
        """The models that can be named in a config, each with the file that defines it."""
        index = self._modules.index
        found = {}
        for name in index.names(_MODELS):
            place = index.find(_MODELS, name)
            file = None if place is None else index.file(place[0])
            if file is not None and index.is_model(_MODELS, name):
                found[name] = file
        return found

    def has(self, name: str) -> bool:
        """Whether a config may name this class."""
        return self._modules.index.find(_MODELS, name) is not None

    @contextlib.contextmanager
    def active(self, device: torch.device) -> Iterator[None]:
        """Let the checkout's code import and run: its modules in place, one process, one device; then undo it all.

        Blocks may be nested, of one checkout or of several; other threads wait.

        >>> with Checkout(Path("OpenGait")).active(torch.device("cpu")):  # doctest: +SKIP
        ...     model(batch)
        """
        with _lock, self._modules.in_place(), single_process(device):
            yield

    def build(self, config: Config, device: torch.device, seed: int, notices: list[str] | None = None) -> nn.Module:
        """The model of a config with fresh weights, the same for the same seed, ready for tests.

        What its config lacks, and what files of pretrained weights are not there, is said in `notices`.

        Raises VisualAnalyseError where a package is missing and where the checkout's own code fails.
        """
        name = config.model_class
        cfgs = merged(DEFAULTS, config.sections)
        lacked = _lacked(cfgs["model_cfg"], _LACKING.get(name, {}))
        cfgs["model_cfg"] = merged(_LACKING.get(name, {}), cfgs["model_cfg"])
        cfgs["evaluator_cfg"]["restore_hint"] = 0  # a checkpoint is loaded afterwards, without running code from it
        fault = f"{name} could not be built from {config.path}"
        with contextlib.ExitStack() as stack:
            # Before the stand-ins: torch's compiler, which torchvision imports, lists the functions it finds.
            repair_torchvision()
            for surroundings in (self.active(device), self._here(), seeded(seed, device), warnings.catch_warnings()):
                stack.enter_context(surroundings)
            with self.faults(fault):
                index = self._modules.index
                place = index.find(_MODELS, name)
                base = getattr(import_module(place[0] if place else _MODELS), place[1] if place else name)
                if not isinstance(base, type) or not issubclass(base, nn.Module):
                    raise VisualAnalyseError(
                        f"{name} of {self.root} is no model: it is {base!r}. Name one of its models."
                    )
                self._hush()
                self._repair_no_grad()
                # This tool reads the data itself, from any folder: no loader of the checkout is built.
                own = {
                    "get_loader": lambda self, *args, **kwargs: None,
                    "init_parameters": _for_tests(base),
                    "__module__": base.__module__,
                }
                model = types.new_class(name, (base,), exec_body=lambda namespace: namespace.update(own))
                missing = stack.enter_context(without_pretrained(cfgs["model_cfg"]))
                module: nn.Module = model(cfgs, False)
                self._repair_no_grad()
                if notices is not None:
                    notices += [f"{config.path} lacks model_cfg.{key}; {value!r} was taken." for key, value in lacked]
                    notices += [
                        f"The pretrained weights {file} are not there: what they hold is random, unless the checkpoint "
                        "brings it."
                        for file in missing
                    ]
                return module.to(device).eval()

    def has_pretreatment(self, module: nn.Module) -> bool:
        """Whether a model of it prepares its inputs by code of its own rather than the framework's."""
        framework = self._modules.modules.get("modeling.base_model")
        usual = getattr(getattr(framework, "BaseModel", None), "inputs_pretreament", None)  # OpenGait's spelling
        return usual is not None and getattr(type(module), "inputs_pretreament", usual) is not usual

    def transforms(self, config: Config, device: torch.device) -> list[Callable[[Any], Any]]:
        """The checkout's own transforms of a config, one for each input.

        Raises VisualAnalyseError where it has no such transform.
        """
        repair_torchvision()
        with self.active(device), self.faults(f"The transforms of {config.path} could not be made"):
            get_transform = import_module("data.transform").get_transform
            return [get_transform(item) for item in config.transforms]

    @contextlib.contextmanager
    def faults(
        self, what: str, hint: str = _COMPARE, kinds: tuple[type[Exception], ...] | None = None
    ) -> Iterator[None]:
        """Turn what the checkout's code raises into one sentence that names its file and line, and ends with `hint`.

        `kinds`: only exceptions of exactly these classes; None for all.
        """
        try:
            yield
        except VisualAnalyseError:
            raise
        except ImportError as error:
            raise VisualAnalyseError(self._missing(what, error)) from error
        except torch.cuda.OutOfMemoryError:
            raise
        except Exception as error:
            if kinds is not None and type(error) not in kinds:
                raise
            place = self._place(error)
            if isinstance(error, KeyError):
                hint = f"If the config lacks {error}, add it as the checkout's own configs of this model do."
            if isinstance(error, FileNotFoundError) and error.filename:
                hint = f"Put the file {error.filename} there, relative to {self.root}, or name another in the config."
            said = first_sentence(error, self.root)
            raise VisualAnalyseError(f"{what}: {place} raised {type(error).__name__}: {said}. {hint}") from error

    def _missing(self, what: str, error: ImportError) -> str:
        place, name = self._place(error), (error.name or "").partition(".")[0]
        if not isinstance(error, ModuleNotFoundError) or not name:
            return (
                f"{what}: {place} cannot import what it needs ({error}). Install the version that it was written for."
            )
        if (self.code / name).exists() or (self.code / f"{name}.py").exists():
            return f"{what}: {place} imports {error.name}, which {self.code} lacks. Complete the checkout."
        return f"{what}: {place} needs the package {name}, which is not installed. Type: {pip_install(name)}"

    def _place(self, error: BaseException) -> str:
        for frame in reversed(traceback.extract_tb(error.__traceback__)):
            file = Path(frame.filename)
            if file.is_relative_to(self.root):
                return f"{file.relative_to(self.root)}, line {frame.lineno},"
        return "its code"

    def _hush(self) -> None:
        """Give the checkout's message manager a logger: its main program would, and nothing is printed."""
        manager = import_module("utils").get_msg_mgr()
        if not hasattr(manager, "logger"):
            logger = logging.getLogger("visual_analyse.checkout")
            logger.disabled, logger.propagate = True, False
            manager.logger = logger

    def _repair_no_grad(self) -> None:
        """Classes derived from `torch.no_grad` with settings of their own: recent ones take these for a function."""
        for derived in torch.no_grad.__subclasses__():
            file = getattr(sys.modules.get(derived.__module__), "__file__", None)
            if file and Path(file).is_relative_to(self.root) and "__new__" not in vars(derived):
                derived.__new__ = lambda cls, *args, **kwargs: object.__new__(cls)  # type: ignore[method-assign]

    @contextlib.contextmanager
    def _here(self) -> Iterator[None]:
        """OpenGait is run from its checkout: what a constructor opens is named relative to it."""
        before = Path.cwd()
        os.chdir(self.root)
        try:
            yield
        finally:
            os.chdir(before)


def first_sentence(error: BaseException, root: Path | None = None) -> str:
    """What an exception says, its first sentence without a full stop; where it says nothing, the line that raised it.

    `root`: of the lines that led there, the last in a file below this folder.

    >>> first_sentence(ValueError("Too long. It was 9."))
    'Too long'
    """
    lines = str(error).strip().splitlines()
    if lines:
        return lines[0].partition(". ")[0].rstrip(". ") or lines[0]
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        if frame.line and (root is None or Path(frame.filename).is_relative_to(root)):
            return frame.line.strip()
    return "no message"


def _for_tests(base: type[nn.Module]) -> Callable[[Any], None]:
    """Its own initialisation, with the model in evaluation mode: some measure themselves on a GPU in training."""

    def init_parameters(self: Any) -> None:
        self.training = False
        super(type(self), self).init_parameters()

    return init_parameters


def _lacked(have: Mapping[str, Any], wanted: Mapping[str, Any], above: str = "") -> list[tuple[str, Any]]:
    """The dotted keys of `wanted` that are lacking, with their values."""
    found: list[tuple[str, Any]] = []
    for key, value in wanted.items():
        inner = have.get(key)
        if isinstance(value, Mapping) and isinstance(inner, Mapping):
            found += _lacked(inner, value, f"{above}{key}.")
        elif key not in have:
            found.append((above + key, value))
    return found


def find_checkout(named: Path | None = None, config: Path | None = None) -> Checkout | None:
    """The checkout to take models from: the one named, that of OPENGAIT_ROOT, else one around here or the config.

    Raises VisualAnalyseError where a folder is named, in either way, that is no checkout.

    >>> find_checkout(Path("OpenGait"))  # doctest: +SKIP
    """
    variable = os.environ.get(VARIABLE, "").strip()
    for text, how in ((named, "--opengait"), (variable, VARIABLE)):
        if text is not None and str(text):
            folder = Path(text).expanduser()
            root = folder.parent if folder.name == "opengait" and not _is_checkout(folder) else folder
            if not _is_checkout(root):
                what = "there is no such folder" if not folder.exists() else "it holds no opengait/modeling/models"
                raise VisualAnalyseError(
                    f"{how} names {folder}, which is no checkout of OpenGait: {what}. "
                    "Name the folder that holds opengait/, configs/ and datasets/."
                )
            return Checkout(root)
    starts = [Path.cwd(), *([] if config is None else [config.expanduser().resolve().parent])]
    folders = (folder for start in starts for folder in (start, *start.parents))
    root_found = next((folder for folder in folders if _is_checkout(folder)), None)
    return None if root_found is None else Checkout(root_found)


def _is_checkout(folder: Path) -> bool:
    return folder.joinpath("opengait", "modeling", "models").is_dir()
