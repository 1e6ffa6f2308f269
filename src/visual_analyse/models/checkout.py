"""A checkout or fork of OpenGait as a source of models: its own code, as it stands, in this process."""

from __future__ import annotations

import contextlib
import logging
import os
import threading
import traceback
import types
import warnings
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import torch
from torch import nn

from visual_analyse.errors import VisualAnalyseError
from visual_analyse.gait.config import DEFAULTS, Config, merged
from visual_analyse.models.checkout_imports import PrivateModules
from visual_analyse.models.seeding import seeded
from visual_analyse.models.single_process import single_process
from visual_analyse.models.torchvision_repair import repair_torchvision

VARIABLE = "OPENGAIT_ROOT"
_MODELS = "modeling.models"
_PACKAGES = {
    "cv2": "opencv-python",
    "PIL": "pillow",
    "skimage": "scikit-image",
    "sklearn": "scikit-learn",
    "yaml": "PyYAML",
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

    def build(self, config: Config, device: torch.device, seed: int) -> nn.Module:
        """The model of a config with fresh weights, the same for the same seed, ready for tests.

        Raises VisualAnalyseError where a package is missing and where the checkout's own code fails.
        """
        name = config.model_class
        cfgs = merged(DEFAULTS, config.sections)
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
                # This tool reads the data itself, from any folder: no loader of the checkout is built.
                own = {"get_loader": lambda self, *args, **kwargs: None, "__module__": base.__module__}
                model = types.new_class(name, (base,), exec_body=lambda namespace: namespace.update(own))
                module: nn.Module = model(cfgs, False)
                return module.to(device).eval()

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
            first = (str(error).strip() or "no message").splitlines()[0]
            raise VisualAnalyseError(f"{what}: {place} raised {type(error).__name__}: {first}. {hint}") from error

    def _missing(self, what: str, error: ImportError) -> str:
        place, name = self._place(error), (error.name or "").partition(".")[0]
        if not isinstance(error, ModuleNotFoundError) or not name:
            return (
                f"{what}: {place} cannot import what it needs ({error}). Install the version that it was written for."
            )
        if (self.code / name).exists() or (self.code / f"{name}.py").exists():
            return f"{what}: {place} imports {error.name}, which {self.code} lacks. Complete the checkout."
        package = _PACKAGES.get(name, name)
        return f"{what}: {place} needs the package {name}, which is not installed. Type: pip install {package}"

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

    @contextlib.contextmanager
    def _here(self) -> Iterator[None]:
        """OpenGait is run from its checkout: what a constructor opens is named relative to it."""
        before = Path.cwd()
        os.chdir(self.root)
        try:
            yield
        finally:
            os.chdir(before)


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
